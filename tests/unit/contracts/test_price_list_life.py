"""Who may choose which price list, and that nobody is left on one that is withdrawn."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.local.folder import ROOT
from schemas.facilities import Category
from schemas.price_list_terms import BaseLoad, PriceListTerms
from schemas.values import Medium
from services.cli.price_list_files import read
from services.contracts.core.price_list_documents import price_list
from services.contracts.core.price_list_life import (
    Place,
    Term,
    Withdrawal,
    ineligible,
    latest_announcement,
    on_withdrawn,
    with_moves,
)

HEATED = Place("F-1", Category.APARTMENTS, BaseLoad.DISTRICT_HEATING, Medium.HEAT)
WITH_PUMP = HEATED._replace(base_load=BaseLoad.ANOTHER)
YEAR_END = date(2023, 1, 1)


def shipped(name: str) -> PriceListTerms:
    return price_list(read(ROOT / "services/contracts/price_lists" / f"{name}.json"))


@pytest.mark.parametrize(
    ("name", "place", "words"),
    [
        ("bas-2022", HEATED, None),
        ("bas-2022", WITH_PUMP, "'Prislista Bas 2022' is for facilities with district heating as their base load"),
        ("topp-2022", WITH_PUMP, None),
        ("topp-2022", HEATED, "'Prislista Topp 2022' is for facilities with another base load than district heating"),
        ("fast-2022", HEATED, None),
        ("fast-2022", WITH_PUMP, None),
        ("kyla-2021", HEATED, "'Prislista Kyla 2021' is for cooling"),
    ],
)
def test_bas_is_for_district_heating_as_base_load_and_topp_for_another(
    name: str, place: Place, words: str | None
) -> None:
    reason = ineligible(shipped(name), place)
    assert (reason is None) if words is None else (reason is not None and reason.startswith(words))


def test_a_list_for_some_categories_is_for_no_other() -> None:
    terms = shipped("bas-2022")
    extension = terms.extension.model_copy(update={"categories": (Category.SMALL_HOUSE,)})
    told = ineligible(terms.model_copy(update={"extension": extension}), HEATED)
    assert told == "'Prislista Bas 2022' is for the categories small_house; facility 'F-1' is of 'apartments'"


def may(*names: str) -> Callable[[str, date], bool]:
    return lambda name, _: name in names


FAST_GOES = Withdrawal("fast", YEAR_END, ("bas", "topp"))


def test_a_contract_moves_on_the_day_to_the_first_that_it_may_choose() -> None:
    put = [Term(date(2021, 1, 1), "fast")]
    assert with_moves(put, None, [FAST_GOES], may("bas", "topp"))[1:] == [Term(YEAR_END, "bas", "fast")]
    assert with_moves(put, None, [FAST_GOES], may("topp"))[1:] == [Term(YEAR_END, "topp", "fast")]
    with pytest.raises(LookupError, match="none of bas, topp may take the place of 'fast'"):
        with_moves(put, None, [FAST_GOES], may())


def test_who_chose_another_list_or_ends_before_is_not_moved() -> None:
    chose = [Term(date(2021, 1, 1), "fast"), Term(date(2022, 11, 1), "topp")]
    on_the_day = [Term(date(2021, 1, 1), "fast"), Term(YEAR_END, "topp")]
    for put in (chose, on_the_day):
        assert with_moves(put, None, [FAST_GOES], may("bas")) == put
    ends = [Term(date(2021, 1, 1), "fast")]
    assert with_moves(ends, YEAR_END, [FAST_GOES], may("bas")) == ends
    begins_later = [Term(date(2024, 1, 1), "bas")]
    assert with_moves(begins_later, None, [FAST_GOES], may("bas")) == begins_later


def test_a_replacement_that_goes_too_is_replaced_in_its_turn() -> None:
    bas_goes = Withdrawal("bas", date(2024, 1, 1), ("topp",))
    moved = with_moves([Term(date(2021, 1, 1), "fast")], None, [bas_goes, FAST_GOES], may("bas", "topp"))
    assert [(term.valid_from, term.price_list_id) for term in moved[1:]] == [
        (YEAR_END, "bas"),
        (date(2024, 1, 1), "topp"),
    ]


days = st.integers(0, 400).map(lambda number: date(2022, 6, 1) + timedelta(days=number))
names = st.sampled_from(["fast", "bas", "topp"])


@given(st.lists(st.tuples(days, names), min_size=1, max_size=4, unique_by=lambda pair: pair[0]), days, st.none() | days)
def test_none_is_left_on_a_withdrawn_list_after_its_day(
    chosen: list[tuple[date, str]], goes_on: date, valid_to: date | None
) -> None:
    put = [Term(*pair) for pair in sorted(chosen)]
    withdrawal = Withdrawal("fast", goes_on, ("bas",))
    if on_withdrawn(put, [withdrawal]) or (valid_to and valid_to <= put[-1].valid_from):
        return
    terms = with_moves(put, valid_to, [withdrawal], may("bas"))
    ends = [term.valid_from for term in terms[1:]] + [valid_to or date.max]
    assert all(end <= goes_on for term, end in zip(terms, ends, strict=True) if term.price_list_id == "fast")
    # Whatever was put stays, and moving again changes nothing.
    assert [term for term in terms if term.moved_from is None] == put
    assert with_moves(put, valid_to, [withdrawal], may("bas")) == terms


@pytest.mark.parametrize(
    ("goes_on", "latest"),
    [
        (date(2023, 1, 1), date(2022, 11, 1)),
        (date(2023, 4, 30), date(2023, 2, 28)),
        (date(2024, 4, 30), date(2024, 2, 29)),
        (date(2023, 2, 1), date(2022, 12, 1)),
        (date(2023, 3, 31), date(2023, 1, 31)),
    ],
)
def test_customers_are_told_two_months_before(goes_on: date, latest: date) -> None:
    assert latest_announcement(goes_on) == latest
