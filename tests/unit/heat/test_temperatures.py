import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.heat.arrays import UNKNOWN
from services.heat.temperatures import flow_weighted_centi_c, placed_in_hours, sampled_centi_c

HOUR_S = 3600


def by_integral(integral_lc: int, volume_l: int) -> int:
    return int(flow_weighted_centi_c(np.array([integral_lc]), np.array([volume_l]))[0])


def by_samples(*readings: tuple[int, int, float], hours: int = 1) -> list[int]:
    """One owner's readings as seconds, litres and sample; the hours from 0 on."""
    read_at_s, volume_l, sample_c = (list(column) for column in zip(*readings, strict=True))
    owner = np.ones(len(readings), np.int64)
    placed = placed_in_hours(
        owner,
        np.array(read_at_s),
        np.array(volume_l, np.int64),
        np.ones(hours, np.int64),
        np.arange(hours) * HOUR_S,
    )
    return sampled_centi_c(placed, np.array(sample_c)).tolist()


@given(volume_l=st.integers(1, 10**9), centi_c=st.integers(-2_000, 25_000))
def test_the_integral_over_the_volume_is_the_flow_weighted_temperature(volume_l: int, centi_c: int) -> None:
    integral_lc = round(Fraction(volume_l * centi_c, 100))
    exact = Fraction(integral_lc * 100, volume_l)
    if -2_000 <= exact <= 25_000:
        assert by_integral(integral_lc, volume_l) == math.floor(exact + Fraction(1, 2))


@pytest.mark.parametrize(
    ("integral_lc", "volume_l", "centi_c"),
    [
        (7_250, 100, 7_250),
        (3_300, 100, 3_300),
        (1, 200, 1),  # Half a hundredth, rounded up.
        (-1, 200, 0),
        (0, 0, UNKNOWN),
        (500, 0, UNKNOWN),
        (UNKNOWN, 100, UNKNOWN),
        (500, UNKNOWN, UNKNOWN),
        (25_001, 100, UNKNOWN),
        (-2_001, 100, UNKNOWN),
    ],
)
def test_no_flow_and_no_possible_temperature_give_none(integral_lc: int, volume_l: int, centi_c: int) -> None:
    assert by_integral(integral_lc, volume_l) == centi_c


def test_samples_are_weighted_by_the_volume_since_the_reading_before() -> None:
    # 10 l at 40 C, 30 l at 60 C: 55 C.
    assert by_samples((0, 100, 99.0), (1800, 110, 40.0), (3600, 140, 60.0)) == [5_500]


def test_a_reading_on_the_hour_belongs_to_the_hour_it_ends() -> None:
    assert by_samples((0, 0, 20.0), (3600, 10, 40.0), (7200, 20, 60.0), hours=2) == [4_000, 6_000]


def test_without_flow_the_samples_of_an_hour_count_alike() -> None:
    assert by_samples((0, 5, 20.0), (1800, 5, 40.0), (3600, 5, 50.0)) == [4_500]


def test_without_a_volume_the_samples_of_an_hour_count_alike() -> None:
    unknown = UNKNOWN
    assert by_samples((0, unknown, 20.0), (1800, unknown, 40.0), (3600, unknown, 50.0)) == [4_500]


def test_a_volume_known_at_one_side_only_gives_no_weight() -> None:
    # The only known rise is the last, so its sample alone decides.
    assert by_samples(
        (0, UNKNOWN, 20.0), (1200, 7, 30.0), (2400, UNKNOWN, 40.0), (3000, 10, 1.0), (3600, 12, 50.0)
    ) == [5_000]


def test_an_hour_without_samples_has_no_temperature() -> None:
    assert by_samples((0, 0, 20.0), (1800, 5, 40.0), (7200, 5, math.nan), hours=2) == [4_000, UNKNOWN]


@pytest.mark.parametrize("dead", [-39.9, 327.67, math.inf, -math.inf, math.nan])
def test_a_dead_sensor_s_sample_is_left_out_and_spoils_no_other(dead: float) -> None:
    assert by_samples((0, 0, 20.0), (1800, 10, dead), (3600, 20, 40.0)) == [4_000]
    assert by_samples((0, 0, 20.0), (3600, 10, dead)) == [UNKNOWN]


def test_samples_of_one_owner_do_not_enter_another_s_hour() -> None:
    placed = placed_in_hours(
        np.array([1, 1, 2, 2]),
        np.array([0, 3600, 0, 3600]),
        np.array([0, 10, 5, 6]),
        np.array([1, 2, 3]),
        np.array([0, 0, 0]),
    )
    temperatures = sampled_centi_c(placed, np.array([10.0, 20.0, 30.0, 40.0]))
    assert temperatures.tolist() == [2_000, 4_000, UNKNOWN]


def test_the_first_reading_of_an_owner_takes_no_weight_from_the_owner_before() -> None:
    placed = placed_in_hours(
        np.array([1, 2, 2]),
        np.array([3600, 1800, 3600]),
        np.array([0, 9_000, 9_010]),
        np.array([2]),
        np.array([0]),
    )
    temperatures = sampled_centi_c(placed, np.array([10.0, 80.0, 40.0]))
    assert temperatures.tolist() == [4_000]
