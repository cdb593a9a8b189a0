"""Invoices by the yearly energy: its band's fixed charge, and never a power taken for MWh."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from schemas.contracts import PowerInForce
from services.billing.core.held import Held, HeldReason
from services.billing.core.invoices import Draft, Figures, Month, drafts
from services.billing.core.parts import contract_span, parts
from services.billing.core.prices import Prices
from tests.unit.billing.terms import contract, lists, power, price_list
from tests.unit.billing.test_document import printed
from tests.unit.contracts.test_yearly_energy import ENERGY, YEARLY

JANUARY, BEGAN = date(2026, 1, 1), date(2020, 1, 1)


def of_energy(mwh: str, method: str = "yearly_energy") -> PowerInForce:
    return PowerInForce(valid_from=BEGAN, kw=Decimal(mwh), method=method, determination_id=None)


def villa() -> Prices:
    return lists(price_list(components=[ENERGY, YEARLY]))


def january(mwh: str) -> Draft:
    """A January of 3.2 MWh."""
    return billed(villa(), mwh, Figures(0, 3_200_000, 31, 31, 0, 1))


def billed(prices: Prices, mwh: str, january: Figures) -> Draft:
    one = contract(powers=(of_energy(mwh),))
    found = parts(one, prices, contract_span(one, JANUARY))
    assert not isinstance(found, Held)
    [made] = drafts([Month(found, [january])], prices)
    assert isinstance(made, Draft)
    return made


def business() -> Prices:
    """450 kr for each MWh; above 100 MWh a year 1,500 kr a month and 20 kr off each MWh, below it 500 kr and none.

    4 kr for each m3 above 20 m3/MWh, and nothing back below.
    """
    seasons = [{"name": "Hela året", "months": list(range(1, 13)), "price_per_mwh": "450"}]
    bands = [
        {"from_mwh": "0", "to_mwh": "100", "fixed_per_month": "500", "per_mwh": "0"},
        {"from_mwh": "100", "to_mwh": None, "fixed_per_month": "1500", "per_mwh": "-20"},
    ]
    flow = {"type": "volumePrice", "price_per_m3": "4", "held_against": "fixed", "m3_per_mwh": "20", "counts": "above"}
    energy, yearly = {"type": "energyPrice", "seasons": seasons}, {"type": "yearlyEnergyPrice", "bands": bands}
    return lists(price_list(components=[energy, yearly, flow]))


@pytest.mark.parametrize(
    ("mwh", "m3", "net_ore"),
    [
        # 40 MWh at 450 are 18,000 kr; 800 off, 1,500 fixed; 900 m3 are 100 more than 800, at 4 kr: 19,100 kr.
        ("320", 900, 1_910_000),
        ("320", 700, 1_870_000),
        # In the band below: 18,000 and 500, and the same 400 for the flow.
        ("100", 900, 1_890_000),
    ],
)
def test_a_business_list_of_bands_by_the_month_and_flow_above_costs_what_was_worked_out_by_hand(
    mwh: str, m3: int, net_ore: int
) -> None:
    used = Figures(0, 40_000_000, 31, 31, 0, 1, litres=m3 * 1_000)
    assert billed(business(), mwh, used).net_ore == net_ore


@pytest.mark.parametrize(("mwh", "fixed_ore"), [("15.00", 20_384), ("15.01", 30_575), ("30.01", 45_863)])
def test_a_month_bills_the_band_of_the_yearly_energy_in_force(mwh: str, fixed_ore: int) -> None:
    # 31 of 365 days of 2,400, 3,600 and 5,400 kr.
    assert [(line.component.value, line.amount_ore) for line in january(mwh).lines] == [
        ("energy", 224_000),
        ("fixed", fixed_ore),
    ]


def test_an_invoice_by_yearly_energy_costs_what_was_worked_out_by_hand() -> None:
    # 3.2 * 700 = 2,240.00 and 305.75 are 2,545.75; a quarter is 636.44.
    made = january("20.25")
    assert (made.net_ore, made.vat_ore) == (254_575, 63_644)


@pytest.mark.parametrize(
    ("method", "words"), [("yearly_energy", "normalårets energi under tolv månader"), ("entered_energy", "avtalad")]
)
def test_an_invoice_names_the_yearly_energy_in_mwh_and_the_band(method: str, words: str) -> None:
    said = printed(contract(powers=(of_energy("20.25", method),)), villa(), [0, 3_200_000])
    assert ["Årsenergi", f"20,25 MWh från och med 2020-01-01, {words}"] in said["place"]
    assert "Abonnemangseffekt" not in [name for name, _ in said["place"]]
    [fixed] = [line for line in said["lines"] if line["name"].startswith("Fast avgift")]
    assert fixed["name"] == "Fast avgift, 15–30 MWh per år"


def test_a_band_that_changes_the_price_of_energy_is_a_line_of_its_own_name() -> None:
    said = printed(contract(powers=(of_energy("320"),)), business(), [0, 40_000_000], litres=700_000)
    assert [(one["name"], one["price"]) for one in said["lines"]][:2] == [
        ("Energi, hela året", "450,00 kr/MWh"), ("Energi, över 100 MWh per år", "−20,00 kr/MWh"),
    ]  # fmt: skip


def test_kilowatts_are_never_billed_as_mwh_nor_mwh_as_kilowatts() -> None:
    by_power, by_energy = contract(powers=(power(BEGAN, "20"),)), contract(powers=(of_energy("20"),))
    for one, prices in ((by_power, villa()), (by_energy, lists(price_list()))):
        assert parts(one, prices, contract_span(one, JANUARY)) == Held(HeldReason.NO_POWER_IN_FORCE)


def test_a_list_by_yearly_energy_bills_nothing_before_one_is_in_force() -> None:
    one = replace(contract(), powers=())
    assert parts(one, villa(), contract_span(one, JANUARY)) == Held(HeldReason.NO_POWER_IN_FORCE)
