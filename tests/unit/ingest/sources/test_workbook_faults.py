"""What spreadsheets do to figures, times and names: errors in cells, days from 1904, names that are rounded."""

import io
import re
import struct
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter  # type: ignore[import-untyped]
from xlsxwriter.worksheet import Worksheet  # type: ignore[import-untyped]

from services.ingest.sources.profile import Profile
from services.ingest.sources.readings_file import ReadingsFile, readings_file
from services.ingest.sources.refusals import UnreadableFileError

WORKBOOKS = Path(__file__).parents[3] / "workbooks"
HEADER = ["Mätare", "Tid", "Energi", "Volym"]
AT = "2024-01-01 01:00"
ERRORS = ["#N/A", "#VALUE!", "#REF!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!"]


def profile(**keys: Any) -> Profile:
    return Profile.model_validate(
        {
            "kind": "readings",
            "decimal": ",",
            "delimiter": ";",
            "serial": {"column": "Mätare"},
            "time": {"column": "Tid", "format": "%Y-%m-%d %H:%M", "zone": "UTC"} | keys.pop("time", {}),
            "values": [
                {"column": "Energi", "field": "energy_wh", "unit": "kWh"},
                {"column": "Volym", "field": "volume_l", "unit": "m3", "optional": True} | keys.pop("volume", {}),
            ],
        }
        | keys
    )


def workbook(*rows: list[Any], fill: Callable[[Worksheet], None] = lambda _: None, **options: bool) -> bytes:
    """Give a workbook of texts and numbers; a text that is an error is the value of a formula that ended in it."""
    data = io.BytesIO()
    book = xlsxwriter.Workbook(data, {"in_memory": True, **options})
    sheet = book.add_worksheet()
    for number, row in enumerate(rows):
        for place, cell in enumerate(row):
            if cell in ERRORS:
                sheet.write_formula(number, place, "=NA()", None, cell)
            else:
                sheet.write(number, place, cell)
    fill(sheet)
    book.close()
    return data.getvalue()


def with_part(data: bytes, name: str, change: Callable[[str], str]) -> bytes:
    """Give a workbook of which one part is changed."""
    anew = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as packed, zipfile.ZipFile(anew, "w") as into:
        for member in packed.namelist():
            part = packed.read(member)
            into.writestr(member, change(part.decode()) if member == name else part)
    return anew.getvalue()


def refused(file: ReadingsFile) -> list[tuple[int, str, str]]:
    return [(bad.line, bad.field, bad.code) for bad in file.refusals]


def energies(file: ReadingsFile) -> list[int]:
    return file.readings.column("energy_wh").to_pylist()


@pytest.mark.parametrize("error", ERRORS)
def test_an_error_in_a_cell_is_no_empty_cell(error: str) -> None:
    rows = [["66", AT, 1, error], ["66", "2024-01-01 02:00", error, 2], ["66", error, 3, 4], ["66", AT, 5, None]]
    file = readings_file(workbook(HEADER, *rows), profile())
    assert refused(file) == [(2, "Volym", "not_a_number"), (3, "Energi", "not_a_number"), (4, "Tid", "not_a_time")]
    assert energies(file) == [5_000]


def test_an_error_counts_as_not_given_where_the_profile_says_so() -> None:
    file = readings_file(workbook(HEADER, ["66", AT, 1, "#N/A"]), profile(volume={"sentinels": ["#N/A"]}))
    assert (energies(file), refused(file), file.emptied) == ([1_000], [], {"volume_l": 1})


def test_an_error_in_a_column_that_nobody_asks_for_costs_nothing() -> None:
    file = readings_file(workbook([*HEADER, "Diff"], ["66", AT, 1, 2, "#DIV/0!"]), profile())
    assert (energies(file), refused(file)) == ([1_000], [])


def test_an_error_in_a_wide_sheet_costs_its_own_figure() -> None:
    by = profile(
        serial={"column": "{serial}"},
        wide={"header": "{serial}"},
        values=[{"field": "energy_wh", "unit": "kWh"}],
    )
    file = readings_file(workbook(["Tid", "66", "67"], [AT, "#N/A", 7]), by)
    assert (energies(file), refused(file)) == ([7_000], [(2, "66", "not_a_number")])


