"""What twelve months cost by one version of a price list, component by component: all that tells costs asks this.

Everything is rated by the kernel that invoices are rated by; nothing is priced here.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from schemas.agreed_rates import agreed_rates
from schemas.agreements import AS_LISTED, Agreed
from schemas.price_lists import PriceList
from schemas.rates import Rate, limits_kw
from schemas.values import Medium
from services.contracts.core.network_means import MONTHS as MONTHS
from services.contracts.core.network_means import NOTHING_CLOSED, NetworkMeans
from services.heat.arrays import UNKNOWN, Bool, Float64, Int64
from services.heat.local_time import EPOCH
from services.heat.tariff.rating import Parts, Rated, rated
from services.heat.tariff.table import Charge, PriceTable, table
from services.heat.tariff.vat import vat_ore

TYPICAL_L_PER_MWH: Mapping[Medium, int] = {Medium.HEAT: 19_157, Medium.COOLING: 107_759}
"""What a MWh takes where water is cooled by 45 °C, or for cooling warmed by 8: 1 / (1.16 kWh/m3/°C * difference).

Source: fleet health's targets.
"""


class NoEnergyPriceError(ValueError):
    """A month has no price of energy, so that the year has no cost."""

    def __init__(self, month: date) -> None:
        super().__init__(f"it has no price of energy in {month:%Y-%m}")
        self.month = month


class Used(NamedTuple):
    """What is used in each of twelve months, in their order: (12,) each, UNKNOWN where it is not known.

    Where the flow or the return temperature is not known, it neither costs nor saves against whatever it is held
    against: litres are then typical ones, and return_centi_c is by how much it is above its references.
    """

    kwh: Int64
    litres: Int64
    return_centi_c: Int64
    network_return_centi_c: Int64
    network_l_per_mwh: Int64
    overrun_centi_kw: Int64
    centi_kw: Int64
    has_flow: Bool
    has_return: Bool


class Line(NamedTuple):
    """One component over the year, in öre excluding VAT."""

    charge: Charge
    name: str
    """The price list's own, such as a season's; empty of a power price."""
    months_ore: tuple[int, ...]

    @property
    def ore(self) -> int:
        """The year's sum."""
        return sum(self.months_ore)


class YearCost(NamedTuple):
    """A year's cost. months: the first day of each, and of the month after."""

    months: tuple[date, ...]
    lines: tuple[Line, ...]
    net_ore: int
    vat_ore: int

    @property
    def total_ore(self) -> int:
        """With VAT, which is reckoned on the sum."""
        return self.net_ore + self.vat_ore

    @property
    def months_ore(self) -> tuple[int, ...]:
        """Each month's sum, excluding VAT."""
        return tuple(sum(line.months_ore[at] for line in self.lines) for at in range(MONTHS))


def twelve_months(price_list: PriceList, day: date) -> tuple[date, ...] | None:
    """Choose the months that a version is asked for: thirteen firsts of months, the last ending the twelfth.

    The day's calendar year where the version holds it whole, else the twelve months from the day's, from its first or
    up to its last. None where it holds no twelve months.
    """
    period = price_list.valid_period
    first = _ordinal(period.from_including) + (period.from_including.day > 1)
    end = _ordinal(period.to_excluding)
    wanted = (day.year * MONTHS, _ordinal(day), max(end - MONTHS, first))
    found = next((one for one in wanted if first <= one and one + MONTHS <= end), None)
    return None if found is None else tuple(_first_of(found + at) for at in range(MONTHS + 1))


def spread(total: int, weights: Float64) -> Int64:
    """Part a whole number by weights, so that the parts are whole and sum to it; (n,) in and out."""
    upto = np.rint(total * np.cumsum(weights) / weights.sum()).astype(np.int64)
    return np.diff(upto, prepend=0)


