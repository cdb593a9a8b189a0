"""What the PDFs of an estimate and a simulation say beside their figures."""

from datetime import date
from typing import Any

import pytest

from services.contracts.core.cost_document import of_estimate, of_simulation

PRICE_LIST = {"name": "Bas", "version": 1, "valid_from": "2026-01-01"}
PLACE = {"contract_number": "K1", "metering_point": "P1", "facility": "Villa Ek", "address": "Ekvägen 1"}
MONTHS = ["0.00"] * 12
FIXED = {"component": "fixed", "name": "Fast avgift", "net_kr": "480.00", "total_kr": "600.00", "months_net_kr": MONTHS}
ESTIMATE: dict[str, Any] = {
    **PLACE,
    "price_list": PRICE_LIST,
    "agreed": {"options": [], "agreements": []},
    "power_kw": "10",
    "yearly_mwh": None,
    "energy_mwh": "20",
    "rests_on": {
        "basis": "category_profile",
        "days_or_months": 0,
        "r2": None,
        "uncertainty": "not_known",
        "plus_minus_percent": None,
    },
    "assumptions": [],
    "months_mwh": MONTHS,
    "plus_minus_kr": None,
    "first_month": "2026-01",
    "last_month": "2026-12",
    "net_kr": "480.00",
    "total_kr": "600.00",
    "months_net_kr": MONTHS,
    "components": [FIXED],
}
SUMS = {"price_list": PRICE_LIST, "net_kr": "480.00", "total_kr": "600.00"}
SIMULATION = {
    **PLACE,
    "first_day": "2025-11-01",
    "last_day": "2026-10-31",
    "coverage": {"known": 8760, "hours": 8760, "measured": 8760},
    "choices": {"power_kw": "5"},
    "assumptions": [],
    "today": SUMS,
    "otherwise": SUMS,
    "differences": [],
    "difference_net_kr": "0.00",
    "difference_total_kr": "0.00",
}


def estimated(language: str, **agreed: Any) -> dict[str, Any]:
    found = ESTIMATE | {"agreed": {"options": [], "agreements": []} | agreed}
    return of_estimate(found, language, "Nätet AB", date(2026, 11, 26))


@pytest.mark.parametrize(
    ("language", "option", "agreement"),
    [
        ("sv", "Tillval", "Prisavtal"),
        ("en", "Option", "Price agreement"),
    ],
)
def test_an_estimate_on_paper_names_what_the_contract_has_beside(language: str, option: str, agreement: str) -> None:
    chosen = {"reference": "climate", "name": "Klimatval", "valid_from": "2019-01-01", "valid_to": None}
    off: dict[str, Any] = {"name": "Två år", "valid_from": "2026-01-01", "valid_to": "2028-01-01"}
    off |= {"energy_per_mwh": None, "discount_percent": "5"}
    facts = dict(estimated(language, options=[chosen], agreements=[off])["facts"])
    until, percent = {"sv": ("tills vidare", "5,0 %"), "en": ("until further notice", "5.0 %")}[language]
    assert facts[option] == f"Klimatval, 2019-01-01 – {until}"
    assert facts[agreement].startswith(f"Två år: {percent} ")
    assert facts[agreement].endswith(", 2026-01-01 – 2027-12-31")


@pytest.mark.parametrize(("language", "name"), [("sv", "Fast avgift"), ("en", "Fixed charge")])
def test_a_component_is_named_once_in_the_readers_language(language: str, name: str) -> None:
    assert estimated(language)["tables"][0]["rows"][0][0] == name


@pytest.mark.parametrize("is_below", [True, False])
def test_a_simulation_on_paper_warns_of_a_power_below_what_is_measured(is_below: bool) -> None:
    power = {
        "today_kw": "60",
        "today_unit": "kW",
        "otherwise_unit": "kW",
        "otherwise_kw": "5",
        "by": "chosen",
        "measured_kw": "53.1",
        "is_below_measured": is_below,
    }
    notes = of_simulation(SIMULATION | {"power": power}, "sv", "Nätet AB", date(2026, 11, 26))["notes"]
    assert any("5,0 kW" in note and "53,1 kW" in note for note in notes) is is_below


@pytest.mark.parametrize(("language", "word", "nothing"), [("sv", "Tillval", "inga"), ("en", "Option", "none")])
def test_a_simulation_on_paper_names_chosen_options_and_what_each_costs(language: str, word: str, nothing: str) -> None:
    chosen = {"reference": "service", "name": "Serviceavtal", "valid_from": "2026-01-01", "valid_to": None}
    kr = {"today_kr": "0.00", "otherwise_kr": "1188.00", "difference_kr": "1188.00"}
    found = SIMULATION | {
        "choices": {"options": ["service"]},
        "otherwise": SUMS | {"agreed": {"options": [chosen], "agreements": []}},
        "differences": [{"component": "fixed", "name": "Serviceavtal", **kr}],
        "power": {
            "today_kw": "10",
            "today_unit": "kW",
            "otherwise_kw": "10",
            "otherwise_unit": "kW",
            "by": "in_force",
            "is_below_measured": False,
        },
    }
    made = of_simulation(found, language, "Nätet AB", date(2026, 11, 26))
    assert dict(made["facts"])[word] == "Serviceavtal"
    assert made["tables"][0]["rows"][0][0] == "Serviceavtal"
    without = found | {"choices": {"options": []}, "otherwise": SUMS | {"agreed": {"options": [], "agreements": []}}}
    assert dict(of_simulation(without, language, "Nätet AB", date(2026, 11, 26))["facts"])[word] == nothing


def test_a_yearly_energy_on_paper_is_in_mwh() -> None:
    found = ESTIMATE | {"power_kw": None, "yearly_mwh": "20.25", "agreed": {"options": [], "agreements": []}}
    facts = of_estimate(found, "sv", "Nätet AB", date(2026, 11, 26))["facts"]
    assert ["Årsenergi", "20,25 MWh"] in facts
    assert "Abonnemangseffekt" not in [name for name, _ in facts]
    power: dict[str, Any] = {"today_kw": "12", "today_unit": "kW", "otherwise_kw": "20.25", "otherwise_unit": "MWh"}
    power |= {"by": "yearly_energy", "measured_kw": "20.25", "is_below_measured": False}
    facts = of_simulation(SIMULATION | {"power": power}, "sv", "Nätet AB", date(2026, 11, 26))["facts"]
    assert [text.rpartition(", ")[2] for _, text in facts if text.endswith(("kW", "MWh"))] == ["12 kW", "20.25 MWh"]
