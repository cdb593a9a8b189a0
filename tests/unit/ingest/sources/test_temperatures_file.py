"""Whole files of hourly temperatures."""

import csv
import math
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.ingest.sources.profile import Profile
from services.ingest.sources.refusals import UnreadableFileError
from services.ingest.sources.shipped import profile_named
from services.ingest.sources.temperatures_file import TemperaturesFile, temperatures_file


def profile(**time: str) -> Profile:
    values = [{"column": "c", "field": "celsius", "unit": "C", "sentinels": ["-99", "-"]}]
    return Profile.model_validate(
        {"kind": "weather", "delimiter": ",", "time": {"column": "t", **time}, "values": values}
    )


def read(*lines: str, **time: str) -> TemperaturesFile:
    return temperatures_file("\n".join(["t,c", *lines]).encode(), profile(**time))


def starts(file: TemperaturesFile) -> list[str]:
    return [f"{datetime.fromtimestamp(at_s, UTC):%Y-%m-%dT%H:%MZ}" for at_s in file.starts_s.tolist()]


def test_a_time_that_names_the_end_of_its_hour_begins_an_hour_earlier() -> None:
    assert starts(read("2024-01-01T01:00Z,1.5", stamped="end")) == ["2024-01-01T00:00Z"]
    assert starts(read("2024-01-01T01:00Z,1.5", stamped="begin")) == ["2024-01-01T01:00Z"]


def test_an_hour_from_before_hours_are_kept_costs_only_itself() -> None:
    file = read("1990-01-02T00:00Z,1", "1990-01-02T01:00Z,2", stamped="end")
    assert (starts(file), [(bad.line, bad.code) for bad in file.refusals]) == (
        ["1990-01-02T00:00Z"],
        [(2, "time_out_of_range")],
    )


def test_each_bad_line_is_refused_alone() -> None:
    file = read(
        "2024-01-01T00:00Z,-1.5",
        "2024-01-01T01:30Z,1",
        "2024-01-01T02:00Z,",
        "2024-01-01T03:00Z,-99",
        "2024-01-01T04:00Z,60.1",
        "2024-01-01T05:00Z,cold",
        "2024-01-01T06:00,1",
        "2024-01-01T07:00Z,2",
        "2024-01-01T08:00Z,-",
    )
    assert [(bad.line, bad.field, bad.code) for bad in file.refusals] == [
        (3, "t", "not_on_the_hour"),
        (4, "c", "field_missing"),
        (5, "c", "sentinel"),
        (6, "c", "out_of_range"),
        (7, "c", "not_a_number"),
        (8, "t", "naive_time"),
        (10, "c", "sentinel"),
    ]
    assert file.celsius.tolist() == [-1.5, 2]


def test_an_hour_that_is_given_twice_keeps_its_first_temperature() -> None:
    file = read("2024-01-01T01:00Z,1", "2024-01-01T00:00Z,2", "2024-01-01T01:00Z,1.0", "2024-01-01T02:00+01:00,3")
    assert [(bad.line, bad.code) for bad in file.refusals] == [(5, "hour_given_twice")]
    assert file.celsius.tolist() == [1, 2, 1]


def test_a_profile_for_readings_does_not_read_weather() -> None:
    with pytest.raises(UnreadableFileError, match="for readings"):
        temperatures_file(b"t,c\n", profile_named("kulvert"))


def test_two_years_of_aalborg_are_read_hour_by_hour(shared_data: Path) -> None:
    data = (shared_data / "weather/temperature_hourly_2018_2019_aalborg.csv").read_bytes()
    file = temperatures_file(data, profile_named("dmi-hourly"))
    assert (len(file.starts_s), len(file.refusals)) == (17_520, 0)
    assert (starts(file)[0], starts(file)[-1]) == ("2018-01-01T00:00Z", "2019-12-31T23:00Z")
    assert file.celsius[:2].tolist() == [4.6, 4.6]


def test_karups_hours_begin_where_the_sun_says(shared_data: Path) -> None:
    """Sunshine is centred on true noon: 9.1 degrees east, 11:33 UTC in January with the equation of time."""
    path = shared_data / "weather/karup_2023.csv"
    file = temperatures_file(path.read_bytes(), profile_named("karup"))
    assert file.refusals.counts == {"field_missing": 5}
    with path.open() as text:
        rows = [row for row in csv.DictReader(text) if row["temp_mean_past1h"]]
    sun: dict[int, float] = defaultdict(float)
    for at_s, row in zip(file.starts_s.tolist(), rows, strict=True):
        start = datetime.fromtimestamp(at_s, UTC)
        if start.month == 1:
            sun[start.hour] += float(row["radia_glob_past1h"] or 0)
    middle = sum((hour + 0.5) * sum_of_hour for hour, sum_of_hour in sun.items()) / sum(sun.values())
    assert math.isclose(middle, 11.55, abs_tol=0.25)
