"""The price lists of a contract: which it may have, and to which it moves when its own is withdrawn."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date

from schemas.price_lists import PriceListChanged
from schemas.values import PointId
from services.common.postgres import Transaction
from services.contracts.core import documents
from services.contracts.core.agreeing import options_after_moves, unoffered_option
from services.contracts.core.entered_powers import Misfit, misfit
from services.contracts.core.price_list_life import (
    Place,
    Term,
    Withdrawal,
    ineligible,
    may_choose,
    on_withdrawn,
    with_moves,
)
from services.contracts.core.refusals import Refusal, RefusedError
from services.contracts.store import price_lists, withdrawals


async def terms_of(
    tx: Transaction, number: str, point_id: PointId, document: documents.Contract, known: Sequence[documents.Term]
) -> list[Term]:
    """Give the terms of a contract that is put, with those that withdrawals add.

    known: its terms before; only of others it is asked whether the facility may choose them, since what it may choose
    can change. Raises RefusedError.
    """
    await withdrawals.share(tx)
    put = [Term(term.valid_from, term.price_list_id) for term in document.terms]
    withdrawn = await withdrawals.withdrawals(tx)
    found = on_withdrawn(put, withdrawn)
    if found is not None:
        late, withdrawal = found
        raise RefusedError(
            Refusal.PRICE_LIST_WITHDRAWN,
            f"the price list '{late.price_list_id}' is withdrawn from {withdrawal.withdrawn_on} on, and contract"
            f" '{number}' would be put on it from {late.valid_from}; choose {' or '.join(withdrawal.replaced_by)}",
        )
    place = await withdrawals.place(tx, point_id)
    names = {term.price_list_id for term in put} | {name for one in withdrawn for name in one.replaced_by}
    lists = await price_lists.price_list_events(tx, names)
    for term in document.terms:
        if term not in known and not any(one.is_firm for one in lists[term.price_list_id].versions):
            raise RefusedError(
                Refusal.NO_PRICES,
                f"the price list '{term.price_list_id}' has no firm version, so that nobody could be billed by it; put"
                " one, or choose another price list",
            )
        version = lists[term.price_list_id].in_force(term.valid_from)
        reason = ineligible(version, place) if version and term not in known else None
        if reason:
            raise RefusedError(Refusal.NOT_ELIGIBLE, f"{reason}; choose another price list, or mend the facility")
    return moved_terms(number, put, document.valid_to, withdrawn, place, lists)


async def as_moved(tx: Transaction, document: documents.Contract, terms: Sequence[Term]) -> documents.Contract:
    """Give a contract that is put without the options that its withdrawn price lists take with them."""
    lists = await price_lists.price_list_events(tx, {term.price_list_id for term in terms if term.moved_from})
    return document.model_copy(update={"options": options_after_moves(document.options, terms, lists)})


async def require_offered(tx: Transaction, number: str, document: documents.Contract, terms: Sequence[Term]) -> None:
    """Raise RefusedError for an option that a price list of the contract, put or moved to, does not offer."""
    lists = await price_lists.price_list_events(tx, {term.price_list_id for term in terms})
    found = unoffered_option(document.options, terms, lists)
    if found is None:
        return
    field, option, version = found
    offered = ", ".join(f"'{one.reference}'" for one in version.extension.options) if version else ""
    raise RefusedError(
        Refusal.OPTION_NOT_OFFERED,
        f"{field}: '{option.reference}' is no option of the price list that contract '{number}' has then"
        + (f"; it offers {offered}" if offered else "; it offers none, leave it out"),
        field,
    )


async def require_billed(
    tx: Transaction, document: documents.Contract, terms: Sequence[Term], field_of: Callable[[Misfit], str]
) -> None:
    """Raise RefusedError for kW that count on a price list by the yearly energy, and for MWh on one by power.

    Billing would hold the contract's months. field_of: where in what was put the quantity stands.
    """
    lists = await price_lists.price_list_events(tx, {term.price_list_id for term in terms})
    found = misfit(document.powers, terms, lists)
    if found is not None:
        raise RefusedError(Refusal.QUANTITY_NOT_BILLED, found.told, field_of(found))


def moved_terms(
    number: str,
    put: Sequence[Term],
    valid_to: date | None,
    withdrawn: Sequence[Withdrawal],
    place: Place,
    lists: Mapping[str, PriceListChanged],
) -> list[Term]:
    """Give terms that were put with those that withdrawals add. lists: all that take the place of withdrawn ones.

    Raises RefusedError where none of them may.
    """
    try:
        return with_moves(put, valid_to, withdrawn, may_choose(lists, place))
    except LookupError as error:
        facility = place.facility_number
        raise RefusedError(
            Refusal.NO_REPLACEMENT, f"contract '{number}': {error}; name one that facility '{facility}' may choose"
        ) from error
