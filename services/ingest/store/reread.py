"""Readings to read again, because a meter did not sit where they were stored by its serial."""

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from psycopg.rows import dict_row

from services.common import logs
from services.common.postgres import Transaction
from services.ingest.core.documents import Installation

# By delivery; what no delivery brought, or none that is kept, by month, so that no part is too large. Up to the instant
# that what is kept begins with nothing is taken any more.
_ADD = """
    INSERT INTO ingest.reread (delivery_id, point_id, serial, from_at, to_at, verdicts, correlation_id)
    SELECT delivery_id, point_id, %(serial)s, min(from_at), max(to_at), jsonb_object_agg(verdict, readings),
           %(correlation_id)s
      FROM (SELECT delivery.delivery_id, reading.point_id, reading.verdict, min(reading.read_at) AS from_at,
                   max(reading.read_at) AS to_at, count(*) AS readings,
                   CASE WHEN delivery.delivery_id IS NULL THEN date_trunc('month', reading.read_at) END AS month
              FROM ingest.misplaced_reading AS reading
              JOIN ingest.point USING (point_id)
              LEFT JOIN ingest.delivery ON delivery.delivery_id = reading.delivery_id
             WHERE point.number = %(number)s AND reading.meter_id = %(meter_id)s
               AND reading.read_at >= %(from_at)s AND reading.read_at <= coalesce(%(to_at)s, 'infinity'::timestamptz)
               AND reading.read_at > coalesce((SELECT settled_until FROM ingest.kept), '-infinity')
             GROUP BY delivery.delivery_id, reading.point_id, reading.verdict, month) AS misplaced
     GROUP BY delivery_id, point_id, month
"""

_TAKE = """
    SELECT reread.reread_id, reread.delivery_id, reread.point_id, reread.serial, reread.from_at, reread.to_at,
           reread.verdicts, reread.correlation_id, payload.content_type, payload.zstd_bytes, payload.read_as,
           source.rank
      FROM ingest.reread
      LEFT JOIN ingest.delivery USING (delivery_id)
      LEFT JOIN ingest.source USING (source_id)
      LEFT JOIN ingest.delivery_payload AS payload USING (delivery_id)
     ORDER BY reread_id LIMIT 1 FOR UPDATE OF reread SKIP LOCKED
"""

# What was noted by a version before does not say where.
_STORED = """
    SELECT meter.serial, reading.read_at, reading.recorded_at, reading.rank, reading.energy_wh, reading.volume_l,
           reading.forward_lc, reading.return_lc, reading.flow_l_per_h, reading.power_w, reading.supply_c,
           reading.return_c, reading.withdrawn
      FROM ingest.misplaced_reading AS reading
      JOIN ingest.meter USING (meter_id)
      LEFT JOIN ingest.delivery ON delivery.delivery_id = reading.delivery_id
     WHERE (%(point_id)s::integer IS NULL OR reading.point_id = %(point_id)s) AND meter.serial = %(serial)s
       AND reading.read_at >= %(from_at)s AND reading.read_at <= %(to_at)s
       AND delivery.delivery_id IS NOT DISTINCT FROM %(delivery_id)s
     ORDER BY reading.rank, reading.read_at
"""

_COUNT_OUT = """
    INSERT INTO ingest.delivery_result (delivery_id, partition, next_offset, verdict, readings)
    SELECT delivery_id, -2, reread_id, counted.verdict::smallint, -counted.readings::integer
      FROM ingest.reread, jsonb_each_text(verdicts) AS counted(verdict, readings)
     WHERE reread_id = %s AND delivery_id IS NOT NULL
"""

_FORGET = "DELETE FROM ingest.reread WHERE reread_id = %s"


class Reread(NamedTuple):
    """Readings of a meter to read again, of one delivery or none, from the first to the last instant, both included."""

    reread_id: int
    delivery_id: UUID | None
    point_id: int | None
    serial: str
    from_at: datetime
    to_at: datetime
    verdicts: dict[str, int]
    correlation_id: str
    content_type: str | None
    """None where the delivery's bytes are not kept, or there is no delivery."""
    zstd_bytes: bytes
    read_as: list[dict[str, Any]] | None
    rank: int


async def add(tx: Transaction, serial: str, meter_id: int, left: Installation) -> None:
    """Note the readings at a place where a meter, as is known now, did not sit then."""
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


async def stored(tx: Transaction, wanted: Reread) -> list[dict[str, Any]]:
    """Give the misplaced readings as they are stored, with their rank and by it, else as the columns of a reading."""
    span = {name: getattr(wanted, name) for name in ("point_id", "serial", "from_at", "to_at", "delivery_id")}
    return await (await tx.cursor(row_factory=dict_row).execute(_STORED, span)).fetchall()


async def count_out(tx: Transaction, reread_id: int) -> None:
    """Let the delivery no longer count the verdicts that its readings had where they do not belong."""
    await tx.execute(_COUNT_OUT, [reread_id])


async def forget(tx: Transaction, reread_id: int) -> None:
    """Be done with one."""
    await tx.execute(_FORGET, [reread_id])
