"""Lines that name their own zone, as of a utility with meters on both sides of a border."""

from typing import Any

import pytest

from services.ingest.sources.profile import Profile
from services.ingest.sources.readings_file import ReadingsFile, readings_file
from services.ingest.sources.refusals import UnreadableFileError
from services.ingest.sources.zones import zone_said

HEADER = "Mätare;Tid;Zon;Energi"


def profile(**time: Any) -> Profile:
    return Profile.model_validate(
        {
            "kind": "readings",
            "delimiter": ";",
            "serial": {"column": "Mätare"},
            "time": {"column": "Tid", "format": "%Y-%m-%d %H:%M", "zone_column": "Zon"} | time,
            "values": [{"column": "Energi", "field": "energy_wh", "unit": "kWh"}],
        }
    )


def read(*rows: str, **time: Any) -> ReadingsFile:
    return readings_file("\n".join([HEADER, *rows]).encode(), profile(**time))


def times(file: ReadingsFile) -> list[str]:
    return [f"{at:%Y-%m-%dT%H:%MZ}" for at in file.readings.column("read_at").to_pylist()]


def refused(file: ReadingsFile) -> list[tuple[int, str, str]]:
    return [(bad.line, bad.field, bad.code) for bad in file.refusals]


def test_each_line_is_read_in_the_zone_that_it_names() -> None:
    named = ["Europe/Stockholm", "Europe/Helsinki", "+01:00", "UTC"]
    file = read(*(f"{n};2024-07-01 12:00;{zone};1" for n, zone in enumerate(named)))
    assert times(file) == ["2024-07-01T10:00Z", "2024-07-01T09:00Z", "2024-07-01T11:00Z", "2024-07-01T12:00Z"]


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("+0100", "+01:00"),
        ("+1", "+01:00"),
        ("-03:30", "-03:30"),
        ("UTC+2", "+02:00"),
        ("GMT+02:00", "+02:00"),
        ("Z", "UTC"),
        ("GMT", "UTC"),
        ("Europe/Berlin", "Europe/Berlin"),
        ("CET", None),
        ("EET", None),
        ("1", None),
        ("+25:00", None),
        ("Europe/", None),
        ("../etc/passwd", None),
        ("/etc/passwd", None),
        ("x/" * 900, None),
    ],
)
def test_an_offset_or_a_place_is_a_zone_and_letters_alone_are_none(text: str, zone: str | None) -> None:
    assert zone_said(text) == zone


def test_other_texts_mean_what_the_profile_says_and_nothing_without_it() -> None:
    rows = ("66;2024-07-01 12:00;NT;1", "67;2024-07-01 12:00;ST;1")
    said = {"NT": "+01:00"}
    file = read(*rows, zones=said)
    assert (times(file), refused(file)) == (["2024-07-01T11:00Z"], [(3, "Tid", "unknown_zone")])


def test_a_line_that_names_no_zone_is_in_the_profiles_and_refused_where_that_has_none() -> None:
    row = "66;2024-07-01 12:00;;1"
    assert times(read(row, zone="Europe/Stockholm")) == ["2024-07-01T10:00Z"]
    assert refused(read(row)) == [(2, "Tid", "naive_time")]


def test_the_repeated_hour_is_told_in_each_zone_by_itself() -> None:
    clocks = {
        "Europe/Stockholm": ["01:00", "02:00", "02:00", "03:00"],
        "Europe/Helsinki": ["02:00", "03:00", "03:00", "04:00"],
    }
    rows = [
        f"{serial};2024-10-27 {clocks[zone][hour]};{zone};{hour + 1}"
        for hour in range(4)
        for serial, zone in (("66", "Europe/Stockholm"), ("67", "Europe/Helsinki"))
    ]
    file = read(*rows, clock_change="by_order")
    # Both clocks are set back at the same instant.
    instants = [f"2024-10-{day}T{hour:02}:00Z" for day, hour in ((26, 23), (27, 0), (27, 1), (27, 2))]
    assert (times(file), file.told_apart) == ([one for one in instants for _ in range(2)], 4)
    assert [note.split(", by ")[1] for note in file.notes] == [
        f"zone = '{zone}' in the profile or the column Zon" for zone in clocks
    ]


def test_an_offset_in_the_time_itself_counts_before_the_zone_beside_it() -> None:
    assert times(read("66;2024-07-01T12:00:00+03:00;UTC;1", format="iso")) == ["2024-07-01T09:00Z"]


@pytest.mark.parametrize("key", ["zone_column", "clock_column"])
def test_a_time_that_may_be_missing_is_there_whole_or_the_file_refused(key: str) -> None:
    of_file = profile().model_dump(exclude_unset=True)
    recorded = {"column": "Ändrad", "optional": True, "format": "%Y-%m-%d %H:%M", "zone": "UTC", key: "Annan"}
    by = Profile.model_validate(of_file | {"recorded_at": recorded})
    with pytest.raises(UnreadableFileError, match="has the column Ändrad without Annan"):
        readings_file(f"{HEADER};Ändrad\n66;2024-07-01 12:00;UTC;1;".encode(), by)
