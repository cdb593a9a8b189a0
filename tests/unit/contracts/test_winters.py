"""Which winters may be determined on which day."""

from datetime import date, timedelta

import pytest

from services.contracts.core.determination import last_day, last_whole_winter, require_over
from services.contracts.core.refusals import Refusal, RefusedError
from services.contracts.jobs import is_time_for


@pytest.mark.parametrize("today", [date(2026, 11, 25), date(2027, 1, 31), date(2027, 3, 31)])
def test_a_winter_with_days_to_come_is_refused_with_its_last_day(today: date) -> None:
    with pytest.raises(RefusedError, match=r"2026/2027 lasts until 2027-03-31; ask again after that day") as refused:
        require_over("2026/2027", today)
    assert refused.value.refusal is Refusal.WINTER_NOT_OVER


@pytest.mark.parametrize(("winter", "today"), [("2026/2027", date(2027, 4, 1)), ("2019/2020", date(2026, 11, 25))])
def test_a_winter_is_over_from_the_first_of_april(winter: str, today: date) -> None:
    require_over(winter, today)


def test_the_last_whole_winter_is_over_on_every_day_and_the_one_behind_it_is_not() -> None:
    for day in (date(2027, 1, 1) + timedelta(days=number) for number in range(2 * 365)):
        winter = last_whole_winter(day)
        require_over(winter, day)
        first, last = map(int, winter.split("/"))
        with pytest.raises(RefusedError):
            require_over(f"{first + 1}/{last + 1}", day)


def test_the_yearly_run_begins_three_weeks_after_a_winters_last_day() -> None:
    assert last_day("2026/2027") == date(2027, 3, 31)
    assert not is_time_for("2026/2027", date(2027, 4, 20))
    assert is_time_for("2026/2027", date(2027, 4, 21))
