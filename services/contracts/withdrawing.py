"""The withdrawal of a price list: who is on it, what takes its place, and what each customer is told."""

from datetime import date
from typing import NamedTuple

from schemas.price_lists import PriceListChanged
from services.common import logs
from services.common.postgres import Transaction
from services.contracts.core import documents
from services.contracts.core.price_list_life import Term, Withdrawal, latest_announcement, on_withdrawn
from services.contracts.core.refusals import Refusal, RefusedError
from services.contracts.handlers import tell_of_contract
from services.contracts.life import as_moved, moved_terms
from services.contracts.notices import Move, Reckoning, Stations, tell, told
from services.contracts.store import Change, agreements, contracts, price_lists, withdrawals
from services.contracts.store.withdrawals import Told

log = logs.get_logger()


class Moved(NamedTuple):
    """A contract that a withdrawal moves, as it is then, and what its customer is told."""

    contract_number: str
    document: documents.Contract
    terms: list[Term]
    told: Told


class _Round(NamedTuple):
    """A withdrawal that is looked at contract by contract. goes: the price list itself."""

    new: Withdrawal
    withdrawn: list[Withdrawal]
    goes: PriceListChanged
    by: Reckoning
    stations: Stations


async def withdraw(
    tx: Transaction, price_list_id: str, asked: documents.Withdrawal, by: Reckoning
) -> tuple[Change, list[Moved]]:
    """Announce that a price list goes, and move every contract that is on it on that day; gives which.

    The move is dated: a contract that somebody puts on another list before that day is not moved. Asked for again it
    changes nothing. Raises RefusedError.
    """
    await withdrawals.lock(tx)
    new = Withdrawal(price_list_id, asked.withdrawn_on, asked.replaced_by)
    known = await withdrawals.withdrawals(tx)
    before = next((one for one in known if one.price_list_id == price_list_id), None)
    if before is not None and (before.withdrawn_on, tuple(before.replaced_by)) == (new.withdrawn_on, new.replaced_by):
        return Change.UNCHANGED, []
    await _hold_to_possible(tx, new, before, by.today)
    goes = await price_lists.price_list_event(tx, price_list_id)
    of_all = _Round(new, [*known, new], goes, by, Stations(by.today))
    affected = await withdrawals.affected(tx, price_list_id, new.withdrawn_on)
    moved = [await _moved(tx, one.contract_number, of_all) for one in affected]
    if asked.dry_run:
        return Change.UNCHANGED, moved
    await withdrawals.add(tx, new, asked.who, asked.cause)
    for one in moved:
        event = await contracts.contract_event(tx, one.told.contract_id)
        await contracts.replace_terms(tx, one.told.contract_id, one.terms)
        if one.told.options_end:
            await agreements.replace(tx, one.told.contract_id, one.document)
        await tell_of_contract(tx, one.told.contract_id, event)
    await tell(tx, new, [one.told for one in moved])
    log.info("price_list_withdrawn", price_list=price_list_id, on=str(new.withdrawn_on), contracts=len(moved))
    return Change.CREATED, moved


async def _hold_to_possible(tx: Transaction, new: Withdrawal, before: Withdrawal | None, today: date) -> None:
    if before is not None:
        raise RefusedError(
            Refusal.PRICE_LIST_WITHDRAWN,
            f"'{new.price_list_id}' is withdrawn from {before.withdrawn_on} on already, and its customers were told so",
        )
    unknown = await price_lists.unknown_price_lists(tx, [new.price_list_id, *new.replaced_by])
    if unknown:
        raise RefusedError(Refusal.UNKNOWN_PRICE_LIST, f"there is no price list '{unknown[0]}'; put it first")
    if new.price_list_id in new.replaced_by:
        raise RefusedError(Refusal.NO_REPLACEMENT, f"'{new.price_list_id}' cannot take its own place; name another one")
    latest = latest_announcement(new.withdrawn_on)
    if today > latest:
        raise RefusedError(
            Refusal.TOO_LATE_TO_TELL,
            f"customers are told two months before, and for {new.withdrawn_on} that was {latest}; choose a later day",
        )


async def _moved(tx: Transaction, number: str, of_all: _Round) -> Moved:
    new, stored = of_all.new, await contracts.contract(tx, number)
    if stored is None:
        raise LookupError(f"contract {number} is gone")
    put = [Term(term.valid_from, term.price_list_id) for term in stored.document.terms]
    late = on_withdrawn(put, [new])
    if late is not None:
        raise RefusedError(
            Refusal.PRICE_LIST_WITHDRAWN,
            f"contract '{number}' begins on '{new.price_list_id}' on {late[0].valid_from}; put it on another one first",
        )
    before = stored.document
    terms = await moved_terms(tx, number, stored.point_id, put, before.valid_to, of_all.withdrawn)
    on_that_day = [term for term in terms if term.valid_from <= new.withdrawn_on]
    after = await as_moved(tx, before, terms)
    move = Move(on_that_day[-1].price_list_id, _ends(before, after, of_all))
    return Moved(number, after, terms, await told(tx, number, stored, new, move, of_all.by, of_all.stations))


def _ends(before: documents.Contract, after: documents.Contract, of_all: _Round) -> list[dict[str, str]]:
    """Name the options that end by a withdrawal, as the price list that goes names them, and the day from which."""
    names = {one.reference: one.name for version in of_all.goes.versions for one in version.extension.options}
    ends = {(one.valid_from, one.reference): one.valid_to for one in after.options}
    return [
        {
            "reference": one.reference,
            "name": names.get(one.reference, one.reference),
            "valid_to": str(ends.get((one.valid_from, one.reference)) or one.valid_from),
        }
        for one in before.options
        if one not in after.options
    ]
