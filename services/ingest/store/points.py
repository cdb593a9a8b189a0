"""The rows that workers lock, and the readings, hours and days around what arrives."""

from collections.abc import Iterable
from datetime import timedelta
from typing import LiteralString, NamedTuple

import numpy as np

from services.common import bulk
from services.common.bulk import Kind
from services.common.postgres import Transaction
from services.heat.arrays import Int64
from services.heat.days import Days, HourRows
from services.ingest.core.outcome import PointStates
from services.ingest.core.readings import SENTINELS, ReadingRows
from services.ingest.core.recompute import Spans
from services.ingest.core.running import BRIDGED_WITHIN_S

_STATES = """
    SELECT point_id, newest_s, accepted_s, accepted_wh, accepted_l, accepted_forward_lc, accepted_return_lc,
           mark_s, mark_wh, mark_l, mark_forward_lc, mark_return_lc, mark_quality, offset_wh, offset_l, unbroken,
           has_open_samples
      FROM ingest.point_state
     WHERE point_id = ANY(%s::int[])
     ORDER BY point_id
"""
_LOCK: LiteralString = f"{_STATES} FOR UPDATE"
_EIGHT: tuple[Kind, ...] = ("int8",)
_STATE_KINDS: tuple[Kind, ...] = ("int4", *_EIGHT * 11, "int2", "int8", "int8", "int2", "int2")

