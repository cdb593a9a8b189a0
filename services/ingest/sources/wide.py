"""Wide files, of which a line has a figure in each of many columns: their header's cells, and lines of one figure."""

import re
from collections.abc import Collection, Iterator, Sequence
from itertools import zip_longest
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from services.heat.arrays import Bool, Int64
from services.ingest.sources.profile import Profile
from services.ingest.sources.profile_parts import VALUE, Wide, in_braces
from services.ingest.sources.template import pattern_of

_FORMS = {
    "clock": r"[0-9]{1,2}[a-z]{0,5}(?:[:.][0-9]{2}){0,2} ?[a-z.]{0,5}",
    "count": "[0-9]{1,2}",
    "time": "[0-9].*",
}
"""What may hold the character that follows it. A clock may have a mark of summer or normal time in it."""


class Cell(NamedTuple):
    """A header's cell: its place, from 0, its text, and what that says by the names of the profile's template."""

    at: int
    heading: str
    says: dict[str, str]

    @property
    def column(self) -> int:
        """Give the column's number, by which it is known where names are many."""
        return self.at + 1


def cells_of(header: Sequence[Sequence[str]], profile: Profile) -> list[Cell]:
    """Find the columns of a wide file that hold figures; none in any other file.

    header: the fields of each of its lines.
    """
    if profile.wide is None:
        return []
    patterns = _patterns(profile, profile.wide)
    cells = []
    for at, said in _of_no_other(header, profile, profile.wide):
        matches = [pattern.fullmatch(text) for pattern, text in zip(patterns, said, strict=True)]
        says = {name: text.strip() for match in matches if match for name, text in match.groupdict().items()}
        if all(matches) and all(says.values()):
            cells.append(Cell(at, _heading(said), says))
    return cells


def bare_columns(header: Sequence[Sequence[str]], cells: Sequence[Cell], profile: Profile) -> list[str]:
    """Give the columns above which nothing stands and that are like the cells otherwise; each by its number and name.

    So it is where a text stands over the middle of its columns instead of the first: each would be taken for the one
    to its left. They are of a quantity that the profile knows, or of the same name as a cell.
    """
    if profile.wide is None or len(header) == 1:
        return []
    last = _patterns(profile, profile.wide)[-1]
    known = {text for value in profile.values for text in value.equals}
    names = {header[-1][cell.at] for cell in cells}
    bare = []
    for at, (*above, own) in _of_no_other(header, profile, profile.wide):
        match = last.fullmatch(own)
        quantity = match.groupdict().get("quantity", "") if match else ""
        if not any(above) and own and (own in names or quantity.strip() in known):
            bare.append(f"{at + 1}, {own}")
    return bare


def _patterns(profile: Profile, wide: Wide) -> list[re.Pattern[str]]:
    known = {text for value in profile.values for text in value.equals}
    return [pattern_of(line, _FORMS | _quantities(line, known)) for line in wide.header]


def _of_no_other(
    header: Sequence[Sequence[str]], profile: Profile, wide: Wide
) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Give the place of each column that the profile does not name, and what stands above it."""
    of_profile = {one.column for one in profile.columns}
    is_named = [bool(of_profile & set(own)) for own in stacked(header)]
    for at, (own, said) in enumerate(zip(stacked(header), stacked(_spread(header, is_named)), strict=True)):
        if any(own) and not is_named[at] and not {_heading(said), *said} & set(wide.without):
            yield at, said


def _heading(said: Sequence[str]) -> str:
    return " ".join(text for text in said if text)


def stacked(header: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
    """Give what stands above each column, top down; a line may end earlier than another."""
    return list(zip_longest(*header, fillvalue=""))


def _spread(header: Sequence[Sequence[str]], is_named: Sequence[bool]) -> list[list[str]]:
    """Let what stands above several columns, as in a merged cell, stand above each; in the last line each has its own.

    A text reaches to the next one of its line, or of a line above it. One above a column that the profile names, as the
    time, is of that column alone where its line has others.
    """
    *upper, last = header
    width = max(map(len, header))
    ends = [""] * width
    spread = []
    for line in upper:
        ends = [end or text for end, text in zip_longest(ends, line, fillvalue="")]
        texts: list[str] = []
        is_alone = sum(map(bool, line)) == 1
        for at, end in enumerate(ends):
            own = line[at] if at < len(line) else ""
            is_first = end or not texts or (is_named[at - 1] and not is_alone)
            texts.append(own if is_first else texts[-1])
        spread.append(texts)
    return [*spread, list(last)]


def _quantities(line: str, known: Collection[str]) -> dict[str, str]:
    """Give the form of quantities: those that the profile knows, and in a line of their own all, may hold anything."""
    if not known:
        return {}
    others = ".+" if line == in_braces("quantity") else "[^ ]+"
    return {"quantity": "|".join([*map(re.escape, sorted(known, key=len, reverse=True)), others])}


class Turned(NamedTuple):
    """Lines of one figure each, from the lines of a wide file.

    line: (n,) which of those each is from; cell: (n,) of which header's cell. texts: (n,) Arrow strings by column.
    """

    line: Int64
    cell: Int64
    texts: dict[str | int, pa.Array]


def turned(cells: Sequence[Cell], figures: Sequence[pa.Array]) -> Turned:
    """Turn columns to lines, line by line from left to right; what is empty says nothing, and is left out.

    figures: of each cell, (n,) Arrow strings without space around.
    """
    lines = len(figures[0])
    in_order = np.arange(lines * len(cells)).reshape(len(cells), lines).T.ravel()
    every = pa.concat_arrays(list(figures)).take(pa.array(in_order))
    is_given: Bool = pc.not_equal(every, "").to_numpy(zero_copy_only=False)
    line = np.repeat(np.arange(lines), len(cells))[is_given]
    cell = np.tile(np.arange(len(cells)), lines)[is_given]
    said: dict[str | int, pa.Array] = {
        in_braces(name): pa.array([one.says[name] for one in cells], every.type).take(pa.array(cell))
        for name in cells[0].says
    }
    return Turned(line, cell, {VALUE: every.filter(pa.array(is_given)), **said})
