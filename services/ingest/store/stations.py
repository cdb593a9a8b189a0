"""Weather stations."""

from services.common.postgres import Transaction
from services.ingest.store import Change

_STATION = "SELECT name FROM ingest.station WHERE station_id = %s FOR UPDATE"

_PUT_STATION = """
    INSERT INTO ingest.station (station_id, name) VALUES (%s, %s)
    ON CONFLICT (station_id) DO UPDATE SET name = excluded.name
"""


async def put(tx: Transaction, station_id: str, name: str) -> Change:
    """Store a station."""
    row = await (await tx.execute(_STATION, [station_id])).fetchone()
    if row and row[0] == name:
        return Change.UNCHANGED
    await tx.execute(_PUT_STATION, [station_id, name])
    return Change.CHANGED if row else Change.CREATED


async def exists(tx: Transaction, station_id: str) -> bool:
    """Tell whether a station is known."""
    return await (await tx.execute(_STATION.removesuffix(" FOR UPDATE"), [station_id])).fetchone() is not None
