from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.heat.local_time import EPOCH, day_start_s, local_day

STOCKHOLM = ZoneInfo("Europe/Stockholm")
ZONES = [STOCKHOLM, ZoneInfo("UTC"), ZoneInfo("Europe/Helsinki"), ZoneInfo("America/St_Johns")]


def number(day: date) -> int:
    return (day - EPOCH).days


def seconds(*utc: int) -> int:
    year, month, day, hour, minute = (*utc, 0, 0)[:5]
    return int(datetime(year, month, day, hour, minute, tzinfo=UTC).timestamp())


@given(
    at_s=st.integers(seconds(1990, 1, 2), seconds(2060, 12, 30)),
    zone=st.sampled_from(ZONES),
)
def test_an_instant_falls_in_the_local_day_that_its_clock_shows(at_s: int, zone: ZoneInfo) -> None:
    assert local_day(np.array([at_s]), zone).tolist() == [number(datetime.fromtimestamp(at_s, zone).date())]


@given(day=st.dates(date(1990, 1, 2), date(2060, 12, 30)), zone=st.sampled_from(ZONES))
def test_a_day_begins_at_its_first_instant(day: date, zone: ZoneInfo) -> None:
    begins_s = day_start_s(np.array([number(day)]), zone)
    assert local_day(np.concatenate((begins_s - 1, begins_s)), zone).tolist() == [number(day) - 1, number(day)]


@pytest.mark.parametrize(
    ("day", "begins_s", "hours"),
    [
        (date(2024, 3, 31), seconds(2024, 3, 30, 23), 23),
        (date(2024, 4, 1), seconds(2024, 3, 31, 22), 24),
        (date(2024, 10, 27), seconds(2024, 10, 26, 22), 25),
        (date(2024, 10, 28), seconds(2024, 10, 27, 23), 24),
    ],
)
def test_days_have_23_and_25_hours_when_the_clock_changes(day: date, begins_s: int, hours: int) -> None:
    both = day_start_s(np.array([number(day), number(day) + 1]), STOCKHOLM)
    assert both.tolist() == [begins_s, begins_s + hours * 3600]


def test_the_repeated_hour_of_autumn_and_the_missing_one_of_spring_lie_in_their_day() -> None:
    # 2:30 twice on 2024-10-27, and the instants around the hour that 2024-03-31 does not have.
    autumn = [seconds(2024, 10, 27, 0, 30), seconds(2024, 10, 27, 1, 30)]
    spring = [seconds(2024, 3, 31, 0, 59), seconds(2024, 3, 31, 1, 0)]
    assert local_day(np.array(autumn), STOCKHOLM).tolist() == [number(date(2024, 10, 27))] * 2
    assert local_day(np.array(spring), STOCKHOLM).tolist() == [number(date(2024, 3, 31))] * 2
