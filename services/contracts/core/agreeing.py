"""Which options a contract may have, and what becomes of what it has beside its price list when an offer is signed."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from schemas.agreements import Agreed, ChosenOption, PriceAgreement
from schemas.price_lists import PriceList, PriceListChanged
from services.contracts.core import documents
from services.contracts.core.price_list_life import Term


def unoffered_option(
    options: Sequence[documents.Option], terms: Sequence[Term], lists: Mapping[str, PriceListChanged]
) -> tuple[str, documents.Option, PriceList | None] | None:
    """Find an option that a price list of the contract does not offer; gives its place, it, and the list.

    Asked is on the day that the option begins, and on each on which a term begins while it counts; where that is by a
    withdrawal, the option ends.
    """
    for place, option in enumerate(options):
        for day, price_list_id in _days_asked(terms, option):
            version = lists[price_list_id].in_force(day)
            if version is None or option.reference not in {one.reference for one in version.extension.options}:
                return f"options[{place}].reference", option, version
    return None


def _days_asked(terms: Sequence[Term], option: documents.Option) -> Iterator[tuple[date, str]]:
    for term, end in _with_ends(terms):
        if term.moved_from and option.valid_from < term.valid_from:
            continue
        day = max(term.valid_from, option.valid_from)
        if day < min(end, option.valid_to or date.max):
            yield day, term.price_list_id


def _with_ends(terms: Sequence[Term]) -> Iterator[tuple[Term, date]]:
    return zip(terms, [*(term.valid_from for term in terms[1:]), date.max], strict=True)


def options_after_moves(
    options: Sequence[documents.Option], terms: Sequence[Term], lists: Mapping[str, PriceListChanged]
) -> tuple[documents.Option, ...]:
    """End options where a withdrawal moves the contract to a price list that does not offer them.

    So they follow from what was put and what is withdrawn, as terms do. One that would begin after the move is
    left out.
    """
    found = tuple(options)
    for term, end in _with_ends(terms):
        version = lists[term.price_list_id].in_force(term.valid_from) if term.moved_from else None
        if version is not None:
            offered = {one.reference for one in version.extension.options}
            found = tuple(
                _until_day(one, term.valid_from) if one.reference not in offered and _meets(one, term, end) else one
                for one in found
                if one.reference in offered or not term.valid_from <= one.valid_from < end
            )
    return documents.in_order(found)


def _meets(option: documents.Option, term: Term, end: date) -> bool:
    return option.valid_from < end and (option.valid_to is None or option.valid_to > term.valid_from)


def _until_day(option: documents.Option, day: date) -> documents.Option:
    return option.model_copy(update={"valid_to": day})


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


def options_otherwise(
    before: Sequence[ChosenOption], references: Sequence[str], price_list: PriceList, today: date
) -> tuple[ChosenOption, ...]:
    """Give the options of a contract that has these of a price list and no others; references: what the list offers.

    What it has already keeps its days, and so does what has ended, so that choosing what it has changes nothing. What
    is new counts on all days of the list.
    """
    period = price_list.valid_period
    offered = {one.reference for one in price_list.extension.options}
    over = {one for one in before if one.valid_to is not None and one.valid_to <= today}
    has = {one.reference for one in before if one not in over}
    new = [one for one in dict.fromkeys(references) if one not in has]
    kept = [
        one
        for one in before
        if one.reference in offered and one.reference not in new and (one in over or one.reference in references)
    ]
    begun = [ChosenOption(valid_from=period.from_including, valid_to=None, reference=one) for one in new]
    return (*kept, *begun)


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
