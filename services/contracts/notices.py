"""What a customer is told of a withdrawal: both yearly costs, and the message that he is to get."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from schemas.messages import MessageRequested, Template
from schemas.topics import MESSAGES_REQUESTED
from schemas.values import PriceListId
from services.common import outbox
from services.common.postgres import Transaction
from services.contracts import costs
from services.contracts.core.calculation import CannotCalculateError
from services.contracts.core.energy_profiles import EnergyProfiles
from services.contracts.core.price_list_life import Withdrawal
from services.contracts.costs import Asked, OnDay
from services.contracts.handlers import SCHEMA
from services.contracts.store import costs as cost_store
from services.contracts.store import withdrawals
from services.contracts.store.contracts import StoredContract
from services.contracts.store.costs import Span
from services.contracts.store.withdrawals import Told

ONE_DAY = timedelta(days=1)


class Reckoning(NamedTuple):
    """What yearly costs are reckoned with."""

    today: date
    zone: ZoneInfo
    profiles: EnergyProfiles


async def told(
    tx: Transaction, number: str, stored: StoredContract, gone: Withdrawal, replaced_by: str, by: Reckoning
) -> Told:
    """Say what the customer of a contract is told: a normal year by both price lists, or what it lacks for that.

    Today's is the version that he pays now, the other one that which begins on the day of the withdrawal. Only what was
    used since the contract began counts, so that nobody is told of another's use.
    """
    begins = stored.document.valid_from
    now, then = OnDay(gone.price_list_id, max(by.today, begins)), OnDay(replaced_by, gone.withdrawn_on)
    contract = await cost_store.contract(tx, number, now.day)
    if contract is None:
        raise LookupError(f"contract {number} is gone")
    asked = Asked(contract, Span(begins, by.today + ONE_DAY), by.today, by.zone)
    found: dict[str, Any] | None = None
    lacks: str | None = None
    try:
        found = await costs.both_years(tx, asked, by.profiles, now, then)
    except CannotCalculateError as error:
        lacks = error.code
    return Told(stored.contract_id, stored.customer_id, replaced_by, found, lacks)


async def tell(tx: Transaction, gone: Withdrawal, notices: Sequence[Told]) -> None:
    """Keep what each customer is told, and ask for the message: both or neither, and once for each contract."""
    await withdrawals.tell(tx, gone, notices)
    for one in notices:
        message = MessageRequested(
            recipient_id=one.customer_id,
            template=Template.PRICE_LIST_WITHDRAWN,
            idempotency_key=f"{Template.PRICE_LIST_WITHDRAWN}/{one.contract_id}/{gone.price_list_id}",
            contract_id=one.contract_id,
            price_list_id=PriceListId(gone.price_list_id),
        )
        await outbox.add(tx, SCHEMA, MESSAGES_REQUESTED, str(one.customer_id), message)
