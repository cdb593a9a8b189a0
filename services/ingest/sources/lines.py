"""Bytes to columns of texts: line by line, so that a bad line costs only itself."""

import codecs
import csv
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from services.heat.arrays import Bool, Int64
from services.ingest.sources.profile import Column, Place, Profile
from services.ingest.sources.refusals import Fault, Refusals, UnreadableFileError

LONGEST_LINE_CHARS = 10_000

WRONG_NUMBER_OF_FIELDS = Fault(
    "wrong_number_of_fields", "the line has more or fewer fields than the first; quote fields that hold the delimiter"
)
QUOTE_NOT_CLOSED = Fault("quote_not_closed", "a quote is opened and not closed before the line ends; close it")
LINE_TOO_LONG = Fault("line_too_long", f"the line has over {LONGEST_LINE_CHARS:,} characters; is a line break missing?")
NOT_IN_ENCODING = Fault(
    "not_in_encoding", "bytes of the line are no text in the profile's encoding; see encoding there"
)

_MARKS_OF_OTHER_FILES = {
    b"PK\x03\x04": "is a zip file or an Excel workbook; save the sheet as CSV",
    b"\xd0\xcf\x11\xe0": "is an old Excel workbook; save the sheet as CSV",
    b"\x1f\x8b": "is compressed; unpack it first",
    b"%PDF": "is a PDF; ask for the figures as CSV",
}


class Lines(NamedTuple):
    """The lines of a file that have the right form: their numbers as an editor shows them, and texts by column."""

    number: Int64
    texts: dict[Place, Any]

    def take(self, is_good: Bool) -> "Lines":
        """Keep some of the lines."""
        mask = pa.array(is_good)
        return Lines(self.number[is_good], {place: text.filter(mask) for place, text in self.texts.items()})


def lines(data: bytes, profile: Profile, refusals: Refusals) -> Lines:
    """Split a file into lines and columns; (n,) Arrow strings without space around for each column of the profile.

    Optional columns that the file lacks are left out, empty lines are passed over. No field spans lines, so that a
    quote left open costs its own line and no other. Raises UnreadableFileError where the whole file does not fit.
    """
    text = _text(data, profile)
    every = pc.list_flatten(pc.split_pattern(pa.array([text], pa.large_string()), "\n"))
    number = np.arange(1, len(every) + 1)
    filled = pc.match_substring_regex(every, r"\S").to_numpy(zero_copy_only=False)
    every, number = every.filter(pa.array(filled)), number[filled]
    if not len(every):
        raise UnreadableFileError("the file is empty")
    places = _places(_fields(every[0].as_py(), profile.delimiter, int(number[0])), profile)
    if profile.header:
        every, number = every[1:], number[1:]
    if not len(every):
        raise UnreadableFileError("the file has a header and no line below it")
    every, number = _well_formed(every, number, refusals)
    return _columns(every, number, places, profile.delimiter, refusals)


class _Places(NamedTuple):
    width: int
    by_column: dict[Place, int]


def _text(data: bytes, profile: Profile) -> str:
    for mark, words in _MARKS_OF_OTHER_FILES.items():
        if data.startswith(mark):
            raise UnreadableFileError(f"the file {words}")
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in data.split(b"\n", 1)[0]:
        raise UnreadableFileError("the file is UTF-16 or not text at all; save it as CSV in UTF-8")
    # A byte order mark of UTF-8 leaves no doubt, whatever the profile says.
    encoding = "utf-8-sig" if profile.encoding == "utf-8" or data.startswith(codecs.BOM_UTF8) else "cp1252"
    return data.decode(encoding, "replace").replace("\r\n", "\n").replace("\r", "\n")


def _fields(line: str, delimiter: str, number: int) -> list[str]:
    try:
        return [field.strip() for field in next(csv.reader([line], delimiter=delimiter, strict=True))]
    except csv.Error as error:
        raise UnreadableFileError(f"line {number}, the header: {error}; close the quote") from error


