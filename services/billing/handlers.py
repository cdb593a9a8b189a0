"""What the service does with an event: keep its copies, and mark what was billed on what has changed since."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from schemas.contracts import ContractChanged
from schemas.power import DAILY_POWER_BATCHES
from schemas.price_lists import PriceListChanged
from schemas.topics import CONTRACTS_CHANGED, PRICE_LISTS_CHANGED
from schemas.values import ContractId, PointId, PriceListId
from services.billing import metrics, peaks
from services.billing.core.changes import contract_differs_from, price_list_differs_from
from services.billing.core.terms import Contract
from services.billing.store import copies
from services.common.consume import Record
from services.common.kafka import Outgoing
from services.common.postgres import Transaction
from services.common.received import read_event, read_table

SCHEMA = "billing"


@dataclass(frozen=True, slots=True)
class DaysTouched:
    """The points and local days of a message of daily-power; the figures are read where they are stored."""

    days: list[tuple[PointId, date]]


Item = ContractChanged | PriceListChanged | DaysTouched


class Handlers:
    """Takes contracts-changed, price-lists-changed and daily-power.

    Whatever is to be compared with issued invoices is locked first, so that a month closed at the same time is
    either closed on the new state or found here and marked.
    """

    def decode(self, record: Record) -> Item:
        """Read one message. Raises UndecodableError."""
        if record.topic == CONTRACTS_CHANGED.name:
            return read_event(record, ContractChanged)
        if record.topic == PRICE_LISTS_CHANGED.name:
            return read_event(record, PriceListChanged)
        return DaysTouched(_days(record))

    async def store(self, tx: Transaction, items: Sequence[Item]) -> Iterable[Outgoing]:
        """Keep what changed and mark the months it changes."""
        prices = [item for item in items if isinstance(item, PriceListChanged)]
        contracts = [item for item in items if isinstance(item, ContractChanged)]
        days = sorted({day for item in items if isinstance(item, DaysTouched) for day in item.days})
        if prices:
            await copies.lock_prices(tx)
        points = sorted({point for point, _ in days})
        await copies.lock_contracts(tx, [contract.contract_id for contract in contracts], points)
        if contracts:
            await _take_contracts(tx, contracts)
        if prices:
            await _take_price_lists(tx, prices)
        if days:
            metrics.DIRTY.labels("registers_changed").inc(await copies.mark_registers_changed(tx, days))
            metrics.DIRTY.labels("peaks_changed").inc(await peaks.mark_changed(tx, days))
        return []

    async def announcements(self, tx: Transaction, items: Sequence[Item]) -> Iterable[Outgoing]:  # noqa: ARG002
        """Nothing: what is told of invoices goes by the outbox."""
        return []


async def _take_contracts(tx: Transaction, events: Sequence[ContractChanged]) -> None:
    by_version = sorted(events, key=lambda event: event.version)
    newest = {event.contract_id: event for event in by_version if event.terms}
    before = await copies.contracts(tx, newest)
    changed: dict[ContractId, date] = {}
    for contract_id, event in sorted(newest.items()):
        version, known = before.get(contract_id, (0, None))
        if event.version <= version:
            continue
        since = contract_differs_from(known, _contract(event)) if known else None
        if since is not None:
            changed[contract_id] = since
        await copies.put_contract(tx, event)
    metrics.DIRTY.labels("terms_changed").inc(await copies.mark_terms_changed(tx, changed))


async def _take_price_lists(tx: Transaction, events: Sequence[PriceListChanged]) -> None:
    before = await copies.price_lists(tx)
    changed: dict[PriceListId, date] = {}
    for event in sorted(events, key=lambda event: event.version):
        known = before.get(event.price_list_id)
        if known is not None and event.version <= known.version:
            continue
        since = price_list_differs_from(known, event) if known else None
        if since is not None:
            changed[event.price_list_id] = min(since, changed.get(event.price_list_id, since))
        before[event.price_list_id] = event
        await copies.put_price_list(tx, event)
    metrics.DIRTY.labels("prices_changed").inc(await copies.mark_prices_changed(tx, changed))


def _contract(event: ContractChanged) -> Contract:
    ids = event.contract_id, event.contract_number, event.customer_id, event.point_id
    return Contract(*ids, event.terms, event.powers, event.agreed)


def _days(record: Record) -> list[tuple[PointId, date]]:
    table = read_table(record, DAILY_POWER_BATCHES, ["point_id", "day"])
    points, days = (column.to_pylist() for column in table.columns)
    return list(zip(points, days, strict=True))
