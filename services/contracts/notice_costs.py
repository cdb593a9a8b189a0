"""A normal year by the price list of now and by the one in its place, of many contracts at once."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from schemas.agreements import Agreed
from schemas.price_lists import PriceList, PriceListChanged
from schemas.values import Medium, PointId
from services.common.postgres import Transaction
from services.contracts.core import annual_estimate
from services.contracts.core.annual_estimate import DayRows, MonthRow, NormalYear, Weather
from services.contracts.core.calculation import CannotCalculateError, cost_of, laid_out
from services.contracts.core.cost_answers import sums_of, version_of
from services.contracts.core.energy_profiles import EnergyProfiles
from services.contracts.core.network_means import NetworkMeans
from services.contracts.core.year_cost import Prices
from services.contracts.costs import Known, kept_on, normal_use, plus_minus, use_by, without_signature
from services.contracts.store import costs as store
from services.contracts.store import network_means
from services.contracts.store.costs import Contract, Span
from services.heat.local_time import EPOCH

ONE_DAY = timedelta(days=1)
MOST_LAID_OUT = 100
"""Versions with what is agreed beside: where each contract has an agreement of its own, they would fill the memory."""


class OnDay(NamedTuple):
    """A price list as it counts on a day."""

    price_list_id: str
    day: date


class Wanted(NamedTuple):
    """A contract whose year is asked for: what it has beside its price list, and the lists. begins: its first day."""

    begins: date
    agreed: Agreed
    now: OnDay
    then: OnDay


class BothYears(NamedTuple):
    """A year by both price lists, or the name of what it lacks for that."""

    costs: dict[str, Any] | None
    lacks: str | None


class Shared:
    """What contracts have in common: lists, weather of stations, means of networks, and prices laid out for a year."""

    def __init__(self, lists: Mapping[str, PriceListChanged], profiles: EnergyProfiles, today: date) -> None:
        self.profiles = profiles
        self.today = today
        self._lists = lists
        self._weather: dict[str | None, Weather] = {}
        self._means: dict[tuple[str, Medium], NetworkMeans] = {}
        self._prices: dict[tuple[OnDay, Agreed], Prices] = {}

    async def weather(self, tx: Transaction, station_id: str | None) -> Weather:
        """Give a station's daily means and its normal year."""
        if station_id not in self._weather:
            self._weather[station_id] = await store.weather(tx, station_id, self.today)
        return self._weather[station_id]

    async def means(self, tx: Transaction, network_id: str, medium: Medium) -> NetworkMeans:
        """Give a network's newest means."""
        key = network_id, medium
        if key not in self._means:
            self._means[key] = await network_means.of_network(tx, *key)
        return self._means[key]

    def prices(self, wanted: OnDay, agreed: Agreed) -> Prices:
        """Lay out the version of a day, with what stays on it of what is agreed. Raises CannotCalculateError."""
        version = self._version(wanted)
        key = wanted, kept_on(agreed, version)
        if key not in self._prices:
            if len(self._prices) == MOST_LAID_OUT:
                self._prices.clear()
            self._prices[key] = laid_out(version, wanted.day, key[1])
        return self._prices[key]

    def _version(self, wanted: OnDay) -> PriceList:
        found = self._lists[wanted.price_list_id].in_force(wanted.day)
        if found is None:
            raise CannotCalculateError("", "no_price_list", f"'{wanted.price_list_id}' is not in force on {wanted.day}")
        return found


class _Read(NamedTuple):
    """What a contract's year is reckoned by."""

    contract: Contract
    months: list[MonthRow]
    by_signature: NormalYear | None
    known: Known


async def both_years(tx: Transaction, wanted: Mapping[str, Wanted], shared: Shared) -> dict[str, BothYears]:
    """Estimate contracts' years, by their numbers; each by both lists for the same use, since the contract began."""
    read = await _read(tx, wanted, shared)
    return {number: _both_years(one, wanted[number], shared) for number, one in read.items()}


async def _read(tx: Transaction, wanted: Mapping[str, Wanted], shared: Shared) -> dict[str, _Read]:
    contracts = await store.contracts(tx, {number: one.now.day for number, one in wanted.items()})
    spans = {number: Span(wanted[number].begins, shared.today + ONE_DAY) for number in contracts}
    days = await _days(tx, contracts, spans, shared.today)
    signatures = {
        number: annual_estimate.by_signature(days[number], await shared.weather(tx, one.station_id), one.is_cooling)
        for number, one in contracts.items()
    }
    lacking = {number: one for number, one in contracts.items() if signatures[number] is None}
    months = await _months(tx, lacking, spans, shared.today)
    return {
        number: _Read(
            one,
            months.get(number, []),
            signatures[number],
            Known(
                days[number],
                await shared.weather(tx, one.station_id),
                await shared.means(tx, one.network_id, one.medium),
            ),
        )
        for number, one in contracts.items()
    }


async def _days(
    tx: Transaction, contracts: Mapping[str, Contract], spans: Mapping[str, Span], today: date
) -> dict[str, DayRows]:
    """Read the days of all at once, and give each contract its own: one before it may have had its point."""
    own = {number: store.days_read(spans[number], today) for number in contracts}
    rows = await store.day_rows_of(tx, _points(contracts), _around(own))
    found = {}
    for number, one in contracts.items():
        of_point = rows[one.point_id]
        found[number] = of_point.take(of_point.day >= (own[number].first - EPOCH).days)
    return found


async def _months(
    tx: Transaction, contracts: Mapping[str, Contract], spans: Mapping[str, Span], today: date
) -> dict[str, list[MonthRow]]:
    own = {number: store.months_read(spans[number], today) for number in contracts}
    rows = await store.months_of(tx, _points(contracts), _around(own)) if own else {}
    return {
        number: [month for month in rows[one.point_id] if month.month >= own[number].first]
        for number, one in contracts.items()
    }


def _points(contracts: Mapping[str, Contract]) -> list[PointId]:
    return sorted({one.point_id for one in contracts.values()})


def _around(spans: Mapping[str, Span]) -> Span:
    """Give the span that holds all; none of them ends later than another."""
    return Span(min(one.first for one in spans.values()), max(one.end for one in spans.values()))


def _both_years(read: _Read, wanted: Wanted, shared: Shared) -> BothYears:
    try:
        priced = [shared.prices(one, wanted.agreed) for one in (wanted.now, wanted.then)]
        normal = read.by_signature or without_signature(read.contract, read.months, shared.profiles)
        today, proposed = (_sums(read, prices, normal) for prices in priced)
    except CannotCalculateError as error:
        return BothYears(None, error.code)
    differences = {
        f"difference_{name}": str(Decimal(proposed[name]) - Decimal(today[name])) for name in ("net_kr", "total_kr")
    }
    use = normal_use(read.contract, normal)
    if not any(prices.price_list.needs_power_in_force for prices in priced):
        use["power_kw"] = None
    return BothYears({**use, "today": today, "proposed": proposed, **differences}, None)


def _sums(read: _Read, prices: Prices, normal: NormalYear) -> dict[str, Any]:
    used, assumptions = use_by(read.contract, prices, normal, read.known)
    cost = cost_of(prices, used)
    return {
        "price_list": version_of(prices.price_list),
        "assumptions": list(assumptions),
        "plus_minus_kr": plus_minus(prices, used, normal, cost),
        **sums_of(cost),
    }
