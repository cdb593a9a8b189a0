"""Orders to sign, each with how it stands."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID, uuid4

from psycopg.rows import class_row

from schemas.values import UserId
from services.common.postgres import Transaction

_COLUMNS = """
    SELECT signing_id, offer_id, offer_version, user_id, session_sha256, state, reason, start_sealed, started_at
      FROM contracts.signing
"""
_OPEN = f"{_COLUMNS} WHERE offer_id = %s AND session_sha256 = %s AND state IN ('starting', 'pending')"
_ONE = f"{_COLUMNS} WHERE signing_id = %s AND session_sha256 = %s"
_LOCKED = f"{_COLUMNS} WHERE signing_id = %s FOR UPDATE"
_BEGIN = """
    INSERT INTO contracts.signing (signing_id, offer_id, offer_version, user_id, session_sha256, state)
    VALUES (%s, %s, %s, %s, %s, 'starting')
"""
_STARTED = """
    UPDATE contracts.signing SET state = 'pending', start_sealed = %s, started_at = %s
     WHERE signing_id = %s AND state = 'starting'
"""
_TAKE_TURN = """
    UPDATE contracts.signing SET asked_at = clock_timestamp()
     WHERE signing_id = %(signing_id)s AND state = 'pending'
       AND coalesce(asked_at, '-infinity') <= clock_timestamp() - %(every)s
"""
_HINT = "UPDATE contracts.signing SET reason = %s WHERE signing_id = %s AND state = 'pending'"
_END = """
    UPDATE contracts.signing
       SET state = %s, reason = %s, completion_sealed = %s, start_sealed = NULL, ended_at = clock_timestamp()
     WHERE signing_id = %s AND state IN ('starting', 'pending')
"""
_EXPIRE = """
    UPDATE contracts.signing
       SET state = 'failed', reason = 'expiredTransaction', start_sealed = NULL, ended_at = clock_timestamp()
     WHERE offer_id = %s AND state IN ('starting', 'pending') AND begun_at < clock_timestamp() - %s
"""


class State(StrEnum):
    """How an order stands. The value is stored, shown and never renamed."""

    STARTING = "starting"
    PENDING = "pending"
    SIGNED = "signed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    REFUSED = "refused"


class Signing(NamedTuple):
    """An order. reason: BankID's hint, or why its signature was not taken."""

    signing_id: UUID
    offer_id: UUID
    offer_version: int
    user_id: UserId
    session_sha256: bytes
    state: str
    reason: str
    start_sealed: bytes | None
    started_at: datetime | None


async def open_order(tx: Transaction, offer_id: UUID, session_sha256: bytes) -> Signing | None:
    """Give the order that a session has begun on an offer and that has not ended."""
    async with tx.cursor(row_factory=class_row(Signing)) as cursor:
        return await (await cursor.execute(_OPEN, [offer_id, session_sha256])).fetchone()


async def of_session(tx: Transaction, signing_id: UUID, session_sha256: bytes) -> Signing | None:
    """Give an order to the session that began it, and to no other."""
    async with tx.cursor(row_factory=class_row(Signing)) as cursor:
        return await (await cursor.execute(_ONE, [signing_id, session_sha256])).fetchone()


async def locked(tx: Transaction, signing_id: UUID) -> Signing:
    """Lock an order."""
    async with tx.cursor(row_factory=class_row(Signing)) as cursor:
        found = await (await cursor.execute(_LOCKED, [signing_id])).fetchone()
    if found is None:
        raise LookupError(f"order {signing_id} is gone")
    return found


async def begin(tx: Transaction, offer_id: UUID, version: int, user_id: UserId, session_sha256: bytes) -> UUID:
    """Note an order before BankID is asked for it."""
    signing_id = uuid4()
    await tx.execute(_BEGIN, [signing_id, offer_id, version, user_id, session_sha256])
    return signing_id


async def started(tx: Transaction, signing_id: UUID, sealed: bytes, at: datetime) -> bool:
    """Note that BankID has begun an order; False where it has ended here meanwhile."""
    return (await tx.execute(_STARTED, [sealed, at, signing_id])).rowcount > 0


async def take_turn(tx: Transaction, signing_id: UUID, every: timedelta) -> bool:
    """Take the turn to ask BankID for an order; of several at once one gets it, and then none for a while."""
    return (await tx.execute(_TAKE_TURN, {"signing_id": signing_id, "every": every})).rowcount > 0


async def hint(tx: Transaction, signing_id: UUID, code: str) -> None:
    """Note on what step of its way an order is."""
    await tx.execute(_HINT, [code, signing_id])


async def end(tx: Transaction, signing_id: UUID, state: State, reason: str, completion: bytes | None = None) -> None:
    """End an order; one that has ended already stays so."""
    await tx.execute(_END, [state.value, reason, completion, signing_id])


async def expire(tx: Transaction, offer_id: UUID, after: timedelta) -> None:
    """End the orders on an offer that nobody has asked for until BankID let them go."""
    await tx.execute(_EXPIRE, [offer_id, after])
