"""Bytes to columns of texts: line by line, so that a bad line costs only itself."""

import codecs
import csv
import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from services.heat.arrays import Bool, Int64, counted_up
from services.ingest.sources import workbook
from services.ingest.sources.cut_line import LINE_CUT, is_cut, open_line
from services.ingest.sources.header import HEADER_WITHIN_LINES, Layout, fields_of, layout
from services.ingest.sources.line_breaks import MOST_LINES, joined, of_data, of_header
from services.ingest.sources.plain import plain
from services.ingest.sources.profile import Profile
from services.ingest.sources.profile_parts import Place
from services.ingest.sources.refusals import Fault, Refusals, UnreadableFileError
from services.ingest.sources.repeated_header import RepeatedHeader, is_header_again
from services.ingest.sources.wide import Cell, turned

LONGEST_LINE_CHARS = 10_000
LONGEST_FIELD_CHARS = 100
"""Of a wide file, whose lines are long by their nature."""
MOST_FIELDS_BEYOND = 1_000
_BOM_IN_WINDOWS_1252 = codecs.BOM_UTF8.decode("cp1252")
PIECE_BYTES = 4_000_000
"""So much of a file is text at a time, which takes some twenty times its size."""

WRONG_NUMBER_OF_FIELDS = Fault(
    "wrong_number_of_fields", "the line has more or fewer fields than the first; quote fields that hold the delimiter"
)
QUOTE_NOT_CLOSED = Fault("quote_not_closed", "a quote is opened and not closed before the line ends; close it")
LINE_TOO_LONG = Fault("line_too_long", f"the line has over {LONGEST_LINE_CHARS:,} characters; is a line break missing?")
NOT_IN_ENCODING = Fault(
    "not_in_encoding", "bytes of the line are no text in the profile's encoding; see encoding there"
)
ABOVE_HEADER = Fault(
    "above_header",
    "the line stands above the header and has what its columns ask for; are these several files in one? Give each its"
    " header",
)

_MARKS_OF_OTHER_FILES = {
    b"\x1f\x8b": "is compressed; unpack it first",
    b"%PDF": "is a PDF; ask for the figures as CSV",
    **dict.fromkeys(
        (b"\x09\x00\x04\x00", b"\x09\x02\x06\x00", b"\x09\x04\x06\x00"),
        "is a sheet of Excel 4 or older; open it and save it as .xlsx or CSV",
    ),
    **dict.fromkeys(
        (b"<html", b"<!doc", b"<?xml", b"<table"),
        "is a web page or XML, as some programs write under a workbook's name; open it and save it as .xlsx or CSV",
    ),
}


class Lines(NamedTuple):
    """The lines of a file that have the right form: their numbers as an editor shows them, and texts by column.

    cell: of a wide file, which is turned to lines of one figure, the header's cell above it; headings: their texts.
    """

    number: Int64
    texts: dict[Place, Any]
    cell: Int64 | None = None
    headings: Sequence[str] = ()

    def take(self, is_good: Bool) -> "Lines":
        """Keep some of the lines."""
        if is_good.all():
            return self
        mask = pa.array(is_good)
        texts = {place: text.filter(mask) for place, text in self.texts.items()}
        cell = None if self.cell is None else self.cell[is_good]
        return self._replace(number=self.number[is_good], texts=texts, cell=cell)

    def turned(self, cells: Sequence[Cell]) -> "Lines":
        """Turn the lines of a wide file to lines of one figure each; any others are as they were."""
        if not cells:
            return self
        of_cells = {cell.column for cell in cells}
        found = turned(cells, [self.texts[cell.column] for cell in cells])
        at = pa.array(found.line)
        texts = {place: text.take(at) for place, text in self.texts.items() if place not in of_cells}
        return Lines(self.number[found.line], texts | found.texts, found.cell, [cell.heading for cell in cells])


