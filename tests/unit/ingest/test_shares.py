"""How many hours readings will complete, and how points are parted so that these fit into memory."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from services.heat.arrays import UNKNOWN
from services.ingest.core.outcome import PointStates
from services.ingest.core.shares import HOURS_AT_ONCE, hours_to_come, rows_around, shares, weights
from tests.unit.ingest.rows import POINT_ID, reading_rows

HOUR_S = 3600
NOON_S = 1_700_000_000 // HOUR_S * HOUR_S
YEAR_H = 8_760


def coming(read_at_s: list[int], newest_s: int = UNKNOWN) -> int:
    rows = reading_rows({"read_at_s": at_s, "energy_wh": 1} for at_s in read_at_s)
    nothing = np.zeros(1, np.int64)
    states = PointStates(np.array([POINT_ID]), np.array([newest_s]), *[nothing] * (len(PointStates._fields) - 2))
    (hours,) = hours_to_come(rows, states).tolist()
    return int(hours)


def test_a_reading_an_hour_completes_an_hour() -> None:
    assert coming([NOON_S], newest_s=NOON_S - HOUR_S) == 2  # It may lie on either side of a full hour.
    assert coming([NOON_S + hour * HOUR_S for hour in range(24)]) == 1 + 23 * 2


def test_a_reading_after_years_completes_all_hours_between() -> None:
    assert coming([NOON_S], newest_s=NOON_S - 3 * YEAR_H * HOUR_S) == 3 * YEAR_H + 1
    assert coming([NOON_S, NOON_S + 3 * YEAR_H * HOUR_S]) == 1 + 3 * YEAR_H + 1


def test_a_clock_set_back_by_decades_completes_the_hours_up_to_the_newest_reading() -> None:
    assert coming([NOON_S], newest_s=NOON_S + 20 * YEAR_H * HOUR_S) == 20 * YEAR_H + 1


def test_a_late_reading_lies_between_others() -> None:
    assert coming([NOON_S], newest_s=NOON_S + 30 * 24 * HOUR_S) == 1


def around(read_at_s: int, newest_s: int, accepted_s: int, unbroken: int = 24) -> int:
    rows = reading_rows([{"read_at_s": read_at_s, "energy_wh": 1}])
    nothing = np.zeros(1, np.int64)
    states = PointStates(np.array([POINT_ID]), np.array([newest_s]), *[nothing] * (len(PointStates._fields) - 2))
    states = states._replace(accepted_s=np.array([accepted_s]), unbroken=np.array([unbroken]))
    return int(rows_around(rows, states)[0])


def test_a_reading_behind_settled_ones_needs_none_of_them() -> None:
    assert around(NOON_S, NOON_S - HOUR_S, NOON_S - HOUR_S) == 0
    assert around(NOON_S, UNKNOWN, UNKNOWN) == 0


def test_a_late_reading_weighs_the_days_around_it_wherever_it_lies() -> None:
    day = around(NOON_S - 24 * HOUR_S, NOON_S, NOON_S)
    assert day == around(NOON_S - 3 * YEAR_H * HOUR_S, NOON_S, NOON_S) == around(NOON_S, NOON_S, NOON_S)
    # Two whole days of a meter that is read every quarter of an hour.
    assert day > 2 * 24 * 4


def test_readings_behind_refused_ones_weigh_all_since_the_last_that_counted() -> None:
    refused_for_a_year = around(NOON_S, NOON_S - HOUR_S, NOON_S - YEAR_H * HOUR_S)
    assert refused_for_a_year == around(NOON_S - HOUR_S, NOON_S, NOON_S) + YEAR_H - 1
    assert around(NOON_S, NOON_S - HOUR_S, NOON_S - HOUR_S, unbroken=23) > 0


def test_points_that_are_looked_at_again_are_fewer_at_once() -> None:
    hours = np.full(10, HOURS_AT_ONCE // 10)
    at_the_end, late = (shares(weights(hours, np.full(10, around))) for around in (0, 1))
    assert len(at_the_end) == 1
    assert len(late) >= 4


@given(hours=st.lists(st.integers(1, HOURS_AT_ONCE * 2), min_size=1, max_size=30))
def test_every_point_is_in_one_share_and_a_share_is_small_or_of_one_point(hours: list[int]) -> None:
    parts = shares(np.array(hours))
    assert np.concatenate(parts).tolist() == list(range(len(hours)))
    for part in parts:
        assert len(part) == 1 or sum(hours[index] for index in part) <= HOURS_AT_ONCE


def test_a_share_takes_as_many_points_as_fit_in_their_order() -> None:
    half = HOURS_AT_ONCE // 2
    parts = shares(np.array([half, half, 1, 2 * HOURS_AT_ONCE, half, half - 1, 1]))
    assert [part.tolist() for part in parts] == [[0, 1], [2], [3], [4, 5, 6]]
