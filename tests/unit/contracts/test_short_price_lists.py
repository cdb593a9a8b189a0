"""Price lists as utilities print them, for households and by the month, cost what they say."""

from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from services.contracts.core.price_list_documents import price_list
from services.contracts.core.price_list_rules import faults
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
