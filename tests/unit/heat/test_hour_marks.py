from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.heat.arrays import UNKNOWN, Int64
from services.heat.hour_marks import (
    ESTIMATED,
    HOUR_S,
    INTERPOLATED,
    MANUAL,
    MEASURED,
    MISSING,
    SHAPED,
    Hours,
    Marks,
    hour_marks,
    hours_between,
    mark_quality,
    worse_of,
)

MOST_WH = 10**15
"""No meter counts further; the door refuses what does."""


class Readings:
    """One owner's readings."""

    def __init__(self, read_at_s: Sequence[int], register_wh: Sequence[int], owner: int = 1) -> None:
        self.owner = np.full(len(read_at_s), owner, np.int64)
        self.read_at_s = np.array(read_at_s, np.int64)
        self.registers = np.array(register_wh, np.int64).reshape(-1, 1)

    def __repr__(self) -> str:
        return f"Readings({self.read_at_s.tolist()}, {self.registers[:, 0].tolist()})"

    def marks(self) -> Marks:
        return hour_marks(self.owner, self.read_at_s, self.registers)

    def rows(self) -> list[tuple[int, int]]:
        marks = self.marks()
        return list(zip(marks.at_s.tolist(), marks.values[:, 0].tolist(), strict=True))


def hours_of(marks: Marks) -> Hours:
    return hours_between(marks.owner, marks.at_s, marks.values, mark_quality(marks.distance_s, marks.is_shaped))


@st.composite
def rising_registers(draw: st.DrawFn, least: int = 2) -> Readings:
    """Readings minutes to months apart, their register standing still, creeping or leaping."""
    gaps = draw(st.lists(st.integers(1, 9 * 60) | st.integers(1, 200_000), min_size=least, max_size=30))
    rises = draw(
        st.lists(st.just(0) | st.integers(1, 5_000) | st.integers(0, 10**12), min_size=len(gaps), max_size=len(gaps))
    )
    start = draw(st.integers(631_238_400, 2_000_000_000))
    return Readings(
        (start + np.cumsum(np.array(gaps) * 7)).tolist(), np.minimum(np.cumsum(np.array(rises)), MOST_WH).tolist()
    )


@given(readings=rising_registers())
def test_hours_sum_to_the_difference_of_the_outermost_marks(readings: Readings) -> None:
    marks = readings.marks()
    if len(marks.at_s):
        assert hours_of(marks).values.sum() == marks.values[-1, 0] - marks.values[0, 0]


@given(readings=rising_registers())
def test_every_full_hour_between_the_outermost_readings_has_one_mark(readings: Readings) -> None:
    first, last = int(readings.read_at_s[0]), int(readings.read_at_s[-1])
    expected = [at_s for at_s in range(first - first % HOUR_S, last + 1, HOUR_S) if at_s >= first]
    assert readings.marks().at_s.tolist() == expected


@given(readings=rising_registers())
def test_a_mark_is_the_straight_line_between_its_readings_rounded_half_up_once(readings: Readings) -> None:
    times, registers = readings.read_at_s.tolist(), readings.registers[:, 0].tolist()
    for at_s, mark_wh in readings.rows():
        after = next(index for index, read_at_s in enumerate(times) if read_at_s >= at_s)
        if times[after] == at_s:
            assert mark_wh == registers[after]
            continue
        share = Fraction(at_s - times[after - 1], times[after] - times[after - 1])
        exact = registers[after - 1] + share * (registers[after] - registers[after - 1])
        assert mark_wh == (exact + Fraction(1, 2)).__floor__()


@given(readings=rising_registers(least=3), data=st.data())
def test_marks_do_not_depend_on_how_the_readings_are_split(readings: Readings, data: st.DataObject) -> None:
    cut = data.draw(st.integers(1, len(readings.read_at_s) - 1))
    times, registers = readings.read_at_s.tolist(), readings.registers[:, 0].tolist()
    # Both parts hold the reading at the cut: no mark can be made without the readings on its two sides.
    parts = Readings(times[: cut + 1], registers[: cut + 1]), Readings(times[cut:], registers[cut:])
    assert sorted({*parts[0].rows(), *parts[1].rows()}) == readings.rows()


@given(readings=rising_registers(), other=rising_registers())
def test_one_owner_s_readings_do_not_touch_another_s_marks(readings: Readings, other: Readings) -> None:
    both = hour_marks(
        np.concatenate((readings.owner, other.owner + 1)),
        np.concatenate((readings.read_at_s, other.read_at_s)),
        np.concatenate((readings.registers, other.registers)),
    )
    of_first = both.owner == 1
    assert list(zip(both.at_s[of_first], both.values[of_first, 0], strict=True)) == readings.rows()
    assert list(zip(both.at_s[~of_first], both.values[~of_first, 0], strict=True)) == other.rows()


def test_a_reading_on_the_hour_is_its_own_mark() -> None:
    marks = Readings([7200, 10800], [5, 9]).marks()
    assert marks.at_s.tolist() == [7200, 10800]
    assert marks.values[:, 0].tolist() == [5, 9]
    assert marks.distance_s.tolist() == [0, 0]


