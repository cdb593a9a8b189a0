from collections.abc import Sequence
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.heat.arrays import UNKNOWN
from services.heat.days import Days, HourRows, days_of
from services.heat.hour_marks import (
    ESTIMATED,
    INTERPOLATED,
    MANUAL,
    MEASURED,
    SHAPED,
    hour_marks,
    hours_between,
    mark_quality,
)
from services.heat.local_time import EPOCH
from tests.oracle.figures import day_hours

STOCKHOLM = ZoneInfo("Europe/Stockholm")
DAY = date(2024, 1, 10)


def hour_rows(starts_s: Sequence[int], energy_wh: Sequence[int], owner: int = 1, **columns: Sequence[int]) -> HourRows:
    """Measured hours of which nothing is known but what is given."""
    count = len(starts_s)
    given_columns = {name: np.array(values, np.int64) for name, values in columns.items()}
    unknown = {
        name: np.full(count, UNKNOWN)
        for name in ("volume_l", "forward_lc", "return_lc", "supply_centi_c", "return_centi_c")
    }
    measured = {name: np.full(count, MEASURED) for name in ("start_quality", "end_quality")}
    return HourRows(
        owner=np.full(count, owner),
        starts_s=np.array(starts_s, np.int64),
        energy_wh=np.array(energy_wh, np.int64),
        **(unknown | measured | given_columns),
    )


def only_day(hours: HourRows) -> dict[str, int]:
    days = days_of(hours, STOCKHOLM)
    assert len(days.day) == 1
    return {name: int(column[0]) for name, column in zip(Days._fields, days, strict=True)}


