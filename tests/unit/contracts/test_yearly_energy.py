"""Price lists by the yearly energy, as printed for small houses: three fixed charges by the MWh of the normal year.

The list: 2,400, 3,600 and 5,400 kr a year up to 15, up to 30 and above 30 MWh, and 700 kr for each MWh, without VAT.
A year of 3,600 kr is billed as 305.75 in months of 31 days, 295.89 in those of 30 and 276.16 in February: 3,599.97.
A year of 2,400 kr as 203.84, 197.26 and 184.11: 2,400.03. One of 5,400 kr as 458.63, 443.84 and 414.25: 5,400.02.
"""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from pydantic import ValidationError

from schemas.facilities import Category
from schemas.price_list_terms import PowerMethod
from schemas.price_lists import PriceList
from schemas.values import Activity, DeterminationId, Medium, PointId
from services.contracts.core import documents
from services.contracts.core.annual_estimate import Basis, InForce, by_profile
from services.contracts.core.calculation import CannotCalculateError
from services.contracts.core.cost_answers import listed as shown
from services.contracts.core.determination import InForce as CountsNow
from services.contracts.core.determination import Made, Outcome, coming_power, held_against, outcome
from services.contracts.core.effect import costs as effect_costs
from services.contracts.core.measuring import Asked, DayRows, measure_by_category
from services.contracts.core.price_list_documents import price_list
from services.contracts.core.price_list_rules import faults
from services.contracts.core.simulation import Choices, OwnYears, PowerBy, amount_otherwise, year_kwh
from services.heat.power_methods.decision import Decision, decide
from services.heat.power_methods.measurement import Period
from tests.unit.contracts.test_calculation import PROFILES, asked, listed, sums
from tests.unit.contracts.test_effect import usage
from tests.unit.contracts.test_price_list_rules import Document, document
from tests.unit.contracts.test_price_list_rules import told as told_of_tariffs
from tests.unit.contracts.test_short_price_lists import power, short, told
from tests.unit.contracts.test_simulation import days_of, facility, own_hours, own_year

ALL_YEAR = list(range(1, 13))
ENERGY = {"type": "energyPrice", "seasons": [{"name": "Hela året", "months": ALL_YEAR, "price_per_mwh": "700"}]}
LIMITS = [("0", "15", "2400"), ("15", "30", "3600"), ("30", None, "5400")]
BANDS = [{"from_mwh": low, "to_mwh": high, "fixed_per_year": kr} for low, high, kr in LIMITS]
YEARLY: dict[str, Any] = {"type": "yearlyEnergyPrice", "bands": BANDS}
PRINTED = short(ENERGY, YEARLY, name="Villapris 2026")
ENERGY_METHOD, MINUS_FIVE = PowerMethod.YEARLY_ENERGY, PowerMethod.MINUS_FIVE


def fixed_ore(mwh: str, **more: Any) -> int:
    question = {"energy_mwh": mwh, "power_kw": None, "category": "small_house", "on": "2026-05-05"} | more
    return sums(asked(listed(PRINTED), **question))["fixed"]


def test_the_printed_list_is_taken_as_it_is() -> None:
    written = price_list(PRINTED)
    assert faults(written) == []
    assert [tariff.product.rpartition(".")[2] for tariff in written.tariffs] == ["0-15mwh", "15-30mwh", "30mwh"]
    assert [tariff.fixed_price.components[0].name for tariff in written.tariffs] == [
        "Fast avgift, 0–15 MWh per år", "Fast avgift, 15–30 MWh per år", "Fast avgift, över 30 MWh per år",
    ]  # fmt: skip
    assert written.is_by_yearly_energy
    assert not written.has_power_price


@pytest.mark.parametrize(
    ("mwh", "kr"),
    [("8", "2400.03"), ("15", "2400.03"), ("15.01", "3599.97"), ("20", "3599.97"), ("30.1", "5400.02")],
)
def test_the_calculator_takes_the_band_of_the_energy_that_is_asked(mwh: str, kr: str) -> None:
    assert fixed_ore(mwh) == int(Decimal(kr) * 100)


