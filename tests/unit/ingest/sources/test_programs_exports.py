"""Whole exports in the shapes that head-ends and spreadsheets write, each with what a utility reads in it."""

from datetime import UTC, datetime, timedelta

import pytest

from services.ingest.sources.profile import profile
from services.ingest.sources.readings_file import ReadingsFile, readings_file
from services.ingest.sources.refusals import UnreadableFileError

VALUE_PER_LINE = """
kind = "readings"
delimiter = ";"
decimal = ","
thousands = "."
serial = { column = "Meter no." }
quantity = { column = "Register" }
[time]
column = "Reading date"
format = "%d-%m-%Y %H:%M:%S"
zone = "Europe/Copenhagen"
clock_change = "by_order"
[[values]]
column = "Value"
field = "energy_wh"
unit_column = "Unit"
equals = ["Heat energy (E1)"]
[[values]]
column = "Value"
field = "volume_l"
unit_column = "Unit"
equals = ["Volume (V1)"]
"""
OBIS = """
kind = "readings"
delimiter = ";"
decimal = ","
thousands = "."
serial = { column = "Zählernummer" }
quantity = { column = "OBIS" }
time = { column = "Datum", clock_column = "Uhrzeit", format = "%d.%m.%Y %H:%M", zone = "Europe/Berlin" }
[[values]]
column = "Wert"
field = "energy_wh"
unit_column = "Einheit"
equals = ["6-0:1.0.0"]
[[values]]
column = "Wert"
field = "volume_l"
unit_column = "Einheit"
equals = ["6-0:2.0.0"]
sentinels = ["-"]
"""
HOURS_TO_24 = """
kind = "readings"
delimiter = ";"
serial = { column = "Zähler" }
wide = { header = "{clock}" }
values = [{ field = "energy_wh", unit = "kWh" }]
[time]
column = "Tag"
format = "%d.%m.%Y %H"
zone = "Europe/Berlin"
clock_change = "by_mark"
marks = ["A", "B"]
stamped = "end"
day_ends_at_24 = true
"""
METERS_ACROSS = """
kind = "readings"
delimiter = ";"
decimal = ","
thousands = " "
time = { column = "Aika", format = "%d.%m.%Y %H:%M", zone = "+02:00" }
wide = { header = "Käyttöpaikka {metering_point} (MWh)" }
values = [{ field = "energy_wh", unit = "MWh" }]
"""


def read(by: str, *rows: str) -> ReadingsFile:
    return readings_file("\n".join(rows).encode(), profile(by, "own"))


def refused(file: ReadingsFile) -> list[tuple[int, str, str]]:
    return [(bad.line, bad.field, bad.code) for bad in file.refusals]


def test_registers_side_by_side_through_the_hour_that_autumn_repeats() -> None:
    registers = [("01", "123,456", "2.345,6"), ("02", "123,457", "2.345,7"), ("02", "123,458", "2.345,8")]
    rows = [
        f'"0068";"27-10-2024 {hour}:00:00";"{name}";"{value}";"{unit}";"0"'
        for hour, mwh, m3 in [*registers, ("03", "123,459", "2.345,9")]
        for name, value, unit in (
            ("Heat energy (E1)", mwh, "MWh"), ("Volume (V1)", m3, "m³"), ("Operating hours", "45.678", "h"),
        )
    ]  # fmt: skip
    file = read(VALUE_PER_LINE, '"Meter no.";"Reading date";"Register";"Value";"Unit";"Info"', *rows)
    first = datetime(2024, 10, 26, 23, tzinfo=UTC)
    assert [(row["read_at"], row["energy_wh"], row["volume_l"]) for row in file.readings.to_pylist()] == [
        (first + timedelta(hours=hour), 123_456_000 + 1_000 * hour, 2_345_600 + 100 * hour) for hour in range(4)
    ]
    assert (set(file.readings.column("serial").to_pylist()), refused(file)) == ({"0068"}, [])


def test_quantities_by_their_obis_codes_with_a_title_and_a_sum() -> None:
    file = read(
        OBIS,
        "Export Fernwärme;;;;;;",
        "Zählernummer;Datum;Uhrzeit;OBIS;Wert;Einheit;Status",
        "66;31.03.2024;01:00;6-0:1.0.0;12.345,6;kWh;W",
        "66;31.03.2024;01:00;6-0:2.0.0;1.234,5;m3;W",
        "66;31.03.2024;02:00;6-0:1.0.0;12.346,6;kWh;W",
        "66;31.03.2024;03:00;6-0:1.0.0;12.347,6;kWh;E",
        "66;31.03.2024;03:00;6-0:2.0.0;-;m3;E",
        "Summe;;;;37.039,8;;",
    )
    rows = [(row["read_at"].hour, row["energy_wh"], row["volume_l"]) for row in file.readings.to_pylist()]
    assert rows == [(0, 12_345_600, 1_234_500), (1, 12_347_600, None)]
    # The sum has no quantity, and is passed over.
    assert refused(file) == [(5, "Datum", "no_such_time")]
    assert any("none (1)" in note for note in file.notes)


def test_hours_to_24_of_which_autumns_third_stands_twice() -> None:
    hours = ["1", "2", "3A", "3B", *map(str, range(4, 25))]
    autumn = ["66", "27.10.2024", *(str(100 + hour) for hour in range(25))]
    next_day = ["66", "28.10.2024", *("" if hour == "3B" else str(200 + at) for at, hour in enumerate(hours))]
    file = read(HOURS_TO_24, ";".join(["Zähler", "Tag", *hours]), ";".join(autumn), ";".join(next_day))
    begins = datetime(2024, 10, 26, 22, tzinfo=UTC)
    ends = file.readings.column("read_at").to_pylist()
    assert ends == [begins + timedelta(hours=hour) for hour in range(1, 25 + 24 + 1)]
    assert refused(file) == []


def test_meters_across_with_a_sum_beside_and_below() -> None:
    file = read(
        METERS_ACROSS,
        "Aika;Käyttöpaikka 643001 (MWh);Käyttöpaikka 643002 (MWh);Yhteensä",
        "1.1.2024 0:00;1\u00a0234,567;12,5;1\u00a0247,067",
        "Yhteensä;1\u00a0234,567;12,5;1\u00a0247,067",
    )
    rows = [(row["metering_point"], row["energy_wh"]) for row in file.readings.to_pylist()]
    assert rows == [("643001", 1_234_567_000), ("643002", 12_500_000)]
    assert refused(file) == [(3, "Aika", "not_a_time")]


def test_a_header_of_two_lines_is_refused_with_what_it_has() -> None:
    with pytest.raises(
        UnreadableFileError, match=r"line 2, the header, is as .* it has Aika, Energia, Tilavuus, Energia"
    ):
        read(METERS_ACROSS, ";643001;;643002", "Aika;Energia;Tilavuus;Energia", "1.1.2024 0:00;1;2;3")
