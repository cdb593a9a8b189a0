"""Which winters may be determined on which day."""

from datetime import date, timedelta

import pytest

from services.contracts.core.refusals import Refusal, RefusedError
from services.contracts.core.winters import last_day, last_whole_winter, require_over
from services.contracts.jobs import is_time_for, run_day


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


@pytest.mark.parametrize(
    ("month_day", "day"),
    [("04-15", date(2027, 4, 15)), ("05-15", date(2027, 5, 15)), ("01-10", date(2028, 1, 10))],
)
def test_the_yearly_run_is_made_on_the_first_such_day_after_the_winter(month_day: str, day: date) -> None:
    assert last_day("2026/2027") == date(2027, 3, 31)
    assert run_day("2026/2027", month_day) == day


def test_a_yearly_run_is_begun_on_its_day_or_later_where_nothing_ran_then() -> None:
    assert not is_time_for("2026/2027", date(2027, 4, 14), "04-15")
    assert is_time_for("2026/2027", date(2027, 4, 15), "04-15")
    assert is_time_for("2026/2027", date(2027, 7, 14), "04-15")
    assert not is_time_for("2026/2027", date(2027, 7, 15), "04-15")
