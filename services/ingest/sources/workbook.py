"""Workbooks (.xlsx, .xlsm, .xlsb, .xls, .ods) to the same columns of texts as CSV files."""

import csv
import io
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from services.heat.arrays import Bool, Int64
from services.ingest.sources import workbook_rows
from services.ingest.sources.header import HEADER_WITHIN_LINES, layout
from services.ingest.sources.instants import OWN_FORMS, times
from services.ingest.sources.profile import Profile
from services.ingest.sources.profile_parts import Place, TimeColumn, is_from_header, name_of
from services.ingest.sources.refusals import UnreadableFileError
from services.ingest.sources.repeated_header import is_header_again
from services.ingest.sources.wide import Cell

MOST_UNPACKED_BYTES = 500_000_000
MOST_UNPACKED_TIMES, HARMLESS_BYTES = 100, 20_000_000
"""What is packed tighter than a sheet ever is, and is large once it is unpacked, was made to fill a memory."""

_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"
_PARTS_OF_WORKBOOKS = {"xl/workbook.xml", "xl/workbook.bin", "content.xml"}
_OF_ENCRYPTION = "EncryptedPackage".encode("utf-16-le")
_MONTHS = 12
_WHOLE_DAY = ("1899-12-31T00:00:00", "1900-01-01T00:00:00", "1904-01-02T00:00:00")
"""What a clock's 24:00 is to a spreadsheet, a day after its zero; the second one where it has 29 February 1900."""
_EXCEL_ZERO = datetime(1899, 12, 30)  # noqa: DTZ001 - spreadsheets know no zones.
_DAYS_TO_1904 = 1_462
_KEPT_DIGITS = 15
"""Of a number; a longer name in a cell of numbers has lost the others."""


_ADVICE = "is it the right sheet? Name it in the profile: sheet"


class SheetColumns(NamedTuple):
    """The filled rows of a sheet below its header: their numbers, and texts by column as the profile writes them.

    cells: of a wide file, the columns that hold its figures; they are in texts, too, by their numbers.
    is_header_again: (n,) which rows are the header once more. above: the numbers of those above it that look like data.
    """

    number: Int64
    texts: dict[Place, Any]
    cells: Sequence[Cell]
    is_header_again: Bool
    above: Int64


def is_workbook(data: bytes) -> bool:
    """Tell a workbook, or anything else that is packed as one, by its first bytes."""
    return data.startswith((*_ZIP, _OLD_EXCEL))


def columns(data: bytes, profile: Profile) -> SheetColumns:
    """Read one sheet. Macros and links are not looked at. Raises UnreadableFileError, which says what to do."""
    _look_over(data)
    filled = _filled_rows(data, profile)
    top = [row for _, row in zip(range(HEADER_WITHIN_LINES), filled, strict=False)]
    if not top:
        raise UnreadableFileError("the sheet is empty")
    where = layout([(number, [_heading(cell, profile.time) for cell in row]) for number, row in top], profile, _ADVICE)
    numbers: list[int] = []
    cells: dict[Place, list[str]] = {place: [] for place in where.by_column}
    for rows in (top[where.first :], filled):
        for number, row in rows:
            numbers.append(number)
            for place, at in where.by_column.items():
                cells[place].append(row[at])
    if not numbers:
        raise UnreadableFileError("the sheet has a header and no row below it")
    if profile.time.column in cells:
        _refuse_turned_dates(cells[profile.time.column], _form_of(profile.time.column, [profile.time]))
    texts = {place: pa.array(_texts(column, place, profile), pa.large_string()) for place, column in cells.items()}
    of_rows = np.array(numbers, np.int64)
    return SheetColumns(of_rows, texts, where.cells, is_header_again(texts, of_rows, where), where.above)


def _heading(cell: str, time: TimeColumn) -> str:
    """Write a cell of the header: where times stand there, as a clock shows them or as the profile writes them."""
    if cell.startswith("t"):
        return _text(cell, "", ".", is_whole=False)
    if cell.startswith("d") and is_from_header(time.column):
        return _text(cell, _form_of(time.column, [time]), ".", is_whole=time.clock_column is None)
    if is_from_header(time.column) and time.format == "excel":
        return _text(cell, time.format, ".", is_whole=True)
    return name_of(_name(cell))


def _look_over(data: bytes) -> None:
    """Look at what a workbook claims before anything of it is unpacked."""
    if data.startswith(_OLD_EXCEL):
        if _OF_ENCRYPTION in data:
            raise UnreadableFileError("the workbook is encrypted; save it without a password")
        return
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            members = packed.infolist()
    except (zipfile.BadZipFile, ValueError, RuntimeError) as error:
        raise UnreadableFileError("the file is a damaged zip file or Excel workbook; save it anew") from error
    if not _PARTS_OF_WORKBOOKS & {member.filename for member in members}:
        raise UnreadableFileError(
            "the file is a zip file and no Excel workbook; unpack it first, or save the sheet as .xlsx or CSV"
        )
    if any(member.flag_bits & 1 for member in members):
        raise UnreadableFileError("the workbook is encrypted; save it without a password")
    unpacked = sum(member.file_size for member in members)
    if unpacked > MOST_UNPACKED_BYTES or unpacked > max(HARMLESS_BYTES, MOST_UNPACKED_TIMES * len(data)):
        raise UnreadableFileError(
            f"the workbook would take {unpacked:,} bytes once it is unpacked, too many; save the sheet as CSV, in parts"
        )


