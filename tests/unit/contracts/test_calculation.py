"""What the calculator answers: by hand from the printed prices, and a clear word where there is none."""

import json
from calendar import monthrange
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from deploy.local.folder import ROOT
from schemas.facilities import Category
from schemas.price_lists import PriceList, PriceListChanged
from schemas.values import Medium, PriceListId
from services.contracts.core.annual_estimate import Efficiency, used_in
from services.contracts.core.calculation import (
    Calculation,
    CannotCalculateError,
    Networks,
    Question,
    calculation,
    require_offered,
)
from services.contracts.core.energy_profiles import EnergyProfiles, by_month
from services.contracts.core.network_means import NOTHING_CLOSED
from services.contracts.core.tariff_catalogue import Withdrawn
from services.contracts.core.year_cost import Prices, spread, twelve_months
from services.heat.arrays import UNKNOWN

TODAY = date(2023, 5, 5)
PROFILES = EnergyProfiles.model_validate_json((ROOT / "services/contracts/energy_profiles.json").read_text())
BAS = json.loads((ROOT / "services/contracts/price_lists/bas-2023.json").read_text())


def listed(document: Mapping[str, Any] = BAS, name: str = "bas") -> dict[str, PriceListChanged]:
    version = PriceList.model_validate({**document, "price_list_id": name, "version": 1})
    return {name: PriceListChanged(price_list_id=PriceListId(name), version=1, versions=(version,))}


def asked(
    lists: Mapping[str, PriceListChanged] | None = None, /, networks: Networks | None = None, **question: Any
) -> Calculation:
    wanted = {"price_list_id": "bas", "power_kw": "20", "energy_mwh": "50"} | question
    return calculation(Question.model_validate(wanted), lists or listed(), PROFILES, TODAY, networks or {})


def sums(found: Calculation) -> dict[str, int]:
    by_charge: dict[str, int] = {}
    for line in found.cost.lines:
        by_charge[line.charge.value] = by_charge.get(line.charge.value, 0) + line.ore
    return by_charge


def billed_by_days(a_year: str) -> int:
    """Twelve invoices of 2023, each rounded to the öre by itself."""
    months = [Decimal(a_year) * 100 * monthrange(2023, month)[1] / 365 for month in range(1, 13)]
    return sum(int(one.quantize(Decimal(1), ROUND_HALF_UP)) for one in months)


def test_a_house_of_20_kw_and_50_mwh_costs_what_the_printed_prices_say() -> None:
    found = asked(category="small_house")
    # Of 100, January to March and November to December are 15.2 + 13.7 + 12.9 + 11.2 + 14.3 = 67.3.
    energy = 33.65 * 562 + 16.35 * 201
    assert sums(found)["fixed"] == billed_by_days("498")
    assert sums(found)["power"] == billed_by_days("20120")
    assert sums(found)["energy"] == round(energy * 100)
    assert sums(found)["return_temperature"] == 0
    assert found.cost.net_ore == sum(sums(found).values())
    assert found.cost.vat_ore == (found.cost.net_ore + 2) // 4
    assert found.cost.months[0] == date(2023, 1, 1)
    assert "return_at_reference" in found.assumptions


def test_a_return_that_is_five_degrees_colder_saves_five_degrees_of_the_price() -> None:
    months = [0, 1, 2, 3, 9, 10, 11]
    found = asked(category="small_house", return_c="40")
    mwh = 50 * sum(PROFILES.categories[Category.SMALL_HOUSE].month_shares[at] for at in months) / 100
    assert sums(found)["return_temperature"] == round(-5 * 4 * mwh * 100)


def test_without_a_profile_a_quarter_is_even_and_the_rest_follows_the_degree_days() -> None:
    found = by_month(PROFILES, 100_000, None, Medium.HEAT, asked().cost.months)
    july = 25_000 * 31 / 365 + 75_000 * 5 / sum(PROFILES.normal_degree_days)
    assert found.kwh[6] == pytest.approx(july, abs=1)
    assert found.kwh.sum() == 100_000


