"""Spans of readings that are to be judged again, and what others must still hear of them."""

from typing import NamedTuple

from services.common import logs
from services.common.postgres import Transaction
from services.heat.arrays import Int64
from services.heat.hour_marks import HOUR_S

_ADD = "INSERT INTO ingest.rejudge (point_id, from_at, to_at, reason, correlation_id) VALUES (%s, %s, %s, %s, %s)"

# An open end is an instant before or after all readings.
_TAKE_UNJUDGED = """
    SELECT rejudge_id, point_id,
           CASE WHEN isfinite(from_at) THEN extract(epoch FROM from_at)::bigint ELSE 0 END,
           CASE WHEN isfinite(to_at) THEN extract(epoch FROM to_at)::bigint ELSE 8589934591 END,
           reason, correlation_id
      FROM ingest.rejudge WHERE changed_from IS NULL
     ORDER BY rejudge_id LIMIT 1 FOR UPDATE SKIP LOCKED
"""

_NOTE_CHANGES = """
    UPDATE ingest.rejudge SET changed_from = to_timestamp(%s), changed_to = to_timestamp(%s) WHERE rejudge_id = %s
"""

_TAKE_JUDGED = """
    SELECT rejudge_id, point_id, extract(epoch FROM changed_from)::bigint, extract(epoch FROM changed_to)::bigint,
           reason, correlation_id
      FROM ingest.rejudge WHERE changed_from IS NOT NULL
     ORDER BY rejudge_id LIMIT 1 FOR UPDATE SKIP LOCKED
"""

_FORGET = "DELETE FROM ingest.rejudge WHERE rejudge_id = %s"

DAY_S = 24 * HOUR_S


class Span(NamedTuple):
    """A metering point and the span of it that is meant, both ends included."""

    rejudge_id: int
    point_id: int
    from_s: int
    to_s: int
    reason: str
    correlation_id: str


async def add(tx: Transaction, point_id: int, from_at: object, to_at: object, reason: str) -> None:
    """Note that the readings of a span are to be judged again."""
    await tx.execute(_ADD, [point_id, from_at, to_at, reason, logs.correlation_id()])


async def take_unjudged(tx: Transaction) -> Span | None:
    """Take the oldest span that waits and that no other worker has."""
    row = await (await tx.execute(_TAKE_UNJUDGED)).fetchone()
    return Span(*row) if row else None


async def note_changes(tx: Transaction, rejudge_id: int, starts_s: Int64, day: Int64) -> None:
    """Note which hours (n,) and days (m,) judging again has changed; where none, there is nothing to tell."""
    if len(starts_s) + len(day) == 0:
        await forget(tx, rejudge_id)
        return
    ends = [*starts_s.tolist(), *(day * DAY_S).tolist()]
    await tx.execute(_NOTE_CHANGES, [min(ends), max(ends) + HOUR_S, rejudge_id])


async def take_judged(tx: Transaction) -> Span | None:
    """Take the oldest span whose changes were not told of yet."""
    row = await (await tx.execute(_TAKE_JUDGED)).fetchone()
    return Span(*row) if row else None


async def forget(tx: Transaction, rejudge_id: int) -> None:
    """Be done with a span."""
    await tx.execute(_FORGET, [rejudge_id])