# Where the readings to judge again begin and end. Backwards as many instants as one judging looks ahead, further to an
# accepted reading, since its next one may be another now, with a volume, since volumes are bridged over readings
# without one, and to the local midnight before, so that days are whole; forwards likewise. Where no day ends at that
# midnight, the series itself begins or ends about there, and the window takes in all of it. The readings of a window
# begin at an accepted one before its first midnight, which shows a volume and more than zero, since zeros are judged by
# what was before them, and end at one behind its last. Estimates ahead, of a rank below zero, bound no window, since
# what comes may push them out. Where older readings are no longer kept, no window begins before the midnight that the
# metering point goes on from.
_SPANS = """
    SELECT touched.point_id,
           CASE WHEN day_before.offset_wh IS NULL THEN 0 ELSE extract(epoch FROM first_shown.read_at)::bigint END,
           CASE WHEN day_before.offset_wh IS NULL THEN 0 ELSE extract(epoch FROM begin.midnight)::bigint END,
           CASE WHEN last_day.offset_wh IS NULL THEN 8589934592
                ELSE extract(epoch FROM coalesce(last_volume.read_at, last.read_at))::bigint END,
           CASE WHEN last_day.offset_wh IS NULL THEN 8589934592 ELSE extract(epoch FROM stop.midnight)::bigint END,
           CASE WHEN last_day.offset_wh IS NULL THEN 8589934592 ELSE extract(epoch FROM after.read_at)::bigint END,
           coalesce(day_before.offset_wh, 0), coalesce(day_before.offset_l, 0),
           coalesce(begin.midnight = kept.goes_on_from, false)
      FROM unnest(%(point_ids)s::int[], %(from_s)s::bigint[], %(to_s)s::bigint[], %(back)s::int[], %(ahead)s::int[])
           AS touched(point_id, from_s, to_s, back, ahead)
      LEFT JOIN ingest.kept_point AS kept ON kept.point_id = touched.point_id
      LEFT JOIN LATERAL (
           SELECT read_at FROM ingest.reading
            WHERE reading.point_id = touched.point_id AND rank >= 0 AND read_at < to_timestamp(touched.from_s)
              AND verdict = ANY(%(judged)s)
            GROUP BY read_at
            ORDER BY read_at DESC OFFSET touched.back LIMIT 1) AS before ON true
      LEFT JOIN LATERAL (
           SELECT read_at FROM ingest.reading
            WHERE reading.point_id = touched.point_id AND rank >= 0 AND verdict = 1 AND read_at <= before.read_at
            ORDER BY read_at DESC LIMIT 1) AS accepted_before ON true
      LEFT JOIN LATERAL (
           SELECT read_at FROM ingest.reading
            WHERE reading.point_id = touched.point_id AND rank >= 0 AND verdict = 1 AND volume_l <> ALL(%(sentinels)s)
              AND read_at <= accepted_before.read_at AND read_at >= before.read_at - %(bridged)s
            ORDER BY read_at DESC LIMIT 1) AS volume_before ON true
      CROSS JOIN LATERAL (
           SELECT greatest(date_trunc('day', coalesce(volume_before.read_at, accepted_before.read_at), %(zone)s),
                           kept.goes_on_from) AS midnight
           ) AS begin
      LEFT JOIN LATERAL (
           SELECT read_at FROM ingest.reading
            WHERE reading.point_id = touched.point_id AND rank >= 0 AND verdict = 1
              AND read_at <= begin.midnight
            ORDER BY read_at DESC LIMIT 1) AS first ON true
      LEFT JOIN LATERAL (
           SELECT read_at FROM ingest.reading
            WHERE reading.point_id = touched.point_id AND rank >= 0 AND verdict = 1 AND volume_l <> ALL(%(sentinels)s)
              AND read_at <= first.read_at AND read_at >= begin.midnight - %(bridged)s
            ORDER BY read_at DESC LIMIT 1) AS first_volume ON true
      LEFT JOIN LATERAL (
           SELECT read_at FROM ingest.reading
            WHERE reading.point_id = touched.point_id AND rank >= 0 AND verdict = 1 AND (energy_wh > 0 OR volume_l > 0)
              AND read_at <= coalesce(first_volume.read_at, first.read_at)
            ORDER BY read_at DESC LIMIT 1) AS first_shown ON true
      LEFT JOIN LATERAL (
           SELECT read_at FROM ingest.reading
            WHERE reading.point_id = touched.point_id AND rank >= 0 AND read_at > to_timestamp(touched.to_s)
              AND verdict = ANY(%(judged)s)
            GROUP BY read_at
            ORDER BY read_at OFFSET touched.ahead LIMIT 1) AS after ON true
      LEFT JOIN LATERAL (
           SELECT read_at FROM ingest.reading
            WHERE reading.point_id = touched.point_id AND rank >= 0 AND verdict = 1 AND volume_l <> ALL(%(sentinels)s)
              AND read_at >= after.read_at AND read_at <= after.read_at + %(bridged)s + interval '1 day'
            ORDER BY read_at LIMIT 1) AS volume_after ON true
      CROSS JOIN LATERAL (
           SELECT settled.day, (settled.day + 1)::timestamp AT TIME ZONE %(zone)s AS midnight
             FROM (SELECT (coalesce(volume_after.read_at, after.read_at) AT TIME ZONE %(zone)s)::date) AS settled(day)
           ) AS stop
      LEFT JOIN LATERAL (
           SELECT read_at FROM ingest.reading
            WHERE reading.point_id = touched.point_id AND rank >= 0 AND verdict = 1
              AND read_at >= stop.midnight
            ORDER BY read_at LIMIT 1) AS last ON true
      LEFT JOIN LATERAL (
           SELECT read_at FROM ingest.reading
            WHERE reading.point_id = touched.point_id AND rank >= 0 AND verdict = 1 AND volume_l <> ALL(%(sentinels)s)
              AND read_at >= last.read_at AND read_at <= stop.midnight + %(bridged)s
            ORDER BY read_at LIMIT 1) AS last_volume ON true
      LEFT JOIN ingest.day AS day_before
        ON first_shown.read_at IS NOT NULL AND day_before.point_id = touched.point_id
       AND day_before.day = (begin.midnight AT TIME ZONE %(zone)s)::date - 1
      LEFT JOIN ingest.day AS last_day
        ON last.read_at IS NOT NULL AND last_day.point_id = touched.point_id AND last_day.day = stop.day
     ORDER BY touched.point_id
"""