@pytest.mark.parametrize("value", ["<v/>", "<v></v>", ""])
def test_a_formula_that_no_program_has_calculated_is_no_empty_cell(value: str) -> None:
    data = workbook(HEADER, ["66", AT, 1, "=C2*2"], ["66", "2024-01-01 02:00", 2, '=""'], ["66", AT, 3])
    data = with_part(
        data, "xl/worksheets/sheet1.xml", lambda part: part.replace("C2*2</f><v>0</v>", f"C2*2</f>{value}")
    )
    # As Excel writes a formula whose value is an empty text.
    data = with_part(
        data,
        "xl/worksheets/sheet1.xml",
        lambda part: re.sub(r'<c r="D3"><f>""</f><v>0</v>', '<c r="D3" t="str"><f>""</f><v></v>', part),
    )
    file = readings_file(data, profile())
    assert (energies(file), refused(file)) == ([2_000, 3_000], [(2, "Volym", "not_a_number")])


def test_texts_that_look_like_the_mark_of_an_error_stay_as_they_are() -> None:
    file = readings_file(workbook(HEADER, ['c t="e"', AT, 1, 2], ["66", AT, 1, "#N/A"]), profile())
    assert file.readings.column("serial").to_pylist() == ['c t="e"']


@pytest.mark.parametrize("name", ["error-cell.xls", "error-formula.xls"])
def test_errors_of_which_an_old_workbook_does_not_say_where_they_are_refuse_it(name: str) -> None:
    with pytest.raises(UnreadableFileError, match=r"has cells with errors.*save it as \.xlsx"):
        readings_file((WORKBOOKS / name).read_bytes(), profile())


OFFICE = "urn:oasis:names:tc:opendocument:xmlns"


def open_document(*cells: str, settings: str = "") -> bytes:
    """Give an OpenDocument sheet of a header and one row."""
    header = "".join(
        f'<table:table-cell office:value-type="string"><text:p>{one}</text:p></table:table-cell>' for one in HEADER
    )
    content = (
        f'<office:document-content xmlns:office="{OFFICE}:office:1.0" xmlns:table="{OFFICE}:table:1.0"'
        f' xmlns:text="{OFFICE}:text:1.0"><office:body><office:spreadsheet>{settings}<table:table table:name="Blad1">'
        f"<table:table-row>{header}</table:table-row><table:table-row>{''.join(cells)}</table:table-row>"
        "</table:table></office:spreadsheet></office:body></office:document-content>"
    )
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as packed:
        packed.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        packed.writestr("content.xml", content)
        packed.writestr("META-INF/manifest.xml", f'<manifest:manifest xmlns:manifest="{OFFICE}:manifest:1.0"/>')
    return data.getvalue()


def text_cell(text: str) -> str:
    return f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>'


def number_cell(number: float) -> str:
    return f'<table:table-cell office:value-type="float" office:value="{number}"/>'


@pytest.mark.parametrize("error", ["#N/A", "Err:502"])
def test_an_error_in_an_open_document_is_no_empty_cell(error: str) -> None:
    as_written = (
        '<table:table-cell table:formula="of:=NA()" office:value-type="string" office:string-value=""'
        f' calcext:value-type="error"><text:p>{error}</text:p></table:table-cell>'
    ).replace(' calcext:value-type="error"', "")
    data = open_document(text_cell("66"), text_cell(AT), number_cell(1), as_written)
    assert refused(readings_file(data, profile())) == [(2, "Volym", "not_a_number")]


BY_DAYS = profile(time={"format": "excel"})
ONE_O_CLOCK = datetime(2024, 1, 1, 1, tzinfo=UTC)
DAYS = (ONE_O_CLOCK - datetime(1904, 1, 1, tzinfo=UTC)).total_seconds() / 86_400
"""As a workbook that counts from 1904 keeps it. The day 0 of 1904 is 1 January, that of others 30 December 1899."""


def from_1904_in_open_document() -> bytes:
    settings = (
        '<table:calculation-settings><table:null-date table:date-value="1904-01-01"/></table:calculation-settings>'
    )
    return open_document(text_cell("66"), number_cell(DAYS), number_cell(3), number_cell(1), settings=settings)


@pytest.mark.parametrize(
    "data",
    [
        workbook(HEADER, ["66", DAYS, 3], date_1904=True),
        (WORKBOOKS / "from-1904.xls").read_bytes(),
        from_1904_in_open_document(),
    ],
    ids=["xlsx", "xls", "ods"],
)
def test_days_without_a_dates_form_count_from_where_the_workbook_counts(data: bytes) -> None:
    file = readings_file(data, BY_DAYS)
    assert file.readings.column("read_at").to_pylist()[-1] == ONE_O_CLOCK
    assert refused(file) == []


def test_days_of_other_workbooks_count_from_1900() -> None:
    file = readings_file(workbook(HEADER, ["66", DAYS + 1_462, 3]), BY_DAYS)
    assert file.readings.column("read_at").to_pylist() == [ONE_O_CLOCK]


