"""From a message of hourly-power or daily-power to which points it touches, and from when to when."""

from collections.abc import Iterable
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from schemas.power import DAILY_POWER_BATCHES, HOURLY_POWER_BATCHES
from schemas.values import PointId
from services.alerts.judging import Touched
from services.common.received import Received, read_table
from services.heat.arrays import Int64, run_starts
from services.heat.local_time import day_start_s


def hours_touched(message: Received) -> dict[PointId, Touched]:
    """Read a message of hourly-power. Raises UndecodableError."""
    table = read_table(message, HOURLY_POWER_BATCHES)
    return _spans(_numbers(table, "point_id"), _numbers(table, "starts_at"))


def days_touched(message: Received, zone: ZoneInfo) -> dict[PointId, Touched]:
    """Read a message of daily-power; local days become the seconds they begin at. Raises UndecodableError."""
    table = read_table(message, DAILY_POWER_BATCHES)
    return _spans(_numbers(table, "point_id"), day_start_s(_numbers(table, "day"), zone))


def together(messages: Iterable[dict[PointId, Touched]]) -> dict[PointId, Touched]:
    """Join what several messages touch into one span for each point."""
    joined: dict[PointId, Touched] = {}
    for message in messages:
        for point, new in message.items():
            old = joined.get(point, new)
            joined[point] = Touched(min(old.first_s, new.first_s), max(old.last_s, new.last_s))
    return joined


def _numbers(table: pa.Table, column: str) -> Int64:
    kept = table.column(column)
    whole = kept.cast(pa.int32()) if pa.types.is_date32(kept.type) else kept
    return whole.cast(pa.int64()).to_numpy().astype(np.int64)


def _spans(point_id: Int64, at_s: Int64) -> dict[PointId, Touched]:
    order = np.lexsort((at_s, point_id))
    points, times = point_id[order], at_s[order]
    starts = run_starts(points)
    ends = np.append(starts[1:], len(points)) - 1
    return {
        PointId(point): Touched(first_s, last_s)
        for point, first_s, last_s in zip(
            points[starts].tolist(), times[starts].tolist(), times[ends].tolist(), strict=True
        )
    }
