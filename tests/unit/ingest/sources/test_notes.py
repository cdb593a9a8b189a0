"""What a person is told of how a file was read, where the file itself cannot show that it was read rightly."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from services.ingest.sources.profile import Profile
from services.ingest.sources.temperatures_file import temperatures_file
from tests.unit.ingest.sources.local_export import hours, line, profile, read_lines
from tests.unit.ingest.sources.test_temperatures_file import profile as of_weather

NOT_SHOWN = "nothing in the file shows that its clock is set forward in summer"


def notes(first: str, count: int, by: Profile | None = None, step: int = 1) -> Sequence[str]:
    """Read a file of a clock on the wall, an hour a line, or one in so many."""
    shown = hours("66", first, range(count))[::step]
    return read_lines(map(line, shown), by or profile()).notes


def days(first: str, count: int, clock: str) -> Iterable[str]:
    return (f"66;{datetime.fromisoformat(first) + timedelta(days=day):%Y-%m-%d} {clock};{day}" for day in range(count))


def test_a_file_says_what_its_times_were_taken_as_and_by_what() -> None:
    (winter,) = notes("2024-01-10T00:00", 24)
    assert winter == "times without an offset were taken as +01:00 (24), by zone = 'Europe/Stockholm' in the profile"
    (fixed,) = notes("2024-07-10T00:00", 24, profile(zone="+01:00", clock_change="refuse"))
    assert fixed == "times without an offset were taken as +01:00 (24), by zone = '+01:00' in the profile"
    with_offsets = [f"66;{datetime(2024, 7, 1, hour, tzinfo=UTC):%Y-%m-%dT%H:%M:%SZ};{hour}" for hour in range(3)]
    assert read_lines(with_offsets, profile(format="iso", zone=None, clock_change="refuse")).notes == ()


def test_a_summer_that_only_the_profile_knows_of_is_told() -> None:
    (summer,) = notes("2024-07-10T00:00", 24)
    assert "taken as +02:00 (24), by zone" in summer
    assert summer.endswith(f"{NOT_SHOWN}: where it keeps normal time all year, write zone = '+01:00'")


@pytest.mark.parametrize(
    ("night", "offsets"),
    [("2024-03-30T12:00", "+01:00 (13) and +02:00 (11)"), ("2024-10-26T12:00", "+01:00 (11) and +02:00 (13)")],
)
def test_a_night_on_which_the_file_changes_its_clock_shows_it(night: str, offsets: str) -> None:
    (note,) = notes(night, 24)
    assert f"taken as {offsets}, by zone" in note
    assert NOT_SHOWN not in note


def test_days_over_a_change_of_the_clock_show_nothing() -> None:
    """One line a day at midnight: in normal time or not, no line is missing and none is there twice."""
    (note,) = read_lines(days("2024-03-25", 14, "00:00"), profile()).notes
    assert "taken as +01:00 (7) and +02:00 (7)" in note
    assert NOT_SHOWN in note


def test_a_file_in_normal_time_over_a_change_is_no_proof_of_summer() -> None:
    """It has the hour that spring skips, so that one line is refused; the others lie an hour wrong."""
    first = datetime(2024, 3, 30, 12)  # noqa: DTZ001 - as the meter shows it.
    file = read_lines(f"66;{first + timedelta(hours=hour):%Y-%m-%d %H:%M};{hour}" for hour in range(24))
    assert [bad.code for bad in file.refusals] == ["no_such_time"]
    assert NOT_SHOWN in file.notes[0]


def test_a_file_of_weather_says_it_too() -> None:
    found = temperatures_file(b"t,c\n2024-07-01T00:00,15\n", of_weather(zone="Europe/Stockholm"))
    assert NOT_SHOWN in found.notes[0]


def grouped(*numbers: str, thousands: str = ".", decimal: str = ",") -> Sequence[str]:
    by = profile().model_copy(update={"thousands": thousands, "decimal": decimal})
    lines = [f"66;2024-01-10 {hour:02}:00;{number}" for hour, number in enumerate(numbers)]
    return read_lines(lines, by).notes[1:]


def test_thousands_that_could_be_fractions_are_told() -> None:
    (doubt,) = grouped("999", "12.678", "12.679")
    assert doubt.startswith("2 numbers of energy_wh, written as 12.678, were taken for thousands")
    assert len(grouped("12,678", "12,679", thousands=",", decimal=".")) == 1


@pytest.mark.parametrize("sure", ["1.012.679", "12.679,5", "-12.679,0"])
def test_one_number_that_can_be_meant_one_way_alone_speaks_for_all(sure: str) -> None:
    assert grouped("12.678", sure) == ()


def test_a_space_between_thousands_is_no_decimal_sign() -> None:
    assert grouped("12 678", "12 679", thousands=" ") == ()
    assert grouped("678", "679") == ()
