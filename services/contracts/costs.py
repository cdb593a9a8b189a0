"""A contract's year: what it costs in a normal one, and what its own newest would have cost otherwise."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from schemas.agreements import Agreed
from schemas.price_list_terms import PowerMethod, PriceListTerms
from schemas.price_lists import PriceList
from services.common.postgres import Transaction
from services.contracts.core import annual_estimate, month_powers, simulation
from services.contracts.core.agreeing import options_otherwise
from services.contracts.core.annual_estimate import DayRows, MonthRow, NormalYear, Weather
from services.contracts.core.calculation import CannotCalculateError, cost_of, laid_out, require_offered
from services.contracts.core.cost_answers import agreed_of, kronor, version_of, year_of
from services.contracts.core.energy_profiles import EnergyProfiles
from services.contracts.core.methods import method_of, months_method_of
from services.contracts.core.network_means import NetworkMeans
from services.contracts.core.own_hours import coverage, newest_year
from services.contracts.core.price_list_life import ineligible
from services.contracts.core.simulation import Choices, Facility, OwnYears, Place, Power
from services.contracts.core.year_cost import Prices, Used, YearCost, spread
from services.contracts.store import agreements, network_means, price_lists
from services.contracts.store import costs as store
from services.contracts.store.costs import Contract, Span
from services.contracts.store.tariff_versions import withdrawn
from services.heat.arrays import Float64
from services.heat.power_methods.measurement import Period
from services.heat.tariff.energy import centi_mwh


class Asked(NamedTuple):
    """A contract that somebody sees, and the days of it that he sees."""

    contract: Contract
    seen: Span
    today: date
    zone: ZoneInfo


async def estimate(tx: Transaction, asked: Asked, profiles: EnergyProfiles) -> dict[str, Any]:
    """Estimate a contract's year by its price list today. Raises CannotCalculateError."""
    contract = asked.contract
    prices = await _prices_today(tx, asked)
    days = await store.day_rows(tx, contract.point_id, asked.seen, asked.today)
    weather = await store.weather(tx, contract.station_id, asked.today)
    normal = await _normal_year(tx, asked, days, weather, profiles)
    means = await network_means.of_network(tx, contract.network_id, contract.medium)
    used, assumptions = use_by(contract, prices, normal, Known(days, weather, means))
    cost = cost_of(prices, used)
    return {
        **_of_contract(contract),
        "price_list": version_of(prices.price_list),
        "agreed": agreed_of(prices),
        **normal_use(contract, normal, network_mean=annual_estimate.held_against(prices, means)._asdict()),
        "assumptions": list(assumptions),
        **_months_own(prices, used),
        "months_mwh": [f"{Decimal(int(one)).scaleb(-3):.3f}" for one in used.kwh],
        "plus_minus_kr": plus_minus(prices, used, normal, cost),
        **year_of(cost, prices.price_list),
    }


async def simulate(tx: Transaction, asked: Asked, choices: Choices) -> dict[str, Any]:
    """Set a year of own use under today's terms beside the same with choices. Raises CannotCalculateError."""
    contract = asked.contract
    before = await _prices_today(tx, asked)
    is_other = choices.price_list_id is not None or choices.options is not None
    after = await _chosen(tx, asked, before, choices) if is_other else before
    stored = await store.day_rows(tx, contract.point_id, asked.seen, asked.today)
    own = await store.own_hours(tx, contract.point_id, asked.seen, asked.today, asked.zone)
    year = newest_year(own)
    if year is None:
        raise CannotCalculateError("", "no_measured_year", "there are no twelve whole months with figures")
    weather = await store.weather(tx, contract.station_id, asked.today)
    days, changed = (simulation.days_otherwise(own, stored, one) for one in (Choices(), choices))
    facility = Facility(contract.point_id, contract.activity, days, _by_period(weather), asked.today)
    methods = method_of(before.price_list), method_of(after.price_list)
    place = Place(await network_means.of_network(tx, contract.network_id, contract.medium), contract.is_cooling)
    of_year = (days.day >= year.day[0]) & (days.day <= year.day[-1])
    years = OwnYears(days.take(of_year), changed.take(of_year))
    in_force = _amount_of_year(contract, before.price_list, years.today)
    power = simulation.amount_otherwise(facility, changed, in_force, methods, choices, years)
    today = simulation.used_of_year(before, years.today, in_force, Choices(), place)
    other = simulation.used_of_year(after, years.otherwise, power.kw, choices, place)
    known = coverage(year)
    return {
        **_of_contract(contract),
        "first_day": annual_estimate.day_of(int(year.day[0])),
        "last_day": annual_estimate.day_of(int(year.day[-1])),
        "coverage": known._asdict(),
        "choices": choices.model_dump(mode="json", exclude_defaults=True),
        "assumptions": sorted({*today[1], *other[1], *(["hours_missing"] if known.known < known.hours else [])}),
        **_beside((before, cost_of(before, today[0])), (after, cost_of(after, other[0]))),
        "power": _power(in_force, power, methods),
    }


