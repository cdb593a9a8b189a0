"""What contracts cost: every charge of a price list over many parts of months at once, exact to the öre.

Billing, estimates, simulations, the calculator and the portal all reckon by this, so that they cannot disagree. All is
whole numbers, rounded once a line; what 64 bits could not hold is reckoned with Python's own.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from services.heat.arrays import UNKNOWN, Bool, Int64
from services.heat.tariff.efficiency import Counted, return_temperature_ore, volume_ore
from services.heat.tariff.energy import energy_ore
from services.heat.tariff.fixed import fixed_ore
from services.heat.tariff.power import overrun_ore, power_ore
from services.heat.tariff.table import Charge, Layer, PriceTable

BLOCK = 8_192
"""How many parts are reckoned with at once: what is made of them on the way stays in the processor's cache."""


class Parts(NamedTuple):
    """What was used in parts of months: (n,) each, UNKNOWN where it is not known.

    A part lies within one month and one span of the price table.
    """

    first_day: Int64
    end_day: Int64
    """The first day that is not meant any more; days since 1970."""
    kwh: Int64
    centi_kw: Int64
    """The power that is billed, in hundredths of a kW; it says which band counts, too."""
    litres: Int64
    return_centi_c: Int64
    network_return_centi_c: Int64
    network_l_per_mwh: Int64
    overrun_centi_kw: Int64

    def take(self, which: Int64 | Bool | slice) -> "Parts":
        """Pick parts by index, mask or slice."""
        return Parts._make(column[which] for column in self)


class Rated(NamedTuple):
    """What parts cost, excluding VAT: a column for each layer of the price table."""

    ore: Int64
    """(n, l): whole öre, 0 where the layer has no rate then."""
    rate: Int64
    """(n, l): which of the price list's rates it is by, -1 for none."""
    lacks: Bool
    """(n,): True where something was to be counted that is not known; what that costs is left out."""


class _Terms(NamedTuple):
    """What a layer says of parts: (n,) each."""

    price: Int64
    band_fixed: Int64
    against: Int64
    """UNKNOWN where it is held against what is not known, 0 where against nothing."""
    days: Int64
    of_days: Int64
    """Days of the year, or of the month where a price is by the month."""
    counted: Counted | None
    """None where all of each deviation counts."""


def rated(prices: PriceTable, parts: Parts) -> Rated:
    """Reckon what each part costs. Raises ValueError where a part is not within one span, and so one set of prices."""
    count = len(parts.first_day)
    shape = count, len(prices.layers)
    result = Rated(np.zeros(shape, np.int64), np.zeros(shape, np.int64), np.zeros(count, bool))
    for start in range(0, count, BLOCK):
        some = slice(start, start + BLOCK)
        _rate(prices, parts.take(some), Rated._make(column[some] for column in result))
    return result


def _rate(prices: PriceTable, parts: Parts, result: Rated) -> None:
    """Write into the result what parts cost."""
    span = _span_of(prices, parts)
    band = np.searchsorted(prices.limits_centi_kw, parts.centi_kw)
    for place, layer in enumerate(prices.layers):
        rate = layer.rate[span, band]
        terms = _terms(prices, layer, parts, span, band)
        is_known = _is_known(layer.charge, terms, parts)
        result.ore[:, place] = np.where((rate >= 0) & is_known, _ore(layer.charge, terms, parts), 0)
        result.rate[:, place] = rate
        result.lacks[:] |= (rate >= 0) & ~is_known


def _span_of(prices: PriceTable, parts: Parts) -> Int64:
    last = len(prices.year_days) - 1
    span = (np.searchsorted(prices.first_day, parts.first_day, side="right") - 1).clip(0, last)
    is_inside = (parts.first_day >= prices.first_day[span]) & (parts.end_day <= prices.first_day[span + 1])
    if not (is_inside & (parts.end_day > parts.first_day)).all():
        raise ValueError("a part of a month must lie within the price list, on one side of each change of its prices")
    return span


def _terms(prices: PriceTable, layer: Layer, parts: Parts, span: Int64, band: Int64) -> _Terms:
    of_days = prices.year_days[span]
    if layer.is_monthly.any():
        of_days = np.where(layer.is_monthly[span, band], _days_of_month(parts.first_day), of_days)
    against = layer.against[span, band]
    if layer.is_against_network.any():
        is_return = layer.charge is Charge.RETURN_TEMPERATURE
        mean = parts.network_return_centi_c if is_return else parts.network_l_per_mwh
        against = np.where(layer.is_against_network[span, band], mean, against)
    days = parts.end_day - parts.first_day
    counted = Counted(layer.least[span, band], layer.most[span, band]) if layer.is_limited else None
    return _Terms(layer.price[span, band], layer.band_fixed[span, band], against, days, of_days, counted)


def _days_of_month(first_day: Int64) -> Int64:
    month = first_day.astype("datetime64[D]").astype("datetime64[M]")
    return ((month + 1).astype("datetime64[D]") - month.astype("datetime64[D]")).astype(np.int64)


def _is_known(charge: Charge, terms: _Terms, parts: Parts) -> Bool:
    asked = {
        Charge.ENERGY: (parts.kwh,),
        Charge.POWER: (parts.centi_kw,),
        Charge.FIXED: (),
        Charge.VOLUME: (parts.litres, parts.kwh),
        Charge.RETURN_TEMPERATURE: (parts.kwh,),
        Charge.OVERRUN: (parts.overrun_centi_kw,),
    }
    # Counted for each MWh, so that a part without energy, which has no mean, costs nothing by them.
    for_energy = {
        Charge.VOLUME: (terms.against,),
        Charge.RETURN_TEMPERATURE: (parts.return_centi_c, terms.against),
    }
    is_known = _all_known(asked[charge], parts)
    return is_known & ((parts.kwh == 0) | _all_known(for_energy[charge], parts)) if charge in for_energy else is_known


def _all_known(columns: Iterable[Int64], parts: Parts) -> Bool:
    is_known = np.ones(len(parts.first_day), bool)
    for column in columns:
        is_known &= column != UNKNOWN
    return is_known


def _ore(charge: Charge, terms: _Terms, parts: Parts) -> Int64:
    """Price all parts by one charge; what is not known counts as 0 here, and is left out by whoever asks."""
    kwh, against = _or_zero(parts.kwh), _or_zero(terms.against)
    match charge:
        case Charge.ENERGY:
            return energy_ore(kwh, terms.price)
        case Charge.POWER:
            return power_ore(terms.band_fixed, terms.price, _or_zero(parts.centi_kw), terms.days, terms.of_days)
        case Charge.FIXED:
            return fixed_ore(terms.price, terms.days, terms.of_days)
        case Charge.VOLUME:
            return volume_ore(_or_zero(parts.litres), kwh, against, terms.price, terms.counted)
        case Charge.RETURN_TEMPERATURE:
            return return_temperature_ore(kwh, _or_zero(parts.return_centi_c), against, terms.price, terms.counted)
        case Charge.OVERRUN:
            return overrun_ore(_or_zero(parts.overrun_centi_kw), terms.price)


def _or_zero(column: Int64) -> Int64:
    return np.where(column == UNKNOWN, 0, column)