def test_a_calculated_year_of_20_mwh_costs_what_is_printed() -> None:
    found = asked(listed(PRINTED), energy_mwh="20", power_kw=None, category="small_house", on="2026-05-05")
    # 20 * 700 = 14,000.00 and 3,599.97; a quarter of that is 4,399.99.
    assert (found.cost.net_ore, found.cost.vat_ore) == (1_759_997, 439_999)


def test_a_power_that_is_asked_with_it_chooses_no_band() -> None:
    assert fixed_ore("20", power_kw="8") == fixed_ore("20")


def test_energy_may_have_a_price_of_its_own_in_each_band() -> None:
    rising = [band | {"per_mwh": per_mwh} for band, per_mwh in zip(BANDS, ("0", "50", "90"), strict=True)]
    priced = short(ENERGY, YEARLY | {"bands": rising})
    assert faults(price_list(priced)) == []
    # 15 MWh at 700 kr, 20 at 750 and 31 at 790.
    years = [asked(listed(priced), energy_mwh=mwh, power_kw=None, on="2026-05-05") for mwh in ("15", "20", "31")]
    assert [sums(one)["energy"] for one in years] == [1_050_000, 1_500_000, 2_449_000]


def test_what_energy_costs_in_a_band_is_named_by_it_and_not_as_the_price_beside() -> None:
    rising = [band | {"per_mwh": per_mwh} for band, per_mwh in zip(BANDS, ("0", "50", "90"), strict=True)]
    found = asked(listed(short(ENERGY, YEARLY | {"bands": rising})), energy_mwh="20", power_kw=None, on="2026-05-05")
    energy = [(line.name, line.ore) for line in found.cost.lines if line.charge.value == "energy"]
    assert energy == [("Hela året", 1_400_000), ("15–30 MWh per år", 100_000)]


def test_a_version_is_shown_with_its_bands_in_mwh_and_asks_for_no_power() -> None:
    version = PriceList.model_validate(PRINTED | {"price_list_id": "villa", "version": 1})
    answered = shown(version, date(2026, 5, 5), {})
    assert (answered["bands_unit"], answered["needs_power"]) == ("MWh", False)


def test_a_year_of_fleet_costs_by_each_contracts_own_energy() -> None:
    version = PriceList.model_validate(PRINTED | {"price_list_id": "villa", "version": 1})
    # 14 and 20 MWh, of which no power is in force.
    houses = usage([1_166, *[1_167] * 10, 1_164], [2_000] * 8 + [1_000] * 4, centi_kw=-1)
    assert effect_costs(version, 2026, houses).ore.tolist() == [980_000 + 240_003, 1_400_000 + 359_997]


def test_an_estimate_without_figures_takes_the_energy_in_force() -> None:
    found = by_profile([], PROFILES, Category.SMALL_HOUSE, Medium.HEAT, InForce(None, Decimal("20.25")))
    assert found is not None
    assert (int(found.kwh.sum()), found.basis) == (20_250, Basis.YEARLY_ENERGY)


def years(choices: Choices) -> OwnYears:
    return OwnYears(days_of(own_year()), days_of(own_year(), choices))


def simulated(in_force: str, methods: tuple[PowerMethod, PowerMethod], choices: Choices) -> tuple[Decimal, PowerBy]:
    own = facility()
    found = amount_otherwise(own, days_of(own_hours(), choices), Decimal(in_force), methods, choices, years(choices))
    return found.kw, found.by


@pytest.mark.parametrize(("percent", "mwh"), [("0", "20.00"), ("3", "19.40"), ("30", "14.00")])
def test_a_simulated_saving_lowers_the_yearly_energy_as_much(percent: str, mwh: str) -> None:
    found = simulated("20", (ENERGY_METHOD, ENERGY_METHOD), Choices(saved_percent=Decimal(percent)))
    assert found == (Decimal(mwh), PowerBy.YEARLY_ENERGY)


