"""Networks, facilities and metering points."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

from psycopg.rows import dict_row

from schemas.facilities import Category, FacilityChanged, FacilityPoint
from schemas.values import Activity, FacilityId, NetworkId, PointId
from services.common.postgres import Transaction
from services.contracts.core import documents
from services.contracts.store import Change, lock, lost_identities

_NETWORK = """
    SELECT name, heat_target_delta_t_c, cooling_target_delta_t_c
      FROM contracts.network WHERE network_id = %s FOR UPDATE
"""
_ADD_NETWORK = """
    INSERT INTO contracts.network (network_id, name, heat_target_delta_t_c, cooling_target_delta_t_c)
    VALUES (%(network_id)s, %(name)s, %(heat_target_delta_t_c)s, %(cooling_target_delta_t_c)s)
"""
_CHANGE_NETWORK = """
    UPDATE contracts.network
       SET name = %(name)s, heat_target_delta_t_c = %(heat_target_delta_t_c)s,
           cooling_target_delta_t_c = %(cooling_target_delta_t_c)s
     WHERE network_id = %(network_id)s
"""
_OF_NETWORK = "SELECT facility_id FROM contracts.facility WHERE network_id = %s ORDER BY facility_id"

_FACILITY = """
    SELECT facility_id, name, address, area, category, activity, base_load, network_id
      FROM contracts.facility WHERE facility_number = %s FOR UPDATE
"""
_ADD_FACILITY = """
    INSERT INTO contracts.facility
           (facility_id, facility_number, name, address, area, category, activity, base_load, network_id)
    VALUES (%(facility_id)s, %(number)s, %(name)s, %(address)s, %(area)s, %(category)s, %(activity)s, %(base_load)s,
            %(network_id)s)
"""
_CHANGE_FACILITY = """
    UPDATE contracts.facility
       SET name = %(name)s, address = %(address)s, area = %(area)s, category = %(category)s,
           activity = %(activity)s, base_load = %(base_load)s, network_id = %(network_id)s,
           version = installation.numbered(nextval('contracts.facility_version'))
     WHERE facility_id = %(facility_id)s
"""
# Locked before they are counted up: whoever tells of the same point later must have the higher version.
_LOCK_FACILITIES = "SELECT FROM contracts.facility WHERE facility_id = ANY(%s) ORDER BY facility_id FOR UPDATE"
_COUNT_UP = """
    UPDATE contracts.facility
       SET version = installation.numbered(nextval('contracts.facility_version')) WHERE facility_id = ANY(%s)
"""

_POINT = """
    SELECT point.point_id, point.facility_id, facility.facility_number, point.medium, point.station_id, point.maximum_kw
      FROM contracts.metering_point AS point
      JOIN contracts.facility USING (facility_id)
     WHERE point.number = %s
       FOR UPDATE OF point
"""
_ADD_POINT = """
    INSERT INTO contracts.metering_point (number, facility_id, medium, station_id, maximum_kw)
    VALUES (%(number)s, %(facility_id)s, %(medium)s, %(station_id)s, %(maximum_kw)s)
 RETURNING point_id
"""
_ADD_LOST_POINT = """
    INSERT INTO contracts.metering_point (point_id, number, facility_id, medium, station_id, maximum_kw)
    OVERRIDING SYSTEM VALUE
    VALUES (%(point_id)s, %(number)s, %(facility_id)s, %(medium)s, %(station_id)s, %(maximum_kw)s)
 RETURNING point_id
"""
_CHANGE_POINT = """
    UPDATE contracts.metering_point
       SET facility_id = %(facility_id)s, medium = %(medium)s, station_id = %(station_id)s,
           maximum_kw = %(maximum_kw)s
     WHERE point_id = %(point_id)s
"""

_EVENTS = """
    SELECT facility_id, facility_number, name, network_id, area, category, activity, version
      FROM contracts.facility WHERE facility_id = ANY(%s) ORDER BY facility_id
"""
_POINTS_OF_FACILITIES = """
    SELECT facility.facility_id, point.point_id, point.number, point.medium, point.station_id, point.maximum_kw,
           CASE point.medium WHEN 'cooling' THEN network.cooling_target_delta_t_c
                             ELSE network.heat_target_delta_t_c END AS target_delta_t_c
      FROM contracts_v1.metering_point AS point
      JOIN contracts.facility USING (facility_id)
      JOIN contracts.network USING (network_id)
     WHERE facility_id = ANY(%s) ORDER BY point.point_id