def test_days_in_a_wide_header_count_from_where_the_workbook_counts() -> None:
    by = profile(
        wide={"header": "{time}"},
        time={"column": "{time}", "format": "excel"},
        values=[{"field": "energy_wh", "unit": "kWh"}],
    )
    data = workbook(["Mätare", DAYS, DAYS + 1], ["66", 1, 2], date_1904=True)
    assert [at.day for at in readings_file(data, by).readings.column("read_at").to_pylist()] == [1, 2]


@pytest.mark.parametrize("name", ["1,2E+07", "6.60000E+17", "#N/A", "#SAKNAS!", "#REF!", "########"])
def test_a_name_that_a_spreadsheet_has_spoilt_is_none(name: str) -> None:
    lines = [f"{one};{AT};1;2" for one in (name, "#12", "12E5", "#HUS-A")]
    data = "\n".join([";".join(HEADER), *lines]).encode()
    file = readings_file(data, profile())
    assert refused(file) == [(2, "Mätare", "spoilt_name")]
    assert file.readings.column("serial").to_pylist() == ["#12", "12E5", "#HUS-A"]


def test_a_name_of_more_digits_than_a_cell_of_numbers_keeps_is_none() -> None:
    """A spreadsheet has made the last three of 735999102345678901 zeros, and another point's number may end so."""
    rows = [[735_999_102_345_678_901, AT, 1], ["735999102345678901", AT, 2], [123_456_789_012_345, AT, 3]]
    file = readings_file(workbook(HEADER, *rows), profile())
    assert refused(file) == [(2, "Mätare", "spoilt_name")]
    assert file.readings.column("serial").to_pylist() == ["735999102345678901", "123456789012345"]


def test_an_hour_counter_in_a_cell_of_numbers_is_one_whatever_its_decimals() -> None:
    by = profile(
        time={"zone": "Europe/Stockholm", "clock_change": "by_counter", "counter_column": "Drifttid"},
    )
    hours = ["2024-10-27 01:00", "2024-10-27 02:00", "2024-10-27 02:00", "2024-10-27 03:00"]
    rows = [["66", at, 1 + hour, None, 40_000.5 + hour] for hour, at in enumerate(hours)]
    file = readings_file(workbook([*HEADER, "Drifttid"], *rows), by)
    assert [at.hour for at in file.readings.column("read_at").to_pylist()] == [23, 0, 1, 2]


def record(kind: int, body: bytes) -> bytes:
    """Give a record of a binary workbook."""
    number = bytes([kind]) if kind < 0x80 else bytes([kind & 0x7F | 0x80, kind >> 7])
    return number + bytes([len(body)]) + body


def wide_text(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def binary_workbook(*cells: tuple[int, bytes], from_1904: bool = False) -> bytes:
    """Give an .xlsb of a header and one row, whose cells are given by their kinds and values."""

    def row(number: int, of_row: tuple[tuple[int, bytes], ...]) -> bytes:
        head = record(0, struct.pack("<IIHBBBI", number, 0, 300, 0, 0, 0, 0))
        return head + b"".join(
            record(kind, struct.pack("<II", at, 0) + value) for at, (kind, value) in enumerate(of_row)
        )

    header = tuple((6, wide_text(one)) for one in HEADER)
    sheet = record(129, b"") + record(148, struct.pack("<IIII", 0, 1, 0, 3)) + record(145, b"")
    sheet += row(0, header) + row(1, cells) + record(146, b"") + record(130, b"")
    book = record(131, b"") + record(153, struct.pack("<III", int(from_1904), 0, 0)) + record(143, b"")
    book += (
        record(156, struct.pack("<II", 0, 1) + wide_text("rId1") + wide_text("Blad1"))
        + record(144, b"")
        + record(132, b"")
    )
    relations = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1"'
        ' Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet"'
        ' Target="worksheets/sheet1.bin"/></Relationships>'
    )
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as packed:
        packed.writestr("[Content_Types].xml", "<Types/>")
        packed.writestr("xl/workbook.bin", book)
        packed.writestr("xl/_rels/workbook.bin.rels", relations)
        packed.writestr("xl/worksheets/sheet1.bin", sheet)
    return data.getvalue()


def test_a_binary_workbook_is_read_with_its_days_and_refused_for_its_errors() -> None:
    serial, energy = (6, wide_text("66")), (5, struct.pack("<d", 3.0))
    days = (5, struct.pack("<d", DAYS))
    file = readings_file(binary_workbook(serial, days, energy, energy, from_1904=True), BY_DAYS)
    assert file.readings.column("read_at").to_pylist() == [ONE_O_CLOCK]
    for error in ((3, b"\x2a"), (11, b"\x07\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00")):
        with pytest.raises(UnreadableFileError, match="has cells with errors"):
            readings_file(binary_workbook(serial, days, energy, error), BY_DAYS)
