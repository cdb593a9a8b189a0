"""What an estimate ahead goes on from, and what was used in other times."""

from datetime import datetime
from typing import NamedTuple

from services.common.postgres import Transaction
from services.ingest.core.estimates_ahead import Used
from services.ingest.core.readings import SENTINELS

# The newest that counts, an estimate or not, the newest that was read, and the first.
_LAST = """
    SELECT last.read_at, last.energy_wh,
           CASE WHEN last.volume_l <> ALL(%(sentinels)s) THEN last.volume_l END AS volume_l, was_read.read_at,
           (SELECT min(read_at) FROM ingest.reading WHERE point_id = %(point_id)s AND verdict = 1)
      FROM (SELECT read_at, energy_wh, volume_l FROM ingest.reading
             WHERE point_id = %(point_id)s AND verdict = 1 ORDER BY read_at DESC LIMIT 1) AS last
      CROSS JOIN LATERAL (
            SELECT read_at FROM ingest.reading
             WHERE point_id = %(point_id)s AND verdict = 1 AND rank >= 0 AND read_at <= last.read_at
             ORDER BY read_at DESC LIMIT 1) AS was_read
"""

# Grades 3 and 5 are estimated.
_USED = """
    SELECT coalesce(sum(energy_wh * inside_s), 0)::bigint, coalesce(sum(inside_s), 0)::bigint,
           coalesce(sum(volume_l * inside_s), 0)::bigint,
           coalesce(sum(energy_wh * inside_s) FILTER (WHERE volume_l IS NOT NULL), 0)::bigint
      FROM (SELECT energy_wh, volume_l,
                   extract(epoch FROM least(starts_at + interval '1 hour', %(to_at)s)
                                      - greatest(starts_at, %(from_at)s))
              FROM ingest.hour
             WHERE point_id = %(point_id)s AND energy_wh IS NOT NULL
               AND starts_at > %(from_at)s::timestamptz - interval '1 hour' AND starts_at < %(to_at)s
               AND start_quality NOT IN (3, 5) AND end_quality NOT IN (3, 5)) AS known(energy_wh, volume_l, inside_s)
"""


class Last(NamedTuple):
    """The registers that a metering point stands at, as the meter shows them."""

    read_at: datetime
    energy_wh: int
    volume_l: int | None
    was_read: datetime
    """When the newest reading that was read and counts was taken: the same, or that before the estimates."""
    first: datetime
    """When the first one that counts was."""


async def last(tx: Transaction, point_id: int) -> Last | None:
    """Give where a metering point stands; None where no reading counts."""
    parameters = {"point_id": point_id, "sentinels": list(SENTINELS)}
    row = await (await tx.execute(_LAST, parameters)).fetchone()
    return Last(*row) if row else None


async def used(tx: Transaction, point_id: int, from_at: datetime, to_at: datetime) -> Used:
    """Sum the hours of a span that are known and not estimated."""
    parameters = {"point_id": point_id, "from_at": from_at, "to_at": to_at}
    row = await (await tx.execute(_USED, parameters)).fetchone()
    return Used(*row) if row else Used(0, 0, 0, 0)
