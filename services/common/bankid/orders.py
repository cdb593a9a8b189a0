"""What an order with BankID goes through, from its start to its end, whoever waits for it."""

import asyncio
from collections.abc import Awaitable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Generic, NamedTuple, Protocol, TypeVar
from uuid import UUID

from prometheus_client import Counter
from psycopg import OperationalError

from schemas.bankid import Completion, Started, qr_data
from services.common import logs, metrics, web
from services.common.bankid.completion import Expected, Fault, Verifier
from services.common.bankid.order_table import Order, OrderTable, State
from services.common.bankid.rp_api import NO_SUCH_ORDER, BankId, BankIdError, BankIdSettings
from services.common.health import Progress
from services.common.postgres import Database, Transaction
from services.common.problems import away
from services.common.sealing import Seal

COLLECT_EVERY = timedelta(seconds=2)
"""BankID asks not to be asked more often."""
LET_GO_AFTER = timedelta(minutes=4)
"""By then BankID has ended an order, three minutes after its start, whether or not anybody asked."""
ASKED_LATE = timedelta(seconds=10)
"""So much longer than BankID has for an answer may an order be on its way to it; one that begins later is cancelled."""
UNATTENDED_AFTER = timedelta(seconds=10)
"""A page asks every second. One that has not for so long is closed, or sleeps behind the app on the same phone."""
ASKED_AT_ONCE = 5
"""Of BankID, which states no limit but how often it may be asked for one order; each needs a connection at its end."""
LOOK_EVERY_S = 2.0
RETRY_AFTER_S = 10
EXPIRED = "expiredTransaction"
AWAY = "bankid_away"
JOB = "collect_bankid_orders"
"""By this name an order that could not be collected is alarmed on."""

for _fault in Fault:
    # An increase from nothing would not be seen.
    metrics.BANKID_NOT_VALID.labels(_fault.value)

log = logs.get_logger()
Result = TypeVar("Result")


class Shown(NamedTuple):
    """An order as whoever began it may see it. qr, start_url: empty unless it waits for a phone."""

    order_id: UUID
    state: str
    reason: str
    qr: str = ""
    start_url: str = ""


class Approval(NamedTuple):
    """A genuine completion of an order. is_attended: whether whoever began it waits for what it gives."""

    order_id: UUID
    completion: Completion
    is_attended: bool


class Taken(NamedTuple, Generic[Result]):
    """What an approval did: the state and reason that its order ends in, and what whoever asked gets of it."""

    state: str
    reason: str = ""
    result: Result | None = None


class Purpose(Protocol[Result]):
    """What a service has orders for."""

    unattended_from: timedelta
    """How long after an order's start nobody may come back for it, so that it is collected without him."""

    async def expected(self, tx: Transaction, order_id: UUID) -> Expected:
        """Give what is to be signed."""
        ...

    async def take(self, tx: Transaction, approval: Approval) -> Taken[Result]:
        """Do what was approved, in the transaction that ends the order: once, however many collect it at once."""
        ...


class Kept:
    """Orders at rest, sealed to their ids, and what of them a browser may have."""

    def __init__(self, secret_hex: str, start_url: str) -> None:
        self._seal = Seal(secret_hex, b"kulvert bankid order")
        self._start_url = start_url

    def seal(self, order_id: UUID, plain: bytes) -> bytes:
        """Seal what BankID answered about an order."""
        return self._seal.seal(plain, order_id.bytes)

    def open(self, order: Order) -> Started:
        """Give an order that has begun."""
        return Started.model_validate_json(self._seal.open(order.start_sealed or b"", order.order_id.bytes))

    def shown(self, order: Order, now: datetime) -> Shown:
        """Give how an order stands, with the moving code's content now, and what opens BankID on the device itself.

        The link has no way back: a page that somebody else's phone leads to must not show how his own order ended.
        """
        plain = Shown(order.order_id, order.state, order.reason)
        if order.state != State.PENDING or order.started_at is None:
            return plain
        started, seconds = self.open(order), int((now - order.started_at).total_seconds())
        separator = "&" if "?" in self._start_url else "?"
        link = f"{self._start_url}{separator}autostarttoken={started.autoStartToken}&redirect=null"
        return plain._replace(qr=qr_data(started.qrStartToken, started.qrStartSecret, seconds), start_url=link)


