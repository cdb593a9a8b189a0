"""Price lists as utilities print them, for households and by the month, cost what they say."""

from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from deploy.local.folder import ROOT
from schemas.price_lists import PriceList
from services.cli.price_list_files import read
from services.common.problems import faults_of
from services.contracts.core.price_list_documents import as_written, price_list
from services.contracts.core.price_list_rules import faults
from services.contracts.core.refusals import FaultyPriceListError
from services.heat.tariff.table import Charge
from services.heat.tariff.vat import vat_ore
from tests.unit.contracts.months import costs

ENERGY = {"type": "energyPrice", "seasons": [{"name": "Energi", "months": list(range(1, 13)), "price_per_mwh": "500"}]}
ONE_BAND = {"from_kw": "0", "to_kw": None}


def short(*components: dict[str, Any], **more: Any) -> dict[str, Any]:
    whole = {"name": "Hus", "valid_from": "2026-01-01", "valid_to": "2027-01-01", "components": [*components]}
    return whole | more


def power(*bands: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "powerPrice", "bands": [ONE_BAND | band for band in bands]} | more


def test_a_list_for_households_costs_what_is_printed_with_vat() -> None:
    # Göteborg Energi's private list of 2026: 374 kr a month, 94, 36 and 13 öre a kWh, all with VAT.
    printed = short(
        {"type": "fixedPrice", "amount_per_month": "374"},
        {
            "type": "energyPrice",
            "seasons": [
                {"name": "Vinter", "months": [1, 2, 3, 4, 10, 11, 12], "price_per_mwh": "940"},
                {"name": "Maj och september", "months": [5, 9], "price_per_mwh": "360"},
                {"name": "Sommar", "months": [6, 7, 8], "price_per_mwh": "130"},
            ],
        },
        prices_include_vat=True,
    )
    assert faults(price_list(printed)) == []
    kwh = [2800, 2500, 2200, 1600, 900, 400, 300, 400, 800, 1500, 2100, 2700]
    found = costs(price_list(printed), list(range(1, 13)), kwh=kwh)
    assert set(found[Charge.FIXED]) == {29_920}
    net = sum(map(sum, found.values()))
    assert net + vat_ore(net, Decimal(25)) == 1_971_900


def test_power_by_the_month_costs_the_same_in_every_month() -> None:
    monthly = price_list(short(ENERGY, power({"fixed_per_month": "500", "per_kw_month": "95"})))
    assert faults(monthly) == []
    # 500 kr and 80 kW at 95 kr, one amount, in February as in March.
    assert costs(monthly, [2, 3], kwh=0, centi_kw=8_000) == {Charge.ENERGY: [0, 0], Charge.POWER: [810_000, 810_000]}


def test_power_is_billed_in_its_months_alone() -> None:
    winter = price_list(short(ENERGY, power({"per_kw_month": "95"}, months=[1, 2, 3, 11, 12])))
    found = costs(winter, [3, 4, 10, 11], kwh=0, centi_kw=1_000)
    assert found[Charge.POWER] == [95_000, 0, 0, 95_000]


def test_an_overrun_and_hours_of_a_category_can_be_written_in_short() -> None:
    hours = [{"category": "apartments", "hours": "2200"}]
    chosen = power({"per_kw_year": "900"}, method="customer_chosen", overrun_per_kw="120")
    divided = power({"per_kw_year": "900"}, method="category_number", utilisation_hours=hours)
    assert price_list(short(ENERGY, chosen)).extension.overrun_per_kw is not None
    assert price_list(short(ENERGY, divided)).extension.utilisation_hours[0].hours == 2200
    assert faults(price_list(short(ENERGY, chosen))) == faults(price_list(short(ENERGY, divided))) == []