@given(total=st.integers(0, 10**9), weights=st.lists(st.floats(0.01, 100), min_size=1, max_size=12))
def test_parts_of_a_year_are_whole_and_sum_to_it(total: int, weights: list[float]) -> None:
    parts = spread(total, np.array(weights))
    assert parts.sum() == total
    assert (parts >= 0).all()


@given(kw=st.decimals("0.01", "5000", places=2), mwh=st.decimals("0", "20000", places=3))
def test_the_months_and_the_components_are_the_same_sum(kw: Decimal, mwh: Decimal) -> None:
    cost = asked(power_kw=kw, energy_mwh=mwh).cost
    assert sum(cost.months_ore) == sum(line.ore for line in cost.lines) == cost.net_ore
    assert cost.total_ore == cost.net_ore + cost.vat_ore


@pytest.mark.parametrize(
    ("question", "field"),
    [
        ({"power_kw": "0"}, "power_kw"),
        ({"power_kw": "1000000000"}, "power_kw"),
        ({"power_kw": "NaN"}, "power_kw"),
        ({"energy_mwh": "-1"}, "energy_mwh"),
        ({"category": "castle"}, "category"),
        ({"on": "2023-02-30"}, "on"),
        ({"return_c": "-3"}, "return_c"),
    ],
)
def test_a_value_that_cannot_be_is_refused_by_its_field(question: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as raised:
        asked(**question)
    assert [fault["loc"][0] for fault in raised.value.errors()] == [field]


@pytest.mark.parametrize(
    ("question", "field", "code"),
    [
        ({"price_list_id": "other"}, "price_list_id", "unknown_price_list"),
        ({"on": "2001-01-01"}, "on", "no_version_on_day"),
        ({"power_kw": None}, "power_kw", "missing"),
        ({"m3_per_mwh": "20"}, "m3_per_mwh", "not_for_this_list"),
    ],
)
def test_a_question_without_an_answer_names_the_field(question: dict[str, Any], field: str, code: str) -> None:
    with pytest.raises(CannotCalculateError) as raised:
        asked(**question)
    assert (raised.value.field, raised.value.code) == (field, code)


def test_a_withdrawn_list_is_offered_up_to_its_last_day_alone() -> None:
    withdrawals = [Withdrawn("bas", date(2023, 7, 1), datetime(2023, 4, 1, tzinfo=UTC))]
    require_offered("bas", withdrawals, date(2023, 6, 30))
    require_offered("other", withdrawals, date(2023, 7, 1))
    with pytest.raises(CannotCalculateError) as raised:
        require_offered("bas", withdrawals, date(2023, 7, 1))
    assert (raised.value.field, raised.value.code) == ("price_list_id", "price_list_withdrawn")


def test_a_category_that_the_list_is_not_for_is_told_so() -> None:
    with pytest.raises(CannotCalculateError) as raised:
        asked(listed({**BAS, "categories": ["small_house"]}), category="industry")
    assert raised.value.field == "category"


def test_a_list_without_an_energy_price_for_a_month_names_the_month() -> None:
    bas = listed()["bas"].versions[0]
    # What may not be put: a price list whose last month has no price of energy.
    tariff = bas.tariffs[0]
    energy = [one for one in tariff.energy_price.components if one.valid_period.to_excluding < date(2023, 12, 31)]
    short = tariff.energy_price.model_copy(update={"components": tuple(energy)})
    firm = bas.model_copy(update={"tariffs": (tariff.model_copy(update={"energy_price": short}),)})
    lists = {"bas": PriceListChanged(price_list_id=PriceListId("bas"), version=1, versions=(firm,))}
    with pytest.raises(CannotCalculateError, match="2023-11") as raised:
        asked(lists)
    assert (raised.value.field, raised.value.code) == ("price_list_id", "no_energy_price")


@pytest.mark.parametrize(
    ("valid_from", "valid_to", "day", "first"),
    [
        ("2022-01-01", "2024-01-01", "2023-05-05", "2023-01-01"),
        ("2022-07-01", "2023-07-01", "2022-12-05", "2022-07-01"),
        ("2022-07-01", None, "2022-12-05", "2022-12-01"),
        ("2022-07-01", "2024-02-01", "2024-01-05", "2023-02-01"),
        ("2023-01-15", "2023-12-31", "2023-05-05", None),
    ],
)
def test_the_twelve_months_lie_within_the_version(valid_from: str, valid_to: str | None, day: str, first: str) -> None:
    document = {**BAS, "valid_from": valid_from} | ({"valid_to": valid_to} if valid_to else {})
    version = PriceList.model_validate({**document, "price_list_id": "bas", "version": 1})
    months = twelve_months(version, date.fromisoformat(day))
    assert (months and months[0].isoformat()) == first


KYLA = json.loads((ROOT / "services/contracts/price_lists/kyla-2021.json").read_text())


def with_efficiency(*components: dict[str, Any], **other: Any) -> dict[str, PriceListChanged]:
    """Bas, with other prices of efficiency than its own."""
    kept = [one for one in BAS["components"] if one["type"] != "returnTemperaturePrice"]
    return listed({**BAS, **other, "components": [*kept, *components]})


def returned(against: str, price: str = "5", **other: Any) -> dict[str, Any]:
    return {"type": "returnTemperaturePrice", "price_per_mwh_c": price, "reference_c": against} | other


def long_form(parts: Sequence[tuple[date, date, str]]) -> dict[str, PriceListChanged]:
    """Bas, with a return temperature's price of 5 kr on some days, each with a reference."""
    whole = with_efficiency(returned("50", months=[*range(1, 13)]))["bas"].versions[0]
    tariff = whole.tariffs[0]
    [one, *_] = tariff.efficiency_price.components
    components = []
    for first, end, against in parts:
        held = one.return_temperature_settings
        assert held is not None
        settings = held.model_copy(update={"fixed_reference_temperature": Decimal(against)})
        period = one.valid_period.model_copy(update={"from_including": first, "to_excluding": end})
        components.append(one.model_copy(update={"valid_period": period, "return_temperature_settings": settings}))
    efficiency = tariff.efficiency_price.model_copy(update={"components": tuple(components)})
    tariffs = tuple(each.model_copy(update={"efficiency_price": efficiency}) for each in whole.tariffs)
    version = whole.model_copy(update={"tariffs": tariffs})
    return {"bas": PriceListChanged(price_list_id=PriceListId("bas"), version=1, versions=(version,))}


NOTHING_KNOWN = Efficiency(*np.full((3, 12), UNKNOWN))
WITHIN_A_MONTH = [(date(2023, 1, 1), date(2023, 5, 1), "50"), (date(2023, 10, 15), date(2024, 1, 1), "50")]
SEVERAL = [(date(2023, 1, 1), date(2024, 1, 1), "50"), (date(2023, 1, 1), date(2024, 1, 1), "40")]


@pytest.mark.parametrize("parts", [WITHIN_A_MONTH, SEVERAL], ids=["from within a month", "two on the same days"])
def test_a_return_that_is_not_given_costs_nothing_in_any_month(parts: list[tuple[date, date, str]]) -> None:
    found = asked(long_form(parts), energy_mwh="200")
    assert [line.months_ore for line in found.cost.lines if line.charge == "return_temperature"] != []
    assert all(not any(one.months_ore) for one in found.cost.lines if one.charge == "return_temperature")
    assert "return_at_reference" in found.assumptions


def test_a_return_that_is_given_is_held_against_every_reference_of_its_days() -> None:
    found = asked(long_form(SEVERAL), return_c="42")
    # 8 degrees below one and 2 above the other: 6 degrees of 5 kr, for 50 MWh.
    assert sums(found)["return_temperature"] == pytest.approx(-6 * 5 * 50 * 100, abs=24)


def test_a_network_that_a_return_is_held_against_from_within_a_month_must_be_known() -> None:
    late = {"type": "returnTemperaturePrice", "price_per_mwh_c": "5", "months": [*range(1, 13)]}
    whole = with_efficiency(late)["bas"].versions[0]
    tariff = whole.tariffs[0]
    [one, *_] = tariff.efficiency_price.components
    period = one.valid_period.model_copy(update={"from_including": date(2023, 12, 15)})
    efficiency = tariff.efficiency_price.model_copy(
        update={"components": (one.model_copy(update={"valid_period": period}),)}
    )
    version = whole.model_copy(update={"tariffs": (tariff.model_copy(update={"efficiency_price": efficiency}),)})
    lists = {"bas": PriceListChanged(price_list_id=PriceListId("bas"), version=1, versions=(version,))}
    with pytest.raises(CannotCalculateError) as raised:
        asked(lists, return_c="42")
    assert raised.value.code == "held_against_network"


def test_a_flow_that_is_held_against_something_costs_nothing_beside_one_that_is_paid_whole() -> None:
    held = {"type": "volumePrice", "price_per_m3": "4", "held_against": "fixed", "m3_per_mwh": "20.5"}
    found = asked(with_efficiency({"type": "volumePrice", "price_per_m3": "2"}, held), energy_mwh="100")
    # 100 MWh of 19.157 m3 at 2 kr; the other one nothing.
    assert sums(found)["volume"] == pytest.approx(1_915.7 * 2 * 100, abs=24)
    assert {"flow_at_reference", "flow_of_45_c"} <= set(found.assumptions)


def test_cooling_is_used_in_summer_and_its_water_is_warmed_by_eight_degrees() -> None:
    found = asked(listed({**KYLA, "valid_from": "2023-01-01"}), energy_mwh="300")
    assert found.split.kwh[6] > 4 * found.split.kwh[0] > 0
    assert found.split.kwh.argmax() == 6
    # 1 / (1.16 * 8) m3 for each kWh, at 1.20 kr.
    assert sums(found)["volume"] == pytest.approx(300_000 / (1.16 * 8) * 1.20 * 100, rel=1e-4)
    assert found.assumptions == ("flow_of_8_c",)
    assert found.split.by == "cooling_profile"


def test_cooling_without_a_profile_is_even_over_the_days() -> None:
    found = by_month(PROFILES.model_copy(update={"cooling": None}), 365_000, None, Medium.COOLING, asked().cost.months)
    assert found.kwh[:2].tolist() == [31_000, 28_000]


def test_an_estimate_counts_the_months_that_are_known_against_every_reference_and_no_other() -> None:
    version = long_form(SEVERAL)["bas"].versions[0]
    laid_out = Prices(version, twelve_months(version, TODAY) or ())
    in_january = np.where(np.arange(12) == 0, 4_200, UNKNOWN)
    own = Efficiency(np.full(12, UNKNOWN), in_january, np.full(12, UNKNOWN))
    used, assumptions = used_in(laid_out, np.full(12, 1_000), own, 2_000, NOTHING_CLOSED)
    months = np.sum([one.months_ore for one in laid_out.cost(used).lines if one.charge == "return_temperature"], axis=0)
    # A MWh in January, 8 degrees below 50 and 2 above 40, at 5 kr.
    assert months.tolist() == [-3_000, *[0] * 11]
    assert assumptions == ("some_efficiency_unknown",)


def test_an_estimate_says_which_flow_it_takes_where_the_whole_flow_is_paid_and_not_known() -> None:
    version = listed({**KYLA, "valid_from": "2023-01-01"})["bas"].versions[0]
    laid_out = Prices(version, twelve_months(version, TODAY) or ())
    used, assumptions = used_in(laid_out, np.full(12, 1_000), NOTHING_KNOWN, 2_000, NOTHING_CLOSED)
    assert used.litres.tolist() == [107_759] * 12
    assert assumptions == ("flow_of_8_c",)