@dataclass(frozen=True)
class Orders(Generic[Result]):
    """The orders of one service. ended: counts them by how they did. bearer, below: the digest of who began one."""

    database: Database
    table: OrderTable
    kept: Kept
    bankid: BankId
    verifier: Verifier | None
    """None where BankID is not used; what an order from before then brings is not trusted."""
    purpose: Purpose[Result]
    ended: Counter
    asked_within: timedelta
    """Of an order that has not begun by then, whoever asked for it is gone: nobody should wait for it."""

    async def expire(self) -> None:
        """End what BankID has let go, and what it was asked for by a process that has died since."""
        async with self.database.transaction() as tx:
            count = await self.table.expire(tx, LET_GO_AFTER)
            count += await self.table.give_up(tx, self.asked_within, AWAY)
        self.ended.labels(State.FAILED.value).inc(count)

    async def start(self, order_id: UUID, asking: Awaitable[Started]) -> None:
        """Ask BankID for an order that is noted. Raises Problem 503 where it does not take it.

        BankID is asked between two transactions: where it is slow, nobody waits with it for the database.
        """
        try:
            order = await asking
        except BankIdError as error:
            log.warning("bankid_refused_order", code=error.code)
            await self._end(order_id, State.FAILED, AWAY)
            raise away(AWAY, "BankID does not take orders just now; try again.", RETRY_AFTER_S) from error
        sealed = self.kept.seal(order_id, order.model_dump_json().encode())
        async with self.database.transaction() as tx:
            is_wanted = await self.table.started(tx, order_id, sealed, datetime.now(UTC))
        if not is_wanted:
            await self._cancel(order.orderRef)

    async def known(self, bearer: bytes, order_id: UUID) -> Shown:
        """Give how an order stood when it was last asked for. Raises Problem 404."""
        async with self.database.transaction() as tx:
            return self.kept.shown(await self._own(tx, bearer, order_id), datetime.now(UTC))

    async def look(self, bearer: bytes, order_id: UUID) -> tuple[Shown, Result | None]:
        """Give how an order stands, asking BankID where it is time to, and what its approval gave. Raises Problem 404.

        What an approval gave is given once.
        """
        async with self.database.transaction() as tx:
            await self._own(tx, bearer, order_id)
            is_turn = await self.table.take_turn(tx, order_id, COLLECT_EVERY)
            # Read after the turn: only an order that has begun has one, and it may have begun since.
            found = await self._own(tx, bearer, order_id)
        result = await self._collect(found, is_attended=True) if is_turn else None
        return await self.known(bearer, order_id), result

    async def cancel(self, bearer: bytes, order_id: UUID) -> Shown:
        """End an order on the word of whoever began it; one that has ended stays as it is. Raises Problem 404."""
        async with self.database.transaction() as tx:
            await self._own(tx, bearer, order_id)
            found = await self.table.locked(tx, order_id)
            is_ended = await self.table.end(tx, order_id, State.CANCELLED, "")
        if is_ended:
            self.ended.labels(State.CANCELLED.value).inc()
        if found.state == State.PENDING:
            await self._cancel(self.kept.open(found).orderRef)
        return await self.known(bearer, order_id)

    async def collect_unattended(self, pulse: Progress) -> bool:
        """Ask BankID for the orders that nobody asks for; gives whether all could be.

        Each takes its turn as a browser's question does, so that one of both ends it, and one alone. Several are asked
        for at once, so that an answer that stays away holds up no other.
        """
        async with self.database.transaction() as tx:
            waiting = iter(await self.table.unattended(tx, UNATTENDED_AFTER, self.purpose.unattended_from))
        asking = (self._collect_each(waiting, pulse) for _ in range(ASKED_AT_ONCE))
        # All are waited for before a failure is raised: none may go on unseen.
        done = await asyncio.gather(*asking, return_exceptions=True)
        for one in done:
            if isinstance(one, BaseException):
                raise one
        await self.expire()
        return all(done)

    async def _collect_each(self, waiting: Iterator[Order], pulse: Progress) -> bool:
        """Ask for one order after another, of those that others ask for beside; gives whether all could be."""
        is_done = True
        for order in waiting:
            pulse.beat()
            async with self.database.transaction() as tx:
                is_turn = await self.table.take_turn(tx, order.order_id, UNATTENDED_AFTER)
            if not is_turn:
                continue
            try:
                await self._collect(order, is_attended=False)
            except OperationalError:
                raise
            except Exception:  # One order that cannot be collected must not keep the others.
                log.exception("bankid_order_not_collected", order_id=str(order.order_id))
                is_done = False
        return is_done

    async def _own(self, tx: Transaction, bearer: bytes, order_id: UUID) -> Order:
        found = await self.table.of_bearer(tx, order_id, bearer)
        if found is None:
            raise web.Problem(404, "unknown_order", "There is no such order, or not for you.")
        return found

    async def _collect(self, order: Order, *, is_attended: bool) -> Result | None:
        try:
            collected, answer = await self.bankid.collect(self.kept.open(order).orderRef)
        except BankIdError as error:
            log.warning("bankid_refused_collect", code=error.code)
            if error.code == NO_SUCH_ORDER:
                await self._end(order.order_id, State.FAILED, EXPIRED)
            return None
        if collected.status == "pending":
            async with self.database.transaction() as tx:
                await self.table.hint(tx, order.order_id, collected.hintCode)
            return None
        if collected.status == "failed" or collected.completionData is None:
            await self._end(order.order_id, State.FAILED, collected.hintCode)
            return None
        return await self._complete(order, Approval(order.order_id, collected.completionData, is_attended), answer)

    async def _complete(self, order: Order, approval: Approval, answer: bytes) -> Result | None:
        async with self.database.transaction() as tx:
            expected = await self.purpose.expected(tx, order.order_id)
        fault = self._fault(approval.completion, expected, order.begun_at)
        sealed = self.kept.seal(order.order_id, answer)
        async with self.database.transaction() as tx:
            if (await self.table.locked(tx, order.order_id)).state != State.PENDING:
                return None
            if fault:
                taken = Taken[Result](State.REFUSED, fault)
            else:
                taken = await self.purpose.take(tx, approval)
            await self.table.end(tx, order.order_id, taken.state, taken.reason, sealed)
        self.ended.labels(taken.state).inc()
        log.info("bankid_order_completed", order_id=str(order.order_id), state=str(taken.state), reason=taken.reason)
        if fault:
            _tell(order, fault)
        return taken.result

    def _fault(self, completion: Completion, expected: Expected, begun_at: datetime) -> Fault | None:
        if self.verifier is None:
            return Fault.NOT_TRUSTED
        return self.verifier.fault(completion, expected, begun_at, datetime.now(UTC))

    async def _end(self, order_id: UUID, state: State, reason: str) -> None:
        async with self.database.transaction() as tx:
            is_ended = await self.table.end(tx, order_id, state, reason)
        if is_ended:
            self.ended.labels(state.value).inc()

    async def _cancel(self, order_ref: str) -> None:
        try:
            await self.bankid.cancel(order_ref)
        except BankIdError as error:
            # It has ended here, so that whatever is approved of it now is not taken.
            log.warning("bankid_refused_cancel", code=error.code)