def lines(data: bytes, profile: Profile, refusals: Refusals) -> Lines:
    """Split a file into lines and columns, all at once; see `parts`."""
    every = list(parts(data, profile, refusals))
    texts = {place: pa.concat_arrays([part.texts[place] for part in every]) for place in every[0].texts}
    return Lines(np.concatenate([part.number for part in every]), texts)


def parts(data: bytes, profile: Profile, refusals: Refusals) -> Iterator[Lines]:
    """Split a file into lines and columns, piece by piece, at least one of them.

    Gives (n,) Arrow strings without space around for each column of the profile; of a wide file, lines of one figure,
    with what the header says of it in columns of their own. Optional columns that the file lacks are left out; empty
    lines, and the header where it stands again, are passed over. A quoted field may hold line breaks where nobody asks
    for it; a quote left open costs its own line and no other. A workbook is known by its bytes, packed with gzip or
    not. Raises UnreadableFileError where the whole file does not fit.
    """
    data = plain(data)
    if workbook.is_workbook(data):
        sheet = workbook.columns(data, profile)
        refusals.add(sheet.above, "", ABOVE_HEADER)
        yield Lines(sheet.number, sheet.texts).take(~sheet.is_header_again).turned(sheet.cells)
        return
    if profile.delimiter is None:
        raise UnreadableFileError("the file is no workbook, and the profile has no delimiter; add one")
    last_line = open_line(data, _line_end(data))
    where: Layout | None = None
    header: RepeatedHeader | None = None
    has_lines = False
    for every, number in _pieces(data, profile):
        if where is None:
            advice = f"are the delimiter '{profile.delimiter}' and the encoding {profile.encoding} right?"
            every, number = _with_one_header(every, number, profile, profile.delimiter)
            where = layout(_top(every, number, profile.delimiter), profile, advice)
            header = RepeatedHeader(every[where.first - where.height : where.first]) if profile.header else None
            every, number = every[where.first :], number[where.first :]
            refusals.add(where.above, "", ABOVE_HEADER)
        if header is not None:
            every, number = header.without(every, number)
        # A spreadsheet writes its empty rows as delimiters alone.
        every, number = _filled(every, number, f" \t\f{profile.delimiter}")
        every, number = joined(every, number, profile.delimiter, of_data(where, profile.delimiter))
        has_lines |= len(every) > 0
        longest = max(LONGEST_LINE_CHARS, LONGEST_FIELD_CHARS * len(where.cells))
        every, number = _well_formed(every, number, longest, refusals)
        found = _columns(every, number, where, profile.delimiter, refusals)
        found = found.take(~is_header_again(found.texts, found.number, where))
        if last_line in found.number[-1:]:
            found = found.take(refusals.add_each(found.number, is_cut(found.texts, where, profile), "", (LINE_CUT,)))
        yield found.turned(where.cells)
    if where is None:
        raise UnreadableFileError("the file is empty")
    if header is not None:
        header.check()
    if not has_lines:
        raise UnreadableFileError("the file has a header and no line below it")


def _with_one_header(every: Any, number: Int64, profile: Profile, delimiter: str) -> tuple[Any, Int64]:
    """Put the lines of a header together whose names hold line breaks."""
    is_header = of_header(profile)
    top, of_top = joined(every[:HEADER_WITHIN_LINES], number[:HEADER_WITHIN_LINES], delimiter, is_header)
    if profile.wide is not None and len(profile.wide.header) > 1:
        # No line of several names all columns; those behind it are data, whose open quotes must reach for nothing.
        end = _first_with_a_name(top, profile, delimiter) + len(profile.wide.header)
        upper, of_upper = joined(top[:end], of_top[:end], delimiter, lambda fields: len(fields) > 1)
        top, of_top = pa.concat_arrays([upper, top[end:]]), np.append(of_upper, of_top[end:])
    return pa.concat_arrays([top, every[HEADER_WITHIN_LINES:]]), np.append(of_top, number[HEADER_WITHIN_LINES:])


