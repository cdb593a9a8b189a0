"""Workbooks: the same profiles, with real dates and numbers in the cells."""

import io
import zipfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter  # type: ignore[import-untyped]
from xlsxwriter.format import Format  # type: ignore[import-untyped]
from xlsxwriter.worksheet import Worksheet  # type: ignore[import-untyped]

from services.ingest.sources.profile import Profile
from services.ingest.sources.readings_file import ReadingsFile, readings_file
from services.ingest.sources.refusals import UnreadableFileError
from tests.unit.ingest.sources.local_export import hours, line, profile, taken

EXCEL_97 = Path(__file__).parents[3] / "workbooks/excel-97.xls"
"""As Excel 97 to 2003 save one (BIFF8)."""
AUTUMN = hours("66000001", "2024-10-26T20:00", range(100, 110))
HEADER = ("Mätare", "Tid", "Energi kWh")


def workbook(fill: Callable[[Worksheet, Format], None], *more_sheets: str) -> bytes:
    """Give a workbook whose last sheet is filled, with a format for times."""
    data = io.BytesIO()
    book = xlsxwriter.Workbook(data, {"in_memory": True})
    for name in more_sheets:
        book.add_worksheet(name).write_string(0, 0, "Om exporten")
    fill(book.add_worksheet("Värden"), book.add_format({"num_format": "yyyy-mm-dd hh:mm"}))
    book.close()
    return data.getvalue()


def table(*rows: tuple[Any, ...], first: int = 0) -> Callable[[Worksheet, Format], None]:
    """Fill a sheet: texts as texts, numbers as numbers, times as times."""

    def fill(sheet: Worksheet, of_times: Format) -> None:
        for number, row in enumerate(rows, start=first):
            for place, cell in enumerate(row):
                is_time = isinstance(cell, datetime | time)
                sheet.write(number, place, cell, *([of_times] if is_time else []))

    return fill


def local(text: str) -> datetime:
    return datetime.fromisoformat(text)


def refused(file: ReadingsFile) -> list[tuple[int, str, str]]:
    return [(bad.line, bad.field, bad.code) for bad in file.refusals]


def test_texts_numbers_and_dates_are_read_as_the_same_lines_in_csv_are() -> None:
    as_text = [tuple(line(one).split(";")) for one in AUTUMN]
    as_values = [(int(serial), local(at), int(kwh)) for serial, at, kwh in as_text]
    for rows in (as_text, as_values):
        file = readings_file(workbook(table(HEADER, *rows)), profile())
        assert (taken(file), refused(file)) == (AUTUMN, [])
        assert file.line.tolist() == list(range(2, 12))


def test_a_number_keeps_the_digits_that_are_shown_and_none_of_the_floats_own() -> None:
    rows: list[tuple[Any, ...]] = [
        ("66", local("2024-01-01 00:00"), 1234.56),
        ("66", local("2024-01-01 01:00"), 1000 + 0.1 * 3),
    ]
    rows += [("66", local("2024-01-01 02:00"), "1234,57")]
    file = readings_file(workbook(table(HEADER, *rows)), profile())
    assert file.readings.column("energy_wh").to_pylist() == [1_234_560, 1_000_300, 1_234_570]


def test_an_hour_as_a_part_of_a_day_is_the_full_hour() -> None:
    rows = [("66", 45_292 + hour / 24, hour) for hour in range(24)]

    def as_times(sheet: Worksheet, of_times: Format) -> None:
        table(HEADER)(sheet, of_times)
        for number, (serial, serial_time, kwh) in enumerate(rows, start=1):
            sheet.write_string(number, 0, serial)
            sheet.write_number(number, 1, serial_time, of_times)
            sheet.write_number(number, 2, kwh)

    shown = hours("66", "2024-01-01T00:00", range(24))
    for data, time_format in ((workbook(as_times), "iso"), (workbook(table(HEADER, *rows)), "excel")):
        assert taken(readings_file(data, profile(format=time_format, zone="UTC"))) == shown