class Prices:
    """A version laid out for the twelve months that it is asked for, with what a contract has beside it."""

    def __init__(self, price_list: PriceList, months: tuple[date, ...], agreed: Agreed = AS_LISTED) -> None:
        self.price_list = price_list
        self.months = months
        self.agreed = agreed
        self.rates: list[Rate] = _around(agreed_rates(price_list, agreed), months)
        self.table: PriceTable = table(self.rates, limits_kw(price_list))
        self._by_known: dict[tuple[bytes, bytes], tuple[list[Rate], PriceTable]] = {}

    @property
    def calendar_months(self) -> Int64:
        """Say of each of the twelve which month of the calendar it is, 0 being January."""
        return np.array([month.month - 1 for month in self.months[:-1]])

    def asks_for(self, charge: Charge) -> bool:
        """Tell whether anything is charged for by it in these months."""
        return any(one.charge == charge for one in _in(self.rates, self.months))

    def holds(self, charge: Charge) -> bool:
        """Tell whether a quantity is held against anything in these months."""
        return any(one.charge == charge and is_held(one) for one in _in(self.rates, self.months))

    @property
    def counts_whole_flow(self) -> bool:
        """Tell whether a flow costs in these months that is held against nothing."""
        return any(one.charge == Charge.VOLUME and not is_held(one) for one in _in(self.rates, self.months))

    @property
    def typical_flow(self) -> str:
        """Name what is assumed of a flow that is not known; the names are never changed."""
        return "flow_of_8_c" if self.price_list.extension.medium is Medium.COOLING else "flow_of_45_c"

    @property
    def typical_l_per_mwh(self) -> int:
        """What a MWh of this medium usually takes."""
        return TYPICAL_L_PER_MWH[self.price_list.extension.medium]

    def is_against_network(self, charge: Charge) -> Bool:
        """Tell of each month whether a quantity is held against the network's mean on any day of it; (12,)."""
        own = [one for one in self.rates if one.charge == charge and one.is_against_network]
        spans = pairwise(self.months)
        return np.array([any(one.first < end and one.end > first for one in own) for first, end in spans])

    def network_mean(self, charge: Charge, means: NetworkMeans) -> Int64:
        """Give the network's newest mean of each month, weighted as the price list says; UNKNOWN where none; (12,)."""
        if charge is Charge.VOLUME:
            return means.l_per_mwh[self.calendar_months]
        return means.returned(self.price_list.extension.return_temperature_weighted_by)[self.calendar_months]

    def cost(self, used: Used) -> YearCost:
        """Reckon the year. Raises NoEnergyPriceError; ValueError where something that is counted is not known."""
        rates, prices = self._table(used)
        parts, month = _parts(prices, self.months, used)
        result = rated(prices, parts)
        self._check(prices, result, month)
        lines = tuple(_lines(prices, rates, result, month))
        net = sum(line.ore for line in lines)
        return YearCost(self.months, lines, net, vat_ore(net, self.price_list.vat_percent))

    def _table(self, used: Used) -> tuple[list[Rate], PriceTable]:
        """Give the prices as they are where only what is known counts, laid out once for all of whom the same is."""
        key = used.has_flow.tobytes(), used.has_return.tobytes()
        if key not in self._by_known:
            rates = [part for one in self.rates for part in self._as_known(one, used)]
            is_as_listed = rates == self.rates
            self._by_known[key] = rates, self.table if is_as_listed else table(rates, limits_kw(self.price_list))
        return self._by_known[key]

    def _as_known(self, rate: Rate, used: Used) -> Iterator[Rate]:
        """Part a rate by months, and hold what is not known of one against what stands in its place.

        So it costs nothing whatever it is held against, be it several references at once, and what is chosen to be
        better than today still saves.
        """
        if not is_held(rate):
            yield rate
            return
        is_flow = rate.charge == Charge.VOLUME
        is_known = used.has_flow if is_flow else used.has_return
        assumed = Decimal(self.typical_l_per_mwh if is_flow else 0).scaleb(-3)
        cuts = {day for span, known in zip(pairwise(self.months), is_known, strict=True) if not known for day in span}
        for first, end in pairwise([rate.first, *sorted(day for day in cuts if rate.first < day < rate.end), rate.end]):
            part = rate._replace(first=first, end=end)
            at = bisect_right(self.months, first) - 1
            is_assumed = 0 <= at < MONTHS and not is_known[at]
            yield part._replace(against=assumed, is_against_network=False) if is_assumed else part

    def _check(self, prices: PriceTable, result: Rated, month: Int64) -> None:
        energy = [place for place, layer in enumerate(prices.layers) if layer.charge is Charge.ENERGY]
        without = np.flatnonzero((result.rate[:, energy] < 0).all(axis=1))
        if len(without):
            raise NoEnergyPriceError(self.months[month[without[0]]])
        if result.lacks.any():
            raise ValueError("something that the price list counts is not known")


