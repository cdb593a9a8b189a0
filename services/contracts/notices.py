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
from services.contracts.core.annual_estimate import Weather
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


class Stations:
    """The weather of stations up to a day, each read once however many contracts are near it."""

    def __init__(self, today: date) -> None:
        self._today = today
        self._known: dict[str | None, Weather] = {}

    async def weather(self, tx: Transaction, station_id: str | None) -> Weather:
        """Give a station's daily means and its normal year."""
        if station_id not in self._known:
            self._known[station_id] = await cost_store.weather(tx, station_id, self._today)
        return self._known[station_id]


class Move(NamedTuple):
    """To which price list a contract is moved, and which of its options end by that."""

    replaced_by: str
    options_end: list[dict[str, str]]


async def told(
    tx: Transaction,
    number: str,
    stored: StoredContract,
    gone: Withdrawal,
    move: Move,
    by: Reckoning,
    stations: Stations,
) -> Told:
    """Say what the customer of a contract is told: a normal year by both price lists, or what it lacks for that.

    Today's is the version that he pays now, the other one that which begins on the day of the withdrawal. Only what was
    used since the contract began counts, so that nobody is told of another's use.
    """
    begins = stored.document.valid_from
    now, then = OnDay(gone.price_list_id, max(by.today, begins)), OnDay(move.replaced_by, gone.withdrawn_on)
    contract = await cost_store.contract(tx, number, now.day)
    if contract is None:
        raise LookupError(f"contract {number} is gone")
    asked = Asked(contract, Span(begins, by.today + ONE_DAY), by.today, by.zone)
    found: dict[str, Any] | None = None
    lacks: str | None = None
    try:
        weather = await stations.weather(tx, contract.station_id)
        found = await costs.both_years(tx, asked, by.profiles, weather, now, then)
    except CannotCalculateError as error:
        lacks = error.code
    return Told(stored.contract_id, stored.customer_id, move.replaced_by, found, lacks, move.options_end)


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
