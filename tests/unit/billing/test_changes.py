"""From which day on a change bills otherwise."""

from dataclasses import replace
from datetime import date
from uuid import UUID

from schemas.values import CustomerId
from services.billing.core.changes import contract_differs_from, price_list_differs_from
from tests.unit.billing.terms import changed, contract, power, price_list


def test_the_same_again_changes_no_day() -> None:
    assert contract_differs_from(contract(), contract()) is None


def test_an_end_changes_the_days_from_it_on_and_none_before() -> None:
    assert contract_differs_from(contract(), contract(end=date(2026, 3, 1))) == date(2026, 3, 1)


def test_a_later_end_changes_the_days_from_the_earlier_one_on() -> None:
    shorter, longer = contract(end=date(2026, 3, 1)), contract(end=date(2026, 5, 1))
    assert contract_differs_from(shorter, longer) == date(2026, 3, 1)


def test_a_power_changes_the_days_from_its_own_on() -> None:
    after = contract(powers=(power(date(2020, 1, 1)), power(date(2026, 7, 1), "90")))
    assert contract_differs_from(contract(), after) == date(2026, 7, 1)


def test_an_earlier_beginning_changes_the_days_from_the_new_one_on() -> None:
    assert contract_differs_from(contract(date(2021, 1, 1)), contract(date(2020, 6, 1))) == date(2020, 6, 1)


def test_another_customer_changes_every_day() -> None:
    other = replace(contract(), customer_id=CustomerId(UUID(int=9)))
    assert contract_differs_from(contract(), other) == date(2020, 1, 1)


def test_a_new_version_of_a_price_list_changes_the_days_it_counts() -> None:
    before, after = changed(price_list()), changed(price_list(), price_list(2, date(2026, 1, 1), "600"))
    assert price_list_differs_from(before, after) == date(2026, 1, 1)
    assert price_list_differs_from(after, after) is None
