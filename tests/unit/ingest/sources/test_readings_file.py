"""Whole files of readings: what is good is kept, and a bad line costs only itself."""

from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.ingest.sources.profile import Profile, profile
from services.ingest.sources.readings_file import Named, ReadingsFile, readings_file
from services.ingest.sources.refusals import UnreadableFileError
from services.ingest.sources.shipped import profile_named

SWEDISH = Profile.model_validate(
    {
        "kind": "readings",
        "encoding": "windows-1252",
        "delimiter": ";",
        "decimal": ",",
        "thousands": " ",
        "time": {"column": "Tid", "format": "%Y-%m-%d %H:%M", "zone": "Europe/Stockholm"},
        "serial": {"column": "Mätare"},
        "values": [
            {"column": "Energi (MWh)", "field": "energy_wh", "unit": "MWh", "sentinels": ["4294967,295"]},
            {"column": "Volym", "field": "volume_l", "unit": "m3", "optional": True, "sentinels": ["16777,215"]},
            {"column": "Fram", "field": "supply_c", "unit": "C", "optional": True, "sentinels": ["-39,9"]},
        ],
    }
)
OWN = profile_named("kulvert")


def swedish(*lines: str, header: str = "Mätare;Tid;Energi (MWh);Volym;Fram") -> ReadingsFile:
    return readings_file("\r\n".join([header, *lines]).encode("cp1252"), SWEDISH)


def own(*lines: str, header: str = "metering_point,read_at,energy_wh") -> ReadingsFile:
    return readings_file("\n".join([header, *lines]).encode(), OWN)


def refused(file: ReadingsFile) -> list[tuple[int, str, str]]:
    return [(bad.line, bad.field, bad.code) for bad in file.refusals]


def column(file: ReadingsFile, name: str) -> list[Any]:
    return list(file.readings.column(name).to_pylist())


def test_a_swedish_export_is_read_as_it_is() -> None:
    file = swedish("=66;2024-01-01 00:00;1 234,567;12,5;71,25", "67;2024-07-01 00:00;2;;")
    assert file.readings.to_pylist() == [
        {
            "serial": "=66",
            "metering_point": None,
            "read_at": datetime.fromisoformat("2023-12-31T23:00Z"),
            "recorded_at": None,
            "energy_wh": 1_234_567_000,
            "volume_l": 12_500,
            "forward_lc": None,
            "return_lc": None,
            "flow_l_per_h": None,
            "power_w": None,
            "supply_c": 71.25,
            "return_c": None,
            "withdrawn": False,
        },
        {
            **dict.fromkeys(file.readings.column_names),
            "serial": "67",
            "read_at": datetime.fromisoformat("2024-06-30T22:00Z"),
            "energy_wh": 2_000_000,
            "withdrawn": False,
        },
    ]
    assert refused(file) == []


def test_each_bad_line_is_refused_alone_under_the_number_an_editor_shows() -> None:
    file = swedish(
        "66;2024-01-01 00:00;1,000;1;70",
        "66;2024-01-01 01:00;1_000;1;70",
        "",
        "66;2024-03-31 02:30;1,002;1;70",
        "66;2024-01-01 03:00;1,003;1",
        "66;2024-01-01 04:00;;1;70",
        ";2024-01-01 05:00;1,005;1;70",
        "66;2024-01-01 06:00;-1,006;1;70",
        "66;2024-01-01 07:00;1,007;1;varm",
        "Summa;;8,023;8;",
        "66;2024-01-01 08:00;1,008;1;70",
    )
    assert refused(file) == [
        (3, "Energi (MWh)", "not_a_number"),
        (5, "Tid", "no_such_time"),
        (6, "", "wrong_number_of_fields"),
        (7, "Energi (MWh)", "field_missing"),
        (8, "Mätare", "no_meter_named"),
        (9, "Energi (MWh)", "negative_register"),
        (10, "Fram", "not_a_number"),
        (11, "Tid", "field_missing"),
    ]
    assert column(file, "energy_wh") == [1_000_000, 1_008_000]
    assert file.line.tolist() == [2, 12]
    assert file.refusals.counts == {
        "not_a_number": 2,
        "no_such_time": 1,
        "wrong_number_of_fields": 1,
        "field_missing": 2,
        "no_meter_named": 1,
        "negative_register": 1,
    }


def test_a_line_with_two_faults_is_refused_once() -> None:
    assert refused(own("P1,never,many")) == [(2, "read_at", "not_a_time")]


def test_a_quote_left_open_costs_its_own_line_and_no_later_one() -> None:
    file = own('P1,"2024-01-01T00:00Z",1', 'P1,"2024-01-01T01:00Z,2', "P1,2024-01-01T02:00Z,3", 'P1,2024,"4"x')
    assert refused(file) == [(3, "", "quote_not_closed"), (5, "", "quote_not_closed")]
    assert column(file, "energy_wh") == [1, 3]


