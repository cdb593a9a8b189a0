"""What another version of a price list does to each customer and to all, a general rise taken out."""

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import pairwise
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from schemas.price_lists import PowerMethod, PriceList
from schemas.rates import Rate, counts_power, limits_kw, rates
from services.contracts.core.methods import months_method_of
from services.heat.arrays import UNKNOWN, Bool, Int64
from services.heat.local_time import EPOCH
from services.heat.tariff.energy import centi_mwh
from services.heat.tariff.rating import Parts, rated
from services.heat.tariff.table import table

MONTHS = 12
SHOWN = 10
"""Who gains and who loses most: so many of each."""
LEFT_OUT = ("energy_unknown", "power_unknown", "efficiency_unknown", "cost_nothing")
"""Why a contract is left out: energy or power unknown, or what else a version counts; or 0 kr by the earlier one."""
PERCENTILES = (5, 25, 50, 75, 95)


BY_MONTH = ("kwh", "litres", "return_centi_c", "network_return_centi_c", "network_l_per_mwh")


class Usage(NamedTuple):
    """What contracts used in a year, month by month: (n, 12) each, UNKNOWN where it is not known."""

    kwh: Int64
    litres: Int64
    return_centi_c: Int64
    network_return_centi_c: Int64
    network_l_per_mwh: Int64
    centi_kw: Int64
    """(n,): the power in force, in hundredths of a kW. A version by yearly energy takes the year's own MWh."""
    peaks: Mapping[PowerMethod, Int64] = MappingProxyType({})
    """(n, 12) each: the months' own powers by each method that a version bills them by."""


class Costs(NamedTuple):
    """What contracts cost in a year under one version: (n,) each, excluding VAT."""

    ore: Int64
    is_known: Bool
    """False where something that the version counts is not known of some month."""
    has_energy: Bool
    """False where the energy of some month is not known."""
    has_power: Bool
    """False where the version counts a power, and none is known."""


class OfContract(NamedTuple):
    """One contract's year under both versions; beyond_ore: what is left of the change beside the general one."""

    place: int
    before_ore: int
    after_ore: int
    beyond_ore: int
    beyond_percent: float


class Effect(NamedTuple):
    """What changes. general_percent: of the sum of all, which would be 0 where a new version is neutral in sum."""

    contracts: int
    left_out: int
    """Of whom something is not known, or who cost nothing before."""
    left_out_for: dict[str, int]
    """How many of them for what, each for the first of LEFT_OUT that holds."""
    before_ore: int
    after_ore: int
    general_percent: float
    mean_percent: float
    """Of the changes beyond the general one, each contract counting as much."""
    spread_percent: float
    """Their standard deviation."""
    percentiles: dict[int, float]
    gain_most: list[OfContract]
    lose_most: list[OfContract]


def reference_year(price_list: PriceList) -> int | None:
    """Give the first calendar year that a version holds whole; None where there is none."""
    period = price_list.valid_period
    first = period.from_including.year + (period.from_including > date(period.from_including.year, 1, 1))
    return first if period.to_excluding >= date(first + 1, 1, 1) else None


def costs(price_list: PriceList, year: int, usage: Usage) -> Costs:
    """Reckon what each contract's usage costs in the twelve months of a year that a version holds.

    Raises ValueError where a price changes within a month, since what was used before and after it is not known.
    """
    begins = [(date(year + month // MONTHS, month % MONTHS + 1, 1) - EPOCH).days for month in range(MONTHS + 1)]
    known = rates(price_list)
    prices = table(known, limits_kw(price_list))
    spans = np.array(begins)
    contracts = len(usage.centi_kw)
    days = [np.tile(some, contracts) for some in (spans[:-1], spans[1:])]
    columns = {name: getattr(usage, name).reshape(-1) for name in BY_MONTH}
    has_all = (usage.kwh != UNKNOWN).all(axis=1)
    centi = usage.centi_kw
    if price_list.is_by_yearly_energy:
        centi = np.where(has_all, centi_mwh(usage.kwh.sum(axis=1)), UNKNOWN)
    method = months_method_of(price_list)
    centi_kw = np.repeat(centi, MONTHS).reshape(contracts, MONTHS) if method is None else usage.peaks[method]
    columns["centi_kw"] = centi_kw.reshape(-1)
    columns["overrun_centi_kw"] = np.zeros(contracts * MONTHS, np.int64)
    result = rated(prices, Parts(*days, **columns))
    ore = result.ore.sum(axis=1).reshape(contracts, MONTHS).sum(axis=1)
    is_known = result.lacks.reshape(contracts, MONTHS).sum(axis=1) == 0
    has_power: Bool = np.ones(contracts, bool)
    if price_list.counts_a_power:
        has_power = ((centi_kw != UNKNOWN) | ~_counted(price_list, known, year)).all(axis=1)
    # Without its power no band of a month is known.
    return Costs(ore, is_known & has_power, has_all, has_power)


def _counted(price_list: PriceList, known: Sequence[Rate], year: int) -> Bool:
    """Tell in which months of a year a power counts; (12,)."""
    firsts = [date(year + month // MONTHS, month % MONTHS + 1, 1) for month in range(MONTHS + 1)]
    return np.array([counts_power(price_list, known, first, end) for first, end in pairwise(firsts)])


def effect(before: Costs, after: Costs) -> Effect:
    """Compare two versions over all contracts of which both are known."""
    known = np.flatnonzero(before.is_known & after.is_known & (before.ore > 0))
    old, new = before.ore[known], after.ore[known]
    sum_old, sum_new = int(old.sum()), int(new.sum())
    general = sum_new / sum_old if sum_old else 1.0
    beyond = new - old * general
    percent = 100 * beyond / old
    order = np.argsort(percent, kind="stable")

    def shown(places: Sequence[int]) -> list[OfContract]:
        return [
            OfContract(int(known[at]), int(old[at]), int(new[at]), round(float(beyond[at])), float(percent[at]))
            for at in places
        ]

    return Effect(
        contracts=len(known),
        left_out=len(before.ore) - len(known),
        left_out_for=_left_out_for(before, after),
        before_ore=sum_old,
        after_ore=sum_new,
        general_percent=100 * (general - 1),
        mean_percent=float(percent.mean()) if len(known) else 0.0,
        spread_percent=float(percent.std()) if len(known) else 0.0,
        percentiles={one: float(np.percentile(percent, one)) for one in PERCENTILES} if len(known) else {},
        gain_most=shown([at for at in order[:SHOWN].tolist() if percent[at] < 0]),
        lose_most=shown([at for at in order[::-1][:SHOWN].tolist() if percent[at] > 0]),
    )


def _left_out_for(before: Costs, after: Costs) -> dict[str, int]:
    counted = (
        before.has_energy & after.has_energy,
        before.has_power & after.has_power,
        before.is_known & after.is_known,
        before.ore > 0,
    )
    found: dict[str, int] = {}
    rest = np.ones(len(before.ore), bool)
    for reason, has in zip(LEFT_OUT, counted, strict=True):
        found[reason] = int((rest & ~has).sum())
        rest &= has
    return {reason: count for reason, count in found.items() if count}