def _beside(before: tuple[Prices, YearCost], after: tuple[Prices, YearCost]) -> dict[str, Any]:
    now, then = (
        {"price_list": version_of(prices.price_list), "agreed": agreed_of(prices), **year_of(cost, prices.price_list)}
        for prices, cost in (before, after)
    )
    by_component: dict[tuple[str, str], list[int]] = {}
    for at, (prices, cost) in enumerate((before, after)):
        # What is chosen beside the prices is a line of its own, else nobody would see what it costs.
        options = {one.name for one in prices.price_list.extension.options}
        for line in cost.lines:
            name = line.name if line.name in options else ""
            by_component.setdefault((line.charge.value, name), [0, 0])[at] += line.ore
    differences = [
        {
            "component": charge,
            "name": name,
            "today_kr": kronor(old),
            "otherwise_kr": kronor(new),
            "difference_kr": kronor(new - old),
        }
        for (charge, name), (old, new) in by_component.items()
    ]
    sums = {
        "difference_net_kr": kronor(after[1].net_ore - before[1].net_ore),
        "difference_total_kr": kronor(after[1].total_ore - before[1].total_ore),
    }
    return {"today": now, "otherwise": then, "differences": differences, **sums}


def _power(
    in_force: Decimal, power: Power, methods: tuple[PowerMethod | None, PowerMethod | None]
) -> dict[str, str | bool | None]:
    today_unit, otherwise_unit = ("MWh" if one is PowerMethod.YEARLY_ENERGY else "kW" for one in methods)
    return {
        "today_unit": today_unit,
        "otherwise_unit": otherwise_unit,
        "today_kw": str(in_force),
        "otherwise_kw": str(power.kw),
        "by": power.by.value,
        "measured_kw": None if power.measured_kw is None else str(power.measured_kw),
        "is_below_measured": power.is_below_measured,
    }


async def _prices_today(tx: Transaction, asked: Asked) -> Prices:
    price_list_id = asked.contract.price_list_id
    price_list = await _in_force(tx, price_list_id, asked.today) if price_list_id else None
    if price_list is None:
        raise CannotCalculateError("", "no_price_list", f"the contract has no price list in force on {asked.today}")
    return laid_out(price_list, asked.today, await agreements.agreed(tx, asked.contract.contract_id))


async def _chosen(tx: Transaction, asked: Asked, before: Prices, choices: Choices) -> Prices:
    """Lay out the price list and the options that are chosen; agreements stay. Raises CannotCalculateError."""
    price_list = await _chosen_list(tx, asked, choices.price_list_id) if choices.price_list_id else before.price_list
    if choices.options is None:
        return laid_out(price_list, asked.today, kept_on(before.agreed, price_list))
    offered = _offered(price_list)
    unknown = sorted(set(choices.options) - offered)
    if unknown:
        known = f"it offers {', '.join(sorted(offered))}" if offered else "it offers none"
        reason = f"'{unknown[0]}' is no option of the price list '{price_list.name}'; {known}"
        raise CannotCalculateError("options", "option_not_offered", reason)
    options = options_otherwise(before.agreed.options, choices.options, price_list, asked.today)
    return laid_out(price_list, asked.today, Agreed(options, before.agreed.agreements))


def _offered(price_list: PriceList) -> set[str]:
    return {one.reference for one in price_list.extension.options}


def kept_on(agreed: Agreed, price_list: PriceList) -> Agreed:
    """Give what stays of what was agreed on another price list: the options that this one offers, too."""
    offered = _offered(price_list)
    return agreed._replace(options=tuple(one for one in agreed.options if one.reference in offered))


async def _chosen_list(tx: Transaction, asked: Asked, wanted: str) -> PriceList:
    require_offered(wanted, await withdrawn(tx), asked.today)
    price_list = await _in_force(tx, wanted, asked.today)
    if price_list is None:
        raise CannotCalculateError(
            "price_list_id", "unknown_price_list", f"there is no price list '{wanted}' in force on {asked.today}"
        )
    _require_eligible(price_list, asked.contract)
    return price_list


def _require_eligible(terms: PriceListTerms, contract: Contract) -> None:
    why = ineligible(terms, contract.place)
    if why is not None:
        raise CannotCalculateError("price_list_id", "not_eligible", why)


async def _in_force(tx: Transaction, price_list_id: str, day: date) -> PriceList | None:
    known = (await price_lists.price_list_events(tx, [price_list_id])).get(price_list_id)
    return known.in_force(day) if known else None


async def _normal_year(
    tx: Transaction, asked: Asked, days: DayRows, weather: Weather, profiles: EnergyProfiles
) -> NormalYear:
    contract = asked.contract
    found = annual_estimate.by_signature(days, weather, contract.is_cooling)
    if found is not None:
        return found
    return without_signature(contract, await store.months(tx, contract.point_id, asked.seen, asked.today), profiles)


