"""Log-in with BankID: begun in a browser, gone on with by that browser alone, and let in whose number is known."""

import json
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from services.common.bankid.completion import Expected, Function
from services.common.bankid.order_table import State
from services.common.bankid.orders import LET_GO_AFTER, Approval, Orders, Taken
from services.common.bankid.rp_api import BankId
from services.common.identity_seal import Sealer
from services.common.postgres import Transaction
from services.permissions import handlers
from services.permissions.core.tokens import digest
from services.permissions.handlers import Token
from services.permissions.store import bankid_orders as store

UNKNOWN_PERSON = "unknown_person"
NOBODY_WAITED = "nobody_waited"


@dataclass(frozen=True)
class LogIn:
    """What a log-in needs. is_on: whether an address of BankID is set."""

    orders: Orders[Token]
    bankid: BankId
    is_on: bool


def hidden_text(order_id: UUID) -> str:
    """Write what is signed unseen: the order, so that what approved one log-in fits no other."""
    return json.dumps({"order_id": str(order_id)})


async def start(parts: LogIn, browser: str, end_user_ip: str) -> UUID:
    """Begin an order, or give the one that the browser has begun already. Raises Problem 503."""
    await parts.orders.expire()
    async with parts.orders.database.transaction() as tx:
        order_id, is_new = await store.begin(tx, digest(browser))
    if is_new:
        await parts.orders.start(order_id, parts.bankid.identify(end_user_ip, hidden_text(order_id)))
    return order_id


class ToLogIn:
    """What orders are for here: whoever is known, and waits for it, gets a session."""

    unattended_from: timedelta = LET_GO_AFTER
    """A browser sleeps while the app on the same phone is in front of it, and must find its order when it wakes."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    async def expected(self, tx: Transaction, order_id: UUID) -> Expected:  # noqa: ARG002 - known without a look
        """Give that nothing is signed but who one is, in this order."""
        return Expected(Function.IDENTIFY, hidden=hidden_text(order_id))

    async def take(self, tx: Transaction, approval: Approval) -> Taken[Token]:
        """Let in; a session that nobody would get is not made."""
        if not approval.is_attended:
            return Taken(State.FAILED, NOBODY_WAITED)
        number = approval.completion.user.personalNumber.get_secret_value()
        user_id = await store.person(tx, self._sealer.digest(number))
        if user_id is None:
            return Taken(State.REFUSED, UNKNOWN_PERSON)
        return Taken(store.LET_IN, result=await handlers.begin_session(tx, user_id, "bankid"))
