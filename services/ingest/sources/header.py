"""Where a file's columns stand: by their names in the header, or by their numbers."""

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from services.heat.arrays import Int64
from services.ingest.sources.profile import Profile
from services.ingest.sources.profile_parts import Column, Place, name_of
from services.ingest.sources.refusals import UnreadableFileError
from services.ingest.sources.wide import Cell, bare_columns, cells_of, stacked

HEADER_WITHIN_LINES = 100
"""How far down a header is looked for: programs write the utility, the unit or the period above it."""


class Layout(NamedTuple):
    """Where the columns of a file stand.

    first: the place of the first line of data among the lines given. width: how many fields a line has; one may lack
    those from `least` on, which have no name. by_column: the place of each column of the profile that the file has.
    cells: of a wide file, the columns that hold its figures; they are in by_column, too, by their numbers.
    height: how many lines the header has. names: what the line of it says above each column in which the first of the
    profile's columns, key, stands. above: the numbers of the lines above it that look like data.
    """

    first: int
    width: int
    least: int
    by_column: dict[Place, int]
    cells: Sequence[Cell] = ()
    height: int = 1
    key: Place = 0
    names: Mapping[Place, str] = {}
    above: Int64 = np.zeros(0, np.int64)


Top = Sequence[tuple[int, Sequence[str] | None]]
"""A file's first lines, each with its number and fields; None where a quote is left open."""


def layout(top: Top, profile: Profile, advice: str) -> Layout:
    """Find the columns.

    advice: what to look at where no header is found.

    Raises UnreadableFileError, which says what is missing.
    """
    if not profile.header:
        return _numbered(top[0], profile)
    found = _found(top, profile)
    if found is None:
        raise UnreadableFileError(_not_found(top, profile, advice))
    # Of a header with several lines one that cannot be read would leave the next ones to be taken for the first.
    for number, fields in top[max(0, found.at - len(found.lines) + 1) : found.at]:
        if fields is None:
            raise UnreadableFileError(
                f"line {number}, of the header or above it: a quote is not closed; close the quote"
            )
    where = _named(found, profile)
    above = [number for number, fields in top[: found.at] if fields is not None and _is_filled(fields, where, profile)]
    return where._replace(above=np.array(above, np.int64))


def _is_filled(fields: Sequence[str], where: Layout, profile: Profile) -> bool:
    """Tell a line that has something in each column that must be there and, of a wide file, in one of those across."""
    needed = [where.by_column[one.column] for one in profile.columns if not one.optional]
    filled = {at for at, field in enumerate(fields) if field}
    return filled >= set(needed) and (not where.cells or any(cell.at in filled for cell in where.cells))


class _Header(NamedTuple):
    """The lines of a header: the place of the first among the lines given, their numbers and their fields."""

    at: int
    numbers: Sequence[int]
    lines: Sequence[Sequence[str]]

    @property
    def names(self) -> list[str]:
        """Every name in it."""
        return [name for line in self.lines for name in line]

    @property
    def place(self) -> str:
        """Where it stands, in words."""
        first, last = self.numbers[0], self.numbers[-1]
        return f"line {first}" if first == last else f"lines {first} to {last}"

    @property
    def has(self) -> str:
        """What it has, in words."""
        return " above ".join(", ".join(line) for line in self.lines)[:500]


def _headers(top: Top, profile: Profile) -> list[_Header]:
    """Give each run of lines that could be the header: as many as it has, with every column that must be there."""
    height = len(profile.wide.header) if profile.wide is not None else 1
    needed = {one.column for one in profile.columns if not one.optional}
    runs = (top[at : at + height] for at in range(len(top) - height + 1))
    headers = [
        _Header(at, [number for number, _ in run], [fields for _, fields in run if fields is not None])
        for at, run in enumerate(runs)
    ]
    return [one for one in headers if len(one.lines) == height and needed <= set(one.names)]


def _found(top: Top, profile: Profile) -> _Header | None:
    """Find the header: the first lines that fit and, where a title above or data below fit with a part of it, the best.

    The best say the most of what the profile knows, and of the most different columns.
    """
    headers = _headers(top, profile)
    if profile.wide is None:
        return headers[0] if headers else None
    found = [(one, cells) for one in headers if (cells := cells_of(one.lines, profile))]
    if not found:
        return None
    near = [(one, cells) for one, cells in found if one.at < found[0][0].at + len(profile.wide.header)]
    return max(near, key=lambda each: _worth(each[1], profile))[0]


def _worth(cells: Sequence[Cell], profile: Profile) -> tuple[int, int]:
    known = {text for value in profile.values for text in value.equals}
    different = {tuple(cell.says.values()) for cell in cells}
    return sum(cell.says.get("quantity") in known for cell in cells), len(different)


