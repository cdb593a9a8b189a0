"""Costs as they are answered: kronor with two decimals, and by month."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from schemas.price_lists import PriceList
from schemas.rates import Rate, rates
from services.contracts.core.calculation import Calculation, Networks
from services.contracts.core.year_cost import Line, Prices, YearCost
from services.heat.arrays import UNKNOWN
from services.heat.tariff.table import Charge
from services.heat.tariff.vat import vat_ore

ONE_DAY = timedelta(days=1)


def kronor(ore: int) -> str:
    """Write öre as kronor, a text so that no program makes a float of it."""
    return f"{Decimal(ore).scaleb(-2):.2f}"


def version_of(price_list: PriceList) -> dict[str, Any]:
    """Say which version a figure is by, and how long it is valid."""
    period = price_list.valid_period
    return {
        "price_list_id": price_list.price_list_id,
        "name": price_list.name,
        "version": price_list.version,
        "valid_from": period.from_including,
        "valid_to": period.to_excluding,
        "vat_percent": str(price_list.vat_percent),
    }


def agreed_of(prices: Prices) -> dict[str, Any]:
    """Say what a contract has beside its price list in the months that are asked for."""
    first, end = prices.months[0], prices.months[-1]
    names = {one.reference: one.name for one in prices.price_list.extension.options}
    options = [
        {**one.model_dump(mode="json"), "name": names.get(one.reference, one.reference)}
        for one in prices.agreed.options
        if one.valid_from < end and (one.valid_to is None or one.valid_to > first)
    ]
    agreements = [
        one.model_dump(mode="json") for one in prices.agreed.agreements if one.valid_from < end and one.valid_to > first
    ]
    return {"options": options, "agreements": agreements}


def year_of(cost: YearCost, price_list: PriceList) -> dict[str, Any]:
    """Give a year's cost: its sums, and each component, whose parts including VAT sum to the whole."""
    shares = with_vat(cost.lines, cost.total_ore, price_list.vat_percent)
    return {
        **sums_of(cost),
        "months_net_kr": [kronor(one) for one in cost.months_ore],
        "components": [_component(line, share) for line, share in zip(cost.lines, shares, strict=True)],
    }


def sums_of(cost: YearCost) -> dict[str, str]:
    """Give a year's sums alone, and of which months."""
    return {
        "first_month": f"{cost.months[0]:%Y-%m}",
        "last_month": f"{cost.months[-1] - ONE_DAY:%Y-%m}",
        "net_kr": kronor(cost.net_ore),
        "vat_kr": kronor(cost.vat_ore),
        "total_kr": kronor(cost.total_ore),
    }


def with_vat(lines: tuple[Line, ...], total_ore: int, vat_percent: Decimal) -> list[int]:
    """Give each component including VAT; the one with the largest sum bears what rounding leaves over."""
    shares = [line.ore + vat_ore(line.ore, vat_percent) for line in lines]
    if shares:
        largest = max(range(len(lines)), key=lambda at: abs(lines[at].ore))
        shares[largest] += total_ore - sum(shares)
    return shares


def _component(line: Line, share_ore: int) -> dict[str, Any]:
    return {
        "component": line.charge.value,
        "name": line.name,
        "net_kr": kronor(line.ore),
        "total_kr": kronor(share_ore),
        "months_net_kr": [kronor(one) for one in line.months_ore],
    }


def calculated(found: Calculation) -> dict[str, Any]:
    """Answer the calculator's question."""
    return {
        "price_list": version_of(found.price_list),
        "energy_by": found.split.by.value,
        "months_mwh": [f"{Decimal(int(kwh)).scaleb(-3):.3f}" for kwh in found.split.kwh],
        "months_kw": [f"{kw:.2f}" for kw in found.months_kw],
        "assumptions": list(found.assumptions),
        **year_of(found.cost, found.price_list),
    }


def listed(price_list: PriceList, day: date, networks: Networks) -> dict[str, Any]:
    """Show a version with the prices that count on a day or later in the year.

    What it holds against a network's mean can be asked for where there is one network, and its mean is known.
    """
    extension = price_list.extension
    return {
        **version_of(price_list),
        "medium": extension.medium.value,
        "categories": [one.value for one in extension.categories or ()],
        "base_load": extension.base_load and extension.base_load.value,
        "power_method": extension.power_method and extension.power_method.value,
        "needs_power": price_list.counts_a_power,
        "bands_unit": "MWh" if price_list.is_by_yearly_energy else "kW",
        "options": [one.model_dump(mode="json", exclude_none=True, by_alias=False) for one in extension.options],
        "takes": sorted(_takes(price_list, networks)),
        "prices": [_price(rate, price_list) for rate in _shown(rates(price_list), day)],
    }


def _takes(price_list: PriceList, networks: Networks) -> Iterator[str]:
    held = {"return_c": Charge.RETURN_TEMPERATURE, "m3_per_mwh": Charge.VOLUME}
    weighted_by = price_list.extension.return_temperature_weighted_by
    means = [one for (medium, _), one in networks.items() if medium == price_list.extension.medium]
    found = rates(price_list)
    for field, charge in held.items():
        own = [one for one in found if one.charge == charge]
        known = [one.l_per_mwh if charge is Charge.VOLUME else one.returned(weighted_by) for one in means]
        is_known = len(known) == 1 and bool((known[0] != UNKNOWN).all())
        if own and (is_known or not any(one.is_against_network for one in own)):
            yield field


def _shown(all_rates: list[Rate], day: date) -> Iterator[Rate]:
    """Leave out of a list that lasts for years what later years repeat."""
    until = date(day.year + 1, day.month, 1)
    return (one for one in all_rates if one.first < until and one.end > day)


def _price(rate: Rate, price_list: PriceList) -> dict[str, Any]:
    limits = [limit for _, limit in price_list.bands()]
    return {
        "component": rate.charge,
        "name": rate.name,
        "reference": rate.reference,
        "from_kw": None if rate.band == 0 else str(limits[rate.band - 1]),
        "to_kw": None if limits[rate.band] is None else str(limits[rate.band]),
        "first_day": rate.first,
        "last_day": rate.end - ONE_DAY,
        "price_kr": str(rate.price),
        "per": rate.per,
        "against": None if rate.against is None else str(rate.against),
        "is_against_network": rate.is_against_network,
        "counts": rate.counts,
        "at_most": None if rate.at_most is None else str(rate.at_most),
    }