def _tell(order: Order, fault: Fault) -> None:
    metrics.BANKID_NOT_VALID.labels(fault.value).inc()
    log.error("bankid_completion_not_valid", order_id=str(order.order_id), fault=fault.value)


def orders_for(
    settings: BankIdSettings,
    secret_hex: str,
    database: Database,
    table: OrderTable,
    bankid: BankId,
    purpose: Purpose[Result],
    ended: Counter,
) -> Orders[Result]:
    """Give a service's orders by its settings. Raises OSError and ValueError where the roots cannot be read."""
    verifier = Verifier(Path(settings.bankid_roots).read_bytes()) if settings.bankid_roots else None
    kept = Kept(secret_hex, settings.bankid_start_url)
    asked_within = timedelta(seconds=settings.bankid_answer_seconds) + ASKED_LATE
    return Orders(database, table, kept, bankid, verifier, purpose, ended, asked_within)


async def work(orders: Orders[Result], pulse: Progress, stop: asyncio.Event) -> None:
    """Collect what nobody asks for until told to stop.

    No job of the schedule: those are noted run by run, which every few seconds would fill a table with nothing.
    """
    while not stop.is_set():
        pulse.beat()
        metrics.JOB_FAILED.labels(JOB).set(not await orders.collect_unattended(pulse))
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), LOOK_EVERY_S)
