"""Weather stations, and whose hours stand in for theirs."""

from collections.abc import Collection
from typing import NamedTuple

from services.common.postgres import Transaction
from services.ingest.core.places import Place
from services.ingest.store import Change

_STATION = """
    SELECT name, latitude, longitude, neighbours, degree_day_base_c FROM ingest.station WHERE station_id = %s
"""
_LOCK = "SELECT FROM ingest.station WHERE station_id = %s FOR UPDATE"

_PUT_STATION = """
    INSERT INTO ingest.station (station_id, name, latitude, longitude, neighbours, degree_day_base_c)
    VALUES (%s, %s, %s, %s, %s, %s)
    ON CONFLICT (station_id) DO UPDATE
       SET name = excluded.name, latitude = excluded.latitude, longitude = excluded.longitude,
           neighbours = excluded.neighbours, degree_day_base_c = excluded.degree_day_base_c
"""
_WITH_PLACE = """
    SELECT station_id, latitude, longitude FROM ingest.station WHERE latitude IS NOT NULL AND station_id <> %s
"""
_KNOWN = "SELECT station_id FROM ingest.station WHERE station_id = ANY(%s)"
_FOLLOWERS = "SELECT station_id, neighbours FROM ingest.station WHERE neighbours && %s::text[]"


class Station(NamedTuple):
    """A weather station: its name, where it stands, whose hours stand in for missing ones, and what days are set by."""

    name: str
    place: Place | None = None
    neighbours: tuple[str, ...] = ()
    degree_day_base_c: float = 17.0


async def station(tx: Transaction, station_id: str) -> Station | None:
    """Give a station; None where it is not known."""
    row = await (await tx.execute(_STATION, [station_id])).fetchone()
    if row is None:
        return None
    name, latitude, longitude, neighbours, base_c = row
    return Station(name, None if latitude is None else Place(latitude, longitude), tuple(neighbours), base_c)


async def lock(tx: Transaction, station_id: str) -> None:
    """Keep others from putting the same station meanwhile."""
    await tx.execute(_LOCK, [station_id])


async def put(tx: Transaction, station_id: str, before: Station | None, now: Station) -> Change:
    """Store a station."""
    if before == now:
        return Change.UNCHANGED
    place = now.place or (None, None)
    values = [station_id, now.name, *place, list(now.neighbours), now.degree_day_base_c]
    await tx.execute(_PUT_STATION, values)
    return Change.CHANGED if before else Change.CREATED


async def exists(tx: Transaction, station_id: str) -> bool:
    """Tell whether a station is known."""
    return await station(tx, station_id) is not None


async def unknown(tx: Transaction, station_ids: Collection[str]) -> list[str]:
    """Give those of these stations that are not known."""
    rows = await (await tx.execute(_KNOWN, [list(station_ids)])).fetchall()
    return sorted(set(station_ids) - {row[0] for row in rows})


async def others_with_place(tx: Transaction, station_id: str) -> list[tuple[str, Place]]:
    """Give the other stations of which it is known where they stand."""
    rows = await (await tx.execute(_WITH_PLACE, [station_id])).fetchall()
    return [(name, Place(latitude, longitude)) for name, latitude, longitude in rows]


async def followers(tx: Transaction, station_ids: Collection[str]) -> dict[str, set[str]]:
    """Give of each of these stations who takes missing hours from it."""
    rows = await (await tx.execute(_FOLLOWERS, [list(station_ids)])).fetchall()
    return {one: {follower for follower, neighbours in rows if one in neighbours} for one in station_ids}
