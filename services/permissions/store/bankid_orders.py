"""Orders to say who one is, each with how it stands."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID, uuid4

from psycopg.rows import class_row

from schemas.values import UserId
from services.common.postgres import Transaction

_COLUMNS = "SELECT order_id, state, reason, start_sealed, started_at FROM permissions.bankid_order"
_OPEN = f"{_COLUMNS} WHERE browser_sha256 = %s AND state IN ('starting', 'pending')"
_ONE = f"{_COLUMNS} WHERE order_id = %s AND browser_sha256 = %s"
_LOCKED = f"{_COLUMNS} WHERE order_id = %s AND state = 'pending' FOR UPDATE"
_LOCK_BROWSER = "SELECT pg_advisory_xact_lock(hashtextextended('permissions.browser:' || encode(%s, 'hex'), 0))"
_BEGIN = "INSERT INTO permissions.bankid_order (order_id, browser_sha256, state) VALUES (%s, %s, 'starting')"
_STARTED = """
    UPDATE permissions.bankid_order SET state = 'pending', start_sealed = %s, started_at = %s
     WHERE order_id = %s AND state = 'starting'
"""
_TAKE_TURN = """
    UPDATE permissions.bankid_order SET asked_at = clock_timestamp()
     WHERE order_id = %(order_id)s AND state = 'pending'
       AND coalesce(asked_at, '-infinity') <= clock_timestamp() - %(every)s
"""
_HINT = "UPDATE permissions.bankid_order SET reason = %s WHERE order_id = %s AND state = 'pending'"
_END = """
    UPDATE permissions.bankid_order
       SET state = %s, reason = %s, start_sealed = NULL, ended_at = clock_timestamp()
     WHERE order_id = %s AND state IN ('starting', 'pending')
"""
_EXPIRE = """
    UPDATE permissions.bankid_order
       SET state = 'failed', reason = 'expiredTransaction', start_sealed = NULL, ended_at = clock_timestamp()
     WHERE browser_sha256 = %s AND state IN ('starting', 'pending') AND begun_at < clock_timestamp() - %s
"""
_PERSON = "SELECT user_id FROM permissions.person WHERE identity_hmac = %s"


class State(StrEnum):
    """How an order stands. The value is stored, shown and never renamed."""

    STARTING = "starting"
    PENDING = "pending"
    LET_IN = "let_in"
    FAILED = "failed"
    CANCELLED = "cancelled"
    REFUSED = "refused"


class Order(NamedTuple):
    """An order. reason: BankID's hint, or why nobody was let in."""

    order_id: UUID
    state: str
    reason: str
    start_sealed: bytes | None
    started_at: datetime | None


async def begin(tx: Transaction, browser_sha256: bytes, let_go_after: timedelta) -> tuple[UUID, bool]:
    """Note an order before BankID is asked for it, or give the one that the browser has; with whether it is new."""
    await tx.execute(_LOCK_BROWSER, [browser_sha256])
    await tx.execute(_EXPIRE, [browser_sha256, let_go_after])
    async with tx.cursor(row_factory=class_row(Order)) as cursor:
        known = await (await cursor.execute(_OPEN, [browser_sha256])).fetchone()
    if known:
        return known.order_id, False
    order_id = uuid4()
    await tx.execute(_BEGIN, [order_id, browser_sha256])
    return order_id, True


async def of_browser(tx: Transaction, order_id: UUID, browser_sha256: bytes) -> Order | None:
    """Give an order to the browser that began it, and to no other."""
    async with tx.cursor(row_factory=class_row(Order)) as cursor:
        return await (await cursor.execute(_ONE, [order_id, browser_sha256])).fetchone()


async def lock_pending(tx: Transaction, order_id: UUID) -> bool:
    """Lock an order; False where it has ended."""
    return await (await tx.execute(_LOCKED, [order_id])).fetchone() is not None


async def started(tx: Transaction, order_id: UUID, sealed: bytes, at: datetime) -> None:
    """Note that BankID has begun an order, unless it has ended here meanwhile."""
    await tx.execute(_STARTED, [sealed, at, order_id])


async def take_turn(tx: Transaction, order_id: UUID, every: timedelta) -> bool:
    """Take the turn to ask BankID for an order; of several at once one gets it, and then none for a while."""
    return (await tx.execute(_TAKE_TURN, {"order_id": order_id, "every": every})).rowcount > 0


async def hint(tx: Transaction, order_id: UUID, code: str) -> None:
    """Note on what step of its way an order is."""
    await tx.execute(_HINT, [code, order_id])


async def end(tx: Transaction, order_id: UUID, state: State, reason: str = "") -> None:
    """End an order; one that has ended already stays so."""
    await tx.execute(_END, [state.value, reason, order_id])


async def person(tx: Transaction, identity_digest: bytes) -> UserId | None:
    """Find a person by the digest of his number."""
    row = await (await tx.execute(_PERSON, [identity_digest])).fetchone()
    return UserId(row[0]) if row else None
