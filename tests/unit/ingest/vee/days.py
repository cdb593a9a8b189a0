"""One day as the rules see it, built from what an hour should show."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np

from services.heat.arrays import UNKNOWN
from services.heat.days import HourRows
from services.heat.hour_marks import MEASURED
from services.ingest.core.vee.laid_out import DayHours, laid_out, whole_days

HOUR_S = 3600
STOCKHOLM = ZoneInfo("Europe/Stockholm")
MIDNIGHT_S = int(datetime(2024, 1, 9, 23, tzinfo=UTC).timestamp())
LONG_DAY_S = int(datetime(2024, 10, 26, 22, tzinfo=UTC).timestamp())
"""The autumn's day of 25 hours."""


Columns = Mapping[str, Sequence[int]]
NOTHING_MORE: Columns = {}


def hour_rows(energy_wh: Sequence[int], columns: Columns = NOTHING_MORE, begin_s: int = MIDNIGHT_S) -> HourRows:
    """Lay out hours of one metering point; what is not named is not known, and all are measured."""
    count = len(energy_wh)
    given = {name: np.array(values, np.int64) for name, values in columns.items()}
    unknown = np.full(count, UNKNOWN)
    base = HourRows(
        np.full(count, 7), begin_s + HOUR_S * np.arange(count), np.array(energy_wh, np.int64),
        unknown, unknown, unknown, unknown, unknown, np.full(count, MEASURED), np.full(count, MEASURED),
    )  # fmt: skip
    return base._replace(**given)


def a_day(
    energy_wh: Sequence[int],
    columns: Columns = NOTHING_MORE,
    *,
    resolution_wh: int = 1,
    is_cooling: bool = False,
    rules_off: int = 0,
    begin_s: int = MIDNIGHT_S,
) -> DayHours:
    """Lay out one whole day."""
    hours = hour_rows(energy_wh, columns, begin_s)
    days = whole_days(hours, STOCKHOLM)
    count = len(days.owner)
    return laid_out(hours, days, np.full(count, is_cooling), np.full(count, resolution_wh), np.full(count, rules_off))


def flagged(found: np.ndarray) -> list[int]:
    """Give which hours of the one day are flagged."""
    assert found.shape == (1, 25)
    return np.flatnonzero(found[0]).tolist()
