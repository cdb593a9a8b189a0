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
    one, prices = contract(powers=(of_energy(mwh),)), villa()
    found = parts(one, prices, contract_span(one, JANUARY))
    assert not isinstance(found, Held)
    [made] = drafts([Month(found, [Figures(0, 3_200_000, 31, 31, 0, 1)])], prices)
    assert isinstance(made, Draft)
    return made


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


def test_kilowatts_are_never_billed_as_mwh_nor_mwh_as_kilowatts() -> None:
    by_power, by_energy = contract(powers=(power(BEGAN, "20"),)), contract(powers=(of_energy("20"),))
    for one, prices in ((by_power, villa()), (by_energy, lists(price_list()))):
        assert parts(one, prices, contract_span(one, JANUARY)) == Held(HeldReason.NO_POWER_IN_FORCE)


def test_a_list_by_yearly_energy_bills_nothing_before_one_is_in_force() -> None:
    one = replace(contract(), powers=())
    assert parts(one, villa(), contract_span(one, JANUARY)) == Held(HeldReason.NO_POWER_IN_FORCE)
