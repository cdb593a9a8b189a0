"""A file of objects in parts that its service takes, each with the header, and which line of the file each line is."""

import csv
import io
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from services.common.table_imports import not_utf8
from services.common.tables import BadTableError, separator_of, unreadable

PART_BYTES = 8 * 1024 * 1024
"""Services take 10 MiB at once."""


class Part(NamedTuple):
    """A part of a file: what is sent, and of its lines that are not the file's own which ones they are there."""

    body: bytes
    file_lines: dict[int, int]

    def line_in_file(self, line: int) -> int:
        """Give the file's line that a line of this part is."""
        return self.file_lines.get(line, line)


class _Row(NamedTuple):
    """A row of the file as it stands there: its last line's number, its text, and the number of its object."""

    line: int
    text: str
    key: str


def parts_of(body: bytes, key: str, *, by_object: bool, largest: int = PART_BYTES) -> Iterator[Part]:
    """Part a file that is too large to be sent whole; a smaller one stays as it is.

    key: the column with the object's number. by_object: all rows of an object go into one part, since its service
    takes them for all that there is of it. Raises BadTableError where the file is no UTF-8 or no table; then nothing
    was given yet.
    """
    if len(body) <= largest:
        yield Part(body, {})
        return
    try:
        header, rows = _read(body.decode("utf-8-sig"), key)
    except UnicodeDecodeError as error:
        raise BadTableError(not_utf8(error)) from error
    room = largest - len(header.encode())
    some: list[_Row] = []
    size = 0
    for group in _objects(rows) if by_object else ([row] for row in rows):
        more = sum(len(row.text.encode()) for row in group)
        if some and size + more > room:
            yield _part(header, some)
            some, size = [], 0
        some += group
        size += more
    yield _part(header, some)


def _read(text: str, key: str) -> tuple[str, list[_Row]]:
    lines = list(io.StringIO(text, newline=""))
    reader = csv.reader(iter(lines), delimiter=separator_of(text), strict=True)
    read = 0
    texts: list[tuple[int, str, list[str]]] = []
    try:
        for fields in reader:
            if fields or not texts:
                texts.append((reader.line_num, _ended("".join(lines[read : reader.line_num])), fields))
            read = reader.line_num
    except csv.Error as error:
        raise unreadable(reader.line_num, error) from error
    (_, header, names), *rows = texts
    names = [name.strip() for name in names]
    place = names.index(key) if key in names else len(names)
    return header, [_Row(line, row, "".join(fields[place : place + 1]).strip()) for line, row, fields in rows]


def _ended(row: str) -> str:
    # The file's last row may stand in the middle of a part.
    return row if row.endswith(("\n", "\r")) else row + "\n"


def _objects(rows: Iterable[_Row]) -> Iterable[list[_Row]]:
    """Bring the rows of each object together, where the first of them stands."""
    found: dict[str, list[_Row]] = {}
    for row in rows:
        found.setdefault(row.key, []).append(row)
    return found.values()


def _part(header: str, rows: list[_Row]) -> Part:
    line = _count(header)
    file_lines: dict[int, int] = {}
    for row in rows:
        line += _count(row.text)
        file_lines[line] = row.line
    return Part("".join([header, *(row.text for row in rows)]).encode(), file_lines)


def _count(text: str) -> int:
    """Count lines as the service will."""
    return sum(1 for _ in io.StringIO(text, newline=""))
