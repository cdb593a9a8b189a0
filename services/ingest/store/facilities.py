"""The copy of metering points that contracts tells of, and what waits for it."""

from collections.abc import Sequence

from schemas.facilities import FacilityPoint
from services.common.postgres import Transaction
from services.ingest.store import estimation, rejudge

# Where the database was put back and the number put again meanwhile, two points have been told of under it. It is the
# one's that was told of later; the other one's readings stay with it.
_TAKE_NUMBER = """
    UPDATE ingest.point SET number = number || ' (' || point_id || ')'
     WHERE number = %(number)s AND point_id <> %(point_id)s AND version < %(version)s
"""
_PUT_POINT = """
    INSERT INTO ingest.point AS stored (point_id, number, station_id, medium, maximum_kw, target_delta_t_c, version)
    SELECT %(point_id)s::int,
           CASE WHEN EXISTS (SELECT FROM ingest.point WHERE number = %(number)s AND point_id <> %(point_id)s)
                THEN %(number)s || ' (' || %(point_id)s::int || ')' ELSE %(number)s END,
           %(station_id)s, %(medium)s, %(maximum_kw)s, %(target_delta_t_c)s::numeric, %(version)s
    ON CONFLICT (point_id) DO UPDATE
       SET number = excluded.number, station_id = excluded.station_id, medium = excluded.medium,
           maximum_kw = excluded.maximum_kw, target_delta_t_c = excluded.target_delta_t_c, version = excluded.version
     WHERE excluded.version > stored.version
"""

_BEFORE = "SELECT maximum_kw, station_id, medium FROM ingest.point WHERE point_id = %s AND version < %s"

_PUT_STATE = "INSERT INTO ingest.point_state (point_id) VALUES (%s) ON CONFLICT DO NOTHING"


async def put_points(tx: Transaction, version: int, points: Sequence[FacilityPoint]) -> None:
    """Take over a facility's metering points; one whose limit or station changed is judged again from its beginning."""
    for point in points:
        before = await (await tx.execute(_BEFORE, [point.point_id, version])).fetchone()
        values = point.model_dump(mode="json") | {"version": version}
        await tx.execute(_TAKE_NUMBER, values)
        await tx.execute(_PUT_POINT, values)
        await tx.execute(_PUT_STATE, [point.point_id])
        if before and before[0] != point.maximum_kw:
            await rejudge.add(tx, point.point_id, "-infinity", "infinity", "maximum_kw")
        if before and before[1:] != (point.station_id, point.medium):
            await estimation.point_moved(tx, point.point_id)
            await rejudge.add(tx, point.point_id, "-infinity", "infinity", "station")
