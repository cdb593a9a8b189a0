"""Rates over time: what counts at once adds up, and each day has the rate that is billed on it."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.contracts.core import tariff_prices
from services.contracts.core.tariff_answers import PricesResponse
from services.contracts.core.tariff_catalogue import Catalogue
from services.contracts.core.tariff_prices import NotOfferedError, Window
from tests.unit.contracts.tariff_versions import catalogue, day, energy, terms, version

components = st.lists(
    st.tuples(st.integers(0, 19), st.integers(1, 20), st.integers(1, 900), st.sampled_from(["MWh", "kWh"])).map(
        lambda one: (one[0], min(one[0] + one[1], 20), str(one[2]), one[3])
    ),
    min_size=1,
    max_size=5,
)


def window(known: Catalogue, first: int, end: int) -> Window:
    return Window(known.midnight(day(first)), known.midnight(day(end)))


def asked(known: Catalogue, first: int, end: int) -> PricesResponse:
    found = tariff_prices.of_product(known, "heat.bas", window(known, first, end))
    assert found is not None
    return found


@given(parts=components)
def test_a_day_costs_the_sum_of_what_counts_on_it(parts: list[tuple[int, int, str, str]]) -> None:
    listed = [energy(*part, reference=f"c{place}") for place, part in enumerate(parts)]
    known = catalogue(version(1, terms(0, 20, listed)))
    for number in range(20):
        counting = [
            Decimal(rate) * (1000 if unit == "kWh" else 1) for first, end, rate, unit in parts if first <= number < end
        ]
        entries = asked(known, number, number + 1).actual
        assert [one.price_ex_vat for one in entries] == ([sum(counting)] if counting else [])


@given(parts=components, first=st.integers(-3, 20), length=st.integers(1, 10))
def test_rates_lie_within_what_was_asked_for_and_follow_each_other(
    parts: list[tuple[int, int, str, str]], first: int, length: int
) -> None:
    listed = [energy(*part, reference=f"c{place}") for place, part in enumerate(parts)]
    known = catalogue(version(1, terms(0, 20, listed)))
    entries = asked(known, first, first + length).actual
    wanted = window(known, first, first + length)
    times = [wanted.start, *(time for one in entries for time in (one.start, one.end)), wanted.end]
    assert times == sorted(times)


def test_two_price_lists_with_one_product_are_never_added_up() -> None:
    known = catalogue(version(1, terms(0, 20)), version(2, terms(10, 20, [energy(10, 20, "700")]), "other"))
    assert [(one.price_ex_vat, one.start.date()) for one in asked(known, 0, 20).actual] == [
        (Decimal(500), day(0)),
        (Decimal(700), day(10)),
    ]


def test_a_newer_forecast_takes_the_place_of_an_older_and_neither_of_what_is_decided() -> None:
    older = version(1, terms(0, 20, [energy(0, 20, "600")], status="forecast"))
    newer = version(2, terms(0, 20, [energy(0, 20, "650")], status="forecast"))
    found = asked(catalogue(older, newer, version(3, terms(0, 10))), 0, 20)
    assert [one.price_ex_vat for one in found.actual] == [Decimal(500)]
    assert [(one.price_ex_vat, one.start.date()) for one in found.preview or ()] == [(Decimal(650), day(10))]


def test_a_product_that_is_only_forecast_has_nothing_decided() -> None:
    found = asked(catalogue(version(1, terms(0, 20, status="forecast"))), 0, 20)
    assert found.actual == ()
    assert found.preview is not None


def test_a_product_whose_price_stands_at_a_market_is_not_offered() -> None:
    spot = {**energy(0, 20), "type": "spot"}
    del spot["price"]
    known = catalogue(version(1, terms(0, 20, [spot], status="forecast")))
    with pytest.raises(NotOfferedError):
        asked(known, 0, 20)


def test_a_window_in_another_zone_is_answered_in_the_operators() -> None:
    known = catalogue(version(1, terms(0, 20)))
    times = Window(datetime(2026, 1, 2, 5, tzinfo=UTC), datetime(2026, 1, 2, 6, tzinfo=UTC))
    found = tariff_prices.of_product(known, "heat.bas", times)
    assert found is not None
    assert [one.start.isoformat() for one in found.actual] == ["2026-01-02T06:00:00+01:00"]