def test_a_quoted_field_may_hold_the_delimiter() -> None:
    file = own('"P,1",2024-01-01T00:00Z,"1"')
    assert column(file, "metering_point") == ["P,1"]


def test_a_huge_field_costs_its_own_line() -> None:
    file = own("P1,2024-01-01T00:00Z,1", "P1,2024-01-01T01:00Z," + "1" * 200_000, '"' + "1" * 200_000)
    assert refused(file) == [(3, "", "line_too_long"), (4, "", "line_too_long")]


def test_a_sentinel_in_the_energy_register_refuses_and_elsewhere_counts_as_not_given() -> None:
    file = swedish("66;2024-01-01 00:00;4294967,295;1;70", "66;2024-01-01 01:00;1,0;16777,215;-39,90")
    assert refused(file) == [(2, "Energi (MWh)", "sentinel")]
    assert (column(file, "volume_l"), column(file, "supply_c")) == ([None], [None])
    assert file.emptied == {"volume_l": 1, "supply_c": 1}


def test_a_sentinel_may_be_a_stroke_or_a_word() -> None:
    signs = '["-", "N/A", "9999"]'
    volume = f'[[values]]\ncolumn = "m3"\nfield = "volume_l"\nunit = "m3"\nsentinels = {signs}\n'
    supply = f'[[values]]\ncolumn = "C"\nfield = "supply_c"\nunit = "C"\nsentinels = {signs}\n'
    energy = f'[[values]]\ncolumn = "Wh"\nfield = "energy_wh"\nunit = "Wh"\nsentinels = {signs}\n'
    top = 'kind = "readings"\ndelimiter = ";"\n[time]\ncolumn = "t"\n[serial]\ncolumn = "s"\n'
    lines = ["s;t;Wh;m3;C", "66;2024-01-01T00:00Z;1;-;N/A", "66;2024-01-01T01:00Z;2;9999.0;9999"]
    lines += ["66;2024-01-01T02:00Z;-;1;1", "66;2024-01-01T03:00Z;3;n/a;1"]
    file = readings_file("\n".join(lines).encode(), profile(top + energy + volume + supply, "signs"))
    assert refused(file) == [(4, "Wh", "sentinel"), (5, "m3", "not_a_number")]
    assert (column(file, "volume_l"), column(file, "supply_c")) == ([None, None], [None, None])
    assert file.emptied == {"volume_l": 2, "supply_c": 2}


def test_a_name_in_the_formula_that_keeps_its_zeros_is_the_name() -> None:
    file = own('="0066",2024-01-01T00:00Z,1', '"=""0066""",2024-01-01T01:00Z,2', "0066,2024-01-01T02:00Z,3")
    assert column(file, "metering_point") == ["0066", "0066", "0066"]


def test_files_put_one_behind_the_other_keep_none_of_their_byte_order_marks() -> None:
    month = "\ufeffmetering_point,read_at,energy_wh\nP1,2024-01-0{}T00:00Z,{}\n"
    file = readings_file((month.format(1, 1) + month.format(2, 2)).encode(), OWN)
    assert (column(file, "energy_wh"), len(file.refusals)) == ([1, 2], 0)


def test_a_byte_order_mark_within_a_file_of_windows_1252_is_no_part_of_a_name() -> None:
    lines = ["Mätare;Tid;Energi (MWh)\n".encode("cp1252"), b"66;2024-01-01 00:00;1\n", b"66;2024-01-01 01:00;2\n"]
    file = readings_file(b"\xef\xbb\xbf".join([lines[0] + lines[1], lines[2]]), SWEDISH)
    assert column(file, "serial") == ["66", "66"]


def test_a_byte_order_mark_is_passed_over() -> None:
    file = readings_file("\ufeffmetering_point,read_at,energy_wh\nP1,2024-01-01T00:00Z,1".encode(), OWN)
    assert column(file, "energy_wh") == [1]


def test_a_byte_order_mark_of_utf_8_counts_before_the_profile() -> None:
    text = "\ufeffMätare;Tid;Energi (MWh)\nå66;2024-01-01 00:00;1"
    assert column(readings_file(text.encode(), SWEDISH), "serial") == ["å66"]


def test_a_line_in_another_encoding_is_refused_alone() -> None:
    data = b"metering_point,read_at,energy_wh\nP\xe51,2024-01-01T00:00Z,1\nP2,2024-01-01T00:00Z,2"
    file = readings_file(data, OWN)
    assert refused(file) == [(2, "", "not_in_encoding")]
    assert column(file, "metering_point") == ["P2"]


def test_lines_may_end_as_on_any_system() -> None:
    text = "metering_point,read_at,energy_wh|P1,2024-01-01T00:00Z,1|P1,2024-01-01T01:00Z,x|"
    for end in ("\n", "\r\n", "\r"):
        file = readings_file(text.replace("|", end).encode(), OWN)
        assert (column(file, "energy_wh"), refused(file)) == ([1], [(3, "energy_wh", "not_a_number")])


