"""The calculator: subscription power and a year's energy in, the year's cost by component out. Source: feature T5."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Annotated, NamedTuple

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from schemas.agreed_rates import unoffered
from schemas.agreements import AS_LISTED, Agreed
from schemas.facilities import Category
from schemas.price_lists import PriceList, PriceListChanged
from schemas.values import Key, Medium
from services.contracts.core.energy_profiles import EnergyProfiles, Split, by_month, powers_by_energy
from services.contracts.core.network_means import NOTHING_CLOSED, NetworkMeans
from services.contracts.core.tariff_catalogue import Withdrawn
from services.contracts.core.year_cost import (
    MONTHS,
    NoEnergyPriceError,
    Prices,
    Used,
    YearCost,
    assumed,
    twelve_months,
)
from services.heat.arrays import UNKNOWN
from services.heat.tariff.energy import centi_mwh
from services.heat.tariff.table import Charge

MOST_KW = 1_000_000
MOST_MWH = 1_000_000


class Question(BaseModel):
    """What is asked. return_c and m3_per_mwh: without them neither costs nor saves anything against its reference.

    network_id: whose mean they are held against where the price list says so; needed where there are several.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    price_list_id: Key
    energy_mwh: Annotated[Decimal, Field(ge=0, le=MOST_MWH, decimal_places=3, allow_inf_nan=False)]
    power_kw: Annotated[Decimal | None, Field(gt=0, le=MOST_KW, decimal_places=2, allow_inf_nan=False)] = None
    category: Category | None = None
    on: date | None = None
    network_id: Key | None = None
    return_c: Annotated[Decimal | None, Field(gt=0, lt=120, decimal_places=2, allow_inf_nan=False)] = None
    m3_per_mwh: Annotated[Decimal | None, Field(gt=0, le=1_000, decimal_places=3, allow_inf_nan=False)] = None


class CannotCalculateError(Exception):
    """A question that has no answer: which field is wrong, under a name that never changes, and what to do."""

    def __init__(self, field: str, code: str, reason: str) -> None:
        super().__init__(reason)
        self.field, self.code, self.reason = field, code, reason


class Calculation(NamedTuple):
    """An answer, with the version that it is by and what was assumed."""

    price_list: PriceList
    split: Split
    cost: YearCost
    assumptions: tuple[str, ...]
    months_kw: tuple[Decimal, ...] = ()
    """Of a price list that bills each month by its own peaks, in the order of the months."""


Networks = Mapping[tuple[Medium, str], NetworkMeans]
"""What is known of networks' means, by medium and network."""


def calculation(
    question: Question,
    lists: Mapping[str, PriceListChanged],
    profiles: EnergyProfiles,
    today: date,
    networks: Networks = MappingProxyType({}),
) -> Calculation:
    """Answer a question. Raises CannotCalculateError."""
    day = question.on or today
    price_list = version_on(lists, question.price_list_id, day)
    prices = laid_out(price_list, day)
    means = _means(question, prices, networks)
    _check(question, prices, means)
    kwh = int(question.energy_mwh * 1_000)
    split = by_month(profiles, kwh, question.category, price_list.extension.medium, prices.months)
    used = _used(question, prices, split, means)
    assumptions = tuple(_assumptions(question, prices, means))
    of_months = used.centi_kw.tolist() if price_list.is_by_months_peaks else []
    months_kw = tuple(Decimal(one).scaleb(-2) for one in of_months)
    return Calculation(price_list, split, cost_of(prices, used), assumptions, months_kw)


def _means(question: Question, prices: Prices, networks: Networks) -> NetworkMeans:
    """Choose the network that is asked for, or the only one there is. Raises CannotCalculateError."""
    medium = prices.price_list.extension.medium
    known = {network_id: means for (of, network_id), means in networks.items() if of == medium}
    if question.network_id is not None and question.network_id not in known:
        reason = f"no mean of it is known; write one of {', '.join(sorted(known))}" if known else "no mean is known"
        raise CannotCalculateError("network_id", "unknown_network", reason)
    wanted = question.network_id or (next(iter(known)) if len(known) == 1 else None)
    return NOTHING_CLOSED if wanted is None else known[wanted]


def version_on(lists: Mapping[str, PriceListChanged], price_list_id: str, day: date) -> PriceList:
    """Give the version that counts on a day. Raises CannotCalculateError."""
    known = lists.get(price_list_id)
    if known is None:
        raise CannotCalculateError(
            "price_list_id", "unknown_price_list", f"write one of {', '.join(sorted(lists)) or 'those that are put'}"
        )
    found = known.in_force(day)
    if found is None:
        periods = [one.valid_period for one in known.versions]
        days = ", ".join(f"{one.from_including} to {one.to_excluding}" for one in periods)
        raise CannotCalculateError("on", "no_version_on_day", f"no version counts on {day}; there are {days}")
    return found


