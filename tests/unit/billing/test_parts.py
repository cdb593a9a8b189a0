"""A month is parted where price, power or contract changes, and nowhere else."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.price_lists import PriceListStatus
from services.billing.core.held import Held, HeldReason
from services.billing.core.parts import Part, contract_span, month_span, parts
from services.billing.core.prices import Prices
from services.billing.core.terms import Contract
from tests.unit.billing.terms import COMPONENTS, contract, lists, power, price_list

JANUARY = date(2026, 1, 1)
in_january = st.dates(JANUARY, date(2026, 1, 31))


def parted(one: Contract, known: Prices | None = None) -> list[Part]:
    found = parts(one, known or lists(price_list()), contract_span(one, JANUARY))
    assert not isinstance(found, Held)
    return found


def days(found: list[Part]) -> list[tuple[int, int]]:
    return [(part.first.day, part.days) for part in found]


def held(one: Contract, known: Prices) -> HeldReason:
    found = parts(one, known, contract_span(one, JANUARY))
    assert isinstance(found, Held)
    return found.reason


@pytest.mark.parametrize(
    ("month", "days"), [(date(2024, 2, 1), 29), (date(2025, 2, 1), 28), (date(2025, 12, 1), 31), (JANUARY, 31)]
)
def test_a_month_ends_where_the_next_begins(month: date, days: int) -> None:
    assert month_span(month).days == days


def test_a_month_without_a_change_is_one_part() -> None:
    assert days(parted(contract())) == [(1, 31)]


def test_a_new_power_parts_the_month_at_its_first_day() -> None:
    one = contract(powers=(power(date(2020, 1, 1)), power(date(2026, 1, 16), "90")))
    assert [(part.first.day, int(part.power.kw)) for part in parted(one) if part.power] == [(1, 80), (16, 90)]


def test_a_power_from_the_months_first_day_does_not_part_it() -> None:
    assert days(parted(contract(powers=(power(date(2020, 1, 1)), power(JANUARY, "90"))))) == [(1, 31)]


def test_a_new_price_parts_the_month() -> None:
    known = lists(price_list(), price_list(2, date(2026, 1, 11), "600"))
    assert [(part.first.day, part.price_list.version) for part in parted(contract(), known)] == [(1, 1), (11, 2)]


def test_a_version_that_is_not_firm_parts_nothing() -> None:
    known = lists(price_list(), price_list(2, date(2026, 1, 11), status=PriceListStatus.DRAFT))
    assert days(parted(contract(), known)) == [(1, 31)]


def test_a_contract_is_billed_for_its_own_days_only() -> None:
    assert days(parted(contract(date(2026, 1, 10), date(2026, 1, 20)))) == [(10, 10)]


def test_without_a_price_list_in_force_the_month_is_held() -> None:
    assert held(contract(), lists(price_list(valid_from=date(2026, 1, 2)))) is HeldReason.NO_PRICE_LIST
    assert held(contract(), Prices({})) is HeldReason.NO_PRICE_LIST


def test_without_a_power_on_every_day_the_month_is_held() -> None:
    assert held(contract(powers=(power(date(2026, 1, 2)),)), lists(price_list())) is HeldReason.NO_POWER_IN_FORCE


def test_a_price_list_without_a_power_price_asks_for_no_power() -> None:
    assert days(parted(contract(powers=()), lists(price_list(components=COMPONENTS[1:2])))) == [(1, 31)]


def test_a_price_list_without_an_energy_price_is_no_price_list_to_bill_on() -> None:
    assert held(contract(), lists(price_list(components=COMPONENTS[:1]))) is HeldReason.NO_ENERGY_PRICE


@given(st.sets(in_january, max_size=5), st.sets(in_january, max_size=3), in_january)
def test_parts_follow_each_other_without_gap_over_all_days(
    power_days: set[date], price_days: set[date], last: date
) -> None:
    powers = tuple(power(day, str(day.day)) for day in sorted({date(2020, 1, 1), *power_days}))
    versions = [price_list(number + 2, day, str(number)) for number, day in enumerate(sorted(price_days))]
    found = parted(contract(end=last + timedelta(days=1), powers=powers), lists(price_list(), *versions))
    assert (found[0].first, found[-1].end) == (JANUARY, last + timedelta(days=1))
    assert all(before.end == after.first for before, after in pairwise(found))
    assert len(found) == len({day for day in power_days | price_days if JANUARY < day <= last}) + 1
