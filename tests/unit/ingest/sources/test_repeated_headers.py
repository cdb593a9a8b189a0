"""Exports that were put one behind the other: a header that stands again, and one that names other columns."""

import io
from collections.abc import Callable

import pytest
import xlsxwriter  # type: ignore[import-untyped]

from services.ingest.sources.profile import Profile
from services.ingest.sources.readings_file import ReadingsFile, readings_file
from services.ingest.sources.refusals import UnreadableFileError

BY = Profile.model_validate(
    {
        "kind": "readings",
        "delimiter": ";",
        "serial": {"column": "Mätare"},
        "time": {"column": "Tid", "format": "%Y-%m-%d %H:%M", "zone": "+01:00"},
        "values": [
            {"column": "Energi", "field": "energy_wh", "unit": "kWh"},
            {"column": "Volym", "field": "volume_l", "unit": "l"},
        ],
    }
)
FIRST = ["Mätare;Tid;Energi;Volym", "66;2024-01-01 01:00;100;7"]
NEXT = "66;2024-01-01 02:00;101;8"
OTHERS = [
    "Mätare;Tid;Volym;Energi",
    "Tid;Mätare;Energi;Volym",
    "Mätare;Tid;Energi;Effekt",
    '"Mätare";"Tid";"V";"Energi"',
]
OTHER = "line 3 is a header again, and its columns are not the first one's; divide the file there"


def as_csv(rows: list[str]) -> bytes:
    return "\n".join(rows).encode()


def as_workbook(rows: list[str]) -> bytes:
    data = io.BytesIO()
    book = xlsxwriter.Workbook(data, {"in_memory": True})
    sheet = book.add_worksheet()
    for number, row in enumerate(rows):
        sheet.write_row(number, 0, row.replace('"', "").split(";"))
    book.close()
    return data.getvalue()


def said(file: ReadingsFile) -> tuple[list[tuple[int, int]], int]:
    return [(row["energy_wh"], row["volume_l"]) for row in file.readings.to_pylist()], len(file.refusals)


@pytest.mark.parametrize("write", [as_csv, as_workbook])
@pytest.mark.parametrize("again", OTHERS)
def test_a_header_with_other_columns_refuses_the_file(write: Callable[[list[str]], bytes], again: str) -> None:
    with pytest.raises(UnreadableFileError, match=OTHER):
        readings_file(write([*FIRST, again, NEXT]), BY)


@pytest.mark.parametrize("again", [FIRST[0], "Mätare;Tid ;Energi;Volym;", '"Mätare";"Tid";"Energi";"Volym"'])
def test_the_same_header_is_passed_over_whatever_its_spaces_and_quotes(again: str) -> None:
    assert said(readings_file(as_csv([*FIRST, again, NEXT]), BY)) == ([(100_000, 7), (101_000, 8)], 0)


def test_a_workbooks_header_that_stands_again_is_passed_over() -> None:
    assert said(readings_file(as_workbook([*FIRST, FIRST[0], NEXT]), BY)) == ([(100_000, 7), (101_000, 8)], 0)


def test_a_total_is_no_header() -> None:
    assert said(readings_file(as_csv([*FIRST, ";;201;15", "Summa;;201;15"]), BY)) == ([(100_000, 7)], 2)