_READINGS = """
    SELECT reading.point_id, reading.read_at, reading.content_hash, coalesce(reading.meter_id, 0), reading.rank,
           reading.recorded_at, reading.energy_wh,
           coalesce(reading.volume_l, -9223372036854775808), coalesce(reading.forward_lc, -9223372036854775808),
           coalesce(reading.return_lc, -9223372036854775808),
           coalesce(reading.flow_l_per_h, 'NaN'), coalesce(reading.power_w, 'NaN'),
           coalesce(reading.supply_c, 'NaN'), coalesce(reading.return_c, 'NaN'),
           reading.withdrawn, reading.verdict
      FROM unnest(%(point_ids)s::int[], %(from_s)s::bigint[], %(to_s)s::bigint[]) AS span(point_id, from_s, to_s)
      JOIN ingest.reading
        ON reading.point_id = span.point_id
       AND reading.read_at >= to_timestamp(span.from_s) AND reading.read_at <= to_timestamp(span.to_s)
       AND (reading.read_at > to_timestamp(span.from_s) OR reading.verdict = 1)
"""
_READING_KINDS: tuple[Kind, ...] = (
    *("int4", "timestamptz", "int8", "int4", "int2", "timestamptz_us", "int8", "int8", "int8", "int8"),
    *("float4", "float4", "float4", "float4", "bool", "int2"),
)

_HOURS = """
    SELECT hour.point_id, hour.starts_at,
           coalesce(hour.energy_wh, -9223372036854775808), coalesce(hour.volume_l, -9223372036854775808),
           coalesce(hour.forward_lc, -9223372036854775808), coalesce(hour.return_lc, -9223372036854775808),
           coalesce(hour.supply_centi_c::bigint, -9223372036854775808),
           coalesce(hour.return_centi_c::bigint, -9223372036854775808),
           hour.start_quality, hour.end_quality, hour.revision
      FROM unnest(%(point_ids)s::int[], %(from_s)s::bigint[], %(to_s)s::bigint[]) AS span(point_id, from_s, to_s)
      JOIN ingest.hour
        ON hour.point_id = span.point_id
       AND hour.starts_at >= to_timestamp(span.from_s) AND hour.starts_at < to_timestamp(span.to_s)
     WHERE hour.starts_at >= to_timestamp(%(first_s)s) AND hour.starts_at < to_timestamp(%(last_s)s)
     ORDER BY hour.point_id, hour.starts_at
"""
_HOUR_KINDS: tuple[Kind, ...] = ("int4", "timestamptz", *_EIGHT * 6, "int2", "int2", "int8")

_DAYS = """
    SELECT day.point_id, day.day,
           coalesce(day.energy_wh, -9223372036854775808), coalesce(day.maximum_hour_wh, -9223372036854775808),
           day.hours_expected, day.hours_present, day.hours_measured, day.is_measured,
           coalesce(day.volume_l, -9223372036854775808), day.forward_lc, day.forward_l, day.return_lc, day.return_l,
           day.energy_return_wh_centi_c, day.energy_with_return_wh, day.quality,
           coalesce(day.register_wh, -9223372036854775808), coalesce(day.register_l, -9223372036854775808),
           coalesce(day.offset_wh, -9223372036854775808), coalesce(day.offset_l, -9223372036854775808),
           day.revision
      FROM unnest(%(point_ids)s::int[], %(from_day)s::int[], %(to_day)s::int[]) AS span(point_id, from_day, to_day)
      JOIN ingest.day
        ON day.point_id = span.point_id
       AND day.day >= DATE '1970-01-01' + span.from_day AND day.day < DATE '1970-01-01' + span.to_day
     ORDER BY day.point_id, day.day
"""
_DAY_KINDS: tuple[Kind, ...] = (
    *("int4", "date", "int8", "int8", "int2", "int2", "int2", "bool"),
    *("int8", "int8", "int8", "int8", "int8", "int8", "int8", "int2", "int8", "int8", "int8", "int8", "int8"),
)


class Touched(NamedTuple):
    """Metering points with the first and last instant that something is new at: (m,) each, sorted by point_id."""

    point_id: Int64
    from_s: Int64
    to_s: Int64


class StoredHours(NamedTuple):
    """Hours with their revisions."""

    rows: HourRows
    revision: Int64


class StoredDays(NamedTuple):
    """Days with their revisions."""

    rows: Days
    revision: Int64


def array_literal(values: Iterable[int]) -> str:
    """Write numbers as PostgreSQL's text of an array: one parameter however many they are."""
    return "{" + ",".join(map(str, values)) + "}"


async def lock(tx: Transaction, point_ids: Int64) -> PointStates:
    """Lock metering points against other workers, always in the same order, and give where they stand."""
    return await _states(tx, _LOCK, point_ids)


