"""Efficiency prices that count on one side of their reference, or up to an end: bonus and fee as utilities print them.

The list: a winter bonus of 6 kr for each MWh and °C below 45 °C, a fee of 12 kr above 50 °C, at most 10 °C of either.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from schemas.price_list_terms import CountedDeviation, Counts, PriceListTerms
from schemas.price_lists import PriceList
from schemas.rates import rates
from services.contracts.core.annual_estimate import Efficiency, used_in
from services.contracts.core.cost_answers import listed as shown
from services.contracts.core.network_means import MONTHS, NOTHING_CLOSED
from services.contracts.core.price_list_documents import price_list
from services.contracts.core.price_list_rules import faults
from services.contracts.core.simulation import cooled_better
from services.contracts.core.year_cost import Prices, twelve_months
from services.heat.arrays import UNKNOWN
from services.heat.tariff.table import Charge, table
from tests.unit.contracts.months import costs
from tests.unit.contracts.test_calculation import asked, listed, sums
from tests.unit.contracts.test_network_means import KWH, against_network, all_year, efficiency_kr
from tests.unit.contracts.test_price_list_rules import Document, document
from tests.unit.contracts.test_price_list_rules import told as told_of_tariffs
from tests.unit.contracts.test_short_price_lists import ENERGY, RETURNS, VOLUME, short, told

WINTER = [1, 2, 3, 11, 12]
BONUS: dict[str, Any] = {
    "type": "returnTemperaturePrice", "months": WINTER, "price_per_mwh_c": "6", "reference_c": "45",
    "counts": "below", "at_most_c": "10",
}  # fmt: skip
FEE = BONUS | {"price_per_mwh_c": "12", "reference_c": "50", "counts": "above"}
PRINTED = short(ENERGY, BONUS, FEE)
ABOVE_19_5 = VOLUME | {"price_per_m3": "3.50", "held_against": "fixed", "m3_per_mwh": "19.5", "counts": "above"}


def returns_ore(document: dict[str, Any], months: list[int], centi_c: int) -> list[int]:
    """What a return temperature costs in months of 25 MWh."""
    return costs(price_list(document), months, kwh=25_000, return_centi_c=centi_c)[Charge.RETURN_TEMPERATURE]


def bonus_and_fee(centi_c: int) -> tuple[int, int]:
    """The two in a January of 25 MWh, in öre."""
    (bonus,), (fee,) = returns_ore(short(ENERGY, BONUS), [1], centi_c), returns_ore(short(ENERGY, FEE), [1], centi_c)
    return bonus, fee


@pytest.mark.parametrize(
    ("centi_c", "bonus", "fee"),
    [
        (3_800, -105_000, 0),  # 7 °C below 45: 25 MWh * 7 °C * 6 kr = 1,050 kr.
        (3_000, -150_000, 0),  # 15 °C below, of which 10 count: 25 * 10 * 6 = 1,500 kr.
        (4_700, 0, 0),  # Between the references nothing counts.
        (5_650, 0, 195_000),  # 6.5 °C above 50: 25 * 6.5 * 12 = 1,950 kr.
        (6_500, 0, 300_000),  # 15 °C above, of which 10 count: 25 * 10 * 12 = 3,000 kr.
    ],
)
def test_a_bonus_below_one_reference_and_a_fee_above_another_cost_what_is_printed(
    centi_c: int, bonus: int, fee: int
) -> None:
    assert bonus_and_fee(centi_c) == (bonus, fee)


def test_bonus_and_fee_stand_side_by_side_in_one_list() -> None:
    assert faults(price_list(PRINTED)) == []
    both = [one for one in rates(price_list(PRINTED)) if one.charge == "return_temperature" and one.first.month == 1]
    assert [(one.name, one.counts, one.at_most) for one in both] == [
        ("Returtemperatur under 45 °C, högst 10 °C räknas", "below", Decimal(10)),
        ("Returtemperatur över 50 °C, högst 10 °C räknas", "above", Decimal(10)),
    ]
    layers = [layer.charge for layer in table(rates(price_list(PRINTED)), []).layers]
    assert layers.count(Charge.RETURN_TEMPERATURE) == 2


def test_a_summers_return_temperature_costs_nothing_by_a_winters_list() -> None:
    assert returns_ore(PRINTED, [7], 6_500) == [0]


def test_an_end_holds_above_and_below_alike() -> None:
    both = short(ENERGY, RETURNS | {"reference_c": "40", "at_most_c": "2.5"})
    # 25 MWh at 5 kr for 2.5 °C of 9, above and below.
    assert [returns_ore(both, [1], centi_c) for centi_c in (4_900, 3_100)] == [[31_250], [-31_250]]


@pytest.mark.parametrize(
    ("counts", "litres", "kr"),
    [
        # 25 MWh may take 487.5 m3. 540 are 52.5 more, 450 are 37.5 less.
        ("above", 540_000, "183.75"),
        ("above", 450_000, "0"),
        ("below", 540_000, "0"),
        ("below", 450_000, "-131.25"),
        ("both", 450_000, "-131.25"),
    ],
)
def test_a_flow_counts_on_the_side_that_is_printed(counts: str, litres: int, kr: str) -> None:
    written = price_list(short(ENERGY, ABOVE_19_5 | {"counts": counts}))
    assert costs(written, [1], kwh=25_000, litres=litres)[Charge.VOLUME] == [int(Decimal(kr) * 100)]


def test_a_list_that_says_nothing_of_it_counts_both_sides_and_is_stored_as_before() -> None:
    plain = price_list(short(ENERGY, RETURNS, VOLUME))
    assert plain.extension.counted_deviations == ()
    assert {one.name for one in plain.tariffs[0].efficiency_price.components} == {"Returtemperatur", "Flöde"}
    assert not any(layer.is_limited for layer in table(rates(plain), []).layers)


def test_the_calculator_counts_what_is_printed() -> None:
    colder: dict[str, Any] = {
        "energy_mwh": "50",
        "power_kw": None,
        "category": "small_house",
        "on": "2026-05-05",
        "return_c": "30",
    }
    found = asked(listed(PRINTED, "bas"), **colder)
    # Of 100, January to March, November and December have 67.3, as in test_calculation: 33.65 MWh, of 15 °C 10 count.
    assert sums(found)["return_temperature"] == -round(Decimal("33.65") * 10 * 6 * 100)
    assert sums(asked(listed(PRINTED, "bas"), **(colder | {"return_c": "47"})))["return_temperature"] == 0


@pytest.mark.parametrize(
    ("written", "network_centi_c", "kr"),
    [
        # Seven months of 4 MWh at 4 kr, and 43 °C of its own.
        ({"counts": "above"}, 4_150, "168"),
        ({"counts": "above"}, 4_500, "0"),
        ({"counts": "below"}, 4_150, "0"),
        ({"counts": "below"}, 4_500, "-224"),
        ({"at_most_c": "1"}, 4_150, "112"),
        ({"at_most_c": "1"}, 4_500, "-112"),
    ],
)
def test_an_estimate_against_the_networks_mean_counts_the_printed_side_up_to_its_end(
    written: dict[str, str], network_centi_c: int, kr: str
) -> None:
    assert efficiency_kr(against_network(**written), all_year(network_centi_c)) == Decimal(kr)


@pytest.mark.parametrize("counts", ["above", "below"])
def test_against_a_mean_that_is_not_known_either_side_costs_nothing(counts: str) -> None:
    assert efficiency_kr(against_network(counts=counts), NOTHING_CLOSED) == 0


@pytest.mark.parametrize(
    ("written", "kr"),
    [
        # What is not known is at its references; 5 °C colder is seven months of 4 MWh below them, at 4 kr.
        ({"counts": "below"}, "-560"),
        ({"counts": "above"}, "0"),
        ({"at_most_c": "2"}, "-224"),
    ],
)
def test_cooling_better_from_what_is_not_known_saves_what_counts_of_it(written: dict[str, str], kr: str) -> None:
    version = PriceList.model_validate(against_network(**written) | {"price_list_id": "bas", "version": 1})
    months = twelve_months(version, version.valid_period.from_including)
    assert months is not None
    laid_out = Prices(version, months)
    used, _ = used_in(laid_out, KWH, Efficiency(*np.full((3, MONTHS), UNKNOWN)), 2_000, NOTHING_CLOSED)
    lines = laid_out.cost(cooled_better(used, Decimal(5), is_cooling=False)).lines
    assert sum(one.ore for one in lines if one.charge is Charge.RETURN_TEMPERATURE) == int(Decimal(kr) * 100)


def test_a_price_is_answered_with_the_side_and_the_end_that_count() -> None:
    version = PriceList.model_validate(PRINTED | {"price_list_id": "hus", "version": 1})
    answered = shown(version, version.valid_period.from_including, {})["prices"]
    assert {(one["counts"], one["at_most"]) for one in answered} == {("both", None), ("below", "10"), ("above", "10")}


def counted(**entry: Any) -> Callable[[Document], None]:
    """Göteborg's list with an entry of its first price of the return temperature."""

    def change(whole: Document) -> None:
        whole["extension"]["countedDeviations"] = [{"reference": "heating_season_h1"} | entry]

    return change