"""


async def network(tx: Transaction, network_id: str) -> documents.Network | None:
    """Find a network and lock it, so that nobody enters it while it changes."""
    async with tx.cursor(row_factory=dict_row) as cursor:
        row = await (await cursor.execute(_NETWORK, [network_id])).fetchone()
    return None if row is None else documents.Network.model_validate(row)


async def put_network(
    tx: Transaction, network_id: str, document: documents.Network
) -> tuple[Change, documents.Network | None]:
    """Store a network; gives what it was before, too, None where it is new."""
    await lock(tx, "network", network_id)
    before = await network(tx, network_id)
    values = document.model_dump() | {"network_id": network_id}
    if before is None:
        await tx.execute(_ADD_NETWORK, values)
        return Change.CREATED, None
    if before == document:
        return Change.UNCHANGED, before
    await tx.execute(_CHANGE_NETWORK, values)
    return Change.CHANGED, before


async def of_network(tx: Transaction, network_id: str) -> list[FacilityId]:
    """Give the facilities of a network."""
    return [FacilityId(row[0]) for row in await (await tx.execute(_OF_NETWORK, [network_id])).fetchall()]


async def facility(tx: Transaction, number: str) -> tuple[FacilityId, documents.Facility] | None:
    """Find a facility by its number and lock it, so that changes of its points wait for each other."""
    async with tx.cursor(row_factory=dict_row) as cursor:
        row = await (await cursor.execute(_FACILITY, [number])).fetchone()
    return None if row is None else (row.pop("facility_id"), documents.Facility.model_validate(row))


async def put_facility(tx: Transaction, number: str, document: documents.Facility) -> tuple[Change, FacilityId]:
    """Store a facility; a change counts its version up."""
    await lock(tx, "facility", number)
    known = await facility(tx, number)
    values = document.model_dump(mode="json") | {"number": number}
    if known is None:
        lost = await lost_identities.take(tx, "facility", number)
        facility_id = FacilityId(UUID(lost) if lost else uuid4())
        await tx.execute(_ADD_FACILITY, values | {"facility_id": facility_id})
        return Change.CREATED, facility_id
    facility_id, stored = known
    if stored == document:
        return Change.UNCHANGED, facility_id
    await tx.execute(_CHANGE_FACILITY, values | {"facility_id": facility_id})
    return Change.CHANGED, facility_id


async def metering_point(tx: Transaction, number: str) -> tuple[PointId, FacilityId, documents.MeteringPoint] | None:
    """Find a metering point by its number and lock it."""
    async with tx.cursor(row_factory=dict_row) as cursor:
        row = await (await cursor.execute(_POINT, [number])).fetchone()
    if row is None:
        return None
    return row.pop("point_id"), row.pop("facility_id"), documents.MeteringPoint.model_validate(row)


async def put_metering_point(
    tx: Transaction, number: str, facility_id: FacilityId, document: documents.MeteringPoint
) -> tuple[Change, PointId]:
    """Store a metering point; a change counts up the version of its facility, and of the one it leaves."""
    await lock(tx, "metering_point", number)
    known = await metering_point(tx, number)
    values = document.model_dump(mode="json") | {"number": number, "facility_id": facility_id}
    if known is None:
        point_id = await _add_point(tx, number, values)
        await count_up(tx, [facility_id])
        return Change.CREATED, point_id
    point_id, was_at, stored = known
    if stored == document:
        return Change.UNCHANGED, point_id
    await tx.execute(_CHANGE_POINT, values | {"point_id": point_id})
    await count_up(tx, [facility_id, was_at])
    return Change.CHANGED, point_id


async def _add_point(tx: Transaction, number: str, values: Mapping[str, object]) -> PointId:
    lost = await lost_identities.take(tx, "metering_point", number)
    statement = _ADD_LOST_POINT if lost else _ADD_POINT
    added = await (await tx.execute(statement, {**values, "point_id": lost and int(lost)})).fetchone()
    return PointId(_only(added))


async def count_up(tx: Transaction, facility_ids: Sequence[FacilityId]) -> None:
    """Give facilities their next versions, each its own."""
    await tx.execute(_LOCK_FACILITIES, [list(facility_ids)])
    await tx.execute(_COUNT_UP, [list(facility_ids)])


async def facility_event(tx: Transaction, facility_id: FacilityId) -> FacilityChanged:
    """Give a facility whole, as others are to hear of it. Raises KeyError."""
    return (await facility_events(tx, [facility_id]))[facility_id]


async def facility_events(tx: Transaction, facility_ids: Sequence[FacilityId]) -> dict[FacilityId, FacilityChanged]:
    """Give facilities whole, as others are to hear of them."""
    points: dict[FacilityId, list[FacilityPoint]] = defaultdict(list)
    async with tx.cursor(row_factory=dict_row) as cursor:
        rows = await (await cursor.execute(_EVENTS, [list(facility_ids)])).fetchall()
        for point in await (await cursor.execute(_POINTS_OF_FACILITIES, [list(facility_ids)])).fetchall():
            points[point.pop("facility_id")].append(FacilityPoint.model_validate(point))
    return {row["facility_id"]: _event(row, points[row["facility_id"]]) for row in rows}


def _event(row: Mapping[str, Any], points: Sequence[FacilityPoint]) -> FacilityChanged:
    return FacilityChanged(
        facility_id=row["facility_id"],
        version=row["version"],
        facility_number=row["facility_number"],
        facility_name=row["name"],
        network_id=NetworkId(row["network_id"]),
        area=row["area"],
        category=Category(row["category"]),
        activity=Activity(row["activity"]),
        points=tuple(points),
    )


def _only(row: tuple[int, ...] | None) -> int:
    if row is None:
        raise LookupError("the statement gave no row")
    return row[0]
