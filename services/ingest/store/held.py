"""Readings that no metering point was known for, and how they are read again once it is."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from psycopg.types.json import Jsonb

from services.common.postgres import Transaction
from services.ingest.core.verdict import Verdict

_HOLD = """
    COPY ingest.held_reading
         (serial, number, read_at, reading, verdict, reason, delivery_id, rank, waits_for) FROM STDIN
"""

_REFUSED = """
    SELECT (held.reading->>'item')::integer AS item, held.reading->>'field', held.reading->>'code', held.verdict,
           held.reason, held.waits_for
      FROM ingest.held_reading AS held
     WHERE held.delivery_id = %s AND held.reading ? 'item'
     ORDER BY item
"""

# What waits for an installation, a meter or a metering point; as numbers, since the indexes are on just these.
_RELEASE = """
    DELETE FROM ingest.held_reading
     WHERE held_id IN (SELECT held_id FROM ingest.held_reading
                        WHERE verdict IN (13, 20, 21) AND (serial = ANY(%s) OR number = ANY(%s))
                        ORDER BY held_id LIMIT %s FOR UPDATE SKIP LOCKED)
    RETURNING held_id, reading, verdict, delivery_id, rank
"""

_COUNT_OUT = """
    INSERT INTO ingest.delivery_result (delivery_id, partition, next_offset, verdict, readings)
    VALUES (%s, -1, %s, %s, %s)
"""


class HeldRow(NamedTuple):
    """A reading to be kept for an operator."""

    serial: str | None
    number: str | None
    read_at: datetime | None
    reading: dict[str, Any]
    verdict: Verdict
    reason: str
    delivery_id: UUID | None
    rank: int
    waits_for: str | None = None


class RefusedRow(NamedTuple):
    """An item that its delivery's answer told of as refused."""

    item: int
    field: str
    code: str
    reason: str
    waits_for: str | None


class Released(NamedTuple):
    """A held reading that is to be read again."""

    held_id: int
    reading: dict[str, Any]
    verdict: int
    delivery_id: UUID | None
    rank: int


async def hold(tx: Transaction, rows: Iterable[HeldRow]) -> None:
    """Keep readings that cannot be used, in the transaction that takes in or stores what brought them."""
    async with tx.cursor().copy(_HOLD) as copy:
        for row in rows:
            await copy.write_row([*row[:3], Jsonb(row.reading), int(row.verdict), *row[5:]])


async def refused(tx: Transaction, delivery_id: UUID) -> list[RefusedRow]:
    """Give the items of a delivery that were refused at the door, as its sender was told of them."""
    rows = await (await tx.execute(_REFUSED, [delivery_id])).fetchall()
    return [
        RefusedRow(item, field, code or Verdict(verdict).label, reason, waits_for)
        for item, field, code, verdict, reason, waits_for in rows
    ]


async def release(tx: Transaction, serials: Sequence[str], numbers: Sequence[str], limit: int) -> list[Released]:
    """Take out readings that wait for these meters or metering points, at most `limit`; the caller sends them on.

    Their deliveries count them as held no longer.
    """
    rows = await (await tx.execute(_RELEASE, [list(serials), list(numbers), limit])).fetchall()
    released = [Released(*row) for row in rows]
    await tx.cursor().executemany(_COUNT_OUT, list(_counted_out(released)))
    return released


def _counted_out(released: Sequence[Released]) -> Iterator[tuple[UUID, int, int, int]]:
    newest = {(one.delivery_id, one.verdict): one.held_id for one in released if one.delivery_id}
    counts = Counter((one.delivery_id, one.verdict) for one in released if one.delivery_id)
    for (delivery_id, verdict), readings in counts.items():
        if delivery_id is not None:
            yield delivery_id, newest[delivery_id, verdict], verdict, -readings