def _not_found(top: Top, profile: Profile, advice: str) -> str:
    headers = _headers(top, profile)
    if headers and profile.wide is not None:
        header = headers[0]
        return (
            f"no column's name in {header.place}, the header, is as [wide] in the profile says, {profile.wide.written};"
            f" it has {header.has}"
        )
    needed = {one.column for one in profile.columns if not one.optional}
    # Titles may stand above: the header is most likely what has the most of the columns or, of none, of any.
    like = max((fields or [] for _, fields in top), key=lambda names: (len(needed & set(names)), sum(map(bool, names))))
    number, fields = top[0]
    if fields is None and not needed & set(like):
        return f"line {number}, the header: a quote is not closed; close the quote"
    missing = [one for one in profile.columns if one.column not in like]
    return _missing(missing, f"its header has {', '.join(like)[:500]}; {advice}")


def _named(header: _Header, profile: Profile) -> Layout:
    wanted = {one.column for one in profile.columns}
    columns = [set(names) for names in stacked(header.lines)]
    by_column: dict[Place, int] = {}
    twice = set()
    for place, names in enumerate(columns):
        twice |= by_column.keys() & names
        by_column |= dict.fromkeys(names & wanted, place)
    if twice:
        told = ", ".join(sorted(map(str, twice)))
        raise UnreadableFileError(f"{header.place}, the header, names {told} more than once; rename or remove one")
    least = max(place for place, names in enumerate(columns, start=1) if names - {""})
    cells = cells_of(header.lines, profile)
    _check_bare(header, cells, profile)
    _check_quantities(header, cells, profile)
    _check_twice(header, cells, profile)
    by_column |= {cell.column: cell.at for cell in cells}
    key = next(one.column for one in profile.columns if one.column in by_column)
    line = next(line for line in header.lines if key in line)
    own = {place: line[at] if at < len(line) else "" for place, at in by_column.items()}
    return Layout(header.at + len(header.lines), len(columns), least, by_column, cells, len(header.lines), key, own)


def _check_bare(header: _Header, cells: Sequence[Cell], profile: Profile) -> None:
    bare = bare_columns(header.lines, cells, profile)
    if bare:
        raise UnreadableFileError(
            f"{header.place}, the header: nothing stands above column {'; '.join(bare)[:500]}; write what stands over"
            " several columns above the first of them, or rename the column if it is none of them"
        )


def _check_quantities(header: _Header, cells: Sequence[Cell], profile: Profile) -> None:
    known = [text for value in profile.values for text in value.equals]
    said = list(dict.fromkeys(cell.says["quantity"] for cell in cells if "quantity" in cell.says))
    if said and not set(said) & set(known):
        raise UnreadableFileError(
            f"none of the quantities in {header.place}, the header, is one of the profile's, {', '.join(known)[:500]};"
            f" it has {', '.join(said)[:500]}; add those that are meant to equals in [[values]]"
        )


def _check_twice(header: _Header, cells: Sequence[Cell], profile: Profile) -> None:
    """Refuse columns of which nothing tells which is meant; hours may stand twice, in autumn, and days may not."""
    said = cells[0].says.keys() if cells else set()
    if "clock" not in said and ("time" not in said or profile.time.is_day):
        counts = Counter(tuple(cell.says.values()) for cell in cells)
        twice = [cell.heading for cell in cells if counts[tuple(cell.says.values())] > 1]
        if twice:
            told = ", ".join(dict.fromkeys(twice))[:500]
            raise UnreadableFileError(
                f"{header.place}, the header, has several columns for {told}; rename those that are not meant, or name"
                " them in [wide] in the profile: without"
            )


def _numbered(first: tuple[int, Sequence[str] | None], profile: Profile) -> Layout:
    number, fields = first
    if fields is None:
        raise UnreadableFileError(f"line {number}: a quote is not closed; close the quote")
    width = len(fields)
    missing = [one for one in profile.columns if isinstance(one.column, int) and one.column > width]
    if any(not one.optional for one in missing):
        raise UnreadableFileError(_missing(missing, f"its first line has {width} fields"))
    places = [n for one in profile.columns if isinstance(n := one.column, int) and n <= width]
    return Layout(0, width, width, {n: n - 1 for n in places})


def _missing(missing: Sequence[Column], what_is_there: str) -> str:
    names = ", ".join(str(one.column) for one in missing if not one.optional)
    return f"the file lacks the column {names}; {what_is_there}"


def fields_of(line: str, delimiter: str) -> list[str] | None:
    """Split one line, as names are given; None where a quote is left open."""
    # A quote within a field opens nothing; one that is open ends, or goes on, in another line.
    if line.count('"') % 2:
        return None
    try:
        return [name_of(field) for field in next(csv.reader([line], delimiter=delimiter, strict=True))]
    except csv.Error:
        return None
