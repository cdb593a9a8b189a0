"""What a customer is told of a withdrawal: both yearly costs, and the message that he is to get."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from schemas.messages import MessageRequested, Template
from schemas.topics import MESSAGES_REQUESTED
from schemas.values import PriceListId
from services.common import outbox
from services.common.postgres import Transaction
from services.contracts.core.agreeing import agreed
from services.contracts.core.price_list_life import Withdrawal
from services.contracts.handlers import SCHEMA
from services.contracts.notice_costs import OnDay, Shared, Wanted, both_years
from services.contracts.store import withdrawals
from services.contracts.store.contracts import StoredContract
from services.contracts.store.withdrawals import Told


class Move(NamedTuple):
    """To which price list a contract is moved, and which of its options end by that."""

    replaced_by: str
    options_end: list[dict[str, str]]


async def told(
    tx: Transaction,
    stored: Mapping[str, StoredContract],
    gone: Withdrawal,
    moves: Mapping[str, Move],
    shared: Shared,
) -> dict[str, Told]:
    """Say what the customers of contracts are told: a normal year by both price lists, or what it lacks for that.

    Today's is the version that he pays now, the other one that which begins on the day of the withdrawal. Only what was
    used since the contract began counts, so that nobody is told of another's use.
    """
    wanted = {
        number: Wanted(
            begins := one.document.valid_from,
            agreed(one.document),
            OnDay(gone.price_list_id, max(shared.today, begins)),
            OnDay(moves[number].replaced_by, gone.withdrawn_on),
        )
        for number, one in stored.items()
    }
    years = await both_years(tx, wanted, shared)
    return {
        number: Told(
            one.contract_id, one.customer_id, moves[number].replaced_by, *years[number], moves[number].options_end
        )
        for number, one in stored.items()
    }


async def tell(tx: Transaction, gone: Withdrawal, notices: Sequence[Told]) -> None:
    """Keep what each customer is told, and ask for the message: both or neither, and once for each contract."""
    await withdrawals.tell(tx, gone, notices)
    async with tx.pipeline():
        for one in notices:
            await outbox.add(tx, SCHEMA, MESSAGES_REQUESTED, str(one.customer_id), _message(gone, one))


def _message(gone: Withdrawal, one: Told) -> MessageRequested:
    return MessageRequested(
        recipient_id=one.customer_id,
        template=Template.PRICE_LIST_WITHDRAWN,
        idempotency_key=f"{Template.PRICE_LIST_WITHDRAWN}/{one.contract_id}/{gone.price_list_id}",
        contract_id=one.contract_id,
        price_list_id=PriceListId(gone.price_list_id),
    )
