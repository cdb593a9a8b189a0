"""Deliveries to read again, because a meter did not sit where their readings were stored by its serial."""

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from services.common import logs
from services.common.postgres import Transaction
from services.ingest.core.documents import Installation

_ADD = """
    INSERT INTO ingest.reread (delivery_id, serial, from_at, to_at, verdicts, correlation_id)
    SELECT delivery_id, %(serial)s, min(from_at), max(to_at), jsonb_object_agg(verdict, readings), %(correlation_id)s
      FROM (SELECT reading.delivery_id, reading.verdict, min(reading.read_at) AS from_at,
                   max(reading.read_at) AS to_at, count(*) AS readings
              FROM ingest.misplaced_reading AS reading JOIN ingest.point USING (point_id)
             WHERE point.number = %(number)s AND reading.meter_id = %(meter_id)s AND reading.delivery_id IS NOT NULL
               AND reading.read_at >= %(from_at)s AND reading.read_at <= coalesce(%(to_at)s, 'infinity'::timestamptz)
             GROUP BY reading.delivery_id, reading.verdict) AS misplaced
     GROUP BY delivery_id
"""

_TAKE = """
    SELECT reread.reread_id, reread.delivery_id, reread.serial, reread.from_at, reread.to_at, reread.verdicts,
           reread.correlation_id, payload.content_type, payload.zstd_bytes, payload.read_as, source.rank
      FROM ingest.reread
      JOIN ingest.delivery USING (delivery_id)
      JOIN ingest.source USING (source_id)
      JOIN ingest.delivery_payload AS payload USING (delivery_id)
     ORDER BY reread_id LIMIT 1 FOR UPDATE OF reread SKIP LOCKED
"""

_COUNT_OUT = """
    INSERT INTO ingest.delivery_result (delivery_id, partition, next_offset, verdict, readings)
    SELECT delivery_id, -2, reread_id, counted.verdict::smallint, -counted.readings::integer
      FROM ingest.reread, jsonb_each_text(verdicts) AS counted(verdict, readings)
     WHERE reread_id = %s
"""

_FORGET = "DELETE FROM ingest.reread WHERE reread_id = %s"


class Reread(NamedTuple):
    """A delivery to read again: the readings of one meter, from the first to the last instant, both included."""

    reread_id: int
    delivery_id: UUID
    serial: str
    from_at: datetime
    to_at: datetime
    verdicts: dict[str, int]
    correlation_id: str
    content_type: str
    zstd_bytes: bytes
    read_as: list[dict[str, Any]] | None
    rank: int


async def add(tx: Transaction, serial: str, meter_id: int, left: Installation) -> None:
    """Note the deliveries with readings at a place where a meter, as is known now, did not sit then."""
    await tx.execute(
        _ADD,
        {
            "serial": serial,
            "meter_id": meter_id,
            "number": left.metering_point,
            "from_at": left.installed_at,
            "to_at": left.removed_at,
            "correlation_id": logs.correlation_id(),
        },
    )


async def take(tx: Transaction) -> Reread | None:
    """Take the oldest that waits and that no other worker has."""
    row = await (await tx.execute(_TAKE)).fetchone()
    return Reread(*row) if row else None


async def count_out(tx: Transaction, reread_id: int) -> None:
    """Let the delivery no longer count the verdicts that its readings had where they do not belong."""
    await tx.execute(_COUNT_OUT, [reread_id])


async def forget(tx: Transaction, reread_id: int) -> None:
    """Be done with one."""
    await tx.execute(_FORGET, [reread_id])