def test_day_and_time_of_day_may_stand_in_two_columns() -> None:
    by = profile(clock_column="Kl")
    rows = [("66", local("2024-01-01"), time(1, 0), 1), ("66", "2024-01-01", "02:00", 2)]
    file = readings_file(workbook(table(("Mätare", "Tid", "Kl", "Energi kWh"), *rows)), by)
    assert taken(file) == hours("66", "2024-01-01T00:00", [1, 2])


def test_seconds_that_the_profile_does_not_speak_of_are_not_cut() -> None:
    data = workbook(table(HEADER, ("66", local("2024-01-01 00:00:31"), 1)))
    assert refused(readings_file(data, profile())) == [(2, "Tid", "not_a_time")]


def test_what_stands_above_the_header_is_passed_over_and_rows_keep_their_numbers() -> None:
    above = [("Exempelstads Energi",), (), ("", "", "kWh")]
    rows = [("66", local("2024-01-01 00:00"), 1), (), ("66", "aldrig", 2), ("Summa", "", 3)]
    file = readings_file(workbook(table(*above, HEADER, *rows)), profile())
    assert (file.line.tolist(), refused(file)) == ([5], [(7, "Tid", "not_a_time"), (8, "Tid", "field_missing")])


def with_sheet(sheet: str | int | None) -> Profile:
    return profile().model_copy(update={"sheet": sheet})


def test_the_sheet_is_named_or_numbered_and_else_the_first() -> None:
    data = workbook(table(HEADER, ("66", local("2024-01-01 01:00"), 7)), "Info")
    for sheet in ("Värden", 2):
        assert len(readings_file(data, with_sheet(sheet)).readings) == 1
    with pytest.raises(UnreadableFileError, match="its header has Om exporten; is it the right sheet"):
        readings_file(data, with_sheet(None))
    with pytest.raises(UnreadableFileError, match="no sheet Blad1; it has Info, Värden"):
        readings_file(data, with_sheet("Blad1"))


def test_where_the_first_sheet_is_empty_the_others_are_named() -> None:
    data = io.BytesIO()
    book = xlsxwriter.Workbook(data, {"in_memory": True})
    for name in ("Diagram", "Värden"):
        book.add_worksheet(name)
    book.get_worksheet_by_name("Värden").write_row(0, 0, HEADER)
    book.close()
    with pytest.raises(UnreadableFileError, match="nothing in its first sheet; it has Diagram, Värden: name one"):
        readings_file(data.getvalue(), with_sheet(None))


def test_sheets_with_the_same_columns_are_not_left_unread_in_silence() -> None:
    months = io.BytesIO()
    book = xlsxwriter.Workbook(months, {"in_memory": True})
    of_times = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    for name, day in (("Jan", "2024-01-01"), ("Feb", "2024-02-01")):
        table(("Energi AB",), HEADER, ("66", local(day), 7))(book.add_worksheet(name), of_times)
    book.add_worksheet("Info").write_row(0, 0, ("Utskrivet", "av Eva"))
    book.close()
    with pytest.raises(
        UnreadableFileError, match="columns of its sheet Jan in Feb, too; save each as a file of its own"
    ):
        readings_file(months.getvalue(), with_sheet(None))
    assert len(readings_file(months.getvalue(), with_sheet(1)).readings) == 1


def test_dates_of_which_a_program_took_the_day_for_the_month_are_refused() -> None:
    by = profile(format="%d/%m/%Y %H:%M")
    # What was 10, 11 and 12 November became the eleventh of other months; 13/11 could not.
    turned = [("66", local(f"2024-{month}-11 00:00"), month) for month in (10, 11, 12)]
    with pytest.raises(UnreadableFileError, match="took the day for the month; import the CSV itself"):
        readings_file(workbook(table(HEADER, *turned, ("66", "13/11/2024 00:00", 13))), by)
    as_they_are = [("66", local(f"2024-11-{day} 00:00"), day) for day in (12, 13)]
    for text in ("14/11/2024 00:00", "Summa 13"):
        file = readings_file(workbook(table(HEADER, *as_they_are, ("66", text, 14))), by)
        assert [one.at.day for one in taken(file)][:2] == [11, 12]


