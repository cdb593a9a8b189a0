"""Offers, version by version, and who may sign them."""

from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID, uuid4

from psycopg.rows import class_row

from schemas.values import ContractId, CustomerId, UserId
from services.common.postgres import Transaction
from services.contracts.core import documents
from services.contracts.core.offers import Parties, Sheet

_PARTIES = """
    SELECT contract.contract_number, customer.customer_number, customer.name AS customer_name,
           facility.facility_number, facility.name AS facility_name, facility.address AS facility_address,
           point.number AS metering_point
      FROM contracts.contract
      JOIN contracts.customer USING (customer_id)
      JOIN contracts.metering_point AS point USING (point_id)
      JOIN contracts.facility USING (facility_id)
     WHERE contract.contract_id = %s
"""
_NEWEST = """
    SELECT offer.offer_id, offer.version, offer.offer_number, offer.contract_id, contract.contract_number,
           contract.customer_id, offer.contract_version, contract.version AS contract_version_now,
           offer.price_list_id, offer.price_list_version, offer.valid_from, offer.document, offer.document_sha256,
           offer.text, offer.expires_at, offer.source,
           EXISTS (SELECT FROM contracts.signing
                    WHERE signing.offer_id = offer.offer_id AND signing.state = 'signed') AS is_signed
      FROM contracts.offer JOIN contracts.contract USING (contract_id)
"""
_BY_NUMBER = f"{_NEWEST} WHERE offer.offer_number = %s ORDER BY offer.version DESC LIMIT 1"
_BY_ID = f"{_NEWEST} WHERE offer.offer_id = %s ORDER BY offer.version DESC LIMIT 1"
_ADD = """
    INSERT INTO contracts.offer (offer_id, version, offer_number, contract_id, contract_version, price_list_id,
                                 price_list_version, valid_from, kw, document, document_sha256, text, expires_at,
                                 source)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_OPEN_SESSION = "SELECT set_config('kulvert.session_token', %s, true)"
_SIGNER = "SELECT user_id, assurance, is_identified FROM permissions.signer()"
_LEVELS = """
    SELECT given.level FROM permissions_v1.customer_grant AS given WHERE given.user_id = %s AND given.customer_id = %s
"""
_IS_PERSON = "SELECT permissions.is_person(%s, %s)"


class Source(StrEnum):
    """Who made an offer's version. The value is stored and never renamed."""

    UTILITY = "utility"
    CUSTOMER = "customer"


class StoredOffer(NamedTuple):
    """The newest version of an offer, and how its contract stands now."""

    offer_id: UUID
    version: int
    offer_number: str
    contract_id: ContractId
    contract_number: str
    customer_id: CustomerId
    contract_version: int
    contract_version_now: int
    price_list_id: str
    price_list_version: int
    valid_from: date
    document: str
    document_sha256: bytes
    text: str
    expires_at: datetime
    source: str
    is_signed: bool


class Signer(NamedTuple):
    """Whose session it is, how he logged in, and whether his personal number is known."""

    user_id: UserId
    assurance: str
    is_identified: bool


async def parties(tx: Transaction, contract_id: ContractId) -> Parties:
    """Give between whom and for what place a contract is."""
    async with tx.cursor(row_factory=class_row(Parties)) as cursor:
        found = await (await cursor.execute(_PARTIES, [contract_id])).fetchone()
    if found is None:
        raise LookupError(f"contract {contract_id} is gone")
    return found


async def by_number(tx: Transaction, number: str) -> StoredOffer | None:
    """Find an offer's newest version by its number."""
    async with tx.cursor(row_factory=class_row(StoredOffer)) as cursor:
        return await (await cursor.execute(_BY_NUMBER, [number])).fetchone()


async def by_id(tx: Transaction, offer_id: UUID) -> StoredOffer | None:
    """Find an offer's newest version by its id."""
    async with tx.cursor(row_factory=class_row(StoredOffer)) as cursor:
        return await (await cursor.execute(_BY_ID, [offer_id])).fetchone()


class MadeOf(NamedTuple):
    """The versions of contract and price list that an offer was made of, and by whom."""

    contract_id: ContractId
    contract_version: int
    price_list_version: int
    source: Source


async def add(
    tx: Transaction, number: str, known: StoredOffer | None, offer: documents.Offer, sheet: Sheet, made_of: MadeOf
) -> UUID:
    """Store an offer as a new version. known: the newest before, None for a new offer."""
    offer_id, version = (known.offer_id, known.version + 1) if known else (uuid4(), 1)
    contract_id, contract_version, price_list_version, source = made_of
    listed = [contract_id, contract_version, offer.price_list_id, price_list_version, offer.valid_from, offer.kw]
    written = [sheet.document, sheet.sha256, sheet.text, offer.expires_at, source]
    await tx.execute(_ADD, [offer_id, version, number, *listed, *written])
    return offer_id


async def signer(tx: Transaction, session_token: str) -> Signer | None:
    """Tell whose session it is; None where it is over."""
    await tx.execute(_OPEN_SESSION, [session_token])
    async with tx.cursor(row_factory=class_row(Signer)) as cursor:
        return await (await cursor.execute(_SIGNER)).fetchone()


async def levels(tx: Transaction, user_id: UserId, customer_id: CustomerId) -> set[str]:
    """Give the levels that a person has for a customer."""
    return {row[0] for row in await (await tx.execute(_LEVELS, [user_id, customer_id])).fetchall()}


async def is_person(tx: Transaction, user_id: UserId, identity_digest: bytes) -> bool:
    """Tell whether a person has the personal number of a digest."""
    row = await (await tx.execute(_IS_PERSON, [user_id, identity_digest])).fetchone()
    return bool(row and row[0])