def _places(first: list[str], profile: Profile) -> _Places:
    """Find the profile's columns by their names in the header, or check their numbers."""
    width = len(first)
    if not profile.header:
        missing = [one for one in profile.columns if isinstance(one.column, int) and one.column > width]
        _check_missing(missing, f"its first line has {width} fields")
        return _Places(width, {n: n - 1 for one in profile.columns if isinstance(n := one.column, int) and n <= width})
    wanted = {one.column for one in profile.columns}
    twice = sorted({name for name in first if name in wanted and first.count(name) > 1})
    if twice:
        raise UnreadableFileError(f"the header names {', '.join(twice)} more than once; rename or remove one")
    _check_missing(
        [one for one in profile.columns if one.column not in first],
        f"its header has {', '.join(first)[:500]}; is the delimiter '{profile.delimiter}' right?",
    )
    return _Places(width, {name: first.index(name) for name in first if name in wanted})


def _check_missing(missing: list[Column], what_is_there: str) -> None:
    names = ", ".join(str(one.column) for one in missing if not one.optional)
    if names:
        raise UnreadableFileError(f"the file lacks the column {names}; {what_is_there}")


def _well_formed(every: Any, number: Int64, refusals: Refusals) -> tuple[Any, Int64]:
    """Refuse lines that are too long, or hold what is no text: bytes without a character, and NUL."""
    too_long = pc.greater(pc.utf8_length(every), LONGEST_LINE_CHARS).to_numpy(zero_copy_only=False)
    not_text = pc.match_substring_regex(every, r"[\x{FFFD}\x00]").to_numpy(zero_copy_only=False) & ~too_long
    refusals.add(number[too_long], "", LINE_TOO_LONG)
    refusals.add(number[not_text], "", NOT_IN_ENCODING)
    good = ~too_long & ~not_text
    return every.filter(pa.array(good)), number[good]


def _columns(every: Any, number: Int64, places: _Places, delimiter: str, refusals: Refusals) -> Lines:
    is_quoted = pc.match_substring(every, '"').to_numpy(zero_copy_only=False)
    plain = _split(every.filter(pa.array(~is_quoted)), number[~is_quoted], places, delimiter, refusals)
    if not is_quoted.any():
        return plain
    quoted = _unquoted(every.filter(pa.array(is_quoted)), number[is_quoted], places, delimiter, refusals)
    both = np.concatenate([plain.number, quoted.number])
    order = np.argsort(both, kind="stable")
    texts = {
        place: pa.concat_arrays([text, quoted.texts[place]]).take(pa.array(order))
        for place, text in plain.texts.items()
    }
    return Lines(both[order], texts)


def _split(every: Any, number: Int64, places: _Places, delimiter: str, refusals: Refusals) -> Lines:
    """Split lines without quotes, all at once."""
    fields = pc.split_pattern(every, delimiter)
    is_whole = pc.list_value_length(fields).to_numpy(zero_copy_only=False) == places.width
    refusals.add(number[~is_whole], "", WRONG_NUMBER_OF_FIELDS)
    flat = pc.list_flatten(fields.filter(pa.array(is_whole)))
    first = np.arange(int(is_whole.sum())) * places.width
    texts = {place: _trimmed(flat.take(pa.array(first + at))) for place, at in places.by_column.items()}
    return Lines(number[is_whole], texts)


def _unquoted(every: Any, number: Int64, places: _Places, delimiter: str, refusals: Refusals) -> Lines:
    """Split lines with quotes, each for itself."""
    rows: list[list[str]] = []
    fault = np.zeros(len(number), np.int64)
    for at, line in enumerate(every.to_pylist()):
        try:
            fields = next(csv.reader([line], delimiter=delimiter, strict=True))
        except csv.Error:
            fault[at] = 1
            continue
        if len(fields) == places.width:
            rows.append(fields)
        else:
            fault[at] = 2
    good = refusals.add_each(number, fault, "", (QUOTE_NOT_CLOSED, WRONG_NUMBER_OF_FIELDS))
    texts = {
        place: _trimmed(pa.array([row[at] for row in rows], pa.large_string()))
        for place, at in places.by_column.items()
    }
    return Lines(number[good], texts)


def _trimmed(text: Any) -> Any:
    return pc.utf8_trim_whitespace(text)