@pytest.mark.parametrize(
    ("component", "words"),
    [
        ({"type": "fixedPrice"}, "either amount_per_year or amount_per_month"),
        (
            {"type": "fixedPrice", "amount_per_year": "12", "amount_per_month": "1"},
            "either amount_per_year or amount_per_month",
        ),
        (power({"fixed_per_year": "1"}), "either per_kw_year or per_kw_month"),
        (power({"fixed_per_year": "1", "per_kw_month": "1"}), "the fixed part is by the year where per_kw_year is"),
        (
            power({"to_kw": "50", "per_kw_year": "1"}, {"from_kw": "50", "per_kw_month": "1"}),
            "all bands are priced by the year, or all by the month",
        ),
    ],
)
def test_a_price_by_the_year_and_by_the_month_at_once_is_refused(component: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        price_list(short(ENERGY, component))


RETURNS = {"type": "returnTemperaturePrice", "price_per_mwh_c": "5"}
VOLUME = {"type": "volumePrice", "price_per_m3": "3"}
OPTION = {"reference": "service", "name": "Service"}


def told(document: dict[str, Any]) -> list[tuple[str, str]]:
    """Say what is wrong with a list, and where, as whoever puts it is told."""
    try:
        return [*as_written(document, faults(price_list(document)))]
    except FaultyPriceListError as error:
        return [*error.faults]
    except ValidationError as error:
        return [(one["field"], one["reason"]) for one in faults_of(error.errors())]


def by_category(*hours: tuple[str, str], **more: Any) -> dict[str, Any]:
    written = [{"category": category, "hours": of} for category, of in hours]
    return short(ENERGY, power({"per_kw_year": "1"}, method="category_number", utilisation_hours=written), **more)


@pytest.mark.parametrize(
    ("document", "place", "words"),
    [
        (short(ENERGY, RETURNS | {"months": [1, 1, 2]}), "components[1].months", "names 1 twice"),
        (short(ENERGY, VOLUME | {"months": [1, 1]}), "components[1].months", "names 1 twice"),
        (short(ENERGY, power({"per_kw_year": "1"}, months=[12, 1, 12])), "components[1].months", "names 12 twice"),
        (short(ENERGY, valid_to="9999-12-31"), "valid_to", "leave valid_to out where the list counts until further"),
        (short(ENERGY, valid_to="9000-12-31"), "valid_to", "write a day from 1990-01-01 to 2060-12-31"),
        (short(ENERGY, valid_from="9995-01-01", valid_to=None), "valid_from", "is 9995-01-01; write a day from 1990"),
        (short(ENERGY, valid_from="1800-01-01", valid_to=None), "valid_from", "is 1800-01-01; write a day from 1990"),
        (short(ENERGY, valid_from="2055-01-01", valid_to=None), "valid_to", "is 2065-01-01; write a day from 1990"),
        (short(ENERGY, valid_to="2025-01-01"), "valid_to", "it must be after valid_from"),
        (
            short(ENERGY, power({"per_kw_year": "1"}), power({"per_kw_year": "1"})),
            "components",
            "at most one powerPrice",
        ),
        (
            short(ENERGY, RETURNS | {"weighted_by": "flow"}, RETURNS | {"weighted_by": "energy"}),
            "components[2].weighted_by",
            "is energy, and flow of a returnTemperaturePrice before",
        ),
        (short(ENERGY, {"type": "fixedPrice", "amount_per_year": "900000000"}), "components[1].amount_per_year", "VAT"),
        (short(RETURNS | {"price_per_mwh_c": "x"}), "components.0.returnTemperaturePrice.price_per_mwh_c", "a number"),
        (short({"type": "fixedPrice", "amount_per_year": "1"}), "components", "no price of energy from 2026-01-01"),
        (
            short(power({"to_kw": "50", "per_kw_year": "1"}, {"from_kw": "50", "per_kw_year": "1"})),
            "components",
            "no price of energy from 2026-01-01",
        ),
        (short(ENERGY, options=[OPTION]), "options[0].per_year", "give the option a price"),
        (short(ENERGY, options=[OPTION | {"per_year": "1", "per_month": "1"}]), "options[0].per_month", "either by"),
        (
            short(ENERGY, options=[OPTION | {"reference": "bad ref, x", "per_year": "1"}]),
            "options[0].reference",
            "write 1 to 40 letters, digits, dots",
        ),
        (short(ENERGY, name="  "), "name", "is blank"),
        (short(ENERGY, name="Hus\0"), "name", "NUL"),
        (short(ENERGY, power({"per_kw_year": "1"}), medium="cooling"), "components[1].method", "measures heat alone"),
        (
            short(ENERGY, power({"per_kw_year": "1"}, method="cooling_peak")),
            "components[1].method",
            "measures cooling alone",
        ),
        (by_category(), "components[1].utilisation_hours", "is missing"),
        (
            by_category(("apartments", "2200"), ("apartments", "2400")),
            "components[1].utilisation_hours[1].category",
            "give each category once",
        ),
        (
            by_category(("apartments", "2200"), categories=["apartments", "small_house"]),
            "components[1].utilisation_hours",
            "lacks the hours of small_house",
        ),
    ],
)
def test_what_is_wrong_is_said_once_and_where_it_was_written(document: dict[str, Any], place: str, words: str) -> None:
    [(where, what)] = told(document)
    assert where == place
    assert words in what


def test_all_return_temperatures_may_be_weighted_by_flow() -> None:
    by_flow = RETURNS | {"weighted_by": "flow"}
    document = short(ENERGY, by_flow, by_flow | {"reference_c": "50", "months": [1, 12]})
    assert told(document) == []
    assert price_list(document).extension.return_temperature_weighted_by == "flow"


@pytest.mark.parametrize(
    "odd",
    [
        {"components": [ENERGY, RETURNS | {"months": [1, 1, 2]}]},
        {"valid_from": "1985-01-01", "valid_to": None},
        {"components": [ENERGY, RETURNS, RETURNS | {"weighted_by": "flow"}]},
        {"options": [OPTION | {"reference": "bad ref, x", "per_year": "1"}]},
        {"components": [ENERGY, power({"per_kw_year": "1"}, method="cooling_peak")]},
        {"name": " "},
    ],
)
def test_a_stored_list_that_would_be_refused_today_is_still_read(odd: dict[str, Any]) -> None:
    document = short(ENERGY) | odd
    assert told(document)
    stored = PriceList.model_validate(document | {"price_list_id": "old", "version": 1})
    assert PriceList.model_validate_json(stored.model_dump_json()) == stored


def product(name: str) -> str:
    return price_list(short(ENERGY, name=name)).tariffs[0].product


def test_lists_that_only_a_number_tells_apart_are_products_of_their_own() -> None:
    assert [product(f"Taxa {number} 2026") for number in (1, 2, 12)] == [
        "heat.consume.taxa-1.0kw",
        "heat.consume.taxa-2.0kw",
        "heat.consume.taxa-12.0kw",
    ]


@pytest.mark.parametrize("name", ["Bas 2025", "Bas 2026", "Bas 2025/26", "Bas 2025–2026", "Bas2027", "2026 Bas"])
def test_a_product_is_the_same_in_every_year(name: str) -> None:
    assert product(name) == "heat.consume.bas.0kw"


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("bas-2018.json", "heat.consume.prislista-bas"),
        ("bas-2023.json", "heat.consume.prislista-bas"),
        ("fast-2022.json", "heat.consume.prislista-fast"),
        ("topp-2021.json", "heat.consume.prislista-topp"),
        ("kyla-2021.json", "cooling.consume.prislista-kyla"),
        ("goteborg-2024.json", "heat.consume.göteborg-energi-företag"),
    ],
)
def test_the_products_of_shipped_lists_are_as_they_were(file: str, name: str) -> None:
    found = price_list(read(ROOT / "services/contracts/price_lists" / file))
    assert {one.product.rpartition(".")[0] for one in found.tariffs} == {name}


