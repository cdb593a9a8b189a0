"""Programs that may ask for the tariffs of facilities, and which tariffs these have."""

from collections.abc import Collection, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from services.common.postgres import Transaction
from services.contracts.store import Change, lock

_FIND = "SELECT name FROM contracts.tariff_client WHERE client_id = %s"
_ADD = "INSERT INTO contracts.tariff_client (client_id, name, secret_sha256) VALUES (%s, %s, %s)"
_NAME = "UPDATE contracts.tariff_client SET name = %s WHERE client_id = %s"
_NEW_SECRET = "UPDATE contracts.tariff_client SET secret_sha256 = %s WHERE client_id = %s"  # noqa: S105 - no secret
_REMOVE = "DELETE FROM contracts.tariff_client WHERE client_id = %s"
_CLEAR = "DELETE FROM contracts.tariff_client_facility WHERE client_id = %s"
_ADD_FACILITIES = """
    INSERT INTO contracts.tariff_client_facility (client_id, facility_id)
    SELECT %s, facility_id FROM contracts.facility WHERE facility_number = ANY(%s)
"""
_FACILITIES = """
    SELECT facility.facility_number
      FROM contracts.tariff_client_facility
      JOIN contracts.facility USING (facility_id)
     WHERE client_id = %s
     ORDER BY facility.facility_number
"""
_ALL = "SELECT client_id, name FROM contracts.tariff_client ORDER BY client_id"
_BY_SECRET = "SELECT client_id FROM contracts.tariff_client WHERE secret_sha256 = %s"  # noqa: S105 - no secret
_UNKNOWN = """
    SELECT wanted FROM unnest(%s::text[]) AS wanted
     WHERE NOT EXISTS (SELECT FROM contracts.facility WHERE facility_number = wanted)
     ORDER BY wanted
"""
_ON_DAY = """
    SELECT facility.facility_number, contract.price_list_id, power.kw, power.unit
      FROM contracts.facility
      JOIN contracts.metering_point AS point USING (facility_id)
      JOIN contracts_v1.contract ON contract.point_id = point.point_id
       AND daterange(contract.valid_from, contract.valid_to) @> %(day)s::date
      LEFT JOIN LATERAL (SELECT in_force.kw, in_force.unit
                           FROM contracts_v1.power_in_force AS in_force
                          WHERE in_force.contract_id = contract.contract_id AND in_force.valid_from <= %(day)s
                          ORDER BY in_force.valid_from DESC
                          LIMIT 1) AS power ON true
     WHERE facility.facility_number = ANY(%(facilities)s)
     ORDER BY facility.facility_number, point.point_id
"""


class OnDay(NamedTuple):
    """A price list that a facility is billed by on a day, and the power in force then."""

    facility_number: str
    price_list_id: str
    kw: Decimal | None
    unit: str | None
    """kW, or MWh of a yearly energy."""


class TariffClient(NamedTuple):
    """A program that may ask, and for which facilities."""

    client_id: str
    name: str
    facilities: list[str]


async def put(tx: Transaction, client: TariffClient, new_secret_sha256: bytes) -> Change:
    """Store a client whole; the secret is taken only for one that is new."""
    await lock(tx, "tariff_client", client.client_id)
    known = await find(tx, client.client_id)
    if known == client:
        return Change.UNCHANGED
    if known is None:
        await tx.execute(_ADD, [client.client_id, client.name, new_secret_sha256])
    else:
        await tx.execute(_NAME, [client.name, client.client_id])
        await tx.execute(_CLEAR, [client.client_id])
    await tx.execute(_ADD_FACILITIES, [client.client_id, client.facilities])
    return Change.CREATED if known is None else Change.CHANGED


async def find(tx: Transaction, client_id: str) -> TariffClient | None:
    """Find a client, without its secret."""
    row = await (await tx.execute(_FIND, [client_id])).fetchone()
    return None if row is None else TariffClient(client_id, row[0], await _facilities(tx, client_id))


async def every(tx: Transaction) -> list[TariffClient]:
    """Give all clients, without their secrets."""
    rows = await (await tx.execute(_ALL)).fetchall()
    return [TariffClient(client_id, name, await _facilities(tx, client_id)) for client_id, name in rows]


async def renew_secret(tx: Transaction, client_id: str, secret_sha256: bytes) -> bool:
    """Store another secret in place of the one before; False where there is no such client."""
    return (await tx.execute(_NEW_SECRET, [secret_sha256, client_id])).rowcount == 1


async def remove(tx: Transaction, client_id: str) -> bool:
    """Forget a client and its secret; False where there is no such client."""
    return (await tx.execute(_REMOVE, [client_id])).rowcount == 1


async def unknown_facilities(tx: Transaction, numbers: Collection[str]) -> list[str]:
    """Name those facilities that do not exist."""
    return [row[0] for row in await (await tx.execute(_UNKNOWN, [list(numbers)])).fetchall()]


async def facilities_of(tx: Transaction, secret_sha256: bytes) -> set[str] | None:
    """Name the facilities that the holder of a secret may ask for; None where nobody holds it."""
    row = await (await tx.execute(_BY_SECRET, [secret_sha256])).fetchone()
    return None if row is None else set(await _facilities(tx, row[0]))


async def on_day(tx: Transaction, facilities: Sequence[str], day: date) -> list[OnDay]:
    """Give what each facility's contracts are billed by on a day."""
    rows = await tx.execute(_ON_DAY, {"facilities": list(facilities), "day": day})
    return [OnDay(*row) for row in await rows.fetchall()]


async def _facilities(tx: Transaction, client_id: str) -> list[str]:
    return [row[0] for row in await (await tx.execute(_FACILITIES, [client_id])).fetchall()]
