"""The laws of smoothing hours that a register shows in coarse steps."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.heat.smoothing import smoothed_wh
from tests.oracle.smoothing import spread

STEP_WH = 1_000


def smoothed(*energy_wh: int, step_wh: int = STEP_WH) -> list[int]:
    day = np.zeros((1, 25), np.int64)
    day[0, : len(energy_wh)] = energy_wh
    found = smoothed_wh(day, np.array([len(energy_wh)]), np.array([step_wh]))
    assert not found[0, len(energy_wh) :].any()
    return found[0, : len(energy_wh)].tolist()


def shown(use_wh: list[int], step_wh: int = STEP_WH) -> list[int]:
    """What a register in steps makes of a true use."""
    registers = [sum(use_wh[:hour]) // step_wh * step_wh for hour in range(len(use_wh) + 1)]
    return [later - earlier for earlier, later in pairwise(registers)]


def variation(hours: list[int]) -> int:
    return sum(abs(later - earlier) for earlier, later in pairwise(hours))


uses = st.lists(st.integers(0, 6_000), min_size=23, max_size=25)


@given(uses)
def test_a_day_keeps_its_sum_and_no_hour_falls_below_zero(use_wh: list[int]) -> None:
    hours = shown(use_wh)
    found = smoothed(*hours)
    assert sum(found) == sum(hours)
    assert min(found) >= 0


@given(uses)
def test_the_register_strays_by_less_than_a_step(use_wh: list[int]) -> None:
    hours = shown(use_wh)
    found = smoothed(*hours)
    assert all(abs(sum(found[:hour]) - sum(hours[:hour])) < STEP_WH for hour in range(len(hours) + 1))


@given(uses)
def test_the_hours_vary_no_more_than_before(use_wh: list[int]) -> None:
    hours = shown(use_wh)
    # Each of the hours may be rounded by one, either way.
    assert variation(smoothed(*hours)) <= variation(hours) + 2 * len(hours)


@given(uses)
def test_the_course_is_the_shortest_one(use_wh: list[int]) -> None:
    hours = shown(use_wh)
    found = smoothed(*hours)
    assert found == spread(hours, STEP_WH)


@given(st.integers(0, 1_999), st.integers(23, 25))
def test_an_even_use_of_less_than_two_steps_becomes_even_again(use_wh: int, hours: int) -> None:
    found = smoothed(*shown([use_wh] * hours))
    assert max(found) - min(found) <= 1


@given(uses)
def test_an_hour_of_three_steps_or_more_stays_as_it_is_shown(use_wh: list[int]) -> None:
    hours = shown(use_wh)
    found = smoothed(*hours)
    assert [wh for wh, raw in zip(found, hours, strict=True) if raw >= 3 * STEP_WH] == [
        raw for raw in hours if raw >= 3 * STEP_WH
    ]


def test_the_highest_hour_of_a_house_in_bursts_is_not_worn_down() -> None:
    hours = shown([120] * 6 + [4_500] + [120] * 11 + [4_500] + [120] * 5)
    assert max(smoothed(*hours)) == max(hours) >= 4_000


@pytest.mark.parametrize("step_wh", [1, 10])
def test_a_fine_register_is_left_almost_as_it_is(step_wh: int) -> None:
    hours = [120, 340, 0, 990] * 6
    found = smoothed(*hours, step_wh=step_wh)
    assert max(abs(one - other) for one, other in zip(found, hours, strict=True)) <= 2 * step_wh - 2


def test_days_of_different_length_do_not_touch_each_other() -> None:
    many = np.array([[1_000, 0] * 12 + [0], [0, 0, 3_000, 0, 1_000] * 5])
    counts, steps = np.array([23, 25]), np.array([1_000, 1_000])
    together = smoothed_wh(many, counts, steps)
    for day in range(2):
        alone = smoothed_wh(many[day : day + 1], counts[day : day + 1], steps[day : day + 1])
        assert together[day].tolist() == alone[0].tolist()