HEADER = "metering_point,read_at,energy_wh"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"\n \n", "empty"),
        (HEADER.encode(), "no line below it"),
        (f"{HEADER}\nP1,2024-01-01T00:00Z,1".encode("utf-16")[:-1], "UTF-16, and damaged"),
        (f"{HEADER}\nP1,2024-01-01T00:00Z,1".encode("utf-16-le"), "UTF-16"),
        (b"PK\x03\x04\x14\x00", "Excel"),
        (b"metering_point,energy_wh\nP1,1", "lacks the column read_at"),
        (b"metering_point,read_at,read_at,energy_wh\nP1,,,1", "names read_at more than once"),
        (
            f"{HEADER}\nP1;2024-01-01T00:00Z;1".replace(",", ";").encode(),
            "are the delimiter ',' and the encoding utf-8 right",
        ),
        (b'metering_point,"read_at,energy_wh\nP1,2024-01-01T00:00Z,1', "close the quote"),
        (b"read_at,energy_wh\n2024-01-01T00:00Z,1", "whose readings"),
    ],
)
def test_a_file_that_does_not_fit_at_all_is_refused_whole_and_says_why(data: bytes, words: str) -> None:
    with pytest.raises(UnreadableFileError, match=words):
        readings_file(data, OWN)


def test_a_metering_point_named_at_the_import_counts_for_every_line() -> None:
    data = b"metering_point,read_at,energy_wh\nP1,2024-01-01T00:00Z,1\n,2024-01-01T01:00Z,2"
    file = readings_file(data, OWN, Named(metering_point="P9"))
    assert column(file, "metering_point") == ["P9", "P9"]


def test_when_a_file_was_exported_counts_for_each_line_that_does_not_say_when_it_was_recorded() -> None:
    exported_at = datetime(2024, 2, 1, 8, tzinfo=UTC)
    named = Named(recorded_at=exported_at)
    lines = ("P-1,2024-01-01T00:00Z,1,", "P-1,2024-01-01T01:00Z,2,2024-01-03T00:00Z")
    text = "\n".join(["metering_point,read_at,energy_wh,recorded_at", *lines])
    said = readings_file(text.encode(), profile_named("kulvert"), named).readings.column("recorded_at").to_pylist()
    assert said == [exported_at, datetime(2024, 1, 3, tzinfo=UTC)]
    without = "\n".join(line.rpartition(",")[0] for line in text.split("\n"))
    file = readings_file(without.encode(), profile_named("kulvert"), named)
    assert file.readings.column("recorded_at").to_pylist() == [exported_at] * 2
    assert file.readings.column("metering_point").to_pylist() == ["P-1"] * 2


def test_a_withdrawal_is_said_in_words_or_digits() -> None:
    lines = [f"P1,2024-01-01T0{n}:00Z,1,{text}" for n, text in enumerate(("", "true", "FALSE", "1", "0", "maybe"))]
    file = own(*lines, header="metering_point,read_at,energy_wh,withdrawn")
    assert column(file, "withdrawn") == [False, True, False, True, False]
    assert refused(file) == [(7, "withdrawn", "wrong_type")]


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=30).map(str.encode)
BYTES = st.binary(max_size=30).map(lambda junk: junk.replace(b"\n", b"").replace(b"\r", b""))


@given(st.lists(TEXTS | BYTES, max_size=20))
@example([b",", b",,", b" , "])
def test_no_line_of_any_bytes_stops_the_file_or_changes_the_good_ones(junk: list[bytes]) -> None:
    lines = [b"P1,2024-01-01T00:00Z,1", *junk, b"P1,2024-01-01T01:00Z,2"]
    file = readings_file(b"\n".join([HEADER.encode(), *lines]), OWN)
    assert column(file, "energy_wh")[:1] == [1]
    assert column(file, "energy_wh")[-1:] == [2]
    # A byte order mark within a file is that of another file, put behind the first; delimiters alone are an empty row.
    filled = sum(1 for line in lines if line.replace(b"\xef\xbb\xbf", b"").strip(b" \t\f,"))
    assert len(file.readings) + len(file.refusals) == filled


def test_the_danish_meters_registers_are_read_to_the_watt_hour(shared_data: Path) -> None:
    data = (shared_data / "danish-relife/processed_final_data_sample.csv").read_bytes()
    file = readings_file(data, profile_named("danish-relife"), Named("P660"))
    energy_wh = column(file, "energy_wh")
    assert (len(energy_wh), refused(file)) == (26_256, [])
    assert (energy_wh[0], energy_wh[1]) == (5_347_614, 5_350_736)
    assert energy_wh[-1] - energy_wh[0] == pytest.approx(51_627_240, abs=5)
    exact = [Fraction(line.split(",")[4]) for line in data.decode().splitlines()[1:]]
    assert column(file, "volume_l") == [int(one * 1_000) for one in exact]
    read_at = column(file, "read_at")
    assert (read_at[0].isoformat(), read_at[-1].isoformat()) == (
        "2018-01-02T23:00:00+00:00",
        "2020-12-31T22:00:00+00:00",
    )