def _first_with_a_name(top: Any, profile: Profile, delimiter: str) -> int:
    names = {one.column for one in profile.columns}
    lines = (fields_of(line, delimiter) or [] for line in top.to_pylist())
    return next((at for at, fields in enumerate(lines) if names & set(fields)), 0)


def _top(every: Any, number: Int64, delimiter: str) -> list[tuple[int, list[str] | None]]:
    top = zip(number[:HEADER_WITHIN_LINES].tolist(), every[:HEADER_WITHIN_LINES].to_pylist(), strict=True)
    return [(at, fields_of(line, delimiter)) for at, line in top]


def _pieces(data: bytes, profile: Profile) -> Iterator[tuple[Any, Int64]]:
    """Give the filled lines and their numbers, some megabytes at a time."""
    encoding = _encoding(data, profile)
    line_end = _line_end(data)
    start, number = 0, 1
    while start < len(data):
        end = _end_of_piece(data, start, line_end)
        text = data[start:end].decode(encoding, "replace").replace("\r\n", "\n").replace("\r", "\n")
        # Files that were put one behind the other have each their own, in whichever encoding the first one is.
        text = text.replace("\ufeff", "").replace(_BOM_IN_WINDOWS_1252, "")
        start = end
        every = pc.list_flatten(pc.split_pattern(pa.array([text.removesuffix("\n")], pa.large_string()), "\n"))
        numbers = np.arange(number, number + len(every))
        number += len(every)
        every, numbers = every[max(0, profile.skip_lines + 1 - numbers[0]) :], numbers[numbers > profile.skip_lines]
        every, numbers = _filled(every, numbers, " \t\f")
        if len(numbers):
            yield every, numbers


def _filled(every: Any, number: Int64, blank: str) -> tuple[Any, Int64]:
    """Leave out lines that are blank."""
    is_filled = pc.not_equal(pc.utf8_trim(every, blank), "").to_numpy(zero_copy_only=False)
    return (every, number) if is_filled.all() else (every.filter(pa.array(is_filled)), number[is_filled])


def _line_end(data: bytes) -> bytes:
    return b"\n" if b"\n" in data else b"\r"


def _end_of_piece(data: bytes, start: int, line_end: bytes) -> int:
    """End a piece behind a line, and not within a quoted field with line breaks if it can be helped."""
    if start + PIECE_BYTES >= len(data):
        return len(data)
    end = (data.rfind(line_end, start, start + PIECE_BYTES) + 1) or (data.find(line_end, start) + 1) or len(data)
    earlier = end
    for _ in range(MOST_LINES):
        if data.count(b'"', start, earlier) % 2 == 0:
            return earlier
        earlier = data.rfind(line_end, start, earlier - 1) + 1
        if not earlier:
            break
    return end


def _encoding(data: bytes, profile: Profile) -> str:
    begin = data[:100].removeprefix(codecs.BOM_UTF8).lstrip(b" \r\n").lower()
    for mark, words in _MARKS_OF_OTHER_FILES.items():
        if begin.startswith(mark.lower()):
            raise UnreadableFileError(f"the file {words}")
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in data.split(b"\n", 1)[0]:
        raise UnreadableFileError("the file is UTF-16 or not text at all; save it as CSV in UTF-8")
    # A byte order mark of UTF-8 leaves no doubt, whatever the profile says.
    return "utf-8-sig" if profile.encoding == "utf-8" or data.startswith(codecs.BOM_UTF8) else "cp1252"


def _well_formed(every: Any, number: Int64, longest: int, refusals: Refusals) -> tuple[Any, Int64]:
    """Refuse lines that are too long, or hold what is no text: bytes without a character, and NUL."""
    too_long = pc.greater(pc.utf8_length(every), longest).to_numpy(zero_copy_only=False)
    not_text = np.zeros(len(number), np.bool_)
    for mark in ("\ufffd", "\0"):
        not_text |= pc.match_substring(every, mark).to_numpy(zero_copy_only=False) & ~too_long
    refusals.add(number[too_long], "", LINE_TOO_LONG)
    refusals.add(number[not_text], "", NOT_IN_ENCODING)
    good = ~too_long & ~not_text
    return (every, number) if good.all() else (every.filter(pa.array(good)), number[good])


