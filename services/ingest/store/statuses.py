"""What meters said of themselves, by the metering point that they sat at then."""

from datetime import datetime
from typing import NamedTuple

from psycopg.rows import class_row

from services.common.postgres import Transaction

_IS_POINT = "SELECT EXISTS (SELECT FROM ingest.point WHERE number = %s)"

_OF_POINT = """
    SELECT told.read_at, told.serial, told.statuses
      FROM ingest_v1.meter_status AS told
     WHERE told.point_id = (SELECT point_id FROM ingest.point WHERE number = %(number)s)
       AND told.read_at >= %(from_at)s AND told.read_at < %(to_at)s
     ORDER BY told.read_at DESC, told.serial LIMIT %(most)s
"""


class Told(NamedTuple):
    """What a meter said of itself in one telegram."""

    read_at: datetime
    serial: str
    statuses: list[str]


async def of_point(tx: Transaction, number: str, from_at: datetime, to_at: datetime, most: int) -> list[Told] | None:
    """Give what the meters of a metering point said in a span, the newest first; None where there is no such point."""
    if not (await (await tx.execute(_IS_POINT, [number])).fetchall())[0][0]:
        return None
    wanted = {"number": number, "from_at": from_at, "to_at": to_at, "most": most}
    return await (await tx.cursor(row_factory=class_row(Told)).execute(_OF_POINT, wanted)).fetchall()