def assumed(prices: Prices, kwh: Int64, centi_kw: Int64, means: NetworkMeans = NOTHING_CLOSED) -> Used:
    """Give a use of which neither flow nor return temperature is known, so that efficiency costs and saves nothing.

    A flow that is held against nothing is that of water that is cooled by 45 °C, or for cooling warmed by 8.
    """
    nothing, is_known = np.zeros(MONTHS, np.int64), np.zeros(MONTHS, np.bool_)
    litres = (2 * kwh * prices.typical_l_per_mwh + 1_000) // 2_000
    returned, flow = (prices.network_mean(charge, means) for charge in (Charge.RETURN_TEMPERATURE, Charge.VOLUME))
    return Used(kwh, litres, nothing, returned, flow, nothing, centi_kw, is_known, is_known)


def _in(rates: list[Rate], months: tuple[date, ...]) -> list[Rate]:
    return [one for one in rates if one.first < months[-1] and one.end > months[0]]


def _around(rates: list[Rate], months: tuple[date, ...]) -> list[Rate]:
    """Leave out what a list of many years has outside these months, where the rest still spans them."""
    own = _in(rates, months)
    first, end = min((one.first for one in own), default=date.max), max((one.end for one in own), default=date.min)
    return own if first <= months[0] and end >= months[-1] else rates


def is_held(rate: Rate) -> bool:
    """Tell whether a price is for what a quantity is above something."""
    return rate.is_against_network or rate.against is not None


def _parts(prices: PriceTable, months: tuple[date, ...], used: Used) -> tuple[Parts, Int64]:
    """Part each month where a price changes within it: its energy by days, its water by energy.

    Says which month each is of, too.
    """
    numbers = [(month - EPOCH).days for month in months]
    inside = [day for day in prices.first_day.tolist() if numbers[0] < day < numbers[-1]]
    cuts = np.array(sorted({*numbers, *inside}))
    month = np.searchsorted(numbers, cuts[:-1], side="right") - 1
    kwh = _in_parts(used.kwh, np.diff(cuts).astype(np.float64), month)
    litres = _in_parts(used.litres, np.maximum(kwh, 1e-9), month)
    kept = (used.return_centi_c, used.network_return_centi_c, used.network_l_per_mwh)
    # A month's overrun is one figure, which its last part bears.
    is_last = np.append(month[1:] != month[:-1], True)
    overrun = np.where(is_last, used.overrun_centi_kw[month], 0)
    own, networks, flow = (column[month] for column in kept)
    return Parts(cuts[:-1], cuts[1:], kwh, used.centi_kw[month], litres, own, networks, flow, overrun), month


def _in_parts(column: Int64, weights: Float64, month: Int64) -> Int64:
    found = column[month]
    # Most months are one part, which has all of them.
    for at in np.flatnonzero((np.bincount(month, minlength=MONTHS) > 1) & (column != UNKNOWN)):
        found[month == at] = spread(int(column[at]), weights[month == at])
    return found


def _lines(prices: PriceTable, rates: list[Rate], result: Rated, month: Int64) -> Iterator[Line]:
    for place, layer in enumerate(prices.layers):
        of_name: dict[str, Int64] = {}
        for index, ore, at in zip(result.rate[:, place], result.ore[:, place], month, strict=True):
            if index >= 0:
                name = "" if layer.charge is Charge.POWER else rates[index].name
                of_name.setdefault(name, np.zeros(MONTHS, np.int64))[at] += ore
        for name, months_ore in of_name.items():
            yield Line(layer.charge, name, tuple(months_ore.tolist()))


def _ordinal(day: date) -> int:
    return day.year * MONTHS + day.month - 1


def _first_of(ordinal: int) -> date:
    return date(ordinal // MONTHS, ordinal % MONTHS + 1, 1)


def days_in(months: tuple[date, ...]) -> Float64:
    """Count the days of each month; (12,)."""
    return np.array([(end - first).days for first, end in pairwise(months)], np.float64)
