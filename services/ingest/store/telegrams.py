"""What must be known of meters and modules to read their telegrams, and what those said of themselves."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple
from uuid import UUID

from services.common.postgres import Transaction
from services.ingest.sources.lorawan import Counter
from services.ingest.sources.understood import Status
from services.ingest.store import Change

# Fair both ways: no telegram is held for want of what was put while it was read, and stays so.
_SHARE = "SELECT pg_advisory_xact_lock_shared(hashtext('ingest.telegrams'))"
_ALONE = "SELECT pg_advisory_xact_lock(hashtext('ingest.telegrams'))"

_BY_DIGITS = """
    SELECT known.serial, told.sealed_key, told.clock_zone, told.integral_step_lc
      FROM (SELECT meter.serial FROM ingest.meter WHERE ltrim(meter.serial, '0') = ANY(%(digits)s)
             UNION
            SELECT noted.serial FROM ingest.meter_telegram AS noted WHERE ltrim(noted.serial, '0') = ANY(%(digits)s)
           ) AS known
      LEFT JOIN ingest.meter_telegram AS told ON told.serial = known.serial
"""

_BY_SERIAL = """
    SELECT serial, sealed_key, clock_zone, integral_step_lc FROM ingest.meter_telegram WHERE serial = ANY(%s)
"""

_PUT_METER = """
    INSERT INTO ingest.meter_telegram (serial, sealed_key, clock_zone, integral_step_lc) VALUES (%s, %s, %s, %s)
    ON CONFLICT (serial) DO UPDATE
       SET sealed_key = excluded.sealed_key, clock_zone = excluded.clock_zone,
           integral_step_lc = excluded.integral_step_lc
"""

_DEVICES = """
    SELECT device.device_eui, device.serial, told.sealed_key, told.clock_zone, told.integral_step_lc
      FROM ingest.device LEFT JOIN ingest.meter_telegram AS told USING (serial)
     WHERE device.device_eui = ANY(%s)
"""

_PUT_DEVICE = """
    INSERT INTO ingest.device (device_eui, serial) VALUES (%s, %s)
    ON CONFLICT (device_eui) DO UPDATE SET serial = excluded.serial WHERE device.serial <> excluded.serial
    RETURNING xmax = 0
"""

_DEVICE = "SELECT serial, session, counter, heard_at FROM ingest.device WHERE device_eui = %s"

_LOCK_DEVICE = "SELECT session, counter, heard_at FROM ingest.device WHERE device_eui = %s FOR UPDATE"

_COUNT = "UPDATE ingest.device SET session = %s, counter = %s, heard_at = %s WHERE device_eui = %s"

_ANY_SEALED = """
    SELECT serial, sealed_key, clock_zone, integral_step_lc FROM ingest.meter_telegram
     WHERE sealed_key IS NOT NULL LIMIT 1
"""

_ADD_STATUS = """
    INSERT INTO ingest.meter_status (delivery_id, item, serial, read_at, statuses) VALUES (%s, %s, %s, %s, %s)
"""

_REMOVE_STATUSES = "DELETE FROM ingest.meter_status WHERE delivery_id = %s AND item = ANY(%s)"


class Noted(NamedTuple):
    """What is noted of a meter's telegrams."""

    serial: str
    sealed_key: bytes | None
    clock_zone: str | None
    integral_step_lc: int | None


class Module(NamedTuple):
    """A module and the meter that it sits in, with the newest uplink that was taken."""

    serial: str
    last: Counter | None


async def share(tx: Transaction) -> None:
    """Keep what is noted of meters and modules as it is until this transaction ends."""
    await tx.execute(_SHARE)


async def alone(tx: Transaction) -> None:
    """Wait for those who read telegrams by what was noted before, since it changes with this transaction."""
    await tx.execute(_ALONE)


async def by_digits(tx: Transaction, digits: Sequence[str]) -> list[Noted]:
    """Find the meters with these numbers, without leading zeros, whether they or their keys are put."""
    return [Noted(*row) for row in await (await tx.execute(_BY_DIGITS, {"digits": list(digits)})).fetchall()]


async def by_serial(tx: Transaction, serials: Sequence[str]) -> list[Noted]:
    """Find what is noted of meters."""
    return [Noted(*row) for row in await (await tx.execute(_BY_SERIAL, [list(serials)])).fetchall()]


async def any_sealed(tx: Transaction) -> Noted | None:
    """Give a meter with a key, where there is one."""
    row = await (await tx.execute(_ANY_SEALED)).fetchone()
    return Noted(*row) if row else None


async def put_meter(tx: Transaction, noted: Noted) -> None:
    """Note what a meter's telegrams need."""
    await tx.execute(_PUT_METER, list(noted))


async def meters_of(tx: Transaction, device_euis: Sequence[str]) -> dict[str, Noted]:
    """Give the meter that each of these modules sits in, where it is known."""
    rows = await (await tx.execute(_DEVICES, [list(device_euis)])).fetchall()
    return {device_eui: Noted(*noted) for device_eui, *noted in rows}


async def put_device(tx: Transaction, device_eui: str, serial: str) -> Change:
    """Note which meter a module sits in; how far it has counted stays."""
    row = await (await tx.execute(_PUT_DEVICE, [device_eui, serial])).fetchone()
    if row is None:
        return Change.UNCHANGED
    return Change.CREATED if row[0] else Change.CHANGED


async def device(tx: Transaction, device_eui: str) -> Module | None:
    """Find a module."""
    row = await (await tx.execute(_DEVICE, [device_eui])).fetchone()
    return Module(row[0], _counter(*row[1:])) if row else None


async def lock_counter(tx: Transaction, device_eui: str) -> Counter | None:
    """Give how far a module has counted, and keep others from taking its uplinks until this transaction ends."""
    row = await (await tx.execute(_LOCK_DEVICE, [device_eui])).fetchone()
    return _counter(*row) if row else None


async def count(tx: Transaction, device_eui: str, counter: Counter) -> None:
    """Note how far a module has counted."""
    await tx.execute(_COUNT, [*counter, device_eui])


async def add_statuses(tx: Transaction, delivery_id: UUID, statuses: Iterable[Status]) -> None:
    """Keep what meters said of themselves in the telegrams of a delivery."""
    rows = [[delivery_id, one.item, one.serial, one.read_at, list(one.statuses)] for one in statuses]
    if rows:
        await tx.cursor().executemany(_ADD_STATUS, rows)


async def remove_statuses(tx: Transaction, delivery_id: UUID, items: Sequence[int]) -> None:
    """Forget what some telegrams of a delivery said."""
    await tx.execute(_REMOVE_STATUSES, [delivery_id, list(items)])


def _counter(session: str | None, value: int | None, heard_at: object) -> Counter | None:
    return Counter(session, value, heard_at) if session is not None else None  # type: ignore[arg-type]
