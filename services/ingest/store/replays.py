"""Deliveries of telegrams to be read again, and what they were read as."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from psycopg.types.json import Jsonb

from services.common import logs
from services.common.postgres import Transaction

_ADD = "INSERT INTO ingest.replay (delivery_id, correlation_id) VALUES (%s, %s)"

_HOLDS_TELEGRAMS = "SELECT read_as IS NOT NULL FROM ingest.delivery_payload WHERE delivery_id = %s"

_FREE = """
    INSERT INTO ingest.replay (delivery_id, waits_for, correlation_id)
    SELECT held.delivery_id, held.waits_for, %(correlation_id)s
      FROM ingest.held_reading AS held
     WHERE held.waits_for = %(waits_for)s
     GROUP BY held.delivery_id, held.waits_for
     ORDER BY min(held.read_at), min(held.held_id)
"""

# Not before all that was taken of it is judged: what is not stored yet cannot be superseded.
_TAKE = """
    SELECT replay.replay_id, replay.delivery_id, replay.waits_for, replay.asked_at, replay.correlation_id,
           delivery.items, payload.content_type, payload.zstd_bytes, payload.read_as, source.rank, source.serials
      FROM ingest.replay
      JOIN ingest.delivery USING (delivery_id)
      JOIN ingest.source USING (source_id)
      JOIN ingest.delivery_payload AS payload USING (delivery_id)
     WHERE delivery.taken <= (SELECT coalesce(sum(result.readings), 0) FROM ingest.delivery_result AS result
                               WHERE result.delivery_id = replay.delivery_id)
     ORDER BY replay.replay_id LIMIT 1 FOR UPDATE OF replay, payload SKIP LOCKED
"""

_WAITING = """
    SELECT (held.reading->>'item')::integer FROM ingest.held_reading AS held
     WHERE held.delivery_id = %s AND held.waits_for = %s
"""

_REMOVE_REFUSED = """
    DELETE FROM ingest.held_reading
     WHERE delivery_id = %s AND (reading->>'item')::integer = ANY(%s)
"""

_TAKE_OUT_HELD = """
    DELETE FROM ingest.held_reading
     WHERE delivery_id = %s AND verdict IN (13, 20, 21)
    RETURNING serial, number, read_at, verdict
"""

_COUNT_OUT = """
    INSERT INTO ingest.delivery_result (delivery_id, partition, next_offset, verdict, readings)
    VALUES (%s, -3, %s, %s, %s)
"""

_READ_AS = "UPDATE ingest.delivery_payload SET read_as = %s WHERE delivery_id = %s"

_TOOK_MORE = "UPDATE ingest.delivery SET taken = taken + %s WHERE delivery_id = %s"

_FORGET = "DELETE FROM ingest.replay WHERE replay_id = %s"


class Replay(NamedTuple):
    """A delivery to read again: whole, or only the items that waited for something."""

    replay_id: int
    delivery_id: UUID
    waits_for: str | None
    asked_at: datetime
    correlation_id: str
    items: int
    form: str
    zstd_bytes: bytes
    read_as: list[dict[str, Any]]
    rank: int
    serials: list[str] | None


class TakenOut(NamedTuple):
    """A reading that was held by the worker, and is so no longer."""

    serial: str | None
    number: str | None
    read_at: datetime | None
    verdict: int


async def holds_telegrams(tx: Transaction, delivery_id: UUID) -> bool | None:
    """Tell whether a delivery's bytes are telegrams; None where they are not kept."""
    row = await (await tx.execute(_HOLDS_TELEGRAMS, [delivery_id])).fetchone()
    return bool(row[0]) if row else None


async def add(tx: Transaction, delivery_id: UUID) -> None:
    """Note that a delivery is to be read again whole."""
    await tx.execute(_ADD, [delivery_id, logs.correlation_id()])


async def free(tx: Transaction, waits_for: str) -> int:
    """Note that what waits for something is to be read again, first what was read first; gives how many deliveries."""
    parameters = {"waits_for": waits_for, "correlation_id": logs.correlation_id()}
    return (await tx.execute(_FREE, parameters)).rowcount


async def take(tx: Transaction) -> Replay | None:
    """Take the oldest that can be read again and that no other worker has."""
    row = await (await tx.execute(_TAKE)).fetchone()
    return Replay(*row) if row else None


async def waiting(tx: Transaction, delivery_id: UUID, waits_for: str) -> list[int]:
    """Give the items of a delivery that wait for something."""
    return [item for (item,) in await (await tx.execute(_WAITING, [delivery_id, waits_for])).fetchall()]


async def remove_refused(tx: Transaction, delivery_id: UUID, items: Sequence[int]) -> None:
    """Let go of items that were refused at the door."""
    await tx.execute(_REMOVE_REFUSED, [delivery_id, list(items)])


async def take_out_held(tx: Transaction, replay: Replay) -> list[TakenOut]:
    """Take out what the worker holds of a delivery, which counts it as held no longer."""
    rows = await (await tx.execute(_TAKE_OUT_HELD, [replay.delivery_id])).fetchall()
    taken_out = [TakenOut(*row) for row in rows]
    counts = Counter(one.verdict for one in taken_out)
    counted = [[replay.delivery_id, replay.replay_id, verdict, -count] for verdict, count in counts.items()]
    await tx.cursor().executemany(_COUNT_OUT, counted)
    return taken_out


async def note(tx: Transaction, replay: Replay, read_as: Sequence[Any], more: int) -> None:
    """Note what a delivery's telegrams are read as now, and how many more readings it sent on; then be done with it."""
    await tx.execute(_READ_AS, [Jsonb(list(read_as)), replay.delivery_id])
    await tx.execute(_TOOK_MORE, [more, replay.delivery_id])
    await tx.execute(_FORGET, [replay.replay_id])
