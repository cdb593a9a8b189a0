"""The short way for readings at the end gives what the long way gives for all of them."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.heat.arrays import UNKNOWN
from services.heat.gaps import NO_SHAPES
from services.ingest.core.append import appendable, appended, combined, counted_of
from services.ingest.core.candidates import LOOKAHEAD
from services.ingest.core.figures import hours_of
from services.ingest.core.installations import Installations, terms
from services.ingest.core.outcome import PointStates
from services.ingest.core.readings import ReadingRows, joined
from services.ingest.core.recompute import BEGINNING_S, END_S, Recomputed, Spans, judged, recompute, states_after
from services.ingest.core.verdict import Verdict
from tests.oracle.verdicts import Place
from tests.unit.ingest.rows import MAXIMUM_W, POINT_ID, installations, reading_rows, terms_of

HOUR_S = 3600
NO_METER = installations([])


def unknown_state() -> PointStates:
    nothing, unknown = np.zeros(1, np.int64), np.full(1, UNKNOWN)
    return PointStates(
        point_id=np.array([POINT_ID]),
        newest_s=unknown,
        accepted_s=unknown,
        accepted=np.full((1, 4), UNKNOWN),
        mark_s=unknown,
        mark=np.full((1, 4), UNKNOWN),
        mark_quality=nothing,
        offset=np.zeros((1, 2), np.int64),
        unbroken=nothing,
        has_open_samples=nothing,
    )


def all_at_once(places: Installations, rows: ReadingRows) -> tuple[Recomputed, PointStates]:
    """Judge readings as a window that takes in the whole series."""
    spans = Spans(
        np.array([POINT_ID]),
        rows.read_at_s[-1:],
        np.array([BEGINNING_S]),
        np.array([END_S]),
        np.array([END_S]),
        np.zeros((1, 2), np.int64),
        np.array([False]),
    )
    done = recompute(spans, judged(spans, rows, terms_of(places, rows), places), NO_SHAPES)
    return done, states_after(unknown_state(), spans, done)


def is_appendable(places: Installations, first: ReadingRows, then: ReadingRows) -> bool:
    _, states = all_at_once(places, first)
    state_terms = terms(
        places, states.point_id, np.zeros(1, np.int64), states.accepted_s.clip(0), np.array([MAXIMUM_W])
    )
    return bool(appendable(states, combined(states, state_terms, then, terms_of(places, then)))[0])


@st.composite
def series(draw: st.DrawFn) -> list[dict[str, Any]]:
    """A register read hourly, at odd minutes or several times an hour, sometimes wrong or without volume or samples."""
    step_s = draw(st.sampled_from([HOUR_S, 900, 1700, 2 * HOUR_S]))
    at_s, wh, litres = 1_700_000_000 // HOUR_S * HOUR_S + draw(st.sampled_from([0, 420])), 5_000, 100
    sampled = draw(st.booleans())
    flaws = draw(st.sampled_from([[0], [0], [0] * 30 + [10**9, -4_000]]))
    shows_volume = draw(st.sampled_from([[True], [True] * 5 + [False]]))
    rows = []
    # Only behind as many as judging looks ahead the short way is open.
    for _ in range(draw(st.integers(2, 6) | st.integers(LOOKAHEAD + 1, 60))):
        at_s += step_s
        rise_wh = draw(st.integers(0, 9_000))
        wh, litres = wh + rise_wh, litres + rise_wh // 40
        wrong = draw(st.sampled_from(flaws))
        row = {"read_at_s": at_s, "energy_wh": max(0, wh + wrong), "return_lc": litres * 33}
        row |= {"volume_l": litres} if draw(st.sampled_from(shows_volume)) else {}
        rows.append(row | ({"supply_c": draw(st.sampled_from([np.nan, 70.0, 80.5]))} if sampled else {}))
    return rows


@given(rows=series(), data=st.data(), with_meter=st.booleans())
def test_readings_appended_give_the_hours_and_the_state_that_all_readings_give_at_once(
    rows: list[dict[str, Any]], data: st.DataObject, with_meter: bool
) -> None:
    place = Place(3, rows[0]["read_at_s"], None, (None, None), (None, None), (100_000, 0), 1)
    places = installations([place] if with_meter else [])
    cut = data.draw(st.integers(min(LOOKAHEAD, len(rows) - 1), len(rows) - 1) | st.integers(1, len(rows) - 1))
    assert_alike_by_both_ways(places, rows, cut)


@pytest.mark.parametrize("cut", range(LOOKAHEAD, 33))
def test_an_hour_beside_a_volume_that_was_bridged_is_the_same_by_both_ways(cut: int) -> None:
    at_s = 1_700_000_000 // HOUR_S * HOUR_S + 420
    rows = [
        {"read_at_s": at_s + hour * HOUR_S, "energy_wh": 5_000 * hour, "return_lc": 4_125 * hour}
        | ({} if hour in (26, 29) else {"volume_l": 125 * hour})
        for hour in range(34)
    ]
    assert_alike_by_both_ways(NO_METER, rows, cut)


def assert_alike_by_both_ways(places: Installations, rows: list[dict[str, Any]], cut: int) -> None:
    """Hold what readings from the cut on give by the short way, where it is open, against all of them at once."""
    first, then = reading_rows(rows[:cut]), reading_rows(rows[cut:])
    _, states = all_at_once(places, first)
    state_terms = terms(
        places, states.point_id, np.zeros(1, np.int64), states.accepted_s.clip(0), np.array([MAXIMUM_W])
    )
    both = combined(states, state_terms, then, terms_of(places, then))
    if not appendable(states, both)[0]:
        return
    short = appended(states, counted_of(both), NO_SHAPES)
    whole, end = all_at_once(places, reading_rows(rows))
    hours = hours_of(whole.counted, whole.marks, whole.mark_quality)
    before = hours_of(*_marks_of_first(places, first))
    new = hours.take(hours.starts_s > (before.starts_s[-1] if len(before.starts_s) else 0))
    for column, expected in zip(short.hours, new, strict=True):
        assert column.tolist() == expected.tolist()
    for column, expected in zip(short.states, end, strict=True):
        assert column.tolist() == expected.tolist()


def _marks_of_first(places: Installations, first: ReadingRows) -> tuple[Any, Any, Any]:
    done, _ = all_at_once(places, first)
    return done.counted, done.marks, done.mark_quality


def hourly(registers: list[int], first_hour: int = 0, **more: float) -> ReadingRows:
    at_s = 1_700_000_000 // HOUR_S * HOUR_S
    return reading_rows(
        {"read_at_s": at_s + (first_hour + hour) * HOUR_S, "energy_wh": wh, "volume_l": wh // 40} | more
        for hour, wh in enumerate(registers)
    )


GOOD = [1_000 * hour for hour in range(30)]


def test_an_hour_begun_beside_a_volume_that_was_bridged_goes_the_long_way() -> None:
    at_s = 1_700_000_000 // HOUR_S * HOUR_S + 420
    rows = [{"read_at_s": at_s + hour * HOUR_S, "energy_wh": wh, "volume_l": wh // 40} for hour, wh in enumerate(GOOD)]
    then = {"read_at_s": at_s + 30 * HOUR_S, "energy_wh": 30_000, "volume_l": 750}
    assert is_appendable(NO_METER, reading_rows(rows), reading_rows([then]))
    del rows[28]["volume_l"]
    assert not is_appendable(NO_METER, reading_rows(rows), reading_rows([then]))


def test_plain_readings_at_the_end_go_the_short_way() -> None:
    assert is_appendable(NO_METER, hourly(GOOD), hourly([30_000, 31_000], 30))


def test_the_first_readings_of_all_go_the_short_way() -> None:
    then = hourly(GOOD)
    states = unknown_state()
    state_terms = terms_of(NO_METER, then).take(np.array([0]))
    assert appendable(states, combined(states, state_terms, then, terms_of(NO_METER, then))).tolist() == [True]


def test_what_does_not_plainly_follow_goes_the_long_way() -> None:
    assert not is_appendable(NO_METER, hourly(GOOD), hourly([29_000], 29))  # The same instant.
    assert not is_appendable(NO_METER, hourly(GOOD), hourly([28_500], 28))  # An earlier one.
    assert not is_appendable(NO_METER, hourly(GOOD), hourly([28_999], 30))  # A fall.
    assert not is_appendable(NO_METER, hourly(GOOD), hourly([900_000_000], 30))  # A spike.
    assert not is_appendable(NO_METER, hourly(GOOD), hourly([30_000], 30, withdrawn=1))
    assert not is_appendable(NO_METER, hourly(GOOD), hourly([16_777_215], 30))  # A sentinel.


def test_what_no_meter_of_this_modulus_shows_is_refused_by_itself() -> None:
    begin_s = int(hourly(GOOD).read_at_s[0])
    six_digits = installations([Place(3, begin_s, None, (None, None), (None, None), (100_000, 10_000), 1)])
    for wrong in ({"energy_wh": 100_000}, {"energy_wh": 130_000, "volume_l": 750}, {"volume_l": 10_000}):
        rows = hourly(GOOD).take(np.arange(28))
        wrong_row = hourly([28_000], 28, **wrong)
        assert not is_appendable(six_digits, rows, wrong_row)
        done, _ = all_at_once(six_digits, joined(rows, wrong_row, hourly([29_000], 29)))
        assert done.verdict.tolist() == [1] * 28 + [int(Verdict.REGISTER_ABOVE_MODULUS), 1]
        assert not done.counted.offset.any()


def test_the_highest_that_a_meter_shows_is_a_reading_like_others() -> None:
    begin_s = int(hourly(GOOD).read_at_s[0])
    place = Place(3, begin_s, None, (None, None), (None, None), (28_001, 701), 1)
    assert is_appendable(installations([place]), hourly(GOOD[:28]), hourly([28_000], 28))


def test_behind_a_refused_or_unsettled_end_the_long_way_is_gone() -> None:
    assert not is_appendable(NO_METER, hourly([*GOOD, 900_000_000]), hourly([31_000], 31))
    assert not is_appendable(NO_METER, hourly([*GOOD[:20], 900_000_000, *GOOD[21:]]), hourly([30_000], 30))


def test_a_rollover_and_a_new_meter_go_the_long_way() -> None:
    begin_s = int(hourly(GOOD).read_at_s[0])
    old = Place(3, begin_s, begin_s + 30 * HOUR_S, (None, None), (None, None), (30_000, 0), 1)
    rolling = installations([old._replace(removed_s=None)])
    assert not is_appendable(rolling, hourly(GOOD), hourly([0], 30))
    exchanged = installations([old, Place(4, begin_s + 30 * HOUR_S, None, (None, None), (None, None), (0, 0), 1)])
    assert not is_appendable(exchanged, hourly(GOOD), hourly([30_000], 30))
