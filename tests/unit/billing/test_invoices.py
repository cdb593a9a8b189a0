"""What an invoice costs, and that its parts sum to the whole."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.billing.core.held import Held, HeldReason
from services.billing.core.invoices import Draft, Figures, Month, drafts
from services.billing.core.parts import contract_span, parts
from services.billing.core.terms import Contract
from services.heat.tariff.table import Charge
from tests.unit.billing.terms import COMPONENTS, contract, lists, power, price_list

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
    assert overruns(contract(), known) == [(JANUARY, Decimal("0.00"), 0)]


def test_a_month_without_a_measured_hour_has_no_overrun() -> None:
    assert overruns(contract(), figures(0, 25_000_000)) == [(JANUARY, Decimal("0.00"), 0)]


def test_a_month_of_two_powers_pays_its_worst_overrun_once() -> None:
    changed_to = date(2026, 1, 16)
    one = contract(powers=(power(date(2020, 1, 1), "80"), power(changed_to, "90")))
    first = replace(figures(0, 12_000_000, days=15), highest_hour_wh=85_000)
    second = replace(figures(12_000_000, 25_000_000, days=16), highest_hour_wh=91_000)
    assert overruns(one, first, second) == [(JANUARY, Decimal("0.00"), 0), (changed_to, Decimal("5.00"), 60_000)]
