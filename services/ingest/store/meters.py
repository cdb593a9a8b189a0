"""Meters: what their registers can do, and where they sat when."""

from datetime import datetime
from typing import NamedTuple

from psycopg.rows import class_row, dict_row

from services.common.postgres import Transaction
from services.ingest.core.documents import Installation, Meter
from services.ingest.core.vee.rules import bits_of, rules_of

# By its serial, since a meter that two put at once has no row yet.
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('ingest.meter ' || %s, 0))"

_METER = """
    SELECT meter_id, modulus_wh, modulus_l, resolution_wh, rules_off, smoothing FROM ingest.meter WHERE serial = %s
"""

_PUT_METER = """
    INSERT INTO ingest.meter (serial, modulus_wh, modulus_l, resolution_wh, rules_off, smoothing)
    VALUES (%s, %s, %s, %s, %s, %s)
    ON CONFLICT (serial) DO UPDATE
       SET modulus_wh = excluded.modulus_wh, modulus_l = excluded.modulus_l,
           resolution_wh = excluded.resolution_wh, rules_off = excluded.rules_off,
           smoothing = excluded.smoothing
    RETURNING meter_id
"""

_INSTALLATIONS = """
    SELECT point.number AS metering_point, place.installed_at, place.removed_at,
           place.start_wh, place.stop_wh, place.start_l, place.stop_l
      FROM ingest.meter_installation AS place JOIN ingest.point USING (point_id)
     WHERE place.meter_id = %s
     ORDER BY place.installed_at
"""

_REMOVE = "DELETE FROM ingest.meter_installation WHERE meter_id = %s AND installed_at = %s"

_INSTALL = """
    INSERT INTO ingest.meter_installation
           (meter_id, point_id, installed_at, removed_at, start_wh, stop_wh, start_l, stop_l)
    SELECT %s, point_id, %s, %s, %s, %s, %s, %s FROM ingest.point WHERE number = %s
    RETURNING point_id
"""

_POINT_ID = "SELECT point_id FROM ingest.point WHERE number = %s"

_NEIGHBOURS = """
    SELECT meter.serial, place.installed_at
      FROM ingest.meter_installation AS place JOIN ingest.meter USING (meter_id) JOIN ingest.point USING (point_id)
     WHERE point.number = %s AND meter.serial <> %s
       AND tstzrange(place.installed_at, place.removed_at) && tstzrange(%s, %s)
     ORDER BY place.installed_at LIMIT 1
"""


class Known(NamedTuple):
    """A meter as it is stored."""

    meter_id: int
    meter: Meter


class Neighbour(NamedTuple):
    """Another meter at the same metering point."""

    serial: str
    installed_at: datetime


async def lock(tx: Transaction, serial: str) -> None:
    """Keep others from changing the same meter meanwhile."""
    await tx.execute(_LOCK, [serial])


async def meter(tx: Transaction, serial: str) -> Known | None:
    """Find a meter."""
    row = await (await tx.cursor(row_factory=dict_row).execute(_METER, [serial])).fetchone()
    if row is None:
        return None
    meter_id = row.pop("meter_id")
    places = await (await tx.cursor(row_factory=class_row(Installation)).execute(_INSTALLATIONS, [meter_id])).fetchall()
    rules_off = rules_of(row.pop("rules_off"))
    return Known(meter_id, Meter(**row, rules_off=rules_off, installations=tuple(places)))


async def put_meter(tx: Transaction, serial: str, document: Meter) -> int:
    """Store what a meter's registers can do; returns its id."""
    registers = (document.modulus_wh, document.modulus_l, document.resolution_wh)
    values = [serial, *registers, bits_of(document.rules_off), document.smoothing]
    row = await (await tx.execute(_PUT_METER, values)).fetchone()
    if row is None:
        raise LookupError(f"meter {serial} was not stored")
    return int(row[0])


async def remove(tx: Transaction, meter_id: int, place: Installation) -> None:
    """Forget an installation."""
    await tx.execute(_REMOVE, [meter_id, place.installed_at])


async def install(tx: Transaction, meter_id: int, place: Installation) -> None:
    """Store an installation. Raises psycopg.errors.ExclusionViolation where another meter sits there then."""
    values = [meter_id, place.installed_at, place.removed_at, place.start_wh, place.stop_wh, place.start_l]
    await tx.execute(_INSTALL, [*values, place.stop_l, place.metering_point])


async def point_id(tx: Transaction, number: str) -> int | None:
    """Find a metering point by its number."""
    row = await (await tx.execute(_POINT_ID, [number])).fetchone()
    return int(row[0]) if row else None


async def neighbour(tx: Transaction, serial: str, place: Installation) -> Neighbour | None:
    """Find another meter that sits at the same metering point within an installation's time."""
    values = [place.metering_point, serial, place.installed_at, place.removed_at]
    row = await (await tx.execute(_NEIGHBOURS, values)).fetchone()
    return Neighbour(*row) if row else None
