"""Which version of a price list is given on which days, under which id."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from schemas.price_lists import PriceList, PriceListChanged
from schemas.tariffs import DateInterval
from services.contracts.core.tariff_catalogue import NEVER, Catalogue, Version, Withdrawn
from services.contracts.core.tariff_spans import left_of
from tests.unit.contracts.tariff_versions import OWN, PUT_AT, STOCKHOLM, catalogue, day, energy, span, terms, version

spans = st.tuples(st.integers(0, 20), st.integers(1, 10)).map(lambda one: (one[0], one[0] + one[1]))
statuses = st.sampled_from(["firm", "firm", "firm", "draft", "forecast"])
histories = st.lists(st.tuples(spans, statuses), min_size=1, max_size=6)
DAYS = range(-1, 32)


def interval(first: int, end: int) -> DateInterval:
    return DateInterval.model_validate(span(first, end))


def days_of(period: DateInterval) -> set[int]:
    return {number for number in DAYS if period.from_including <= day(number) < period.to_excluding}


def versions(history: list[tuple[tuple[int, int], str]]) -> list[Version]:
    return [version(number, terms(*days, status=status)) for number, (days, status) in enumerate(history, start=1)]


@given(whole=spans, taken=st.lists(spans, max_size=5))
def test_what_is_left_of_a_span_is_each_of_its_days_that_nothing_else_holds(
    whole: tuple[int, int], taken: list[tuple[int, int]]
) -> None:
    left = left_of(interval(*whole), [interval(*one) for one in taken])
    days = [number for part in left for number in sorted(days_of(part))]
    assert days == [number for number in range(*whole) if not any(first <= number < end for first, end in taken)]


@given(history=histories)
def test_a_day_has_the_version_that_is_billed_on_it(history: list[tuple[tuple[int, int], str]]) -> None:
    all_versions = versions(history)
    lists = [
        PriceList.model_validate({**dict(one.terms), "price_list_id": "bas", "version": one.version})
        for one in all_versions
    ]
    event = PriceListChanged(price_list_id=lists[0].price_list_id, version=len(lists), versions=tuple(lists))
    given_tariffs = catalogue(*all_versions).decided
    for number in DAYS:
        billed = event.in_force(day(number))
        counting = [one.version.version for one in given_tariffs if number in days_of(one.span)]
        assert counting == ([billed.version] if billed else [])


@given(history=histories)
def test_no_two_things_have_one_id(history: list[tuple[tuple[int, int], str]]) -> None:
    known = catalogue(*versions(history))
    ids = [one.tariff.id for one in known.decided]
    assert len(set(ids)) == len(ids)


@given(history=histories, more=st.tuples(spans, statuses))
def test_a_version_keeps_its_id_whatever_is_put_later(
    history: list[tuple[tuple[int, int], str]], more: tuple[tuple[int, int], str]
) -> None:
    before, after = catalogue(*versions(history)), catalogue(*versions([*history, more]))
    first_parts = {one.version.version: one for one in reversed(before.decided)}
    for number, one in first_parts.items():
        later = after.with_id(one.tariff.id)
        assert later is not None
        assert later.version.version == number


@given(history=histories)
def test_nothing_in_a_tariff_reaches_outside_its_own_days(history: list[tuple[tuple[int, int], str]]) -> None:
    for one in catalogue(*versions(history)).decided:
        for component in one.tariff.energy_price.components:
            assert days_of(component.valid_period) <= days_of(one.span)


def test_a_version_that_is_replaced_from_its_first_day_on_is_found_by_its_id_as_it_was() -> None:
    known = catalogue(version(1, terms(0, 30)), version(2, terms(0, 30, [energy(0, 30, "510")])))
    (current,) = known.decided
    assert current.tariff.id != OWN
    replaced = known.with_id(OWN)
    assert replaced is not None
    assert (replaced.version.version, replaced.span) == (1, interval(0, 30))


def test_a_version_ends_where_a_newer_one_begins_however_short_that_is() -> None:
    known = catalogue(version(1, terms(0, 30)), version(2, terms(10, 20)))
    parts = sorted(known.decided, key=lambda one: one.span.from_including)
    assert [(one.version.version, one.span) for one in parts] == [
        (1, interval(0, 10)),
        (2, interval(10, 20)),
    ]


def test_a_withdrawn_price_list_ends_and_what_would_begin_later_is_not_given() -> None:
    gone = Withdrawn("bas", day(20), PUT_AT + timedelta(days=9))
    known = catalogue(version(1, terms(0, 30)), version(2, terms(30, 40)), withdrawn=[gone])
    assert [one.span for one in known.decided] == [interval(0, 20)]
    assert known.last_changed(day(5)) == gone.announced_at


def test_what_is_given_changes_when_something_is_put_and_when_something_ends() -> None:
    known = catalogue(version(1, terms(0, 10)), version(2, terms(10, 30)))
    assert known.last_changed(day(9)) == PUT_AT + timedelta(days=2)
    assert known.last_changed(day(10)).isoformat() == "2026-01-11T00:00:00+01:00"
    assert known.last_changed(day(29)).isoformat() == "2026-01-11T00:00:00+01:00"


def test_where_nothing_was_ever_given_nothing_has_changed() -> None:
    assert catalogue().last_changed(day(0)) == NEVER
    assert catalogue(version(1, terms(0, 10, status="draft"))).last_changed(day(0)) == NEVER


def test_two_price_lists_that_say_the_same_are_told_apart_by_their_ids() -> None:
    known: Catalogue = catalogue(version(1, terms(0, 10)), version(2, terms(0, 10), "other"))
    assert len({one.tariff.id for one in known.public(day(0))}) == 2


def test_a_time_is_written_with_the_offset_of_its_place_and_without_fractions() -> None:
    known = catalogue()
    assert known.local(PUT_AT.replace(microsecond=999_999)).isoformat() == "2025-10-01T14:00:00+02:00"
    assert known.midnight(day(0)).tzinfo is STOCKHOLM
