"""A contract's month, parted at every local midnight on which its price, power or contract changes."""

from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from schemas.contracts import PowerInForce
from schemas.price_lists import EnergyPrice, PriceList
from services.billing.core.held import Held, HeldReason
from services.billing.core.terms import Contract, PriceLists, price_list_on


@dataclass(frozen=True, slots=True)
class Span:
    """Days from `first` up to, not including, `end`."""

    first: date
    end: date

    @property
    def days(self) -> int:
        """How many days these are."""
        return (self.end - self.first).days


@dataclass(frozen=True, slots=True)
class Part(Span):
    """Days on one price list and one power; power is None only where the price list asks for none."""

    price_list: PriceList
    power: PowerInForce | None


def month_span(month: date) -> Span:
    """Give the days of the month that begins on a day."""
    return Span(month, date(month.year + month.month // 12, month.month % 12 + 1, 1))


def contract_span(contract: Contract, month: date) -> Span:
    """Give the days that a contract has in a month; there are none where `end` is not after `first`."""
    whole = month_span(month)
    return Span(max(whole.first, contract.terms[0].valid_from), min(whole.end, contract.end))


def parts(contract: Contract, lists: PriceLists, span: Span) -> list[Part] | Held:
    """Part the days of a contract so that each part has one price and one power.

    Held where a part has no firm price list, no energy price, or no power although its price list bills by power.
    """
    begins = {term.valid_from for term in contract.terms} | {power.valid_from for power in contract.powers}
    begins |= {version.valid_from for known in lists.values() for version in known.versions}
    cuts = [span.first, *sorted(day for day in begins if span.first < day < span.end), span.end]
    found: list[Part] = []
    for first, end in pairwise(cuts):
        part = _part(contract, lists, Span(first, end))
        if isinstance(part, Held):
            return part
        if found and (found[-1].price_list, found[-1].power) == (part.price_list, part.power):
            part = Part(found.pop().first, part.end, part.price_list, part.power)
        found.append(part)
    return found


def _part(contract: Contract, lists: PriceLists, span: Span) -> Part | Held:
    price_list = price_list_on(contract, lists, span.first)
    if price_list is None:
        return Held(HeldReason.NO_PRICE_LIST)
    if not any(isinstance(component, EnergyPrice) for component in price_list.components):
        return Held(HeldReason.NO_ENERGY_PRICE)
    if price_list.power_price is None:
        return Part(span.first, span.end, price_list, None)
    power = contract.power_on(span.first)
    if power is None:
        return Held(HeldReason.NO_POWER_IN_FORCE)
    return Part(span.first, span.end, price_list, power)