def read_daily(*hours_after_midnight: float) -> HourRows:
    """The hours of a meter whose register, 24 Wh an hour, is read at these hours after DAY's first midnight."""
    read_at_s = np.array([day_hours(DAY, STOCKHOLM)[0] + int(hours * 3600) for hours in hours_after_midnight])
    marks = hour_marks(np.ones(len(read_at_s), np.int64), read_at_s, (read_at_s // 150).reshape(-1, 1))
    hours = hours_between(marks.owner, marks.at_s, marks.values, mark_quality(marks.distance_s, marks.is_shaped))
    return hour_rows(
        hours.starts_s.tolist(),
        hours.values[:, 0].tolist(),
        start_quality=hours.start_quality.tolist(),
        end_quality=hours.end_quality.tolist(),
    )


@pytest.mark.parametrize(
    ("day", "hours"), [(DAY, 24), (date(2024, 3, 31), 23), (date(2024, 10, 27), 25), (date(2023, 12, 31), 24)]
)
def test_a_day_has_the_hours_that_the_local_clock_gives_it(day: date, hours: int) -> None:
    starts_s = day_hours(day, STOCKHOLM)
    found = only_day(hour_rows(starts_s, range(hours)))
    assert found["day"] == (day - EPOCH).days
    assert (found["hours_expected"], found["hours_present"], found["hours_measured"]) == (hours, hours, hours)
    assert found["energy_wh"] == sum(range(hours))
    assert found["maximum_hour_wh"] == hours - 1


@given(
    energy_wh=st.lists(st.integers(0, 10**9), min_size=1, max_size=120),
    later_hours=st.integers(0, 300),
)
def test_days_sum_to_their_hours_and_leave_out_only_the_day_that_has_not_ended(
    energy_wh: list[int], later_hours: int
) -> None:
    first_s = int(datetime(2024, 3, 25, tzinfo=UTC).timestamp()) + later_hours * 3600
    starts_s = [first_s + index * 3600 for index in range(len(energy_wh))]
    expected: dict[date, int] = {}
    for at_s, wh in zip(starts_s, energy_wh, strict=True):
        day = datetime.fromtimestamp(at_s, STOCKHOLM).date()
        expected[day] = expected.get(day, 0) + wh
    if datetime.fromtimestamp(starts_s[-1] + 3600, STOCKHOLM).hour:
        del expected[datetime.fromtimestamp(starts_s[-1], STOCKHOLM).date()]
    days = days_of(hour_rows(starts_s, energy_wh), STOCKHOLM)
    found = zip(days.day.tolist(), days.energy_wh.tolist(), strict=True)
    assert {EPOCH.fromordinal(EPOCH.toordinal() + day): wh for day, wh in found} == expected


def test_without_hours_there_are_no_days() -> None:
    assert len(days_of(hour_rows([], []), STOCKHOLM).day) == 0


def test_days_of_two_owners_are_kept_apart() -> None:
    starts_s = day_hours(DAY, STOCKHOLM)
    one, other = hour_rows(starts_s, [1] * 24), hour_rows(starts_s, [2] * 24, owner=2)
    days = days_of(HourRows(*(np.concatenate(pair) for pair in zip(one, other, strict=True))), STOCKHOLM)
    assert days.owner.tolist() == [1, 2]
    assert days.energy_wh.tolist() == [24, 48]


def test_a_day_that_begins_within_its_series_has_fewer_hours_and_is_not_measured() -> None:
    found = only_day(hour_rows(day_hours(DAY, STOCKHOLM)[5:], [10] * 19))
    assert (found["hours_expected"], found["hours_present"], found["is_measured"]) == (24, 19, 0)


def test_only_measured_hours_set_the_highest_one() -> None:
    quality = [MEASURED] * 24
    quality[6] = INTERPOLATED
    found = only_day(hour_rows(day_hours(DAY, STOCKHOLM), [*range(6), 9_000, *range(7, 24)], end_quality=quality))
    assert found["maximum_hour_wh"] == 23
    assert found["hours_measured"] == 23
    assert found["quality"] == INTERPOLATED


def test_a_day_without_a_measured_hour_has_no_highest_one() -> None:
    found = only_day(hour_rows(day_hours(DAY, STOCKHOLM), [5] * 24, start_quality=[ESTIMATED] * 24))
    assert found["maximum_hour_wh"] == UNKNOWN


def test_a_meter_read_only_at_midnight_has_measured_days() -> None:
    found = only_day(read_daily(0, 24))
    assert (found["energy_wh"], found["is_measured"], found["hours_measured"]) == (576, 1, 0)
    assert found["quality"] == ESTIMATED
    assert found["maximum_hour_wh"] == UNKNOWN


@pytest.mark.parametrize(
    ("read", "is_measured"),
    [
        ((-0.5, 0.75, 23.5, 24.75), 1),  # 75 minutes around each midnight.
        ((-0.5, 0.751, 23.5, 24.5), 0),
        ((0, 23.5, 24.751), 0),
        ((0, 12, 24), 1),
        ((-1, 1, 23, 25), 0),
    ],
)
def test_a_day_is_measured_when_the_marks_at_both_its_midnights_are(read: tuple[float, ...], is_measured: int) -> None:
    days = days_of(read_daily(*read), STOCKHOLM)
    assert days.is_measured[days.day == (DAY - EPOCH).days].tolist() == [is_measured]


def test_a_day_has_a_volume_only_where_each_hour_that_it_has_energy_of_has_one() -> None:
    # Held against the energy of all hours, 23 of 24 would pass as a smaller flow.
    volume_l = [7] * 24
    whole = only_day(hour_rows(day_hours(DAY, STOCKHOLM), [5] * 24, volume_l=volume_l, return_lc=[UNKNOWN] * 24))
    assert (whole["volume_l"], whole["return_lc"], whole["return_l"]) == (24 * 7, 0, 0)
    volume_l[3] = UNKNOWN
    assert only_day(hour_rows(day_hours(DAY, STOCKHOLM), [5] * 24, volume_l=volume_l))["volume_l"] == UNKNOWN


def test_a_flow_weighted_temperature_takes_the_integral_where_the_hours_temperature_is_the_integrals() -> None:
    # 3 litres with 100 litre-degrees are 33.33 C: multiplied back they would be 99.99.
    found = only_day(
        hour_rows(
            day_hours(DAY, STOCKHOLM), [1] * 24,
            volume_l=[3] * 24, return_lc=[100] * 24, return_centi_c=[3_333] * 24,
        )
    )  # fmt: skip
    assert (found["return_lc"], found["return_l"]) == (2_400, 72)


def test_a_flow_weighted_temperature_takes_litres_times_samples_where_there_is_no_integral() -> None:
    volume_l, supply_centi_c = [10, 30, 5, *[UNKNOWN] * 21], [6_000, 8_000, UNKNOWN, *[9_000] * 21]
    found = only_day(hour_rows(day_hours(DAY, STOCKHOLM), [1] * 24, volume_l=volume_l, supply_centi_c=supply_centi_c))
    # 10 litres of 60 C and 30 of 80 C are 40 of 75 C; one hour knows no temperature, the others no litres.
    assert (found["forward_lc"], found["forward_l"]) == (3_000, 40)


def test_the_energy_weighted_return_temperature_rests_on_the_hours_that_have_one() -> None:
    return_centi_c = [UNKNOWN] * 24
    return_centi_c[0], return_centi_c[1] = 4_000, 5_000
    found = only_day(hour_rows(day_hours(DAY, STOCKHOLM), [100, 300, *[50] * 22], return_centi_c=return_centi_c))
    # 100 Wh at 40 C and 300 Wh at 50 C are 47.5 C.
    assert found["energy_return_wh_centi_c"] == 100 * 4_000 + 300 * 5_000
    assert found["energy_with_return_wh"] == 400
    assert found["energy_return_wh_centi_c"] / found["energy_with_return_wh"] == 4_750


def test_the_sum_of_the_largest_energies_and_temperatures_does_not_overflow() -> None:
    # A point of 5,000 kW all day at 250 C, a hundred times over.
    hours = hour_rows(day_hours(DAY, STOCKHOLM), [500_000_000] * 24, return_centi_c=[25_000] * 24)
    assert only_day(hours)["energy_return_wh_centi_c"] == 24 * 500_000_000 * 25_000


@pytest.mark.parametrize(
    ("grades", "quality"),
    [
        ((MEASURED, MANUAL), MANUAL),
        ((INTERPOLATED, MANUAL), MANUAL),
        ((MANUAL, ESTIMATED), ESTIMATED),
        ((MANUAL, SHAPED), ESTIMATED),
    ],
)
def test_a_day_is_no_better_than_its_worst_hour_and_a_guess_is_worse_than_an_operator_s_word(
    grades: tuple[int, int], quality: int
) -> None:
    starts_s = day_hours(DAY, STOCKHOLM)
    first, second = grades
    within_an_hour = hour_rows(starts_s, [10] * 24, start_quality=[first] * 24, end_quality=[second] * 24)
    assert within_an_hour.quality.tolist() == [quality] * 24
    in_turn = [first, second] * 12
    assert only_day(hour_rows(starts_s, [10] * 24, start_quality=in_turn, end_quality=in_turn))["quality"] == quality