def test_an_hour_that_the_profiles_date_does_not_speak_of_is_not_cut() -> None:
    rows = [("66", local("2024-01-01 00:00"), 1), ("66", local("2024-01-01 13:00"), 2)]
    for time_format in ("%Y-%m-%d", "%d/%m/%Y"):
        assert refused(readings_file(workbook(table(HEADER, *rows)), profile(format=time_format))) == [
            (3, "Tid", "not_a_time")
        ]


def packed(**members: bytes) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return data.getvalue()


def bomb() -> bytes:
    """97 kB that become 100 MB."""
    data = packed(**{"xl/workbook.xml": b"", "xl/worksheets/sheet1.xml": b"0" * 100_000_000})
    assert len(data) < 100_000
    return data


def two_far_cells() -> bytes:
    def fill(sheet: Worksheet, _: Format) -> None:
        sheet.write(0, 0, "Mätare")
        sheet.write(1_048_575, 16_383, 1)

    return workbook(fill)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"PK\x03\x04\x14\x00", "damaged zip file or Excel workbook"),
        (packed(**{"readings.csv": b"a"}), "no Excel workbook; unpack it first"),
        (packed(**{"inner.zip": packed(**{"xl/workbook.xml": b""})}), "no Excel workbook; unpack it first"),
        (packed(**{"../../etc/cron.d/x": b"a"}), "no Excel workbook; unpack it first"),
        (packed(**{"xl/workbook.xml": b"<"}), "is damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), "is damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512) + "EncryptedPackage".encode("utf-16-le"), "is encrypted"),
        (workbook(table()), "the sheet is empty"),
        (workbook(table(HEADER)), "no row below it"),
    ],
    ids=lambda value: value if isinstance(value, str) else "file",
)
def test_a_workbook_that_cannot_be_read_says_why_and_hurts_nobody(data: bytes, words: str) -> None:
    with pytest.raises(UnreadableFileError, match=words):
        readings_file(data, profile())


# Made within the test: they take a second, which whoever only looks for tests would wait.
@pytest.mark.parametrize(
    ("made", "words"),
    [
        (bomb, "would take 100,000,000 bytes once it is unpacked"),
        (two_far_cells, "too much memory or time"),
    ],
)
def test_a_workbook_that_would_become_large_says_so_and_hurts_nobody(made: Callable[[], bytes], words: str) -> None:
    with pytest.raises(UnreadableFileError, match=words):
        readings_file(made(), profile())


def test_a_workbook_of_excel_97_is_read_like_any_other() -> None:
    """Its sheet is the second; serials are texts and a number, times dates and a text, and no value is a stroke."""
    file = readings_file(EXCEL_97.read_bytes(), profile().model_copy(update={"sheet": "Värden"}))
    assert file.readings.select(["serial", "energy_wh"]).to_pylist() == [
        {"serial": "66000001", "energy_wh": 5_347_615},
        {"serial": "66000001", "energy_wh": 5_349_000},
        {"serial": "66000002", "energy_wh": 12_000},
    ]
    local_midnight = datetime(2024, 1, 9, 23, tzinfo=UTC)
    assert [at - local_midnight for at in file.readings.column("read_at").to_pylist()] == [
        timedelta(0), timedelta(hours=1), timedelta(hours=1),
    ]  # fmt: skip
    assert refused(file) == [(4, "Energi kWh", "not_a_number")]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\x09\x00\x04\x00\x02\x00\x10\x00\x0a\x00\x00\x00", "Excel 4 or older"),
        (b"\x09\x04\x06\x00\x00\x00\x10\x00\x0a\x00\x00\x00", "Excel 4 or older"),
        (b"\xef\xbb\xbf\r\n<HTML><table><tr><td>1</td></tr></table></HTML>", "web page or XML"),
        (b'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook/>', "web page or XML"),
    ],
    ids=["excel-2", "excel-4", "web-page", "xml"],
)
def test_what_only_bears_a_workbooks_name_is_told_whole(data: bytes, words: str) -> None:
    with pytest.raises(UnreadableFileError, match=f"{words}.*save it as .xlsx"):
        readings_file(data, profile(), file_name="meters.xls")


