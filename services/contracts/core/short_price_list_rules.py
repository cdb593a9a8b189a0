"""What is wrong with a price list in short that its tariffs would not show: each fault with its place and a way out."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from schemas.price_list_terms import PowerMethod, WeightedBy
from schemas.short_price_lists import PowerInShort, ReturnTemperatureInShort, ShortPriceList, VolumeInShort
from services.contracts.core.price_list_rules import Fault, of_day

HIGHEST = Decimal(1_000_000_000)
"""The highest price that a tariff can have, with VAT, in kr."""
INSTEAD = ", and leave valid_to out where the list counts until further notice"


def short_faults(short: ShortPriceList) -> list[Fault]:
    """Find what is wrong with a price list in short, before it is expanded."""
    return [
        *_of_days(short),
        *_of_months(short),
        *_of_methods(short),
        *_of_weights(short),
        *_of_amounts(short),
    ]


def _of_days(short: ShortPriceList) -> Iterator[Fault]:
    begins = list(of_day(short.valid_from, "valid_from"))
    yield from begins
    if short.valid_to is not None:
        yield from of_day(short.valid_to, "valid_to", INSTEAD)
    elif not begins:
        yield from of_day(short.end, "valid_to")


def _of_months(short: ShortPriceList) -> Iterator[Fault]:
    for place, one in enumerate(short.components):
        if not isinstance(one, PowerInShort | ReturnTemperatureInShort | VolumeInShort):
            continue
        twice = next((month for month in one.months if one.months.count(month) > 1), None)
        if twice is not None:
            yield Fault(f"components[{place}].months", f"names {twice} twice; give each month once")


def _of_methods(short: ShortPriceList) -> Iterator[Fault]:
    for place, one in enumerate(short.components):
        if isinstance(one, PowerInShort) and one.method is PowerMethod.YEARLY_ENERGY:
            told = "is yearly_energy, which measures no power; write a yearlyEnergyPrice, whose bands are of MWh"
            yield Fault(f"components[{place}].method", told)


def _of_weights(short: ShortPriceList) -> Iterator[Fault]:
    """Find a return temperature that is weighted otherwise than the first: a list has one mean of it."""
    first: WeightedBy | None = None
    for place, one in enumerate(short.components):
        if not isinstance(one, ReturnTemperatureInShort):
            continue
        first = first or one.weighted_by
        if one.weighted_by is not first:
            told = f"is {one.weighted_by}, and {first} of a returnTemperaturePrice before; write the same of all"
            yield Fault(f"components[{place}].weighted_by", told)


def _of_amounts(short: ShortPriceList) -> Iterator[Fault]:
    # All other numbers have limits far below.
    for place, value in leaves(short.model_dump()):
        if isinstance(value, Decimal) and abs(value) * (100 + short.vat_percent) / 100 > HIGHEST:
            yield Fault(place, f"is more than {HIGHEST} kr with VAT; no price is as high")


def leaves(value: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Give what a document holds, each with its place as in `components[0].seasons[1].name`."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from leaves(inner, f"{place}.{name}" if place else str(name))
    elif isinstance(value, list | tuple):
        for at, inner in enumerate(value):
            yield from leaves(inner, f"{place}[{at}]")
    else:
        yield place, value