def test_a_lone_reading_on_the_hour_is_a_mark_and_one_beside_it_is_none() -> None:
    assert Readings([7200], [5]).rows() == [(7200, 5)]
    assert Readings([7201], [5]).rows() == []


def test_without_readings_there_are_no_marks() -> None:
    assert Readings([], []).rows() == []


def test_a_meter_read_at_seven_past_has_measured_hours() -> None:
    readings = Readings([n * HOUR_S + 420 for n in range(4)], [0, 600, 1800, 1800])
    # 53 of 60 minutes of each rise lie before the hour mark: 530 and 600 + 1060.
    assert readings.rows() == [(3600, 530), (7200, 1660), (10800, 1800)]
    hours = hours_of(readings.marks())
    assert hours.start_quality.tolist() == [MEASURED, MEASURED]
    assert hours.end_quality.tolist() == [MEASURED, MEASURED]


def test_the_longest_gap_and_the_largest_register_do_not_overflow() -> None:
    # 70 years between two readings, and the most that the door lets in: a product of both would need 81 bits.
    begin_s, end_s = 631_238_400, 631_238_400 + 70 * 365 * 86_400
    rows = Readings([begin_s, end_s], [0, MOST_WH]).rows()
    middle_s, middle_wh = rows[len(rows) // 2]
    assert middle_wh == MOST_WH * (middle_s - begin_s) // (end_s - begin_s)
    assert rows[-1] == (end_s, MOST_WH)


@pytest.mark.parametrize(
    ("distance_s", "quality"),
    [
        (0, MEASURED),
        (75 * 60, MEASURED),
        (75 * 60 + 1, INTERPOLATED),
        (2 * HOUR_S, INTERPOLATED),
        (2 * HOUR_S + 1, ESTIMATED),
        (400 * 86_400, ESTIMATED),
    ],
)
def test_a_mark_s_quality_is_graded_by_the_distance_of_its_readings(distance_s: int, quality: int) -> None:
    assert mark_quality(np.array([distance_s]), np.array([False])).tolist() == [quality]


def test_the_longer_distance_of_an_hour_s_two_marks_decides() -> None:
    # Readings at 0:00, 1:00 and then, over a gap, at 3:30: the mark at 2:00 and 3:00 lie in 150 minutes.
    hours = hours_of(Readings([0, 3600, 12_600], [0, 10, 35]).marks())
    assert np.maximum(hours.start_quality, hours.end_quality).tolist() == [MEASURED, ESTIMATED, ESTIMATED]
    assert hours.start_quality.tolist() == [MEASURED, MEASURED, ESTIMATED]


def test_a_register_unknown_at_one_side_leaves_its_marks_unknown_and_the_others_known() -> None:
    registers: Int64 = np.array([[0, 10], [100, UNKNOWN], [200, 30], [300, 40]], np.int64)
    marks = hour_marks(np.ones(4, np.int64), np.array([1800, 5400, 9000, 12_600]), registers)
    assert marks.values.tolist() == [[50, UNKNOWN], [150, UNKNOWN], [250, 35]]


def test_a_reading_on_the_hour_keeps_what_it_knows_beside_one_that_knows_less() -> None:
    registers: Int64 = np.array([[0, 10], [100, 20], [200, UNKNOWN]], np.int64)
    marks = hour_marks(np.ones(3, np.int64), np.array([0, 3600, 7200]), registers)
    assert marks.values[:, 1].tolist() == [10, 20, UNKNOWN]
    assert hours_of(marks).values.tolist() == [[100, 10], [100, UNKNOWN]]


def test_hours_do_not_reach_over_a_missing_mark_or_another_owner() -> None:
    hours = hours_between(
        np.array([1, 1, 1, 2]),
        np.array([0, 3600, 10_800, 14_400]),
        np.array([[0], [5], [9], [70]]),
        np.full(4, MEASURED),
    )
    assert hours.starts_s.tolist() == [0]
    assert hours.values.tolist() == [[5]]


def test_an_integral_that_fell_gives_no_rise() -> None:
    hours = hours_between(np.array([1, 1]), np.array([0, 3600]), np.array([[10, 900], [12, 3]]), np.full(2, MEASURED))
    assert hours.values.tolist() == [[2, UNKNOWN]]


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        (MISSING, MEASURED),
        (MEASURED, INTERPOLATED),
        (INTERPOLATED, MANUAL),
        (MANUAL, ESTIMATED),
        (MANUAL, SHAPED),
        (ESTIMATED, SHAPED),
    ],
)
def test_a_guess_is_worse_than_an_operator_s_word_and_that_worse_than_what_was_read(better: int, worse: int) -> None:
    pair = np.array([better, worse])
    assert worse_of(pair, pair[::-1]).tolist() == [worse, worse]
    assert worse_of(pair, pair).tolist() == pair.tolist()
