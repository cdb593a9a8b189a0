"""The withdrawal of a price list: who is on it, what takes its place, and what each customer is told."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import NamedTuple, TypeVar

from schemas.price_lists import PriceListChanged
from services.common import logs
from services.common.postgres import Transaction
from services.contracts.core import documents
from services.contracts.core.agreeing import options_after_moves
from services.contracts.core.energy_profiles import EnergyProfiles
from services.contracts.core.price_list_life import Place, Term, Withdrawal, latest_announcement, on_withdrawn
from services.contracts.core.refusals import Refusal, RefusedError
from services.contracts.handlers import tell_of_contracts
from services.contracts.life import moved_terms
from services.contracts.notice_costs import Shared
from services.contracts.notices import Move, tell, told
from services.contracts.store import Change, agreements, contracts, price_lists, withdrawals
from services.contracts.store.withdrawals import Told

AT_ONCE = 200
"""So many contracts are read in one round trip; their days of three years take 20 MB."""

log = logs.get_logger()
Item = TypeVar("Item")


class Moved(NamedTuple):
    """A contract that a withdrawal moves, as it is then, and what its customer is told."""

    contract_number: str
    document: documents.Contract
    terms: list[Term]
    told: Told


class _Round(NamedTuple):
    """A withdrawal that is looked at some contracts at a time. lists: the one that goes, and all that take places."""

    new: Withdrawal
    withdrawn: list[Withdrawal]
    lists: dict[str, PriceListChanged]
    shared: Shared


async def withdraw(
    tx: Transaction, price_list_id: str, asked: documents.Withdrawal, profiles: EnergyProfiles, today: date
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
    await _hold_to_possible(tx, new, before, today)
    withdrawn = [*known, new]
    names = {price_list_id} | {name for one in withdrawn for name in one.replaced_by}
    lists = await price_lists.price_list_events(tx, names)
    of_all = _Round(new, withdrawn, lists, Shared(lists, profiles, today))
    affected = await withdrawals.affected(tx, price_list_id, new.withdrawn_on)
    numbers = [one.contract_number for one in affected]
    moved = [one for some in _batches(numbers) for one in await _moved(tx, some, of_all)]
    if asked.dry_run:
        return Change.UNCHANGED, moved
    await withdrawals.add(tx, new, asked.who, asked.cause)
    for batch in _batches(moved):
        await _move(tx, batch)
    await tell(tx, new, [one.told for one in moved])
    log.info("price_list_withdrawn", price_list=price_list_id, on=str(new.withdrawn_on), contracts=len(moved))
    return Change.CREATED, moved


def _batches(of_all: Sequence[Item]) -> Iterator[Sequence[Item]]:
    return (of_all[at : at + AT_ONCE] for at in range(0, len(of_all), AT_ONCE))


async def _move(tx: Transaction, moved: Sequence[Moved]) -> None:
    before = await contracts.contract_events(tx, [one.told.contract_id for one in moved])
    await contracts.replace_terms(tx, {one.told.contract_id: one.terms for one in moved})
    for one in moved:
        if one.told.options_end:
            await agreements.replace(tx, one.told.contract_id, one.document)
    await tell_of_contracts(tx, before)


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


async def _moved(tx: Transaction, numbers: Sequence[str], of_all: _Round) -> list[Moved]:
    """Move contracts, in the order of their numbers as given. Raises RefusedError where one of them cannot be."""
    stored = await contracts.contracts(tx, numbers)
    places = await withdrawals.places(tx, {one.point_id for one in stored.values()})
    terms = {number: _terms(number, one.document, places[one.point_id], of_all) for number, one in stored.items()}
    after = {
        number: one.document.model_copy(
            update={"options": options_after_moves(one.document.options, terms[number], of_all.lists)}
        )
        for number, one in stored.items()
    }
    moves = {
        number: Move(
            _on_day(terms[number], of_all.new.withdrawn_on).price_list_id, _ends(one.document, after[number], of_all)
        )
        for number, one in stored.items()
    }
    notices = await told(tx, stored, of_all.new, moves, of_all.shared)
    return [Moved(number, after[number], terms[number], notices[number]) for number in numbers]


def _terms(number: str, document: documents.Contract, place: Place, of_all: _Round) -> list[Term]:
    put = [Term(term.valid_from, term.price_list_id) for term in document.terms]
    late = on_withdrawn(put, [of_all.new])
    if late is not None:
        raise RefusedError(
            Refusal.PRICE_LIST_WITHDRAWN,
            f"contract '{number}' begins on '{of_all.new.price_list_id}' on {late[0].valid_from}; put it on another one"
            " first",
        )
    return moved_terms(number, put, document.valid_to, of_all.withdrawn, place, of_all.lists)


def _on_day(terms: Sequence[Term], day: date) -> Term:
    return [term for term in terms if term.valid_from <= day][-1]


def _ends(before: documents.Contract, after: documents.Contract, of_all: _Round) -> list[dict[str, str]]:
    """Name the options that end by a withdrawal, as the price list that goes names them, and the day from which."""
    goes = of_all.lists[of_all.new.price_list_id]
    names = {one.reference: one.name for version in goes.versions for one in version.extension.options}
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
