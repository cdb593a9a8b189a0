"""Which options a contract may have, and what becomes of what it has beside its price list when an offer is signed."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from schemas.agreements import Agreed, ChosenOption, PriceAgreement
from schemas.price_lists import PriceList, PriceListChanged
from services.contracts.core import documents


def unoffered_option(
    contract: documents.Contract, lists: Mapping[str, PriceListChanged]
) -> tuple[str, documents.Option, PriceList | None] | None:
    """Find an option that a price list of the contract does not offer; gives its place, it, and the list.

    Asked is on the day that the option begins, and on each on which a term begins while it counts.
    """
    for place, option in enumerate(contract.options):
        for day, price_list_id in _days_asked(contract, option):
            version = lists[price_list_id].in_force(day)
            if version is None or option.reference not in {one.reference for one in version.extension.options}:
                return f"options[{place}].reference", option, version
    return None


def _days_asked(contract: documents.Contract, option: documents.Option) -> Iterator[tuple[date, str]]:
    ends = [*(term.valid_from for term in contract.terms[1:]), date.max]
    for term, end in zip(contract.terms, ends, strict=True):
        day = max(term.valid_from, option.valid_from)
        if day < min(end, option.valid_to or date.max):
            yield day, term.price_list_id


def options_with(
    before: Sequence[documents.Option], references: Sequence[str] | None, day: date
) -> tuple[documents.Option, ...]:
    """Give the options of a contract that has these, and no others, from a day on; None: those that it has.

    What counted before that day stays; one that goes on does so until further notice.
    """
    if references is None:
        return tuple(before)
    begun = [one for one in before if one.valid_from < day]
    goes_on = {one.reference for one in begun if one.valid_to is None or one.valid_to > day}
    kept = [_until(one, references, day) if one.reference in goes_on else one for one in begun]
    new = [documents.Option(reference=one, valid_from=day) for one in references if one not in goes_on]
    return documents.in_order([*kept, *new])


def _until(option: documents.Option, references: Sequence[str], day: date) -> documents.Option:
    if option.valid_to is not None and option.valid_to <= day:
        return option
    return option.model_copy(update={"valid_to": None if option.reference in references else day})


def agreements_with(
    before: Sequence[documents.PriceAgreement], offered: documents.OfferedAgreement | None, day: date
) -> tuple[documents.PriceAgreement, ...]:
    """Give the agreements of a contract that has this one from a day on, in place of any other; None: those it has."""
    if offered is None:
        return tuple(before)
    kept = [one.model_copy(update={"valid_to": min(one.valid_to, day)}) for one in before if one.valid_from < day]
    return (*kept, documents.PriceAgreement(valid_from=day, **offered.model_dump()))


def agreed(contract: documents.Contract) -> Agreed:
    """Give what a contract has beside its price lists, as it is rated."""
    return Agreed(
        tuple(ChosenOption.model_validate(one.model_dump()) for one in contract.options),
        tuple(PriceAgreement.model_validate(one.model_dump()) for one in contract.agreements),
    )
