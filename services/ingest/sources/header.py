"""Where a file's columns stand: by their names in the header, or by their numbers."""

import csv
from collections.abc import Sequence
from typing import NamedTuple

from services.ingest.sources.profile import Profile
from services.ingest.sources.profile_parts import Column, Place, name_of
from services.ingest.sources.refusals import UnreadableFileError
from services.ingest.sources.wide import Cell, cells_of

HEADER_WITHIN_LINES = 100
"""How far down a header is looked for: programs write the utility, the unit or the period above it."""


class Layout(NamedTuple):
    """Where the columns of a file stand.

    first: the place of the first line of data among the lines given. width: how many fields a line has; one may lack
    those from `least` on, which have no name. by_column: the place of each column of the profile that the file has.
    cells: of a wide file, the columns that hold its figures; they are in by_column, too, by their numbers.
    """

    first: int
    width: int
    least: int
    by_column: dict[Place, int]
    cells: Sequence[Cell] = ()


def layout(top: Sequence[tuple[int, Sequence[str] | None]], profile: Profile, advice: str) -> Layout:
    """Find the columns. top: a file's first lines, each with its number and fields; None where a quote is left open.

    advice: what to look at where no header is found.

    Raises UnreadableFileError, which says what is missing.
    """
    if not profile.header:
        return _numbered(top[0], profile)
    needed = {one.column for one in profile.columns if not one.optional}
    headers = [at for at, (_, fields) in enumerate(top) if fields is not None and needed <= set(fields)]
    for at in headers:
        number, fields = top[at]
        if fields is not None and (profile.wide is None or cells_of(fields, profile)):
            return _named(at, number, fields, profile)
    number, fields = top[headers[0] if headers else 0]
    if fields is None:
        raise UnreadableFileError(f"line {number}, the header: a quote is not closed; close the quote")
    missing = [one for one in profile.columns if one.column not in fields]
    if profile.wide is not None and all(one.optional for one in missing):
        raise UnreadableFileError(
            f"no column's name in line {number}, the header, is as [wide] in the profile says, {profile.wide.header};"
            f" it has {', '.join(fields)[:500]}"
        )
    where = f"its header has {', '.join(fields)[:500]}; {advice}"
    raise UnreadableFileError(_missing(missing, where))


def _named(at: int, number: int, fields: Sequence[str], profile: Profile) -> Layout:
    wanted = {one.column for one in profile.columns}
    twice = sorted({name for name in fields if name in wanted and fields.count(name) > 1})
    if twice:
        raise UnreadableFileError(
            f"line {number}, the header, names {', '.join(twice)} more than once; rename or remove one"
        )
    least = max(place for place, name in enumerate(fields, start=1) if name)
    by_column: dict[Place, int] = {name: fields.index(name) for name in fields if name in wanted}
    cells = cells_of(fields, profile)
    return Layout(at + 1, len(fields), least, by_column | {cell.column: cell.at for cell in cells}, cells)


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
    try:
        return [name_of(field) for field in next(csv.reader([line], delimiter=delimiter, strict=True))]
    except csv.Error:
        return None
