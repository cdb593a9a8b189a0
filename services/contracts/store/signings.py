"""What each order to sign is on: which version of which offer, and for whom."""

from typing import NamedTuple
from uuid import UUID, uuid4

from psycopg.rows import class_row

from schemas.values import UserId
from services.common.bankid.order_table import OrderTable
from services.common.postgres import Transaction

ORDERS = OrderTable(("contracts", "signing"), order_id="signing_id", bearer="session_sha256")
SIGNED = "signed"
"""How an order ends that changed a contract."""

_OPEN = """
    SELECT signing_id FROM contracts.signing
     WHERE offer_id = %s AND session_sha256 = %s AND state IN ('starting', 'pending')
"""
_ONE = """
    SELECT signing.offer_id, signing.offer_version, signing.user_id, offer.offer_number, offer.text,
           offer.document_sha256
      FROM contracts.signing
      JOIN contracts.offer ON offer.offer_id = signing.offer_id AND offer.version = signing.offer_version
     WHERE signing.signing_id = %s
"""
_BEGIN = """
    INSERT INTO contracts.signing (signing_id, offer_id, offer_version, user_id, session_sha256, state)
    VALUES (%s, %s, %s, %s, %s, 'starting')
"""


class Signing(NamedTuple):
    """What an order is on. text, document_sha256: of the version that was shown."""

    offer_id: UUID
    offer_version: int
    user_id: UserId
    offer_number: str
    text: str
    document_sha256: bytes


async def open_order(tx: Transaction, offer_id: UUID, session_sha256: bytes) -> UUID | None:
    """Give the order that a session has begun on an offer and that has not ended."""
    row = await (await tx.execute(_OPEN, [offer_id, session_sha256])).fetchone()
    return row[0] if row else None


async def signing(tx: Transaction, signing_id: UUID) -> Signing:
    """Give what an order is on."""
    async with tx.cursor(row_factory=class_row(Signing)) as cursor:
        found = await (await cursor.execute(_ONE, [signing_id])).fetchone()
    if found is None:
        raise LookupError(f"order {signing_id} is gone")
    return found


async def begin(tx: Transaction, offer_id: UUID, version: int, user_id: UserId, session_sha256: bytes) -> UUID:
    """Note an order before BankID is asked for it."""
    signing_id = uuid4()
    await tx.execute(_BEGIN, [signing_id, offer_id, version, user_id, session_sha256])
    return signing_id
