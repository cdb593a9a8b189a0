"""What an invoice costs, and that its parts sum to the whole."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.agreements import Agreed, PriceAgreement
from schemas.contracts import ContractTerm
from schemas.price_lists import PriceList, PriceListChanged
from schemas.values import PriceListId
from services.billing.core.held import Held, HeldReason
from services.billing.core.invoices import Draft, Figures, Month, drafts
from services.billing.core.parts import contract_span, parts
from services.billing.core.prices import Prices
from services.billing.core.terms import Contract
from services.heat.tariff.table import Charge
from tests.unit.billing.terms import BAS, COMPONENTS, changed, contract, lists, power, price_list

JANUARY = date(2026, 1, 1)


def figures(since: int | None, to: int | None, days: int = 31) -> Figures:
    return Figures(since, to, days, days, 0, 1)


def drafted(one: Contract, *known: Figures) -> Draft | Held:
    prices = lists(price_list())
    found = parts(one, prices, contract_span(one, JANUARY))
    assert not isinstance(found, Held)
    [made] = drafts([Month(found, known)], prices)
    return made


def test_a_january_costs_what_was_worked_out_by_hand() -> None:
    invoice = drafted(contract(), figures(1_000_400, 26_000_400))
    assert isinstance(invoice, Draft)
    assert [(line.component.value, line.amount_ore) for line in invoice.lines] == [
        ("energy", 1_327_500),
        ("power", 897_471),
        ("fixed", 3_100),
    ]
    assert (invoice.net_ore, invoice.vat_ore) == (2_228_071, 557_018)


def test_energy_is_billed_in_mwh_with_three_decimals() -> None:
    invoice = drafted(contract(), figures(499, 1_234_567))
    assert isinstance(invoice, Draft)
    assert (invoice.lines[0].quantity, invoice.lines[0].unit) == (Decimal("1.235"), "MWh")


def test_a_day_that_is_not_whole_holds_the_month() -> None:
    assert drafted(contract(), figures(0, 1000, days=30)) == Held(HeldReason.DAYS_MISSING)
    assert drafted(contract(), figures(None, 1000)) == Held(HeldReason.DAYS_MISSING)
    assert drafted(contract(), figures(0, None)) == Held(HeldReason.DAYS_MISSING)


def test_a_register_that_went_backwards_holds_the_month() -> None:
    assert drafted(contract(), figures(2000, 1000)) == Held(HeldReason.REGISTER_WENT_BACKWARDS)


def test_the_basis_cites_registers_revision_price_list_and_power() -> None:
    invoice = drafted(contract(), replace(figures(0, 25_000_000), revision=7))
    assert isinstance(invoice, Draft)
    (part,) = invoice.basis_parts
    assert (part["register_from_wh"], part["register_to_wh"], part["revision"]) == (0, 25_000_000, 7)
    assert part["price_list"] == {"price_list_id": "bas", "version": 1, "name": "Bas"}
    assert part["power"] == {"valid_from": "2020-01-01", "kw": "80", "method": "entered", "determination_id": None}


@given(st.integers(0, 10**12), st.integers(0, 10**9), st.integers(0, 10**9), st.integers(2, 31))
def test_parting_a_month_changes_no_energy_and_moves_no_more_than_an_ore_a_line(
    register: int, first: int, second: int, day: int
) -> None:
    whole = drafted(contract(), figures(register, register + first + second))
    one = contract(powers=(power(date(2020, 1, 1)), power(date(2026, 1, day), "80")))
    middle = register + first
    parted = drafted(one, figures(register, middle, day - 1), figures(middle, middle + second, 32 - day))
    assert isinstance(whole, Draft)
    assert isinstance(parted, Draft)
    assert sum(part["energy_kwh"] for part in parted.basis_parts) == whole.basis_parts[0]["energy_kwh"]
    assert abs(parted.net_ore - whole.net_ore) <= len(whole.lines)


CHOSEN: dict[str, Any] = {
    "components": [
        COMPONENTS[1],
        {
            "type": "powerPrice",
            "method": "customer_chosen",
            "bands": [{"from_kw": "0", "to_kw": None, "per_kw_year": "900"}],
            "overrun_per_kw": "120",
        },
    ]
}


def overruns(one: Contract, *known: Figures) -> list[tuple[date, Decimal, int]]:
    """Give where an overrun stands, its kW and its öre."""
    prices = lists(price_list(**CHOSEN))
    found = parts(one, prices, contract_span(one, JANUARY))
    assert not isinstance(found, Held)
    [made] = drafts([Month(found, known)], prices)
    assert isinstance(made, Draft)
    billed = [line for line in made.lines if line.component is Charge.OVERRUN]
    return [(line.part.first, line.quantity, line.amount_ore) for line in billed]


def test_the_highest_hour_above_a_chosen_power_costs_its_price_once() -> None:
    known = replace(figures(0, 25_000_000), highest_hour_wh=83_457)
    assert overruns(contract(), known) == [(JANUARY, Decimal("3.45"), 41_400)]


def test_no_hour_above_the_chosen_power_costs_nothing() -> None:
    known = replace(figures(0, 25_000_000), highest_hour_wh=80_000)
    assert overruns(contract(), known) == []


def test_a_month_without_a_measured_hour_has_no_overrun() -> None:
    assert overruns(contract(), figures(0, 25_000_000)) == []


def test_a_month_of_two_powers_pays_its_worst_overrun_once() -> None:
    changed_to = date(2026, 1, 16)
    one = contract(powers=(power(date(2020, 1, 1), "80"), power(changed_to, "90")))
    first = replace(figures(0, 12_000_000, days=15), highest_hour_wh=85_000)
    second = replace(figures(12_000_000, 25_000_000, days=16), highest_hour_wh=91_000)
    assert overruns(one, first, second) == [(changed_to, Decimal("5.00"), 60_000)]


@pytest.mark.parametrize("order", [("chosen", "bas"), ("bas", "chosen")])
def test_what_was_above_a_power_on_another_price_list_is_no_overrun(order: tuple[str, str]) -> None:
    first, second = (PriceListId(one) for one in order)
    changed_to = date(2026, 1, 16)
    terms = (
        ContractTerm(valid_from=date(2020, 1, 1), valid_to=changed_to, price_list_id=first),
        ContractTerm(valid_from=changed_to, valid_to=None, price_list_id=second),
    )
    chosen = PriceListId("chosen")
    of_chosen = price_list(price_list_id=chosen, **CHOSEN)
    known = PriceListChanged(price_list_id=chosen, version=1, versions=(of_chosen,))
    prices = Prices({BAS: changed(price_list()), chosen: known})
    found = parts(replace(contract(), terms=terms), prices, contract_span(contract(), JANUARY))
    assert not isinstance(found, Held)
    highest_wh = {"chosen": 85_000, "bas": 99_000}
    used = [
        replace(figures(0, 12_000_000, days=part.days), highest_hour_wh=highest_wh[one])
        for part, one in zip(found, order, strict=True)
    ]
    [made] = drafts([Month(found, used)], prices)
    assert isinstance(made, Draft)
    billed = [(line.part.price_list.price_list_id, line.quantity) for line in made.lines if line.component == "overrun"]
    assert billed == [("chosen", Decimal("5.00"))]


@given(
    listed=st.decimals(0, 2_000, places=6),
    percent=st.decimals("0.01", 100, places=2),
    unit=st.sampled_from(["MWh", "kWh"]),
    wh=st.integers(0, 10**12),
)
def test_every_line_of_an_agreed_price_can_be_worked_out_from_what_stands_on_it(
    listed: Decimal, percent: Decimal, unit: str, wh: int
) -> None:
    energy = price_list().model_dump(mode="json", by_alias=True)
    for tariff in energy["tariffs"]:
        for one in tariff["energyPrice"]["components"]:
            one |= {"unit": unit, "price": {"priceExVat": str(listed), "priceIncVat": "0", "currency": "SEK"}}
    prices = Prices({BAS: changed(PriceList.model_validate(energy))})
    off = PriceAgreement(name="5 år", valid_from=date(2020, 1, 1), valid_to=date(2030, 1, 1), discount_percent=percent)
    one = replace(contract(), agreed=Agreed(agreements=(off,)))
    found = parts(one, prices, contract_span(one, JANUARY))
    assert not isinstance(found, Held)
    [made] = drafts([Month(found, [figures(0, wh)])], prices)
    assert isinstance(made, Draft)
    for line in made.lines:
        days, of_days = line.days or 1, line.year_days or 1
        owed = (line.quantity * line.price + line.fixed_price) * 100 * days / of_days
        assert abs(line.amount_ore - owed) <= Decimal("0.5")
    # Of the agreed price nothing is lost but what is finer than a millionth of a krona for a MWh.
    per_mwh = listed * (1000 if unit == "kWh" else 1) * (100 - percent) / 100
    assert abs(made.lines[0].amount_ore - made.lines[0].quantity * per_mwh / (1000 if unit == "kWh" else 1) * 100) < 51