def test_real_times_are_taken_whether_or_not_the_profile_counts_hours_to_twelve() -> None:
    rows = [
        ("66", local("2024-07-04T00:00"), 7),
        ("66", local("2024-07-04T13:30"), 8),
        ("66", "07/04/2024 02:15 PM", 9),
    ]
    file = readings_file(
        workbook(table(HEADER, *rows)), profile(format="%m/%d/%Y %I:%M %p", zone="UTC", clock_change="refuse")
    )
    assert [f"{at:%H:%M}" for at in file.readings.column("read_at").to_pylist()] == ["00:00", "13:30", "14:15"]
    parted = table(("Mätare", "Dag", "Kl", "Energi kWh"), ("66", local("2024-07-04"), time(13, 30), 7))
    by = profile(column="Dag", clock_column="Kl", format="%m/%d/%Y %I:%M %p", zone="UTC", clock_change="refuse")
    file = readings_file(workbook(parted), by)
    assert [f"{at:%H:%M}" for at in file.readings.column("read_at").to_pylist()] == ["13:30"]


def test_the_content_says_what_a_file_is_and_not_its_name() -> None:
    as_csv = "\n".join([";".join(HEADER), *map(line, AUTUMN)]).encode()
    as_workbook = workbook(table(HEADER, *(tuple(line(one).split(";")) for one in AUTUMN)))
    for data, name in ((as_csv, "66.xlsx"), (as_workbook, "66.csv")):
        assert taken(readings_file(data, profile(), file_name=name)) == AUTUMN


def test_a_profile_for_workbooks_needs_no_delimiter() -> None:
    by = profile().model_copy(update={"delimiter": None})
    assert len(readings_file(workbook(table(HEADER, ("66", local("2024-01-01 01:00"), 7))), by).readings) == 1
    with pytest.raises(UnreadableFileError, match="the profile has no delimiter; add one"):
        readings_file(b"a;b\n1;2", by)


def open_document(*rows: str) -> bytes:
    """Give an OpenDocument sheet, as LibreOffice saves one."""
    office = "urn:oasis:names:tc:opendocument:xmlns"
    content = (
        f'<office:document-content xmlns:office="{office}:office:1.0" xmlns:table="{office}:table:1.0"'
        f' xmlns:text="{office}:text:1.0"><office:body><office:spreadsheet><table:table table:name="Blad1">'
        + "".join(f"<table:table-row>{row}</table:table-row>" for row in rows)
        + '<table:table-row table:number-rows-repeated="1048570"><table:table-cell'
        ' table:number-columns-repeated="16384"/></table:table-row>'
        "</table:table></office:spreadsheet></office:body></office:document-content>"
    )
    of_type = b"application/vnd.oasis.opendocument.spreadsheet"
    manifest = f'<manifest:manifest xmlns:manifest="{office}:manifest:1.0"/>'.encode()
    return packed(**{"mimetype": of_type, "content.xml": content.encode(), "META-INF/manifest.xml": manifest})


def test_an_open_document_sheet_is_a_workbook_too() -> None:
    texts = [
        f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>'
        for text in (*HEADER, "66")
    ]
    at = '<table:table-cell office:value-type="date" office:date-value="2024-01-01T01:00:00"/>'
    kwh = '<table:table-cell office:value-type="float" office:value="12.5"/>'
    file = readings_file(open_document("".join(texts[:3]), texts[3] + at + kwh), profile())
    assert file.readings.column("energy_wh").to_pylist() == [12_500]
    assert taken(file)[0].at == hours("66", "2024-01-01T00:00", [12])[0].at


def wide(header: str, **keys: Any) -> Profile:
    values = [{"field": "energy_wh", "unit": "kWh"}]
    return Profile.model_validate({"kind": "readings", "wide": {"header": header}, "values": values} | keys)