def require_offered(price_list_id: str, withdrawals: Sequence[Withdrawn], day: date) -> None:
    """Raise CannotCalculateError for a price list that nobody is on any more on a day."""
    for one in withdrawals:
        if one.price_list_id == price_list_id and one.withdrawn_on <= day:
            raise CannotCalculateError(
                "price_list_id",
                "price_list_withdrawn",
                f"it is withdrawn from {one.withdrawn_on} on; choose another one",
            )


def laid_out(price_list: PriceList, day: date, agreed: Agreed = AS_LISTED) -> Prices:
    """Lay a version out for its twelve months, with what a contract has beside it. Raises CannotCalculateError."""
    lacking = unoffered(price_list, agreed, day)
    if lacking:
        reason = f"the price list does not offer '{lacking[0]}', which the contract has"
        raise CannotCalculateError("", "option_not_priced", reason)
    months = twelve_months(price_list, day)
    if months is None:
        raise CannotCalculateError("on", "no_whole_year", "the version that counts then does not last twelve months")
    return Prices(price_list, months, agreed)


def cost_of(prices: Prices, used: Used) -> YearCost:
    """Reckon the year. Raises CannotCalculateError where a month has no price of energy."""
    try:
        return prices.cost(used)
    except NoEnergyPriceError as error:
        raise CannotCalculateError("price_list_id", "no_energy_price", str(error)) from error


def _check(question: Question, prices: Prices, means: NetworkMeans) -> None:
    extension = prices.price_list.extension
    if question.power_kw is None and prices.price_list.counts_a_power:
        raise CannotCalculateError("power_kw", "missing", "it must be given: the price list bills by the power")
    if question.category and extension.categories is not None and question.category not in extension.categories:
        allowed = ", ".join(extension.categories)
        raise CannotCalculateError("category", "not_for_this_list", f"the price list is for {allowed}")
    for field, charge in (("return_c", Charge.RETURN_TEMPERATURE), ("m3_per_mwh", Charge.VOLUME)):
        if getattr(question, field) is not None:
            _check_option(prices, field, charge, means)


def _check_option(prices: Prices, field: str, charge: Charge, means: NetworkMeans) -> None:
    if not prices.asks_for(charge):
        raise CannotCalculateError(field, "not_for_this_list", "the price list has no price of it; leave it out")
    if (prices.is_against_network(charge) & (prices.network_mean(charge, means) == UNKNOWN)).any():
        reason = (
            "the price list holds it against the network's mean, which is not known; name the network, or leave it out"
        )
        raise CannotCalculateError(field, "held_against_network", reason)


def _used(question: Question, prices: Prices, split: Split, means: NetworkMeans) -> Used:
    # Where bands are of the yearly energy, it is what is asked for.
    is_by_energy = prices.price_list.is_by_yearly_energy
    centi = centi_mwh(split.kwh.sum()) if is_by_energy else int((question.power_kw or Decimal(0)) * 100)
    centi_kw = np.full(MONTHS, centi)
    if prices.price_list.is_by_months_peaks:
        centi_kw = powers_by_energy(int(centi), split, prices.months)
    used = assumed(prices, split.kwh, centi_kw, means)
    if question.return_c is not None:
        given = np.full(MONTHS, int(question.return_c * 100))
        used = used._replace(return_centi_c=given, has_return=np.ones(MONTHS, np.bool_))
    if question.m3_per_mwh is not None:
        litres = (2 * split.kwh * int(question.m3_per_mwh * 1_000) + 1_000) // 2_000
        used = used._replace(litres=litres, has_flow=np.ones(MONTHS, np.bool_))
    return used


def _assumed(question: Question, prices: Prices) -> Iterator[str]:
    """Give what stands beside an answer; the names are never changed."""
    if question.return_c is None and prices.asks_for(Charge.RETURN_TEMPERATURE):
        yield "return_at_reference"
    if question.m3_per_mwh is None and prices.holds(Charge.VOLUME):
        yield "flow_at_reference"
    if question.m3_per_mwh is None and prices.counts_whole_flow:
        yield prices.typical_flow
    if prices.asks_for(Charge.OVERRUN):
        yield "no_overrun"
    if prices.price_list.is_by_months_peaks:
        yield "peaks_by_profile"


def _assumptions(question: Question, prices: Prices, means: NetworkMeans) -> list[str]:
    found = list(_assumed(question, prices))
    given = ((Charge.RETURN_TEMPERATURE, question.return_c), (Charge.VOLUME, question.m3_per_mwh))
    is_held = (value is not None and prices.is_against_network(charge).any() for charge, value in given)
    return [*found, "network_of_newest"] if means is not NOTHING_CLOSED and any(is_held) else found