def _filled_rows(data: bytes, profile: Profile) -> Iterator[tuple[int, list[str]]]:
    for number, row in enumerate(csv.reader(io.StringIO(_sheet(data, profile.sheet), newline="")), start=1):
        if number > profile.skip_lines and any(cell[1:].strip() for cell in row):
            yield number, row


def _sheet(data: bytes, sheet: str | int | None) -> str:
    # Isolated, and without our environment: nothing that the file holds may reach a key.
    command = [sys.executable, "-I", workbook_rows.__file__, str(sheet or "")]
    done = subprocess.run(command, input=data, capture_output=True, env={}, check=False)  # noqa: S603 - our own file.
    if done.returncode == workbook_rows.REFUSED:
        raise UnreadableFileError(f"the workbook {done.stderr.decode('utf-8', 'replace')}")
    if done.returncode:
        raise UnreadableFileError(
            "the workbook takes too much memory or time to read, or is damaged; save the sheet as CSV"
        )
    return done.stdout.decode("utf-8")


def _refuse_turned_dates(cells: Sequence[str], form: str) -> None:
    """Refuse dates of which a program took the day for the month wherever it could, and left the others as texts."""
    if form in OWN_FORMS:
        return
    as_texts = times(pa.array([cell[1:].strip() for cell in cells if cell.startswith("s")], pa.large_string()), form)
    days = as_texts.seconds[as_texts.is_form].astype("datetime64[s]").astype(object)
    moments = [datetime.fromisoformat(cell[1:]) for cell in cells if cell.startswith("d")]
    if not moments or not len(days) or max(one.day for one in moments) > _MONTHS:
        return
    if min(one.day for one in days) > _MONTHS:
        raise UnreadableFileError(
            "the times are real dates up to the 12th of each month and texts from the 13th on, as where Excel opened"
            " a CSV and took the day for the month; import the CSV itself, as it was exported"
        )


def _texts(cells: Sequence[str], place: Place, profile: Profile) -> list[str]:
    if place in {one.column for one in (profile.serial, profile.metering_point) if one is not None}:
        return [_name(cell).strip() for cell in cells]
    columns = [profile.time, *([profile.recorded_at] if profile.recorded_at else [])]
    form = _form_of(place, columns)
    is_whole = not any(time.clock_column for time in columns if place in time.places)
    is_number = place in {profile.time.counter_column, *(value.column for value in profile.values)} or (
        profile.wide is not None and isinstance(place, int)
    )
    return [_text(cell, form, profile.decimal if is_number else ".", is_whole=is_whole) for cell in cells]


def _name(cell: str) -> str:
    """Write a cell that names something; a number that has lost digits as a spreadsheet shows it: 7.35999E+17."""
    text = cell[1:]
    is_short = cell[:1] not in ("n", "m") or len(text) <= _KEPT_DIGITS
    return text if is_short else f"{Decimal(text):.5E}"


def _text(cell: str, form: str, decimal: str, *, is_whole: bool) -> str:
    """Write a cell as the profile says that such columns are written."""
    kind, text = cell[:1], cell[1:]
    if kind == "m" and form == "excel":
        return f"{Decimal(text) + _DAYS_TO_1904:f}"
    if kind in ("n", "m"):
        return text.replace(".", decimal)
    if kind == "d" and text in _WHOLE_DAY and _is_of_clock(form):
        return "24:00:00" if "%S" in form else "24:00"
    if kind == "d":
        return _moment(datetime.fromisoformat(text), form, is_whole=is_whole)
    if kind == "t":
        seconds = int(text)
        if "%I" in form:
            return _moment(_EXCEL_ZERO + timedelta(seconds=seconds), form, is_whole=False)
        clock = f"{seconds // 3_600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
        return clock if "%S" in form or seconds % 60 else clock[:-3]
    return text.strip()


def _is_of_clock(form: str) -> bool:
    return bool(form) and not any(part in form for part in ("%Y", "%y", "excel"))


def _moment(moment: datetime, form: str, *, is_whole: bool) -> str:
    """Write a moment in a form. is_whole: the form is not that of the day or the time of day alone."""
    if form == "excel":
        return f"{(moment - _EXCEL_ZERO).total_seconds() / 86_400:.10f}"
    parts = {"%S": moment.second}
    if is_whole:
        parts |= {"%I" if "%I" in form else "%H": moment.hour, "%M": moment.minute}
    if not form or any(part and name not in form for name, part in parts.items()):
        # Cut to the form it would be another time; so written it is none, and its line is refused.
        return moment.isoformat()
    return moment.strftime(form)


def _form_of(place: Place, columns: Sequence[TimeColumn]) -> str:
    """Give the form of the moments in a column: the whole time, or the part of it that stands there."""
    for time in columns:
        date_form, clock_form = time.forms
        if place == time.clock_column:
            return clock_form
        if place == time.column:
            if time.clock_column is not None:
                return date_form
            return time.format if time.format == "excel" else f"{date_form} {clock_form}".strip()
    return "%Y-%m-%d %H:%M:%S"
