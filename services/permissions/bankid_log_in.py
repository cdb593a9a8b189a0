"""Log-in with BankID: begun in a browser, gone on with by that browser alone, and let in whose number is known."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from schemas.bankid import Completion
from services.common import logs, web
from services.common.bankid import (
    COLLECT_EVERY,
    EXPIRED,
    LET_GO_AFTER,
    NO_SUCH_ORDER,
    BankId,
    BankIdError,
    Orders,
)
from services.common.identity_seal import Sealer
from services.common.postgres import Database, Transaction
from services.common.problems import away
from services.permissions import handlers, metrics
from services.permissions.core.tokens import digest
from services.permissions.handlers import Token
from services.permissions.store import bankid_orders as store
from services.permissions.store.bankid_orders import Order, State

log = logs.get_logger()

RETRY_AFTER_S = 10
UNKNOWN_PERSON = "unknown_person"


@dataclass(frozen=True)
class LogIn:
    """What a log-in needs."""

    database: Database
    sealer: Sealer
    orders: Orders
    bankid: BankId


class Shown(NamedTuple):
    """An order as its browser may see it. session: once, in the answer that lets in."""

    order_id: UUID
    state: str
    reason: str
    qr: str = ""
    start_url: str = ""
    session: Token | None = None


async def start(parts: LogIn, browser: str, end_user_ip: str) -> UUID:
    """Begin an order, or give the one that the browser has begun already. Raises Problem 503."""
    async with parts.database.transaction() as tx:
        order_id, is_new = await store.begin(tx, digest(browser), LET_GO_AFTER)
    if not is_new:
        return order_id
    try:
        order = await parts.bankid.identify(end_user_ip)
    except BankIdError as error:
        log.warning("bankid_refused_order", code=error.code)
        async with parts.database.transaction() as tx:
            await store.end(tx, order_id, State.FAILED, "bankid_away")
        raise away("bankid_away", "BankID does not take orders just now; try again.", RETRY_AFTER_S) from error
    sealed = parts.orders.seal(order_id, order.model_dump_json().encode())
    async with parts.database.transaction() as tx:
        await store.started(tx, order_id, sealed, datetime.now(UTC))
    return order_id


async def known(parts: LogIn, browser: str, order_id: UUID) -> Shown:
    """Give how an order stood when it was last asked for. Raises Problem 404."""
    async with parts.database.transaction() as tx:
        return _shown(parts, await _own(tx, browser, order_id))


async def look(parts: LogIn, browser: str, order_id: UUID) -> Shown:
    """Give how an order stands, asking BankID where it is time to; lets in at most once. Raises Problem 404."""
    async with parts.database.transaction() as tx:
        found = await _own(tx, browser, order_id)
        is_turn = await store.take_turn(tx, order_id, COLLECT_EVERY)
        found = await _own(tx, browser, order_id) if is_turn else found
    session = await _collect(parts, found) if is_turn else None
    return (await known(parts, browser, order_id))._replace(session=session)


async def cancel(parts: LogIn, browser: str, order_id: UUID) -> Shown:
    """End an order on its browser's word; one that has ended stays as it is. Raises Problem 404."""
    async with parts.database.transaction() as tx:
        found = await _own(tx, browser, order_id)
        await store.end(tx, order_id, State.CANCELLED)
    if found.state == State.PENDING:
        try:
            await parts.bankid.cancel(parts.orders.open(order_id, found.start_sealed).orderRef)
        except BankIdError as error:
            log.warning("bankid_refused_cancel", code=error.code)
    return await known(parts, browser, order_id)


async def _own(tx: Transaction, browser: str, order_id: UUID) -> Order:
    found = await store.of_browser(tx, order_id, digest(browser))
    if found is None:
        raise web.Problem(404, "unknown_order", "There is no such order, or not for this browser.")
    return found


async def _collect(parts: LogIn, found: Order) -> Token | None:
    try:
        collected, _ = await parts.bankid.collect(parts.orders.open(found.order_id, found.start_sealed).orderRef)
    except BankIdError as error:
        log.warning("bankid_refused_collect", code=error.code)
        if error.code == NO_SUCH_ORDER:
            async with parts.database.transaction() as tx:
                await store.end(tx, found.order_id, State.FAILED, EXPIRED)
        return None
    async with parts.database.transaction() as tx:
        if not await store.lock_pending(tx, found.order_id):
            return None
        if collected.status == "pending":
            await store.hint(tx, found.order_id, collected.hintCode)
        elif collected.status == "failed" or collected.completionData is None:
            await store.end(tx, found.order_id, State.FAILED, collected.hintCode)
        else:
            return await _let_in(parts, tx, found.order_id, collected.completionData)
    return None


async def _let_in(parts: LogIn, tx: Transaction, order_id: UUID, completion: Completion) -> Token | None:
    number = completion.user.personalNumber.get_secret_value()
    user_id = await store.person(tx, parts.sealer.digest(number))
    metrics.LOG_INS.labels("refused" if user_id is None else "let_in").inc()
    if user_id is None:
        await store.end(tx, order_id, State.REFUSED, UNKNOWN_PERSON)
        return None
    await store.end(tx, order_id, State.LET_IN)
    return await handlers.begin_session(tx, user_id, "bankid")


def _shown(parts: LogIn, found: Order) -> Shown:
    plain = Shown(found.order_id, found.state, found.reason)
    if found.state != State.PENDING or found.started_at is None:
        return plain
    qr, start_url = parts.orders.code_and_link(found.order_id, found.start_sealed, found.started_at, datetime.now(UTC))
    return plain._replace(qr=qr, start_url=start_url)
