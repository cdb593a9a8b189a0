"""Customers, with their identity numbers sealed."""

from typing import NamedTuple
from uuid import uuid4

from psycopg.rows import dict_row

from schemas.values import CustomerId
from services.common.identity_seal import SealedIdentity, Sealer
from services.common.postgres import Transaction
from services.contracts.core import documents
from services.contracts.store import Change, lock

_CUSTOMER = """
    SELECT customer_id, kind, name, address, email, identity_hmac
      FROM contracts.customer WHERE customer_number = %s FOR UPDATE
"""
_ADD = """
    INSERT INTO contracts.customer
           (customer_id, customer_number, kind, name, address, email, identity_hmac, identity_sealed)
    VALUES (%(customer_id)s, %(number)s, %(kind)s, %(name)s, %(address)s, %(email)s, %(digest)s, %(sealed)s)
"""
_CHANGE = """
    UPDATE contracts.customer
       SET kind = %(kind)s, name = %(name)s, address = %(address)s, email = %(email)s,
           identity_hmac = coalesce(%(digest)s, identity_hmac),
           identity_sealed = coalesce(%(sealed)s, identity_sealed)
     WHERE customer_id = %(customer_id)s
"""


class StoredCustomer(NamedTuple):
    """A customer without the identity number, of which only the digest is given."""

    customer_id: CustomerId
    document: documents.Customer
    identity_digest: bytes | None


async def customer(tx: Transaction, number: str) -> StoredCustomer | None:
    """Find a customer by its number and lock it."""
    async with tx.cursor(row_factory=dict_row) as cursor:
        row = await (await cursor.execute(_CUSTOMER, [number])).fetchone()
    if row is None:
        return None
    customer_id, digest = row.pop("customer_id"), row.pop("identity_hmac")
    return StoredCustomer(customer_id, documents.Customer.model_validate(row), digest)


async def put_customer(
    tx: Transaction, number: str, document: documents.Customer, sealer: Sealer
) -> tuple[Change, CustomerId]:
    """Store a customer. A document without an identity number keeps the one that is sealed already.

    Nobody can read the number back to send it again, so leaving it out cannot mean that it is to be removed.
    """
    await lock(tx, "customer", number)
    known = await customer(tx, number)
    customer_id = known.customer_id if known else CustomerId(uuid4())
    identity = _sealed(document, customer_id, sealer)
    plain = document.model_copy(update={"identity_number": None})
    if known and known.document == plain and (identity is None or identity.digest == known.identity_digest):
        return Change.UNCHANGED, customer_id
    values = plain.model_dump(mode="json") | {
        "customer_id": customer_id,
        "number": number,
        "digest": identity and identity.digest,
        "sealed": identity and identity.sealed,
    }
    await tx.execute(_CHANGE if known else _ADD, values)
    return Change.CHANGED if known else Change.CREATED, customer_id


def _sealed(document: documents.Customer, customer_id: CustomerId, sealer: Sealer) -> SealedIdentity | None:
    if document.identity_number is None:
        return None
    return sealer.seal(document.identity_number.get_secret_value(), customer_id.bytes)
