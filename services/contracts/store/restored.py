"""Contracts' tables held against what Kafka tells; run by an administrator, once the database was put back."""

from collections.abc import Collection, Mapping
from uuid import UUID

from psycopg.types.json import Json

from schemas.price_lists import PriceList
from services.common.postgres import Transaction

_VERSIONS_OF_FACILITIES = """
    SELECT facility_id, facility_number, version FROM contracts.facility WHERE facility_id = ANY(%s)
"""
_VERSIONS_OF_CONTRACTS = """
    SELECT contract_id, contract_number, version FROM contracts.contract WHERE contract_id = ANY(%s)
"""
_POINTS = "SELECT point_id FROM contracts.metering_point WHERE point_id = ANY(%s)"
_NUMBERS = {
    "facility": "SELECT facility_number FROM contracts.facility WHERE facility_number = ANY(%s)",
    "metering_point": "SELECT number FROM contracts.metering_point WHERE number = ANY(%s)",
    "contract": "SELECT contract_number FROM contracts.contract WHERE contract_number = ANY(%s)",
}
_CUSTOMERS = "SELECT customer_id FROM contracts.customer WHERE customer_id = ANY(%s)"

_PUT_PRICE_LIST = """
    INSERT INTO contracts.price_list (price_list_id, version, valid_from, status, document)
    VALUES (%s, %s, %s, %s, %s)
    ON CONFLICT (price_list_id, version) DO NOTHING
"""
_KEEP_IDENTITIES = """
    INSERT INTO contracts.lost_identity (kind, number, identity)
    SELECT %s, number, identity FROM unnest(%s::text[], %s::text[]) AS told(number, identity)
    ON CONFLICT (kind, number) DO UPDATE SET identity = excluded.identity
"""
_SKIP_POINT_IDS = """
    SELECT setval('contracts.metering_point_point_id_seq', greatest(%s, last_value))
      FROM contracts.metering_point_point_id_seq
"""
_FACILITIES = "SELECT facility_id FROM contracts.facility ORDER BY facility_id"
_CONTRACTS = "SELECT contract_id FROM contracts.contract ORDER BY contract_id"

Known = dict[UUID, tuple[str, int]]
"""By identity: the number and the version that are stored."""


async def known_facilities(tx: Transaction, told: Collection[UUID]) -> Known:
    """Give those of the told facilities that are stored."""
    rows = await (await tx.execute(_VERSIONS_OF_FACILITIES, [list(told)])).fetchall()
    return {identity: (number, version) for identity, number, version in rows}


async def known_contracts(tx: Transaction, told: Collection[UUID]) -> Known:
    """Give those of the told contracts that are stored."""
    rows = await (await tx.execute(_VERSIONS_OF_CONTRACTS, [list(told)])).fetchall()
    return {identity: (number, version) for identity, number, version in rows}


async def known_points(tx: Transaction, told: Collection[int]) -> set[int]:
    """Give those of the told metering points that are stored."""
    return {row[0] for row in await (await tx.execute(_POINTS, [list(told)])).fetchall()}


async def known_numbers(tx: Transaction, kind: str, told: Collection[str]) -> set[str]:
    """Give those numbers of a kind of object that are stored, under whatever identity."""
    return {row[0] for row in await (await tx.execute(_NUMBERS[kind].encode(), [list(told)])).fetchall()}


async def known_customers(tx: Transaction, told: Collection[UUID]) -> set[UUID]:
    """Give those of the told customers that are stored."""
    return {row[0] for row in await (await tx.execute(_CUSTOMERS, [list(told)])).fetchall()}


async def put_price_list(tx: Transaction, told: PriceList) -> bool:
    """Store a version of a price list as it was told; False where there is one of that number."""
    document = Json(told.model_dump(mode="json", exclude={"price_list_id", "version"}))
    first_day, status = told.valid_period.from_including, told.extension.status.value
    values = [told.price_list_id, told.version, first_day, status, document]
    return (await tx.execute(_PUT_PRICE_LIST, values)).rowcount == 1


async def keep_identities(tx: Transaction, kind: str, lost: Mapping[str, str]) -> None:
    """Keep identities by number until the objects are put again."""
    await tx.execute(_KEEP_IDENTITIES, [kind, list(lost), list(lost.values())])


async def skip_point_ids(tx: Transaction, told: int) -> None:
    """Let no new metering point get an identity that was told of before."""
    await tx.execute(_SKIP_POINT_IDS, [told])


async def facilities(tx: Transaction) -> list[UUID]:
    """Name all facilities."""
    return [row[0] for row in await (await tx.execute(_FACILITIES)).fetchall()]


async def contracts(tx: Transaction) -> list[UUID]:
    """Name all contracts."""
    return [row[0] for row in await (await tx.execute(_CONTRACTS)).fetchall()]
