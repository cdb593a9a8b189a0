"""Who may choose a price list, and to which one a contract moves when its own is withdrawn."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from schemas.facilities import Category
from schemas.price_list_terms import BaseLoad, PriceListTerms
from schemas.price_lists import PriceListChanged
from schemas.values import Medium

NOTICE_MONTHS = 2
"""How long before a withdrawal its customers are told. Source: price-list text, "Prislista Fast försvinner"."""
BASE_LOADS = {
    BaseLoad.DISTRICT_HEATING: "with district heating as their base load",
    BaseLoad.ANOTHER: "with another base load than district heating",
}


class Place(NamedTuple):
    """What decides which price lists a metering point's contract may have."""

    facility_number: str
    category: Category
    base_load: BaseLoad
    medium: Medium


class Term(NamedTuple):
    """The price list that counts from a day on. moved_from: the withdrawn one in whose place it is."""

    valid_from: date
    price_list_id: str
    moved_from: str | None = None


class Withdrawal(NamedTuple):
    """A price list that no contract is on any more from a day on, and what takes its place, by preference."""

    price_list_id: str
    withdrawn_on: date
    replaced_by: Sequence[str]


def ineligible(terms: PriceListTerms, place: Place) -> str | None:
    """Say why a facility may not choose a price list; None where it may. Source: price-list text, Bas and Topp."""
    extension, facility = terms.extension, f"facility '{place.facility_number}'"
    if extension.medium is not place.medium:
        return f"'{terms.name}' is for {extension.medium}, and the metering point's medium is {place.medium}"
    if extension.base_load is not None and extension.base_load is not place.base_load:
        own = "district heating" if place.base_load is BaseLoad.DISTRICT_HEATING else "another"
        return (
            f"'{terms.name}' is for facilities {BASE_LOADS[extension.base_load]}; the base load of {facility} is {own}"
        )
    if extension.categories is not None and place.category not in extension.categories:
        allowed = ", ".join(extension.categories)
        return f"'{terms.name}' is for the categories {allowed}; {facility} is of '{place.category}'"
    return None


def may_choose(lists: Mapping[str, PriceListChanged], place: Place) -> Callable[[str, date], bool]:
    """Give whether a price list is in force on a day and the place may choose it."""

    def may(price_list_id: str, day: date) -> bool:
        known = lists.get(price_list_id)
        version = known.in_force(day) if known else None
        return version is not None and ineligible(version, place) is None

    return may


def with_moves(
    put: Sequence[Term], valid_to: date | None, withdrawals: Sequence[Withdrawal], may: Callable[[str, date], bool]
) -> list[Term]:
    """Add to the terms that were put those that withdrawals make necessary.

    put: rising, none of them on a price list from its withdrawal on. A contract that is on a price list on the day of
    its withdrawal moves on that day to the first of its replacements that it may choose. So the terms follow from what
    was put and what is withdrawn, whichever came first. Raises LookupError where it may choose none of them.
    """
    terms = {term.valid_from: term for term in put}
    for one in sorted(withdrawals, key=lambda one: one.withdrawn_on):
        if valid_to is not None and valid_to <= one.withdrawn_on:
            continue
        before = [term for day, term in sorted(terms.items()) if day <= one.withdrawn_on]
        if before and before[-1].price_list_id == one.price_list_id:
            replacement = next((name for name in one.replaced_by if may(name, one.withdrawn_on)), None)
            if replacement is None:
                raise LookupError(f"none of {', '.join(one.replaced_by)} may take the place of '{one.price_list_id}'")
            terms[one.withdrawn_on] = Term(one.withdrawn_on, replacement, one.price_list_id)
    return sorted(terms.values())


def on_withdrawn(put: Sequence[Term], withdrawals: Sequence[Withdrawal]) -> tuple[Term, Withdrawal] | None:
    """Find a term that begins on a price list once that is withdrawn."""
    by_list = {one.price_list_id: one for one in withdrawals}
    for term in put:
        withdrawal = by_list.get(term.price_list_id)
        if withdrawal and term.valid_from >= withdrawal.withdrawn_on:
            return term, withdrawal
    return None


def latest_announcement(withdrawn_on: date) -> date:
    """Give the last day on which a withdrawal can still be announced: two months before it."""
    months = withdrawn_on.year * 12 + withdrawn_on.month - 1 - NOTICE_MONTHS
    year, month = divmod(months, 12)
    first = date(year, month + 1, 1)
    last_of_month = (date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1) - first).days
    return first.replace(day=min(withdrawn_on.day, last_of_month))
