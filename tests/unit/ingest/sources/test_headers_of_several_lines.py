"""Wide files whose header has several lines: meters above quantities, written once over all of their columns."""

import io
from typing import Any

import pytest
import xlsxwriter  # type: ignore[import-untyped]

from services.ingest.sources import lines
from services.ingest.sources.profile import Profile, ProfileError
from services.ingest.sources.profile import profile as read_profile
from services.ingest.sources.readings_file import ReadingsFile, readings_file
from services.ingest.sources.refusals import UnreadableFileError

ENERGY: dict[str, Any] = {"field": "energy_wh", "unit": "MWh", "equals": ["Energi MWh"]}
VALUES = [
    ENERGY,
    {"field": "volume_l", "unit": "m3", "equals": ["Volym m3"]},
    {"field": "supply_c", "unit": "C", "equals": ["Tfram °C"]},
]
OF_THREE = "Tid;Energi MWh;Volym m3;Tfram °C;Energi MWh;Volym m3"
FIRST = "2024-01-01 01:00;1,5;20;70,5;2;30"
IN_FIRST = [("66", 1_500_000, 20_000, 70.5), ("67", 2_000_000, 30_000, None)]


def profile(header: Any = ("{serial}", "{quantity}"), **keys: Any) -> Profile:
    return Profile.model_validate(
        {
            "kind": "readings",
            "delimiter": ";",
            "decimal": ",",
            "wide": {"header": header, "without": keys.pop("without", ())},
            "time": {"column": "Tid", "format": "%Y-%m-%d %H:%M", "zone": "+01:00"},
            "values": VALUES,
        }
        | keys
    )


def read(by: Profile, *rows: str) -> ReadingsFile:
    return readings_file("\n".join(rows).encode(), by)


def said(file: ReadingsFile) -> list[tuple[Any, ...]]:
    return [
        (row["serial"] or row["metering_point"], row["energy_wh"], row["volume_l"], row["supply_c"])
        for row in file.readings.to_pylist()
    ]


def refused(file: ReadingsFile) -> list[tuple[int, str, str]]:
    return [(bad.line, bad.field, bad.code) for bad in file.refusals]


@pytest.mark.parametrize("meters", [";66;;;67;", ";66;66;66;67;67", ";66;;;67", "Mätare;66;;;67;;;"])
def test_a_meter_stands_above_all_columns_up_to_the_next_one(meters: str) -> None:
    file = read(profile(), meters, OF_THREE, FIRST)
    assert (said(file), file.line.tolist(), refused(file)) == (IN_FIRST, [3, 3], [])


@pytest.mark.parametrize(
    "above", [["Exempelstads Energi;;;;;"], ["Exempelstads Energi"], ["Export", "", "2024;Januari"]]
)
def test_titles_above_are_no_meters(above: list[str]) -> None:
    assert said(read(profile(), *above, ";66;;;67;", OF_THREE, FIRST)) == IN_FIRST


@pytest.mark.parametrize("above", [[], ["Exempelstads Energi;;;;;"]])
def test_the_columns_name_may_stand_in_the_first_line(above: list[str]) -> None:
    assert said(read(profile(), *above, "Tid;66;;;67;", OF_THREE.removeprefix("Tid"), FIRST)) == IN_FIRST


def test_quantities_may_stand_above_meters_and_a_third_line_may_not_matter() -> None:
    by = profile(["{quantity}", "{metering_point}", "*"])
    file = read(by, ";Energi MWh;;Volym m3;", "Tid;P-1;P-2;P-1;P-2", ";Summa;Summa;;", "2024-01-01 01:00;1;2;3;4")
    assert said(file) == [("P-1", 1_000_000, 3_000, None), ("P-2", 2_000_000, 4_000, None)]


def test_a_text_ends_where_one_begins_in_a_line_above_it() -> None:
    by = profile(["{metering_point}", "{serial}", "{quantity}"])
    rows = read(by, ";P-1;;P-2;", ";66;;;", "Tid;Energi MWh;Volym m3;Energi MWh;", "2024-01-01 01:00;1;2;3;")
    # The second point has no meter above it: its column is none that the header says enough of.
    assert said(rows) == [("66", 1_000_000, 2_000, None)]


