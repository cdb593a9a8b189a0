"""Figures of which each line says its unit, as where meters of several makers stand in one file."""

import pytest

from services.ingest.sources.profile import Profile, ProfileError, profile
from services.ingest.sources.readings_file import ReadingsFile, readings_file
from services.ingest.sources.refusals import UnreadableFileError

BY_LINE = """
kind = "readings"
delimiter = ";"
decimal = ","

[time]
column = "Tid"
zone = "+01:00"

[serial]
column = "Mätare"

[[values]]
column = "Energi"
field = "energy_wh"
unit_column = "Enhet"
sentinels = ["-", "999999"]

[[values]]
column = "Volym"
field = "volume_l"
unit_column = "Enhet 2"
optional = true

[[values]]
column = "Fram"
field = "supply_c"
unit_column = "Enhet 3"
optional = true
"""
HEADER = "Mätare;Tid;Energi;Enhet;Volym;Enhet 2;Fram;Enhet 3"


def read(*lines: str, header: str = HEADER, by: str = BY_LINE) -> ReadingsFile:
    text = "\n".join([header, *(f"{number};2024-01-01 00:00;{line}" for number, line in enumerate(lines))])
    return readings_file(text.encode(), profile(by, "own"))


def refused(file: ReadingsFile) -> list[tuple[int, str, str]]:
    return [(bad.line, bad.field, bad.code) for bad in file.refusals]


@pytest.mark.parametrize(
    ("written", "wh"),
    [
        ("1234,567;kWh", 1_234_567),
        ("1234,567;MWh", 1_234_567_000),
        ("1234567;Wh", 1_234_567),
        ("1234567;WH", 1_234_567),
        ("36;MJ", 10_000),
        ("3,6;GJ", 1_000_000),
        ("0,001;GJ", 277),
        ("12;kwh", 12_000),
    ],
)
def test_a_lines_own_unit_counts(written: str, wh: int) -> None:
    assert read(f"{written};;;;").readings.column("energy_wh").to_pylist() == [wh]


def test_lines_of_several_units_stand_side_by_side_in_the_files_order() -> None:
    file = read("1;MWh;2;m³;70;°C", "1;kWh;2;l;71;C", "1;GJ;;;;", "2;MWh;1,5;m3;;")
    assert file.readings.column("energy_wh").to_pylist() == [1_000_000, 1_000, 277_777, 2_000_000]
    assert file.readings.column("volume_l").to_pylist() == [2_000, 2, None, 1_500]
    assert file.readings.column("supply_c").to_pylist() == [70, 71, None, None]


def test_a_unit_that_the_field_cannot_have_or_that_is_missing_refuses_its_line_alone() -> None:
    file = read("1;kW;;;;", "2;;;;;", "3;kWh;4;kWh;;", "5;kWh;6;;;", "7;kWh;8;l;;")
    assert file.readings.column("energy_wh").to_pylist() == [7_000]
    assert refused(file) == [
        (2, "Energi", "unknown_unit"),
        (3, "Energi", "unknown_unit"),
        (4, "Volym", "unknown_unit"),
        (5, "Volym", "unknown_unit"),
    ]


def test_a_figure_that_is_not_given_needs_no_unit() -> None:
    file = read("1;kWh;;kWh;;%", "-;kWh;;;;", ";kWh;;;;", ";;;;;", "999999;MWh;;;;")
    assert file.readings.column("energy_wh").to_pylist() == [1_000]
    assert [code for _, _, code in refused(file)] == ["sentinel", "field_missing", "field_missing", "sentinel"]


def test_a_file_without_the_column_of_units_is_refused_whole() -> None:
    with pytest.raises(UnreadableFileError, match="lacks the column Enhet;"):
        read("1;2", header="Mätare;Tid;Energi;Volym")
    with pytest.raises(UnreadableFileError, match="has the column Volym without its units, Enhet 2"):
        read("1;kWh;2", header="Mätare;Tid;Energi;Enhet;Volym")


def test_temperatures_of_the_air_are_in_one_unit() -> None:
    weather = BY_LINE[: BY_LINE.index("[serial]")].replace("readings", "weather")
    value = '[[values]]\ncolumn = "T"\nfield = "celsius"\n'
    assert isinstance(profile(f'{weather}{value}unit = "C"', "own"), Profile)
    with pytest.raises(ProfileError, match="write unit = 'C'"):
        profile(f'{weather}{value}unit_column = "E"', "own")
