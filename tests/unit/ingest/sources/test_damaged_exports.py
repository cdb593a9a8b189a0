"""Exports that were cut, put together or filled in by hand: what is doubtful is refused by name, the rest is kept."""

import io
from datetime import UTC, date, datetime
from typing import Any

import pytest
import xlsxwriter  # type: ignore[import-untyped]

from services.ingest.sources.profile import Profile
from services.ingest.sources.readings_file import ReadingsFile, readings_file
from services.ingest.sources.refusals import UnreadableFileError

TIME: dict[str, Any] = {"column": "Tid", "format": "%Y-%m-%d %H:%M", "zone": "+01:00"}
HOURS = [f"2024-01-{1 + hour // 24:02} {hour % 24:02}:00" for hour in range(60)]
HEADER = "Mätare;Tid;Energi"


def profile(**keys: Any) -> Profile:
    return Profile.model_validate(
        {
            "kind": "readings",
            "delimiter": ";",
            "decimal": ",",
            "serial": {"column": "Mätare"},
            "time": TIME,
            "values": [{"column": "Energi", "field": "energy_wh", "unit": "MWh"}],
        }
        | keys
    )


def wide(header: object, **value: Any) -> Profile:
    values = [{"field": "energy_wh", "unit": "MWh"} | value]
    document = profile().model_dump(exclude_unset=True, exclude={"serial"})
    return Profile.model_validate(document | {"wide": {"header": header}, "values": values})


def read(by: Profile, *rows: str) -> ReadingsFile:
    return readings_file("\n".join(rows).encode(), by)


def refused(file: ReadingsFile) -> list[tuple[int, str, str]]:
    return [(bad.line, bad.field, bad.code) for bad in file.refusals]


def test_a_file_cut_within_its_last_figure_loses_that_line() -> None:
    rows = [HEADER, *(f"66;{at};12,{300 + hour:03}" for hour, at in enumerate(HOURS))]
    assert refused(read(profile(), *rows)) == []
    cut = readings_file("\n".join(rows).encode()[:-1], profile())
    assert (len(cut.readings), refused(cut)) == (59, [(61, "", "line_cut")])


def test_a_last_figure_with_fewer_decimals_is_no_cut_one_where_others_have_fewer_too_or_its_line_is_ended() -> None:
    rows = [HEADER, *(f"66;{at};{f'{12 + hour / 10:g}'.replace('.', ',')}" for hour, at in enumerate(HOURS[:59]))]
    assert refused(read(profile(), *rows)) == []
    longer = [HEADER, *(f"66;{at};12,{300 + hour:03}" for hour, at in enumerate(HOURS[:59])), f"66;{HOURS[59]};13", ""]
    assert refused(read(profile(), *longer)) == []


def test_a_total_at_the_end_is_no_cut_line() -> None:
    rows = [HEADER, *(f"66;{at};12,{300 + hour}" for hour, at in enumerate(HOURS))]
    for total, code in (("Summa;;745", "field_missing"), ("Summa;60 rader;745", "not_a_time")):
        assert refused(read(profile(), *rows, total)) == [(62, "Tid", code)]


def test_a_file_cut_within_its_last_time_loses_that_line() -> None:
    by = profile(time={"column": "Tid", "zone": "+01:00"})
    rows = ["Mätare;Energi;Tid", *(f"66;12,{300 + hour};{at}:00+02:00" for hour, at in enumerate(HOURS))]
    assert refused(read(by, *rows)) == []
    cut = readings_file("\n".join(rows).encode()[: -len("+02:00")], by)
    assert (len(cut.readings), refused(cut)) == (59, [(61, "", "line_cut")])


def test_a_wide_file_cut_within_its_last_cell_loses_that_figure() -> None:
    rows = ["Tid;66;67", *(f"{at};12,{300 + hour};7,{100 + hour}" for hour, at in enumerate(HOURS))]
    cut = readings_file("\n".join(rows).encode()[:-2], wide("{serial}"))
    assert refused(cut) == [(61, "", "line_cut")]


def test_lines_above_the_header_that_look_like_data_are_refused_and_titles_are_not() -> None:
    file = read(profile(), "Exempelstads Energi", "Period;2024-01", f"66;{HOURS[0]};1", HEADER, f"66;{HOURS[1]};2")
    assert (file.line.tolist(), file.lines, refused(file)) == ([5], 2, [(3, "", "above_header")])


def test_rows_above_a_workbooks_header_are_refused_alike() -> None:
    file = readings_file(workbook(["66", HOURS[0], 1], HEADER.split(";"), ["66", HOURS[1], 2]), profile())
    assert (file.line.tolist(), refused(file)) == ([3], [(1, "", "above_header")])


@pytest.mark.parametrize(
    ("by", "header", "told"),
    [
        (wide("{serial}"), ["Tid;66;67;66"], "line 1, the header, has several columns for 66;"),
        (
            wide(["{serial}", "{quantity}"], equals=["Energi"]),
            [";66;;", "Tid;Energi;Volym;Energi"],
            "lines 1 to 2, the header, has several columns for 66 Energi;",
        ),
    ],
)
def test_a_meter_that_stands_twice_in_the_header_refuses_the_file(by: Profile, header: list[str], told: str) -> None:
    with pytest.raises(UnreadableFileError, match=told):
        read(by, *header, f"{HOURS[1]};1;2;3")


def test_spaces_that_do_not_break_are_spaces_in_a_time_too() -> None:
    file = read(profile(), HEADER, "66;2024-01-01\u00a001:00;1", "66;2024-01-01\u202f02:00;2")
    assert (len(file.readings), refused(file)) == (2, [])


def test_a_whole_day_in_a_workbooks_clock_is_24_00() -> None:
    by = profile(time=TIME | {"column": "Dag", "clock_column": "Kl", "day_ends_at_24": True})
    rows = [["66", date(2024, 1, 1), clock, 1 + clock] for clock in (0.0, 0.5, 1.0)]
    file = readings_file(workbook(["Mätare", "Dag", "Kl", "Energi"], *rows), by)
    at = [
        datetime(2023, 12, 31, 23, tzinfo=UTC),
        datetime(2024, 1, 1, 11, tzinfo=UTC),
        datetime(2024, 1, 1, 23, tzinfo=UTC),
    ]
    assert file.readings.column("read_at").to_pylist() == at
    assert refused(file) == []


def workbook(*rows: list[Any]) -> bytes:
    """Give a workbook of which the third column is shown as times where the second holds dates."""
    data = io.BytesIO()
    book = xlsxwriter.Workbook(data, {"in_memory": True})
    clock, day = book.add_format({"num_format": "hh:mm"}), book.add_format({"num_format": "yyyy-mm-dd"})
    sheet = book.add_worksheet()
    for number, row in enumerate(rows):
        sheet.write_row(number, 0, row)
        if isinstance(row[1], date):
            sheet.write_datetime(number, 1, row[1], day)
            sheet.write_number(number, 2, row[2], clock)
    book.close()
    return data.getvalue()