def test_the_header_may_name_the_unit_of_each_column() -> None:
    values = [{"field": "energy_wh", "equals": ["Energi"]}, {"field": "volume_l", "equals": ["Volym"]}]
    by = profile(["{serial}", "{quantity} [{unit}]"], values=values)
    header = "Tid;Energi [kWh];Volym [m³];Energi [MWh];Volym [l];Energi [BTU]"
    file = read(by, ";66;;67;;68", header, "2024-01-01 01:00;1,5;2;3;4;5")
    assert said(file) == [("66", 1_500, 2_000, None), ("67", 3_000_000, 4, None)]
    assert refused(file) == [(3, "68 Energi [BTU]", "unknown_unit")]


def test_a_units_line_below_the_quantities() -> None:
    values = [{"field": "energy_wh", "equals": ["Energi"]}]
    by = profile(["{serial}", "{quantity}", "{unit}"], values=values)
    file = read(by, ";66;67", "Tid;Energi;Energi", ";kWh;GJ", "2024-01-01 01:00;1;3,6")
    assert said(file) == [("66", 1_000, None, None), ("67", 1_000_000, None, None)]


def test_a_sum_is_left_out_by_its_name_and_other_quantities_are_told() -> None:
    file = read(
        profile(without=["Alla mätare"]),
        ";66;;Alla mätare",
        "Tid;Energi MWh;Effekt max kW;Energi MWh",
        "2024-01-01 01:00;1;8;9",
    )
    assert said(file) == [("66", 1_000_000, None, None)]
    assert any("passed over: Effekt max kW (1)" in note for note in file.notes)


def test_a_column_without_a_name_of_its_own_is_none() -> None:
    by = profile(["{serial}", "*"], values=[{"field": "energy_wh", "unit": "MWh"}])
    file = read(by, ";66;67;;", "Tid;Energi;Energi;;", "2024-01-01 01:00;1;2;;3")
    assert said(file) == [("66", 1_000_000, None, None), ("67", 2_000_000, None, None)]


def test_faults_name_both_lines_of_the_header() -> None:
    file = read(profile(), ";66;;;67;", OF_THREE, "2024-01-01 01:00;1,5;x;70,5;2;30")
    assert refused(file) == [(3, "66 Volym m3", "not_a_number")]


def test_merged_cells_of_a_workbook_are_read_alike() -> None:
    data = io.BytesIO()
    book = xlsxwriter.Workbook(data, {"in_memory": True})
    sheet = book.add_worksheet()
    sheet.merge_range(0, 0, 0, 5, "Fjärrvärme 2024")
    sheet.merge_range(2, 0, 3, 0, "Tid")
    sheet.merge_range(2, 1, 2, 3, 66)
    sheet.merge_range(2, 4, 2, 5, 67)
    sheet.write_row(3, 1, ["Energi\n MWh", "Volym m3", "Tfram °C", "Energi MWh", "Volym m3"])
    sheet.write_row(4, 0, ["2024-01-01 01:00", 1.5, 20, 70.5, 2, 30])
    book.close()
    file = readings_file(data.getvalue(), profile())
    assert (said(file), file.line.tolist()) == (IN_FIRST, [5, 5])


@pytest.mark.parametrize("quoted", [';"66";;;67', ';"66\n";;;"67"', '"";"\n66";;;"\n67\n";'])
def test_line_breaks_within_the_names_of_any_line_are_spaces(quoted: str) -> None:
    file = read(profile(), quoted, OF_THREE.replace("Energi MWh", '"Energi\nMWh"'), FIRST)
    assert (said(file), refused(file)) == (IN_FIRST, [])


def test_a_quote_left_open_in_the_header_reads_no_meter_as_another() -> None:
    with pytest.raises(UnreadableFileError, match="line 2, of the header or above it: a quote is not closed"):
        read(profile(), "Titel", ';"66;;;67', OF_THREE, FIRST)


def test_a_day_that_stands_twice_in_the_header_refuses_the_file() -> None:
    by = profile(["{time}", "{quantity}"], time={"format": "%Y-%m-%d", "zone": "+01:00"}, serial={"column": "Mätare"})
    with pytest.raises(UnreadableFileError, match="has several columns for 2024-01-01 Energi MWh;"):
        read(by, ";2024-01-01;2024-01-01", "Mätare;Energi MWh;Energi MWh", "66;1;2")


@pytest.mark.parametrize("meters", [";;66;;;67", "Mätare;;66;;;67", "Tid;;66;;;67"])
def test_a_meter_above_the_middle_of_its_columns_is_not_taken_for_the_next_ones(meters: str) -> None:
    """As where a text is centred: 66 would reach to the energy of 67."""
    with pytest.raises(UnreadableFileError, match="nothing stands above column 2, Energi MWh; write what stands over"):
        read(profile(), meters, OF_THREE if "Tid" not in meters else OF_THREE.removeprefix("Tid"), FIRST)


