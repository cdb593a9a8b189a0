"""Long gaps: what was used in them spreads as it is expected, and not one watt-hour is won or lost."""

from fractions import Fraction
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.heat.arrays import Float64, Int64
from services.heat.gaps import HOUR_S, Gaps, hours_of_gaps, long_gaps, shapes_of
from services.heat.hour_marks import ESTIMATED, MEASURED, SHAPED, Marks, hour_marks, mark_quality

MIDNIGHT_S = 1_700_006_400
Series = tuple[Int64, Int64, Int64, Float64]


def marks_across(from_s: int, to_s: int, rise_wh: int, expected_kw: list[float]) -> Marks:
    """Read a register off that rises from 0 in one gap."""
    owner, read_at_s = np.ones(2, np.int64), np.array([from_s, to_s])
    shapes = shapes_of(long_gaps(owner, read_at_s), np.array(expected_kw))
    return hour_marks(owner, read_at_s, np.array([[0], [rise_wh]]), shapes)


def test_an_hour_of_a_gap_gets_its_share_of_the_power_expected() -> None:
    marks = marks_across(MIDNIGHT_S, MIDNIGHT_S + 4 * HOUR_S, 1_000, [1.0, 2.0, 3.0, 4.0])
    assert np.diff(marks.values[:, 0]).tolist() == [100, 200, 300, 400]
    assert mark_quality(marks.distance_s, marks.is_shaped).tolist() == [MEASURED, SHAPED, SHAPED, SHAPED, MEASURED]


def test_a_gap_that_begins_and_ends_within_an_hour_takes_part_of_that_hour_only() -> None:
    half = HOUR_S // 2
    marks = marks_across(MIDNIGHT_S + half, MIDNIGHT_S + 3 * HOUR_S + half, 2_500, [1.0, 1.0, 3.0, 4.0])
    # Half an hour of 1 kW, 1, 3 and half an hour of 4: 6.5 kWh are expected where 2.5 were used.
    assert marks.values[:, 0].tolist() == [round(2_500 * part / 6.5) for part in (0.5, 1.5, 4.5)]


def test_a_gap_with_an_hour_of_which_nothing_is_expected_rises_evenly() -> None:
    marks = marks_across(MIDNIGHT_S, MIDNIGHT_S + 4 * HOUR_S, 1_000, [1.0, float("nan"), 3.0, 4.0])
    assert np.diff(marks.values[:, 0]).tolist() == [250] * 4
    assert mark_quality(marks.distance_s, marks.is_shaped).tolist() == [MEASURED, *[ESTIMATED] * 3, MEASURED]


def test_a_gap_of_two_hours_is_no_long_gap() -> None:
    owner = np.array([1, 1, 1, 2])
    read_at_s = np.array([0, 2 * HOUR_S, 4 * HOUR_S + 1, 9 * HOUR_S])
    assert [column.tolist() for column in long_gaps(owner, read_at_s)] == [[1], [2 * HOUR_S], [4 * HOUR_S + 1]]


@pytest.mark.parametrize(("from_s", "to_s", "hours"), [(0, 10_800, 3), (1, 10_800, 3), (3_599, 10_801, 4)])
def test_the_hours_of_a_gap_are_all_that_it_has_a_part_of(from_s: int, to_s: int, hours: int) -> None:
    gap, starts_s = hours_of_gaps(Gaps(*(np.array([value]) for value in (7, from_s, to_s))))
    assert (gap.tolist(), starts_s.tolist()) == ([0] * hours, [HOUR_S * hour for hour in range(hours)])


@st.composite
def gappy_series(draw: st.DrawFn) -> Series:
    """Readings of up to three owners, most of them in long gaps, and the power expected of every hour of those."""
    owner, read_at_s, register = [], [], []
    for number in range(draw(st.integers(1, 3))):
        at_s, wh = draw(st.integers(10**9, 2 * 10**9)), draw(st.integers(0, 10**12))
        for _ in range(draw(st.integers(2, 5))):
            at_s += draw(st.integers(1, 3 * HOUR_S) | st.integers(1, 60 * 24 * HOUR_S))
            wh += draw(st.integers(0, 10**4) | st.integers(0, 10**14))
            owner.append(number)
            read_at_s.append(at_s)
            register.append(wh)
    gaps = long_gaps(np.array(owner), np.array(read_at_s))
    count = len(hours_of_gaps(gaps)[0])
    levels = draw(st.lists(st.floats(-5, 50) | st.just(float("nan")), min_size=1, max_size=12))
    return np.array(owner), np.array(read_at_s), np.array(register), np.resize(np.array(levels), count)


@given(series=gappy_series())
def test_marks_of_shaped_gaps_are_where_exact_fractions_put_them(series: Series) -> None:
    owner, read_at_s, register, expected_kw = series
    gaps = long_gaps(owner, read_at_s)
    marks = hour_marks(owner, read_at_s, register.reshape(-1, 1), shapes_of(gaps, expected_kw))
    shown = dict(zip(zip(owner.tolist(), read_at_s.tolist(), strict=True), register.tolist(), strict=True))
    gap, starts_s = hours_of_gaps(gaps)
    for number, (one, from_s, to_s) in enumerate(zip(*(column.tolist() for column in gaps), strict=True)):
        expected = expected_kw[gap == number].tolist()
        inside = (marks.owner == one) & (marks.at_s > from_s) & (marks.at_s < to_s)
        is_known = not np.isnan(expected).any()
        assert (marks.is_shaped[inside] == is_known).all()
        if not is_known:
            continue
        before, rise = shown[one, from_s], shown[one, to_s] - shown[one, from_s]
        used = Used(starts_s[gap == number].tolist(), expected, from_s)
        for at_s, value in zip(marks.at_s[inside].tolist(), marks.values[inside, 0].tolist(), strict=True):
            exact = before + rise * Fraction(used.until(at_s), used.until(to_s))
            # A share is cut to a two-thousand-millionth of the gap.
            assert abs(value - exact) <= Fraction(1, 2) + Fraction(rise, 2**29)


class Used(NamedTuple):
    """What is expected of the hours of one gap."""

    starts_s: list[int]
    expected_kw: list[float]
    from_s: int

    def until(self, end_s: int) -> int:
        """Sum watt-seconds up to an instant."""
        return sum(
            max(1, round(kw * 1_000)) * max(0, min(start_s + HOUR_S, end_s) - max(start_s, self.from_s))
            for start_s, kw in zip(self.starts_s, self.expected_kw, strict=True)
        )


@given(series=gappy_series())
def test_registers_of_shaped_gaps_never_fall_and_meet_every_reading(series: Series) -> None:
    owner, read_at_s, register, expected_kw = series
    shapes = shapes_of(long_gaps(owner, read_at_s), expected_kw)
    marks = hour_marks(owner, read_at_s, register.reshape(-1, 1), shapes)
    for one in np.unique(owner):
        at_s = np.concatenate((marks.at_s[marks.owner == one], read_at_s[owner == one]))
        values = np.concatenate((marks.values[marks.owner == one, 0], register[owner == one]))
        assert (np.diff(values[np.lexsort((values, at_s))]) >= 0).all()
