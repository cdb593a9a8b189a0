"""The prices of a list as a contract has them: others where an agreement counts, and those of options beside."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise

from schemas.agreements import Agreed, PriceAgreement
from schemas.price_list_terms import Option, PriceListTerms
from schemas.rates import Rate, rates

DISCOUNTED = ("energy", "power", "fixed")
AGREED = "agreed"
HUNDRED = Decimal(100)
MICRO, NANO = Decimal("0.000001"), Decimal("0.000000001")
"""Prices are counted to a millionth of a krona, that of energy for a MWh."""


def agreed_rates(terms: PriceListTerms, agreed: Agreed) -> list[Rate]:
    """Give every price of a list with what a contract has beside it.

    An option that the list does not offer has no price; whoever bills says so. Options are not discounted.
    """
    listed = rates(terms)
    if not agreed.options and not agreed.agreements:
        return listed
    return [
        *_with_agreements(listed, agreed.agreements),
        *_fixed_energy(terms, agreed.agreements),
        *_options(terms, agreed),
    ]


def unoffered(terms: PriceListTerms, agreed: Agreed, day: date) -> list[str]:
    """Name the options that a contract has on a day and the list does not offer."""
    offered = {one.reference for one in terms.extension.options}
    return [one.reference for one in agreed.on(day).options if one.reference not in offered]


def _with_agreements(listed: Iterable[Rate], agreements: Sequence[PriceAgreement]) -> Iterator[Rate]:
    """Cut all prices alike, so that a band's rate and its fixed part remain one amount."""
    cuts = sorted({day for one in agreements for day in (one.valid_from, one.valid_to)})
    for rate in listed:
        for first, end in pairwise([rate.first, *(day for day in cuts if rate.first < day < rate.end), rate.end]):
            counting = next((one for one in agreements if one.valid_from <= first < one.valid_to), None)
            price = _price(rate, counting)
            if price is not None:
                yield rate._replace(first=first, end=end, price=price)


def _price(rate: Rate, agreement: PriceAgreement | None) -> Decimal | None:
    if agreement is None:
        return rate.price
    if agreement.energy_per_mwh is not None:
        return None if rate.charge == "energy" else rate.price
    off = agreement.discount_percent or Decimal(0)
    if rate.charge not in DISCOUNTED:
        return rate.price
    finest = NANO if rate.per == "kWh" else MICRO
    return (rate.price * (HUNDRED - off) / HUNDRED).quantize(finest, ROUND_HALF_UP)


def _fixed_energy(terms: PriceListTerms, agreements: Iterable[PriceAgreement]) -> Iterator[Rate]:
    for one in agreements:
        if one.energy_per_mwh is not None:
            span = one.valid_from, one.valid_to
            yield from _in_bands(terms, "energy", AGREED, one.name, span, one.energy_per_mwh, "MWh")


def _options(terms: PriceListTerms, agreed: Agreed) -> Iterator[Rate]:
    offered: dict[str, Option] = {one.reference: one for one in terms.extension.options}
    for chosen in agreed.options:
        option, span = offered.get(chosen.reference), (chosen.valid_from, chosen.valid_to or date.max)
        if option is None:
            continue
        reference = f"option:{option.reference}"
        prices = (
            ("fixed", option.per_year, "P1Y"),
            ("fixed", option.per_month, "P1M"),
            ("energy", option.per_mwh, "MWh"),
        )
        for charge, price, per in prices:
            if price is not None:
                yield from _in_bands(terms, charge, reference, option.name, span, price.price_ex_vat, per)


def _in_bands(
    terms: PriceListTerms, charge: str, reference: str, name: str, span: tuple[date, date], price: Decimal, per: str
) -> Iterator[Rate]:
    period = terms.valid_period
    first, end = max(span[0], period.from_including), min(span[1], period.to_excluding)
    if first < end:
        for band, _ in enumerate(terms.tariffs):
            yield Rate(charge, band, reference, name, first, end, price, per)