def test_several_fixed_charges_have_names_by_which_they_are_told_apart() -> None:
    charges = [
        {"type": "fixedPrice", "amount_per_year": "750"},
        {"type": "fixedPrice", "amount_per_month": "49", "name": "Mätaravgift"},
    ]
    [tariff] = price_list(short(ENERGY, *charges)).tariffs
    named = [(one.name, one.priced_period) for one in tariff.fixed_price.components[:2]]
    assert named == [("Fast avgift", "P1Y"), ("Mätaravgift", "P1M")]


@pytest.mark.parametrize(
    ("winter", "words"),
    [
        ([1, 2, 3, 11], "; none names 12"),
        ([1, 2, 3, 4, 11, 12], "; named twice: 4"),
        ([1, 2, 3, 4, 5, 11], "; none names 12; named twice: 4, 5"),
    ],
)
def test_seasons_that_leave_months_out_or_name_them_twice_are_told_which(winter: list[int], words: str) -> None:
    seasons = [("Vinter", winter), ("Sommar", [4, 5, 6, 7, 8, 9, 10])]
    energy = [{"name": name, "months": months, "price_per_mwh": "500"} for name, months in seasons]
    [(_, reason)] = told(short({"type": "energyPrice", "seasons": energy}))
    assert reason == f"the seasons must name each month from 1 to 12 exactly once{words}"
