"""Peaks of any number: the mean of the N highest daily means, or of the days' highest hours, of which a day gives one.

Of the last twelve months they are measured once a year; of a month, each month is billed by its own, and nothing lasts.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Final

from services.heat.power_methods.measurement import Days, DaysInUse, Measurement, Method, Reason, Statistic
from services.heat.power_methods.month_peaks import Peaks
from services.heat.power_methods.peaks import measured_by_peaks
from services.heat.power_methods.periods import twelve_months

MOST_PEAKS = 12
_STATISTICS = {"days": Statistic.MEAN_POWER, "hours": Statistic.HIGHEST_HOUR}


def _without_month(days: Days) -> list[Measurement]:
    """Say that no power is determined, since each month is billed by its own."""
    return [Measurement(Reason.POWER_IS_OF_MONTHS)] * len(days.power)


def _peaks() -> Iterator[tuple[str, Peaks]]:
    for word, statistic in _STATISTICS.items():
        for number in range(1, MOST_PEAKS + 1):
            yield f"highest_{number}_{word}", Peaks(statistic, number)


def _method(name: str, peaks: Peaks) -> Method:
    measure = partial(measured_by_peaks, statistic=peaks.statistic, count=peaks.number)
    return Method(name, peaks.statistic, DaysInUse.ALL, twelve_months, measure)


OF_MONTH: Final[Mapping[str, Peaks]] = {f"month_{name}": peaks for name, peaks in _peaks()}
"""What a month's own power is measured by, by the name of the method."""
HIGHEST: Final[dict[str, Method]] = {
    **{name: _method(name, peaks) for name, peaks in _peaks()},
    **{
        name: Method(name, peaks.statistic, DaysInUse.ALL, twelve_months, _without_month)
        for name, peaks in OF_MONTH.items()
    },
}
"""By the name that price lists call them by."""