def test_quantities_above_the_middle_of_their_columns_are_not_taken_for_the_next_ones() -> None:
    by = profile(["{quantity}", "{metering_point}"])
    with pytest.raises(UnreadableFileError, match="nothing stands above column 2, P-1"):
        read(by, ";;Energi MWh;;;Volym m3;", "Tid;P-1;P-2;P-3;P-1;P-2;P-3", "2024-01-01 01:00;1;2;3;4;5;6")


def test_a_column_with_nothing_above_it_and_another_name_is_a_remark() -> None:
    file = read(
        profile(), ";;66;;;67;", "Tid;Anmärkning" + OF_THREE.removeprefix("Tid"), "2024-01-01 01:00;ok;1,5;20;70,5;2;30"
    )
    assert said(file) == IN_FIRST


def test_a_line_of_a_header_may_be_empty_but_for_its_delimiters() -> None:
    assert said(read(profile(["{serial}", "*", "{quantity}"]), ";66;;;67;", ";;;;;", OF_THREE, FIRST)) == IN_FIRST


def test_one_meter_may_stand_at_the_left_above_everything() -> None:
    file = read(profile(), "66;;", "Tid;Energi MWh;Volym m3", "2024-01-01 01:00;1;2")
    assert said(file) == [("66", 1_000_000, 2_000, None)]


def test_a_header_that_stands_again_is_passed_over_in_whichever_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    header = [";66;;;67;", OF_THREE]
    monkeypatch.setattr(lines, "PIECE_BYTES", 150)
    file = read(profile(), *header, FIRST, *header, FIRST.replace("01:00", "02:00"))
    assert (said(file), refused(file)) == (IN_FIRST * 2, [])


@pytest.mark.parametrize("again", [[";66;;;68;", OF_THREE], [";66;;;67;", OF_THREE.replace("Volym m3", "Volym", 1)]])
def test_a_header_with_other_meters_or_quantities_refuses_the_file(again: list[str]) -> None:
    with pytest.raises(
        UnreadableFileError, match=r"line \d is a header again, and its columns are not the first one's"
    ):
        read(profile(), ";66;;;67;", OF_THREE, FIRST, *again, FIRST)


def test_a_header_with_none_of_the_quantities_is_told_with_those_it_has() -> None:
    with pytest.raises(
        UnreadableFileError,
        match=r"none of the quantities in lines 1 to 2, the header, is one of the profile's, Energi M.*it has Energi",
    ):
        read(profile(), ";66;", "Tid;Energi;Volym", "2024-01-01 01:00;1;2")


def test_a_header_that_is_not_as_the_profile_says_is_told_with_both_lines() -> None:
    with pytest.raises(
        UnreadableFileError,
        match=r"lines 1 to 2, the header, is as .* Nr {serial} above {quantity}; it has , 66, 67 above Tid, Energi MWh",
    ):
        read(profile(["Nr {serial}", "{quantity}"]), ";66;67", "Tid;Energi MWh;Energi MWh", "2024-01-01 01:00;1;2")


@pytest.mark.parametrize(
    ("wide", "words"),
    [
        ("[]", "that of each in a list, top down"),
        ('["{serial}", 2]', "that of each in a list, top down"),
        ('["{serial}", ""]', "that of each in a list, top down"),
        ('["{serial}", "{serial}"]', "each once"),
        ('["{quantity}", "*"]', "is no wide one"),
        ('["*", "Energi"]', "each once"),
    ],
)
def test_a_profile_says_its_headers_lines_in_a_list(wide: str, words: str) -> None:
    text = f"""
        kind = "readings"
        delimiter = ";"
        wide = {{ header = {wide} }}
        time = {{ column = "Tid" }}
        values = [{{ field = "energy_wh", unit = "MWh", equals = ["E"] }}]
    """
    with pytest.raises(ProfileError, match=words):
        read_profile(text, "own")


def test_a_unit_is_said_by_the_header_or_by_the_profile() -> None:
    text = """
        kind = "readings"
        delimiter = ";"
        wide = { header = "{serial} {unit}" }
        time = { column = "Tid" }
        values = [{ field = "energy_wh", unit = "MWh" }]
    """
    with pytest.raises(ProfileError, match="says the unit of each column; leave unit out"):
        read_profile(text, "own")
