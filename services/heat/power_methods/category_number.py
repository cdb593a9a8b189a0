"""By category number: what is used in a normal year, divided by the hours of the facility's category."""

from services.heat.arrays import UNKNOWN
from services.heat.power_methods.measurement import (
    Days,
    DaysInUse,
    Measurement,
    Method,
    NormalYears,
    Reason,
    Statistic,
    in_hundredths,
)
from services.heat.power_methods.periods import twelve_months


def measure(days: Days) -> list[Measurement]:
    """Say that without a normal year nothing is determined; with one, ask measure_normal_years."""
    return [Measurement(Reason.NO_NORMAL_YEAR)] * len(days.power)


def measure_normal_years(normal: NormalYears) -> list[Measurement]:
    """Divide normal years by the hours of their categories; a quotient that is not above zero is no power.

    Source: domain.md, "category number (normal-year kWh / its hours)"; the hours are data of the caller.
    """
    return [
        _measured(wh, milli_hours)
        for wh, milli_hours in zip(normal.wh.tolist(), normal.milli_hours.tolist(), strict=True)
    ]


def _measured(wh: int, milli_hours: int) -> Measurement:
    if UNKNOWN in (wh, milli_hours) or milli_hours <= 0:
        return Measurement(Reason.NO_NORMAL_YEAR)
    # Wh by thousandths of an hour are kW.
    kw = in_hundredths(wh, milli_hours, 1)
    return Measurement(None, measured_kw=kw) if kw > 0 else Measurement(Reason.NO_POWER_MEASURED)


METHOD = Method("category_number", Statistic.NOTHING, DaysInUse.ALL, twelve_months, measure)