def _columns(every: Any, number: Int64, where: Layout, delimiter: str, refusals: Refusals) -> Lines:
    is_quoted = pc.match_substring(every, '"').to_numpy(zero_copy_only=False)
    if not is_quoted.any():
        return _split(every, number, where, delimiter, refusals)
    quoted, of_quoted = every.filter(pa.array(is_quoted)), number[is_quoted]
    is_simple = _is_simply_quoted(quoted, delimiter)
    simple = pc.replace_substring(quoted.filter(pa.array(is_simple)), '"', "")
    found = [
        _split(every.filter(pa.array(~is_quoted)), number[~is_quoted], where, delimiter, refusals),
        _split(simple, of_quoted[is_simple], where, delimiter, refusals),
        _unquoted(quoted.filter(pa.array(~is_simple)), of_quoted[~is_simple], where, delimiter, refusals),
    ]
    order = np.argsort(numbers := np.concatenate([one.number for one in found]), kind="stable")
    in_order = pa.array(order)
    texts = {place: pa.concat_arrays([one.texts[place] for one in found]).take(in_order) for place in found[0].texts}
    return Lines(numbers[order], texts)


def _is_simply_quoted(every: Any, delimiter: str) -> Bool:
    """Tell the lines whose quotes stand only around whole fields, which hold neither quotes nor delimiters."""
    mark = re.escape(delimiter)
    field = rf'(?:"[^"{mark}]*"|[^"{mark}]*)'
    return pc.match_substring_regex(every, f"^{field}(?:{mark}{field})*$").to_numpy(zero_copy_only=False)


def _split(every: Any, number: Int64, where: Layout, delimiter: str, refusals: Refusals) -> Lines:
    """Split lines without quotes, all at once. Fields beyond the last named one may be missing, or be there empty."""
    fields = pc.split_pattern(every, delimiter)
    count = pc.list_value_length(fields).to_numpy(zero_copy_only=False).astype(np.int64)
    flat = pc.list_flatten(fields)
    first = np.cumsum(count) - count
    is_whole = (count >= where.least) & (count <= where.width + MOST_FIELDS_BEYOND)
    wider = np.flatnonzero(is_whole & (count > where.width))
    if len(wider):
        beyond = count[wider] - where.width
        is_empty = pc.equal(_trimmed(flat.take(pa.array(counted_up(first[wider] + where.width, beyond)))), "")
        filled = np.add.reduceat(~is_empty.to_numpy(zero_copy_only=False), np.cumsum(beyond) - beyond)
        is_whole[wider[filled > 0]] = False
    refusals.add(number[~is_whole], "", WRONG_NUMBER_OF_FIELDS)
    first = first[is_whole]
    texts = {place: _trimmed(flat.take(pa.array(first + at))) for place, at in where.by_column.items()}
    return Lines(number[is_whole], texts)


def _unquoted(every: Any, number: Int64, where: Layout, delimiter: str, refusals: Refusals) -> Lines:
    """Split lines with quotes, each for itself."""
    rows: list[list[str]] = []
    fault = np.zeros(len(number), np.int64)
    for at, line in enumerate(every.to_pylist()):
        try:
            fields = next(csv.reader([line], delimiter=delimiter, strict=True))
        except csv.Error:
            fault[at] = 1
            continue
        if where.least <= len(fields) and not "".join(fields[where.width :]).strip():
            rows.append(fields)
        else:
            fault[at] = 2
    good = refusals.add_each(number, fault, "", (QUOTE_NOT_CLOSED, WRONG_NUMBER_OF_FIELDS))
    texts = {
        place: _trimmed(pa.array([row[at] for row in rows], pa.large_string())) for place, at in where.by_column.items()
    }
    return Lines(number[good], texts)


def _trimmed(text: Any) -> Any:
    return pc.utf8_trim_whitespace(text)
