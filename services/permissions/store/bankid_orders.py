"""Orders to say who one is, each begun by a browser, and whom a number names."""

from uuid import UUID, uuid4

from schemas.values import UserId
from services.common.bankid.order_table import OrderTable
from services.common.postgres import Transaction

ORDERS = OrderTable(("permissions", "bankid_order"), order_id="order_id", bearer="browser_sha256")
LET_IN = "let_in"
"""How an order ends that began a session."""

_OPEN = "SELECT order_id FROM permissions.bankid_order WHERE browser_sha256 = %s AND state IN ('starting', 'pending')"
_LOCK_BROWSER = "SELECT pg_advisory_xact_lock(hashtextextended('permissions.browser:' || encode(%s, 'hex'), 0))"
_BEGIN = "INSERT INTO permissions.bankid_order (order_id, browser_sha256, state) VALUES (%s, %s, 'starting')"
_PERSON = "SELECT user_id FROM permissions.person WHERE identity_hmac = %s"
_FORGET = "SELECT permissions.forget_log_ins(%s)"


async def begin(tx: Transaction, browser_sha256: bytes) -> tuple[UUID, bool]:
    """Note an order before BankID is asked for it, or give the one that the browser has; with whether it is new."""
    await tx.execute(_LOCK_BROWSER, [browser_sha256])
    known = await (await tx.execute(_OPEN, [browser_sha256])).fetchone()
    if known:
        return known[0], False
    order_id = uuid4()
    await tx.execute(_BEGIN, [order_id, browser_sha256])
    return order_id, True


async def person(tx: Transaction, identity_digest: bytes) -> UserId | None:
    """Find a person by the digest of his number."""
    row = await (await tx.execute(_PERSON, [identity_digest])).fetchone()
    return UserId(row[0]) if row else None


async def forget(tx: Transaction, at_most: int) -> int:
    """Delete orders that ended more than 13 months ago, oldest first; gives how many they were."""
    row = await (await tx.execute(_FORGET, [at_most])).fetchone()
    return row[0] if row else 0