async def states(tx: Transaction, point_ids: Int64) -> PointStates:
    """Give where metering points stand, without a lock: for whoever only reads, as of one instant."""
    return await _states(tx, _STATES, point_ids)


async def _states(tx: Transaction, query: LiteralString, point_ids: Int64) -> PointStates:
    columns = await bulk.copy_out(tx, query, _STATE_KINDS, [array_literal(point_ids.tolist())])
    if len(columns[0]) != len(point_ids):
        raise LookupError(f"{len(point_ids) - len(columns[0])} metering points have no row in ingest.point_state")
    return PointStates(
        point_id=columns[0],
        newest_s=columns[1],
        accepted_s=columns[2],
        accepted=np.stack(columns[3:7], axis=1),
        mark_s=columns[7],
        mark=np.stack(columns[8:12], axis=1),
        mark_quality=columns[12],
        offset=np.stack(columns[13:15], axis=1),
        unbroken=columns[15],
        has_open_samples=columns[16],
    )


async def windows(
    tx: Transaction, touched: Touched, back: Int64, ahead: Int64, zone: str, judged: list[int]
) -> tuple[Spans, Int64, Int64]:
    """Find which readings are to be judged again; returns the spans, and of each window the first and last instant.

    back, ahead: (m,) how many judged readings to take in before and after what is new.
    """
    kinds: tuple[Kind, ...] = ("int4", "int8", "int8", "int8", "int8", "int8", "int8", "int8", "bool")
    columns = await bulk.copy_out(
        tx,
        _SPANS,
        kinds,
        {
            "zone": zone,
            "sentinels": list(SENTINELS),
            "bridged": timedelta(seconds=BRIDGED_WITHIN_S),
            "judged": judged,
            "point_ids": array_literal(touched.point_id.tolist()),
            "from_s": array_literal(touched.from_s.tolist()),
            "to_s": array_literal(touched.to_s.tolist()),
            "back": array_literal(back.tolist()),
            "ahead": array_literal(ahead.tolist()),
        },
    )
    point_id, first_s, from_s, last_s, until_s, settled_s, offset_wh, offset_l, is_earliest = columns
    offset = np.stack([offset_wh, offset_l], axis=1)
    spans = Spans(point_id, touched.to_s, from_s, until_s, settled_s, offset, is_earliest.astype(bool))
    return spans, first_s, last_s


async def readings(tx: Transaction, point_id: Int64, first_s: Int64, last_s: Int64) -> ReadingRows:
    """Give the stored readings of each point from its first to its last instant, in no order.

    Of the first instant only the version that counts: what a window begins at is known, and the others stay refused.
    """
    columns = await bulk.copy_out(tx, _READINGS, _READING_KINDS, _span(point_id, first_s, last_s))
    return ReadingRows._make([*columns, np.full(len(columns[0]), -1)])


async def hours(tx: Transaction, point_id: Int64, from_s: Int64, until_s: Int64) -> StoredHours:
    """Give the stored hours that begin in each point's span, sorted by point and time."""
    if len(point_id) == 0:
        return StoredHours(HourRows._make(np.zeros(0, np.int64) for _ in HourRows._fields), np.zeros(0, np.int64))
    bounds = {"first_s": int(from_s.min()), "last_s": int(until_s.max())}
    columns = await bulk.copy_out(tx, _HOURS, _HOUR_KINDS, _span(point_id, from_s, until_s) | bounds)
    return StoredHours(HourRows(*columns[:-1]), columns[-1])


async def days(tx: Transaction, point_id: Int64, from_day: Int64, to_day: Int64) -> StoredDays:
    """Give the stored days of each point's span, its end left out, sorted by point and day."""
    parameters = {
        "point_ids": array_literal(point_id.tolist()),
        "from_day": array_literal(from_day.tolist()),
        "to_day": array_literal(to_day.tolist()),
    }
    columns = await bulk.copy_out(tx, _DAYS, _DAY_KINDS, parameters)
    return StoredDays(Days(*columns[:-1]), columns[-1])


def _span(point_id: Int64, from_s: Int64, to_s: Int64) -> dict[str, str | int]:
    return {
        "point_ids": array_literal(point_id.tolist()),
        "from_s": array_literal(from_s.tolist()),
        "to_s": array_literal(to_s.tolist()),
    }
