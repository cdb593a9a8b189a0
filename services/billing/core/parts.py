"""A contract's month, parted at every local midnight on which its price, power or contract changes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from typing import NamedTuple

from schemas.agreed_rates import unoffered
from schemas.agreements import AS_LISTED, Agreed
from schemas.contracts import ENTERED, PowerInForce
from schemas.price_lists import PriceList
from schemas.rates import Rate, counts_power
from services.billing.core.held import Held, HeldReason
from services.billing.core.prices import Prices
from services.billing.core.terms import Contract
from services.heat.tariff.table import Charge


@dataclass(frozen=True, slots=True)
class Span:
    """Days from `first` up to, not including, `end`."""

    first: date
    end: date

    @property
    def days(self) -> int:
        """How many days these are."""
        return (self.end - self.first).days


class OwnPower(NamedTuple):
    """The power of a contract's month by its own peaks, and of which days it is.

    centi_kw: hundredths of a kW, None where too few days are measured, or none are looked at yet.
    """

    method: str
    centi_kw: int | None = None
    days: tuple[date, ...] = ()


@dataclass(frozen=True, slots=True)
class Part(Span):
    """Days on one price list and one power.

    power is None only where the price list asks for none, or for the month's own and that is not measured.
    """

    price_list: PriceList
    power: PowerInForce | None
    agreed: Agreed = AS_LISTED
    """All that its contract has beside its price lists."""
    own: OwnPower | None = None
    """Of a price list that bills each month by its own peaks, on days on which it counts a power."""


def month_span(month: date) -> Span:
    """Give the days of the month that begins on a day."""
    return Span(month, date(month.year + month.month // 12, month.month % 12 + 1, 1))


def contract_span(contract: Contract, month: date) -> Span:
    """Give the days that a contract has in a month; there are none where `end` is not after `first`."""
    whole = month_span(month)
    return Span(max(whole.first, contract.terms[0].valid_from), min(whole.end, contract.end))


def parts(contract: Contract, prices: Prices, span: Span) -> list[Part] | Held:
    """Part the days of a contract so that each part has one price of everything and one power.

    Held where a part has no firm price list, no energy price, or no power although its price list bills by power.
    """
    begins = {term.valid_from for term in contract.terms} | {power.valid_from for power in contract.powers}
    begins |= contract.agreed.days()
    begins |= {day for term in contract.terms for day in prices.changes(term.price_list_id)}
    cuts = [span.first, *sorted(day for day in begins if span.first < day < span.end), span.end]
    found: list[Part] = []
    for first, end in pairwise(cuts):
        part = _part(contract, prices, Span(first, end))
        if isinstance(part, Held):
            return part
        if found and _goes_on(found[-1], part, prices):
            part = replace(part, first=found.pop().first)
        found.append(part)
    return _with_agreed(contract, found)


def known(found: list[Part] | Held) -> list[Part]:
    """Give the parts that there are; none of a month that is held."""
    return [] if isinstance(found, Held) else found


def _with_agreed(contract: Contract, found: list[Part]) -> list[Part]:
    """Give the parts by the month's own peaks a power that staff entered from the first of their days in the month.

    It stands in for peaks that are not measured. What was entered for a price list before does not.
    """
    first = next((part.first for part in found if part.own is not None), None)
    power = contract.power_on(first) if first else None
    if power is None or power.method != ENTERED or power.valid_from != first:
        return found
    return [replace(part, power=power) if part.own is not None else part for part in found]


def _goes_on(before: Part, part: Part, prices: Prices) -> bool:
    """Tell whether nothing changes between two parts."""
    same_version = (before.price_list.price_list_id, before.price_list.version) == (
        part.price_list.price_list_id,
        part.price_list.version,
    )
    return (
        same_version
        and before.power == part.power
        and part.first not in prices.of(part.price_list, part.agreed).changes
    )


def _part(contract: Contract, prices: Prices, span: Span) -> Part | Held:
    price_list_id = contract.price_list_id_on(span.first)
    price_list = prices.in_force(price_list_id, span.first) if price_list_id else None
    if price_list is None:
        return Held(HeldReason.NO_PRICE_LIST)
    if unoffered(price_list, contract.agreed, span.first):
        return Held(HeldReason.OPTION_NOT_PRICED)
    rates = prices.of(price_list, contract.agreed).rates
    if not _has_energy_price(rates, span):
        return Held(HeldReason.NO_ENERGY_PRICE)
    if price_list.is_by_months_peaks:
        is_counted = counts_power(price_list, rates, span.first, span.end)
        own = OwnPower(f"{price_list.extension.power_method}") if is_counted else None
        return Part(span.first, span.end, price_list, None, contract.agreed, own)
    if not price_list.needs_power_in_force:
        return Part(span.first, span.end, price_list, None, contract.agreed)
    power = _power_in_force(contract, prices, span.first)
    # Kilowatts taken for MWh, or MWh for kilowatts, would be billed without anybody seeing it.
    if power is None or power.is_yearly_energy != price_list.is_by_yearly_energy:
        return Held(HeldReason.NO_POWER_IN_FORCE)
    return Part(span.first, span.end, price_list, power, contract.agreed)


def _power_in_force(contract: Contract, prices: Prices, day: date) -> PowerInForce | None:
    """Give the power that counts on a day; None where it is from before, or of, months billed by their own peaks.

    Whoever leaves such a price list would else be billed by a power that is years old, or meant for one month.
    """
    power = contract.power_on(day)
    if power is None or not any(prices.has_months_peaks(term.price_list_id) for term in contract.terms):
        return power
    changes = {term.valid_from for term in contract.terms}
    changes |= {change for term in contract.terms for change in prices.changes(term.price_list_id)}
    since = [power.valid_from, *(change for change in changes if power.valid_from < change < day)]
    return None if any(_is_by_months_peaks(contract, prices, change) for change in since) else power


def _is_by_months_peaks(contract: Contract, prices: Prices, day: date) -> bool:
    price_list_id = contract.price_list_id_on(day)
    price_list = prices.in_force(price_list_id, day) if price_list_id else None
    return price_list is not None and price_list.is_by_months_peaks


def _has_energy_price(rates: Sequence[Rate], span: Span) -> bool:
    return any(rate.charge == Charge.ENERGY and rate.first <= span.first and span.end <= rate.end for rate in rates)
