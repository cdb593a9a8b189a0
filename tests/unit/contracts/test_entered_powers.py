"""What is entered for a contract must be what its price list bills by on that day."""

from datetime import date
from typing import Any

import pytest

from schemas.price_lists import PriceListChanged
from services.contracts.core import documents
from services.contracts.core.entered_powers import misfit
from services.contracts.core.price_list_documents import price_list
from services.contracts.core.price_list_life import Term
from tests.unit.contracts.test_short_price_lists import power, short
from tests.unit.contracts.test_yearly_energy import ENERGY, YEARLY

BY_POWER, BY_ENERGY = short(ENERGY, power({"per_kw_year": "900"})), short(ENERGY, YEARLY)


def listed(*versions: dict[str, Any], name: str = "list") -> PriceListChanged:
    given = [
        price_list(one).model_dump(mode="json", by_alias=True) | {"price_list_id": name, "version": place}
        for place, one in enumerate(versions, 1)
    ]
    return PriceListChanged.model_validate({"price_list_id": name, "version": len(given), "versions": given})


def entered(day: str, **quantity: str) -> documents.EnteredPower:
    return documents.EnteredPower.model_validate({"valid_from": day} | quantity)


# From kW to MWh at the turn of the year.
TURNED = {
    "list": listed(
        BY_POWER | {"valid_from": "2026-01-01", "valid_to": "2027-01-01"},
        BY_ENERGY | {"valid_from": "2027-01-01", "valid_to": "2028-01-01"},
    )
}
FROM_2026 = [Term(date(2026, 1, 1), "list")]


def test_a_list_that_turns_to_the_yearly_energy_takes_each_quantity_in_its_own_years() -> None:
    powers = [entered("2026-01-01", kw="12"), entered("2026-12-31", kw="13"), entered("2027-01-01", mwh="20")]
    assert misfit(powers, FROM_2026, TURNED) is None


@pytest.mark.parametrize(("day", "quantity"), [("2026-12-31", {"mwh": "20"}), ("2027-01-01", {"kw": "12"})])
def test_the_day_from_which_it_counts_says_which_version_it_must_fit(day: str, quantity: dict[str, str]) -> None:
    found = misfit([entered("2026-01-01", kw="12"), entered(day, **quantity)], FROM_2026, TURNED)
    assert found is not None
    assert (found.place, found.power.valid_from, found.unit) == (1, date.fromisoformat(day), next(iter(quantity)))


def test_a_list_that_a_withdrawal_moves_to_is_what_counts_after_its_day() -> None:
    lists = {"by-power": listed(BY_POWER, name="by-power"), "by-energy": listed(BY_ENERGY, name="by-energy")}
    terms = [Term(date(2026, 1, 1), "by-power"), Term(date(2026, 7, 1), "by-energy", moved_from="by-power")]
    assert misfit([entered("2026-06-30", kw="12")], terms, lists) is None
    found = misfit([entered("2026-07-01", kw="12")], terms, lists)
    assert found is not None
    assert found.told.startswith(f"'{BY_ENERGY['name']}' bills by the yearly energy on 2026-07-01")


@pytest.mark.parametrize("quantity", [{"kw": "12"}, {"mwh": "20"}])
def test_a_list_that_bills_by_neither_takes_both(quantity: dict[str, str]) -> None:
    lists = {"list": listed(short(ENERGY))}
    assert misfit([entered("2026-01-01", **quantity)], FROM_2026, lists) is None


@pytest.mark.parametrize("quantity", [{"kw": "12"}, {"mwh": "20"}])
def test_a_day_without_firm_prices_refuses_nothing(quantity: dict[str, str]) -> None:
    assert misfit([entered("2028-01-01", **quantity)], FROM_2026, TURNED) is None


def test_a_list_by_each_months_own_peaks_takes_kw_for_a_month_and_no_yearly_energy() -> None:
    lists = {"list": listed(short(ENERGY, power({"per_kw_year": "900"}, method="month_highest_3_days")))}
    assert misfit([entered("2026-02-01", kw="12")], FROM_2026, lists) is None
    found = misfit([entered("2026-02-01", mwh="12")], FROM_2026, lists)
    assert found is not None
    assert found.told.endswith(
        "bills each month by its own peaks on 2026-02-01; leave mwh out, or write kw for that month"
    )