def by_volume(**entry: Any) -> Callable[[Document], None]:
    """The same, where that price is of the whole volume."""

    def change(whole: Document) -> None:
        counted(**entry)(whole)
        for tariff in whole["tariffs"]:
            one = tariff["efficiencyPrice"]["components"][0]
            one |= {"measurementMethod": "volume", "unit": "m³"}
            one.pop("returnTemperatureSettings", None)  # The bands share it.

    return change


def test_a_tariff_says_what_counts_by_its_prices_reference() -> None:
    whole = document()
    counted(counts="above", atMostC="7.5")(whole)
    assert faults(price_list(whole)) == []
    found = {one.reference: (one.counts, one.at_most) for one in rates(price_list(whole)) if "season" in one.reference}
    assert found["heating_season_h1"] == ("above", Decimal("7.5"))
    assert found["heating_season_h2"] == ("both", None)


def twice(whole: Document) -> None:
    whole["extension"]["countedDeviations"] = 2 * [{"reference": "heating_season_h1", "counts": "above"}]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            counted(reference="winter", counts="above"),
            "extension.countedDeviations[0].reference: there is no efficiency price with the reference 'winter'",
        ),
        (twice, "extension.countedDeviations[1].reference: is that of another entry, 'heating_season_h1'"),
        (by_volume(counts="below"), "extension.countedDeviations[0].counts: the volume of 'heating_season_h1' is held"),
        (
            by_volume(atMostC="5"),
            "extension.countedDeviations[0].atMostC: 'heating_season_h1' is a price of the volume",
        ),
        (counted(counts="sideways"), "extension.countedDeviations.0.counts: Input should be"),
        (counted(atMostC="0"), "extension.countedDeviations.0.atMostC: Input should be greater than 0"),
    ],
)
def test_a_deviation_that_nobody_could_count_is_said_with_its_place(
    change: Callable[[Document], None], words: str
) -> None:
    assert [one for one in told_of_tariffs(change) if one.startswith(words)], told_of_tariffs(change)


@pytest.mark.parametrize(
    ("component", "words"),
    [
        (VOLUME | {"counts": "above"}, "counts: above or below belongs to held_against"),
        (ABOVE_19_5 | {"at_most_c": "5"}, "leave it out"),
        (RETURNS | {"counts": "over"}, "write 'both', 'above' or 'below'"),
        (RETURNS | {"at_most_c": "-1"}, "it must be more than 0"),
    ],
)
def test_in_short_it_is_said_where_it_was_written(component: dict[str, Any], words: str) -> None:
    [(place, reason)] = told(short(ENERGY, component))
    assert place.startswith("components.1.")
    assert words in reason


def test_what_is_written_in_short_is_an_entry_of_the_tariffs() -> None:
    terms: PriceListTerms = price_list(short(ENERGY, BONUS, FEE, ABOVE_19_5))
    assert terms.extension.counted_deviations == (
        CountedDeviation(reference="return_temperature", counts=Counts.BELOW, at_most_c=Decimal(10)),
        CountedDeviation(reference="return_temperature_2", counts=Counts.ABOVE, at_most_c=Decimal(10)),
        CountedDeviation(reference="volume", counts=Counts.ABOVE),
    )
