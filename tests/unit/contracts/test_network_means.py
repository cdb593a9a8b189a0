"""The newest known mean of each calendar month is what a year to come is held against; none is made up."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from deploy.local.folder import ROOT
from schemas.price_list_terms import WeightedBy
from schemas.price_lists import PriceList
from schemas.values import Medium
from services.contracts.core.annual_estimate import Efficiency, HeldAgainst, held_against, used_in
from services.contracts.core.calculation import CannotCalculateError
from services.contracts.core.cost_answers import listed as shown
from services.contracts.core.network_means import MONTHS, NOTHING_CLOSED, MonthsMean, NetworkMeans, newest
from services.contracts.core.year_cost import Prices, twelve_months
from services.heat.arrays import UNKNOWN
from services.heat.tariff.table import Charge
from tests.unit.contracts.test_calculation import TODAY, asked, listed, sums

BAS = json.loads((ROOT / "services/contracts/price_lists/bas-2023.json").read_text())
KWH = np.full(MONTHS, 4_000)
OWN = Efficiency(np.full(MONTHS, 20_000), np.full(MONTHS, 4_300), np.full(MONTHS, 4_200))


def against_network(**other: Any) -> dict[str, Any]:
    """Bas, whose price of the return temperature (4 kr from October to April) is against the network's mean."""
    components = [
        {name: value for name, value in one.items() if name != "reference_c"} | other
        if one["type"] == "returnTemperaturePrice"
        else one
        for one in BAS["components"]
    ]
    return BAS | {"components": components}


def prices(document: dict[str, Any]) -> Prices:
    price_list = PriceList.model_validate({**document, "price_list_id": "bas", "version": 1})
    return Prices(price_list, twelve_months(price_list, TODAY) or ())


def all_year(by_energy: int, by_flow: int = 4_100, l_per_mwh: int = 18_000) -> NetworkMeans:
    return newest(MonthsMean(date(2025, month, 1), by_energy, by_flow, l_per_mwh) for month in range(1, 13))


def efficiency_kr(document: dict[str, Any], means: NetworkMeans) -> Decimal:
    laid_out = prices(document)
    cost = laid_out.cost(used_in(laid_out, KWH, OWN, 2_000, means)[0])
    return Decimal(sum(one.ore for one in cost.lines if one.charge is Charge.RETURN_TEMPERATURE)) / 100


def test_of_each_calendar_month_the_newest_mean_counts() -> None:
    closed = [
        MonthsMean(date(2025, 2, 1), 4_500, None, 19_000),
        MonthsMean(date(2026, 2, 1), 4_400, None, None),
        MonthsMean(date(2024, 3, 1), 4_600, 4_550, 20_000),
    ]
    found = newest(closed)
    assert found.return_by_energy_centi_c.tolist() == [UNKNOWN, 4_400, 4_600, *[UNKNOWN] * 9]
    # What was not measured in the newest month was in the one before.
    assert found.l_per_mwh[1] == 19_000
    assert found.returned(WeightedBy.FLOW)[1] == UNKNOWN


def test_an_estimate_costs_what_its_return_is_above_the_networks() -> None:
    # 1.5 degrees above in seven months of 4 MWh, at 4 kr.
    assert efficiency_kr(against_network(), all_year(4_150)) == Decimal("168.00")
    assert efficiency_kr(against_network(), all_year(4_500)) == Decimal("-224.00")


def test_a_list_that_weighs_by_flow_is_held_against_what_is_weighed_by_flow() -> None:
    # 42.00 of its own above 41.00 of the network's.
    assert efficiency_kr(against_network(weighted_by="flow"), all_year(9_999, by_flow=4_100)) == Decimal("112.00")


def test_a_list_with_a_reference_of_its_own_is_not_held_against_the_network() -> None:
    # Its own 45 degrees.
    assert efficiency_kr(BAS, all_year(4_150)) == Decimal("-224.00")


def test_months_without_a_mean_cost_nothing_and_are_said() -> None:
    closed = [MonthsMean(date(2025, month, 1), 4_150, None, None) for month in (1, 2, 5)]
    laid_out = prices(against_network())
    used, assumptions = used_in(laid_out, KWH, OWN, 2_000, newest(closed))
    assert efficiency_kr(against_network(), newest(closed)) == Decimal("48.00")
    assert used.network_return_centi_c[2] == used.return_centi_c[2] == 4_300
    assert set(assumptions) == {"network_of_newest", "network_as_own"}
    # In May nothing is charged.
    assert held_against(laid_out, newest(closed)) == HeldAgainst(months=7, known=2)
    assert held_against(laid_out, NOTHING_CLOSED) == HeldAgainst(months=7, known=0)
    assert held_against(prices(BAS), NOTHING_CLOSED) == HeldAgainst(months=0, known=0)


def test_a_facility_without_figures_is_where_the_network_is() -> None:
    laid_out = prices(against_network())
    nothing = Efficiency(*np.full((3, MONTHS), UNKNOWN))
    used, assumptions = used_in(laid_out, KWH, nothing, 2_000, all_year(4_150))
    assert sum(one.ore for one in laid_out.cost(used).lines if one.charge is Charge.RETURN_TEMPERATURE) == 0
    assert "some_efficiency_unknown" in assumptions


NORTH, SOUTH = (Medium.HEAT, "north"), (Medium.HEAT, "south")


def test_the_calculator_takes_a_return_that_is_held_against_a_known_network() -> None:
    networks = {NORTH: all_year(4_150)}
    lists = listed(against_network())
    found = asked(lists, category="small_house", return_c="40", networks=networks)
    mwh = sum(found.split.kwh[[0, 1, 2, 3, 9, 10, 11]]) / 1_000
    assert sums(found)["return_temperature"] == pytest.approx(-1.5 * 4 * mwh * 100, abs=7)
    assert "network_of_newest" in found.assumptions
    assert sums(asked(lists, networks=networks))["return_temperature"] == 0


@pytest.mark.parametrize(
    ("networks", "question", "field", "code"),
    [
        ({}, {"return_c": "40"}, "return_c", "held_against_network"),
        ({NORTH: all_year(4_150), SOUTH: all_year(4_400)}, {"return_c": "40"}, "return_c", "held_against_network"),
        ({NORTH: all_year(4_150)}, {"network_id": "east"}, "network_id", "unknown_network"),
        ({(Medium.COOLING, "north"): all_year(4_150)}, {"return_c": "40"}, "return_c", "held_against_network"),
    ],
)
def test_where_no_mean_is_known_or_it_is_not_said_whose_the_calculator_says_so(
    networks: dict[tuple[Medium, str], NetworkMeans], question: dict[str, str], field: str, code: str
) -> None:
    with pytest.raises(CannotCalculateError) as raised:
        asked(listed(against_network()), networks=networks, **question)
    assert (raised.value.field, raised.value.code) == (field, code)


def test_of_several_networks_the_one_that_is_named_counts() -> None:
    networks = {NORTH: all_year(4_150), SOUTH: all_year(4_000)}
    found = asked(listed(against_network()), networks=networks, return_c="40", network_id="south")
    assert sums(found)["return_temperature"] == 0


def test_a_list_says_that_it_takes_a_return_only_where_one_network_is_known() -> None:
    version = listed(against_network())["bas"].versions[0]
    assert shown(version, TODAY, {})["takes"] == []
    assert shown(version, TODAY, {NORTH: all_year(4_150)})["takes"] == ["return_c"]
    assert shown(version, TODAY, {NORTH: all_year(4_150), SOUTH: all_year(4_150)})["takes"] == []
