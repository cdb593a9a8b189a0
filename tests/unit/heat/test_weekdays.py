from datetime import date

import numpy as np
import pytest

from services.heat.local_time import EPOCH
from services.heat.weekdays import weekdays


def is_weekday(day: date) -> bool:
    return bool(weekdays(np.array([(day - EPOCH).days]))[0])


@pytest.mark.parametrize(
    "day",
    [
        date(2018, 12, 24),  # Christmas Eve
        date(2018, 12, 25),
        date(2018, 12, 26),
        date(2018, 12, 31),  # New Year's Eve
        date(2019, 1, 1),
        date(2017, 1, 6),  # Epiphany, a Friday
        date(2019, 4, 19),  # Good Friday
        date(2019, 4, 22),
        date(2019, 5, 1),
        date(2019, 5, 30),  # Ascension Day
        date(2019, 6, 6),
        date(2019, 6, 21),  # Midsummer Eve
        date(2019, 6, 22),
    ],
)
def test_a_public_holiday_or_its_eve_is_not_a_weekday(day: date) -> None:
    assert not is_weekday(day)


def test_monday_to_friday_are_weekdays_and_the_weekend_is_not() -> None:
    monday = (date(2019, 1, 14) - EPOCH).days
    assert weekdays(np.arange(monday, monday + 7)).tolist() == [True] * 5 + [False] * 2


def test_twelfth_night_and_the_days_between_christmas_and_new_year_are_weekdays() -> None:
    assert is_weekday(date(2017, 1, 5))
    assert is_weekday(date(2018, 12, 27))
    assert is_weekday(date(2018, 12, 28))


def test_no_days_give_no_weekdays() -> None:
    assert weekdays(np.zeros(0, np.int64)).tolist() == []