def without_signature(contract: Contract, months: Sequence[MonthRow], profiles: EnergyProfiles) -> NormalYear:
    """Give the normal year of a contract by its months or its category's profile. Raises CannotCalculateError."""
    found = annual_estimate.by_history(months) or annual_estimate.by_profile(
        months, profiles, contract.category, contract.medium, contract.in_force
    )
    if found is None:
        raise CannotCalculateError("", "nothing_known", "there are neither figures nor a profile to reckon by")
    return found


def _amount_in_force(contract: Contract, price_list: PriceList, year_kwh: int) -> Decimal:
    """Give the kW that a contract is billed by; where bands are of the yearly energy, the MWh.

    Where none are in force, as before a change of the price list, the MWh are those of the year.
    """
    kw, mwh = contract.in_force
    if price_list.is_by_yearly_energy:
        return mwh if mwh is not None else Decimal(int(centi_mwh(np.array(year_kwh)))).scaleb(-2)
    if kw is None and price_list.has_power_price:
        raise CannotCalculateError("", "no_power_in_force", "the contract has no subscription power")
    return kw or Decimal(0)


def _amount_of_year(contract: Contract, price_list: PriceList, year: DayRows) -> Decimal:
    """Give what a contract is billed by in a year; of months that are billed by their own peaks the highest one's."""
    method = months_method_of(price_list)
    if method is not None:
        return simulation.highest_month_kw(year, method)
    return _amount_in_force(contract, price_list, simulation.year_kwh(year))


def plus_minus(prices: Prices, used: Used, normal: NormalYear, cost: YearCost) -> str | None:
    """Give what the energy's uncertainty costs: the same year with so much more, less the year."""
    total = int(used.kwh.sum())
    if normal.plus_minus_kwh is None or total == 0:
        return None
    more = used.kwh + spread(normal.plus_minus_kwh, np.maximum(used.kwh, 1).astype(np.float64))
    litres = np.rint(used.litres * (more / np.maximum(used.kwh, 1))).astype(np.int64)
    return kronor(abs(cost_of(prices, used._replace(kwh=more, litres=litres)).total_ore - cost.total_ore))


class Known(NamedTuple):
    """What is known of a facility, its station and its network."""

    days: DayRows
    weather: Weather
    means: NetworkMeans


def use_by(contract: Contract, prices: Prices, normal: NormalYear, known: Known) -> tuple[Used, tuple[str, ...]]:
    """Give what a contract uses in a normal year as a price list counts it, and what had to be assumed.

    Raises CannotCalculateError where the power or the month's peaks that it counts are not known.
    """
    efficiency = annual_estimate.efficiency(known.days)
    method = months_method_of(prices.price_list)
    if method is not None:
        powers = month_powers.foreseen(known.days, known.weather, method, prices, is_cooling=contract.is_cooling)
        used, assumptions = annual_estimate.used_in(prices, normal.kwh, efficiency, powers.centi_kw, known.means)
        return used, (*assumptions, *powers.assumptions)
    in_force = _amount_in_force(contract, prices.price_list, int(normal.kwh.sum()))
    return annual_estimate.used_in(prices, normal.kwh, efficiency, int(in_force * 100), known.means)


def _months_own(prices: Prices, used: Used) -> dict[str, Any]:
    """Give each month's power where the price list counts its own: a power in force from before counts for nothing."""
    if not prices.price_list.is_by_months_peaks:
        return {"months_kw": []}
    return {"power_kw": None, "months_kw": [f"{Decimal(one).scaleb(-2):.2f}" for one in used.centi_kw.tolist()]}


def normal_use(contract: Contract, normal: NormalYear, **more: Any) -> dict[str, Any]:
    """Say what a normal year's use is, and what it rests on."""
    kw, mwh = contract.in_force
    return {
        "power_kw": None if kw is None else str(kw),
        "yearly_mwh": None if mwh is None else str(mwh),
        "energy_mwh": f"{Decimal(int(normal.kwh.sum())).scaleb(-3):.3f}",
        "rests_on": _rests_on(normal) | more,
    }


def _rests_on(normal: NormalYear) -> dict[str, Any]:
    total = int(normal.kwh.sum())
    percent = None if normal.plus_minus_kwh is None or not total else 100 * normal.plus_minus_kwh / total
    return {
        "basis": normal.basis.value,
        "days_or_months": normal.rests_on,
        "r2": None if normal.r2 is None else round(normal.r2, 3),
        "uncertainty": normal.uncertainty.value,
        "plus_minus_percent": None if percent is None else round(percent, 1),
    }


def _of_contract(contract: Contract) -> dict[str, str]:
    return {
        "contract_number": contract.contract_number,
        "metering_point": contract.metering_point,
        "facility": contract.facility_name,
        "address": contract.address,
    }


def _by_period(weather: Weather) -> Callable[[Period], Float64]:
    def means(period: Period) -> Float64:
        found = np.full(period.days, np.nan)
        inside = (weather.day >= period.first) & (weather.day < period.end)
        found[weather.day[inside] - period.first] = weather.mean_c[inside]
        return found

    return means


def everything_until(today: date) -> Span:
    """Give the days that staff see: all that are over."""
    return Span(date(1990, 1, 1), today + timedelta(days=1))
