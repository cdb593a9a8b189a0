"""A column of times to instants, as the profile says."""

from typing import Any

import numpy as np
import pyarrow.compute as pc

from services.heat.arrays import UNKNOWN, Int64
from services.ingest.sources import instants, zones
from services.ingest.sources.profile import ClockChange, TimeColumn

FAULTS = (instants.MISSING, instants.NOT_A_TIME, instants.NAIVE_TIME, instants.OUT_OF_RANGE, *zones.FAULTS)
_MISSING, _NOT_A_TIME, _NAIVE, _OUT_OF_RANGE, _FIRST_OF_ZONES = 1, 2, 3, 4, 5


def instants_us(text: Any, column: TimeColumn, series: Int64) -> tuple[Int64, Int64]:
    """Give microseconds since 1970 in UTC, and faults as 1 + their place in FAULTS (0: none).

    text: (n,) Arrow strings without space around, in the file's order. series: (n,) which meter each is of. Empty
    texts get UNKNOWN and, unless the column is optional, a fault.
    """
    read = instants.times(text, column.format)
    is_empty = pc.equal(text, "").to_numpy(zero_copy_only=False)
    is_naive = read.is_form & (read.offset_s == UNKNOWN)
    # A day to spare, so that no calendar is asked for a day beyond its end.
    is_outside = (read.seconds < instants.FIRST_S + zones.DAY_S) | (read.seconds >= instants.END_S - zones.DAY_S)
    fault = np.select(
        [is_empty, ~read.is_form, is_outside, is_naive & (column.zone is None)],
        [0 if column.optional else _MISSING, _NOT_A_TIME, _OUT_OF_RANGE, _NAIVE],
        0,
    ).astype(np.int64)
    at_s = read.seconds.copy()
    local = is_naive & ~is_outside
    if column.zone is not None and local.any():
        by_order = column.clock_change is ClockChange.BY_ORDER
        at_s[local], of_zone = zones.instants_s(read.seconds[local], column.zone, by_order, series[local])
        fault[local] = np.where(of_zone == 0, 0, of_zone + _FIRST_OF_ZONES - 1)
    return np.where(is_empty | (fault != 0), UNKNOWN, at_s * 1_000_000 + read.micros), fault