def test_simulated_from_a_list_of_power_it_is_the_years_own_energy() -> None:
    own = Decimal(year_kwh(days_of(own_year()))).scaleb(-3).quantize(Decimal("0.01"), "ROUND_HALF_UP")
    assert simulated("12", (MINUS_FIVE, ENERGY_METHOD), Choices(price_list_id="villa")) == (own, PowerBy.YEARLY_ENERGY)


def test_a_power_chosen_for_a_list_by_yearly_energy_is_refused_by_its_field() -> None:
    with pytest.raises(CannotCalculateError) as raised:
        simulated("20", (ENERGY_METHOD, ENERGY_METHOD), Choices(power_kw=Decimal(5)))
    assert (raised.value.field, raised.value.code) == ("power_kw", "not_for_this_list")


def test_mwh_are_never_taken_for_the_power_that_another_list_bills() -> None:
    with pytest.raises(CannotCalculateError) as raised:
        simulated("20", (ENERGY_METHOD, PowerMethod.CUSTOMER_CHOSEN), Choices(price_list_id="chosen"))
    assert (raised.value.field, raised.value.code) == ("power_kw", "missing")


def test_a_normal_years_wh_are_measured_as_mwh_at_the_hundredth() -> None:
    point = PointId(1)
    one = Asked(point, None, Activity.SEVEN_DAY, ENERGY_METHOD)
    nothing = np.zeros(0, np.int64)
    rows = DayRows(nothing, nothing, nothing, nothing)
    found = measure_by_category([one], Period(0, 365), rows, {}, {point: 15_005_000})
    assert found[point].measurement.measured_kw == Decimal("15.01")


def test_a_yearly_energy_counts_as_it_is_measured() -> None:
    # By the rule of powers, 15.4 would be within 5 % of 15, and 15 if it were not.
    assert decide(Decimal("15.40"), Decimal(15)).decision is Decision.WITHIN_THRESHOLD
    changed = outcome(Decimal("15.40"), Decimal(15), date(2026, 7, 1), "yearly_energy")
    assert (changed.decision, changed.kw, changed.effective_on) == (
        Decision.CHANGED, Decimal("15.40"), date(2026, 7, 1),
    )  # fmt: skip
    same = outcome(Decimal("15.40"), Decimal("15.40"), date(2026, 7, 1), "yearly_energy")
    assert (same.decision, same.kw) == (Decision.SAME_KW, None)


JULY = date(2026, 7, 1)


@pytest.mark.parametrize(
    ("in_force", "method", "kw"),
    [
        (CountsNow(Decimal("15.40"), "entered"), "yearly_energy", "15.40"),
        (CountsNow(Decimal("15.40"), "minus_five"), "yearly_energy", "15.40"),
        (CountsNow(Decimal("15.40"), "entered_energy"), "minus_five", "15"),
        (CountsNow(Decimal("15.40"), "yearly_energy"), "goteborg", "15"),
    ],
)
def test_what_is_measured_takes_the_place_of_the_other_kind_without_being_compared(
    in_force: CountsNow, method: str, kw: str
) -> None:
    found = held_against(Decimal("15.40"), in_force, JULY, method)
    assert found == Outcome(Decision.CHANGED, Decimal(kw), None, JULY)
    made = Made(DeterminationId(UUID(int=1)), "2025/2026", method, Decimal("15.40"), None, JULY)
    power = coming_power([made], date(2026, 6, 1))
    assert (power and power.kw, power and power.valid_from) == (Decimal(kw), JULY)
    nothing = held_against(None, in_force, JULY, method)
    assert nothing == Outcome(Decision.NOT_DETERMINED, None, None, None)