def energies(file: ReadingsFile) -> list[tuple[str, str, int]]:
    rows = file.readings.to_pylist()
    return [(row["serial"], f"{row['read_at']:%Y-%m-%d %H:%M}", row["energy_wh"]) for row in rows]


@pytest.mark.parametrize(
    "clocks", [(0, 1, 2), ("00", "01", "02"), (time(0), time(1), time(2)), ("00:00", "1:00", "02.00")]
)
def test_hours_in_a_header_may_be_numbers_times_or_texts(clocks: tuple[Any, ...]) -> None:
    form = "%Y-%m-%d %H" if isinstance(clocks[0], int) or clocks[0] == "00" else "%Y-%m-%d %H:%M"
    clocks = tuple(str(one).replace(".", ":") if isinstance(one, str) else one for one in clocks)
    by = wide("{clock}", serial={"column": "M"}, time={"column": "Datum", "format": form, "zone": "UTC"})
    above: list[tuple[Any, ...]] = [("Exempelstads Energi",), ()]
    rows = [("66", local("2024-01-01"), 1.5, None, 3), ("Summa", None, 1.5, None, 3)]
    file = readings_file(workbook(table(*above, ("M", "Datum", *clocks), *rows)), by)
    assert energies(file) == [("66", "2024-01-01 00:00", 1_500), ("66", "2024-01-01 02:00", 3_000)]
    assert refused(file) == [(5, "Datum", "field_missing")]


def test_meters_in_a_header_may_be_numbers() -> None:
    by = wide("{serial}", time={"column": "Tid", "format": "%Y-%m-%d %H:%M", "zone": "UTC"}, decimal=",")
    file = readings_file(workbook(table(("Tid", 66_000_001, "0067"), (local("2024-01-01 01:00"), 1.25, "2,5"))), by)
    assert energies(file) == [("66000001", "2024-01-01 01:00", 1_250), ("0067", "2024-01-01 01:00", 2_500)]


def test_times_in_a_header_may_be_real_dates() -> None:
    by = wide("{time}", serial={"column": "M"}, time={"format": "%d.%m.%Y", "zone": "UTC"})
    file = readings_file(workbook(table(("M", local("2024-01-01"), "01.02.2024"), ("66", 1, 2))), by)
    assert energies(file) == [("66", "2024-01-01 00:00", 1_000), ("66", "2024-02-01 00:00", 2_000)]


@pytest.mark.parametrize("hours", [range(24), range(1, 25), [time(hour) for hour in range(24)]], ids=str)
def test_sheets_whose_headers_are_hours_are_alike_too(hours: Sequence[Any]) -> None:
    by = wide("{clock}", serial={"column": "M"}, time={"column": "D", "format": "%Y-%m-%d %H", "zone": "UTC"})
    data = io.BytesIO()
    book = xlsxwriter.Workbook(data, {"in_memory": True})
    for name in ("Jan", "Feb"):
        rows = ("M", "D", *hours, "Summa"), ("66", f"2024-{name}", *range(24), 276)
        table(*rows)(book.add_worksheet(name), book.add_format({"num_format": "hh:mm"}))
    book.close()
    with pytest.raises(UnreadableFileError, match="has the columns of its sheet Jan in Feb, too"):
        readings_file(data.getvalue(), by)


def test_a_workbook_of_one_figure_a_row_is_put_together() -> None:
    values = [
        {"column": "V", "field": "energy_wh", "unit": "kWh", "equals": ["Energy"]},
        {"column": "V", "field": "supply_c", "unit": "C", "equals": ["T1"]},
    ]
    time = {"column": "Time", "format": "%Y-%m-%d %H:%M", "zone": "UTC"}
    by = Profile.model_validate(
        {"kind": "readings", "serial": {"column": "M"}, "time": time, "quantity": {"column": "Q"}, "values": values}
    )
    at = local("2024-01-01 01:00")
    file = readings_file(workbook(table(("M", "Time", "Q", "V"), ("66", at, "T1", 81.5), ("66", at, "Energy", 7))), by)
    assert energies(file) == [("66", "2024-01-01 01:00", 7_000)]
    assert file.readings.column("supply_c").to_pylist() == [81.5]
