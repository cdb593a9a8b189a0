"""Which time zones days can be cut in: the others stop a process at its start."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from pydantic import SecretStr, ValidationError

from services.common.day_zones import why_not
from services.common.settings import Settings, zone_named

CAPITALS = (
    *("Amsterdam", "Andorra", "Athens", "Belgrade", "Berlin", "Bratislava", "Brussels", "Bucharest", "Budapest"),
    *(
        "Chisinau",
        "Copenhagen",
        "Dublin",
        "Helsinki",
        "Istanbul",
        "Kyiv",
        "Lisbon",
        "Ljubljana",
        "London",
        "Luxembourg",
    ),
    *("Madrid", "Malta", "Minsk", "Monaco", "Moscow", "Oslo", "Paris", "Podgorica", "Prague", "Riga", "Rome"),
    *("San_Marino", "Sarajevo", "Skopje", "Sofia", "Stockholm", "Tallinn", "Tirane", "Vaduz", "Vatican", "Vienna"),
    *("Vilnius", "Warsaw", "Zagreb", "Zurich"),
)
ELSEWHERE = ("UTC", "Atlantic/Reykjavik", "Asia/Nicosia", "Asia/Tokyo", "Pacific/Honolulu", "America/Sao_Paulo")
WHOLE_HOUR = "its midnight is not on a whole hour of UTC on "
TWICE = "its clocks show midnight twice on "
FAR = "its clocks are more than twelve hours ahead of UTC, or twelve behind, on "


@pytest.mark.parametrize("name", [*(f"Europe/{capital}" for capital in CAPITALS), *ELSEWHERE])
def test_days_are_cut_in_every_capital_of_europe_and_wherever_midnights_part_them(name: str) -> None:
    assert zone_named(name) == ZoneInfo(name)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        # UTC+5:30, +9:30 and +5:45 all year; +10:30 and +11.
        ("Asia/Kolkata", f"{WHOLE_HOUR}1990-01-01"),
        ("Australia/Adelaide", f"{WHOLE_HOUR}1990-01-01"),
        ("Asia/Kathmandu", f"{WHOLE_HOUR}1990-01-01"),
        ("Australia/Lord_Howe", f"{WHOLE_HOUR}1990-03-05"),
        # Half an hour moved away from a whole one between 2015 and 2018 alone.
        ("Asia/Pyongyang", f"{WHOLE_HOUR}2015-08-15"),
        # In autumn back from 01:00 to 00:00; Havana since 1991.
        ("Atlantic/Azores", f"{TWICE}1990-09-30"),
        ("America/Havana", f"{TWICE}1991-10-13"),
        ("Pacific/Auckland", f"{FAR}1990-01-01"),
        ("Pacific/Tongatapu", f"{FAR}1990-01-01"),
        ("Pacific/Apia", f"{FAR}2011-12-31"),
        ("Etc/GMT+12", f"{FAR}1990-01-01"),
    ],
)
def test_a_zone_whose_midnights_part_no_days_is_refused_with_its_first_such_day(name: str, why: str) -> None:
    with pytest.raises(ValueError, match="KULVERT_TIME_ZONE") as refused:
        zone_named(name)
    assert str(refused.value) == (
        f"KULVERT_TIME_ZONE is '{name}', by which days cannot be cut: {why}; write a zone whose clocks show each"
        " midnight of 1990 to 2060 once, on a whole hour of UTC and at most twelve hours from it, as in"
        " Europe/Stockholm"
    )


def test_the_zone_on_the_twelfth_hour_ahead_is_within_reach() -> None:
    assert why_not(ZoneInfo("Etc/GMT-12")) is None


def test_midnights_that_bucharest_showed_twice_lie_before_the_years_that_it_is_held_to() -> None:
    zone = ZoneInfo("Europe/Bucharest")
    twice = [
        midnight.year
        for midnight in (datetime(1990, 1, 1, tzinfo=zone) + timedelta(days=n) for n in range(71 * 366))
        # From summer's three hours ahead to two; in spring it is the other way round.
        if (midnight.utcoffset(), midnight.replace(fold=1).utcoffset()) == (timedelta(hours=3), timedelta(hours=2))
    ]
    assert twice == [1991, 1992, 1993]


def test_every_services_settings_refuse_such_a_zone() -> None:
    with pytest.raises(ValidationError, match="KULVERT_TIME_ZONE is 'Asia/Kolkata', by which days cannot be cut"):
        Settings(database_url=SecretStr(""), kafka_bootstrap="", time_zone="Asia/Kolkata")