def test_one_kind_is_compared_with_itself_and_a_first_quantity_is_entered_by_staff() -> None:
    same = held_against(Decimal("15.40"), CountsNow(Decimal("15.40"), "entered_energy"), JULY, "yearly_energy")
    assert (same.decision, same.in_force_kw) == (Decision.SAME_KW, Decimal("15.40"))
    first = held_against(Decimal("15.40"), None, JULY, "yearly_energy")
    assert (first.decision, first.kw) == (Decision.NOTHING_IN_FORCE, None)


def test_staff_enter_either_a_power_or_a_yearly_energy() -> None:
    entered = documents.EnteredPower.model_validate({"valid_from": "2026-01-01", "mwh": "20.25"})
    assert (entered.amount, entered.method) == (Decimal("20.25"), "entered_energy")
    for written in ({}, {"kw": "9", "mwh": "20"}):
        with pytest.raises(ValidationError, match="write either kw or"):
            documents.EnteredPower.model_validate({"valid_from": "2026-01-01"} | written)


def by_energy(whole: Document) -> None:
    whole["extension"]["powerMethod"] = "yearly_energy"


def of_one_band(whole: Document) -> None:
    by_energy(whole)
    whole["tariffs"] = whole["tariffs"][:1]
    whole["tariffs"][0]["powerPrice"]["components"] = []
    del whole["extension"]["bands"]


def test_tariffs_by_yearly_energy_have_bands_of_mwh_and_no_price_of_power() -> None:
    whole = document()
    by_energy(whole)
    for tariff in whole["tariffs"]:
        tariff["powerPrice"]["components"] = []
    assert faults(price_list(whole)) == []
    assert price_list(whole).needs_power_in_force


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (by_energy, "tariffs[0].powerPrice.components: powerMethod yearly_energy measures no power"),
        (of_one_band, "extension.bands: is missing: powerMethod yearly_energy chooses a band"),
    ],
)
def test_tariffs_that_no_yearly_energy_could_choose_from_are_refused(
    change: Callable[[Document], None], words: str
) -> None:
    assert [one for one in told_of_tariffs(change) if one.startswith(words)], told_of_tariffs(change)


@pytest.mark.parametrize(
    ("component", "words"),
    [
        (YEARLY | {"bands": BANDS[:1]}, "at least 2"),
        (YEARLY | {"bands": [*BANDS[:1], BANDS[2]]}, "the band that begins at 30 MWh must begin where"),
        (YEARLY | {"bands": BANDS[:2]}, "the first band must begin at 0 MWh and the last have no upper end"),
        (YEARLY | {"bands": [BANDS[0], BANDS[1] | {"per_mwh": "5"}, BANDS[2]]}, "per_mwh is given in some bands"),
        (YEARLY | {"bands": [{**one, "fixed_per_year": None} for one in BANDS]}, "give the bands a price"),
        (
            YEARLY | {"bands": [{**one, "fixed_per_month": "1"} for one in BANDS]},
            "write either fixed_per_year or fixed_per_month",
        ),
    ],
)
def test_bands_that_do_not_meet_or_cost_nothing_are_refused(component: dict[str, Any], words: str) -> None:
    assert [reason for _, reason in told(short(ENERGY, component)) if words in reason], told(short(ENERGY, component))


def test_a_list_has_bands_of_power_or_of_yearly_energy() -> None:
    [(place, reason)] = told(short(ENERGY, YEARLY, power({"per_kw_year": "1"})))
    assert (place, "bands of power or of yearly energy once" in reason) == ("components", True)


def test_a_price_of_power_by_the_yearly_energy_is_told_how_it_is_written() -> None:
    [(place, reason)] = told(short(ENERGY, power({"per_kw_year": "1"}, method="yearly_energy")))
    assert (place, "write a yearlyEnergyPrice" in reason) == ("components[1].method", True)


def test_cooling_has_no_normal_year_to_choose_a_band_by() -> None:
    [(place, reason)] = told(short(ENERGY, YEARLY, medium="cooling"))
    assert place.startswith("components[1]")
    assert "measures heat alone" in reason
