"""What of a workbook the library that reads it does not tell: cells with errors, and from which day it counts.

An error (`#N/A`), and a formula that no program has calculated yet, it gives like an empty cell.
"""

import io
import re
import zipfile
from collections.abc import Iterator

UNCALCULATED = b"#EMPTY!"
"""What stands in place of a formula without a value."""

_OLD_EXCEL = b"\xd0\xcf\x11\xe0"
_CODES = rb"[\x00\x07\x0f\x17\x1d\x24\x2a\x2b]"
# BoolErr that is an error, and Formula whose value is one, as [MS-XLS] lays them out.
_ERROR_OF_OLD_EXCEL = re.compile(
    rb"\x05\x02\x08\x00.{6}" + _CODES + rb"\x01|\x06\x00.[\x00-\x20].{6}\x02." + _CODES + rb".{3}\xff\xff", re.DOTALL
)
# Date1904 and, always behind it, CalcPrecision: [MS-XLS] 2.1.7.20.3. Chance does not write ten such bytes.
_1904_OF_OLD_EXCEL = b"\x22\x00\x02\x00\x01\x00\x0e\x00\x02\x00"
# BrtWbProp; BrtCellError and BrtFmlaError: [MS-XLSB].
_PROPERTIES_OF_BINARY, _ERRORS_OF_BINARY = 153, (3, 11)

_ERROR_CELL = re.compile(rb"""(<(?:\w+:)?c\s[^<>]*?\bt=)(["'])e\2""")
_FORMULA_ALONE = re.compile(
    rb"""<((?:\w+:)?)c(?P<says>(?:\s+(?!t=)[^\s<>=]+=(?:"[^"<]*"|'[^'<]*'))*)(?:\s+t=["']n["'])?\s*>\s*"""
    rb"""(?P<formula><\1f\b(?:[^<>]*/>|[^<>]*[^/]?>[^<]*</\1f>))\s*(?:(?:<\1v\s*/>|<\1v>\s*</\1v>)\s*)?+</\1c>"""
)
_ERROR_OF_OPEN_DOCUMENT = re.compile(rb"<table:table-cell\b[^<>]*>(?=\s*<text:p[^<>]*>(?:#|Err:))")
_EMPTY_TEXT = re.compile(rb'\soffice:string-value=""')
_1904 = re.compile(rb"""\bdate1904=["'](?:1|true|on)["']""")
_1904_OF_OPEN_DOCUMENT = re.compile(rb'<table:null-date\b[^<>]*table:date-value="1904-01-01"')


class ErrorCellsError(Exception):
    """A workbook in a form in which cells with errors are found and cannot be told from the others."""


def with_errors_as_texts(data: bytes) -> bytes:
    """Write cells with errors as texts that say so. Raises ErrorCellsError for .xls and .xlsb that have any."""
    if data.startswith(_OLD_EXCEL):
        if _ERROR_OF_OLD_EXCEL.search(data):
            raise ErrorCellsError
        return data
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        changed = {}
        for name in packed.namelist():
            if re.fullmatch(r"xl/worksheets/[^/]*\.bin", name) and _has_errors(packed.read(name)):
                raise ErrorCellsError
            if name == "content.xml" or re.fullmatch(r"xl/worksheets/[^/]*\.xml", name):
                part = packed.read(name)
                is_open = name == "content.xml"
                told = _ERROR_OF_OPEN_DOCUMENT.sub(_without_empty_text, part) if is_open else _of_sheet(part)
                if told != part:
                    changed[name] = told
        return _with_parts(packed, changed) if changed else data


def counts_from_1904(data: bytes) -> bool:
    """Tell whether a workbook counts its days from 1904, as those of old Macintoshes do."""
    if data.startswith(_OLD_EXCEL):
        return _1904_OF_OLD_EXCEL in data
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        names = set(packed.namelist())
        if "xl/workbook.bin" in names:
            records = _records(packed.read("xl/workbook.bin"))
            return any(kind == _PROPERTIES_OF_BINARY and bool(body[0] & 1) for kind, body in records if body)
        if "xl/workbook.xml" in names:
            return _1904.search(packed.read("xl/workbook.xml")) is not None
        return _1904_OF_OPEN_DOCUMENT.search(packed.read("content.xml")) is not None


def _without_empty_text(cell: re.Match[bytes]) -> bytes:
    return _EMPTY_TEXT.sub(b"", cell[0])


def _of_sheet(part: bytes) -> bytes:
    # Most sheets have neither, which takes a hundredth of the time to know.
    has_errors = any(mark in part for mark in (b' t="e"', b" t='e'"))
    told = _ERROR_CELL.sub(rb'\1"str"', part) if has_errors else part
    if not any(mark in part for mark in (b"<f", b":f")):
        return told
    return _FORMULA_ALONE.sub(rb'<\1c\g<says> t="str">\g<formula><\1v>' + UNCALCULATED + rb"</\1v></\1c>", told)


def _with_parts(packed: zipfile.ZipFile, changed: dict[str, bytes]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as anew:
        for member in packed.infolist():
            anew.writestr(member.filename, changed.get(member.filename) or packed.read(member))
    return data.getvalue()


def _has_errors(sheet: bytes) -> bool:
    return any(kind in _ERRORS_OF_BINARY for kind, _ in _records(sheet))


def _records(part: bytes) -> Iterator[tuple[int, bytes]]:
    """Give the kinds and bodies of a binary part's records, [MS-XLSB] 2.1.4; those behind a cut one are left out."""
    at = 0
    while at < len(part):
        kind, at = _number(part, at, 2)
        size, at = _number(part, at, 4)
        yield kind, part[at : at + size]
        at += size


def _number(part: bytes, at: int, most_bytes: int) -> tuple[int, int]:
    """Read a number that goes on while its bytes have their highest bit; gives it, and where it ends."""
    number = 0
    for place in range(most_bytes):
        if at >= len(part):
            break
        byte = part[at]
        number |= (byte & 0x7F) << 7 * place
        at += 1
        if byte < 0x80:
            break
    return number, at
