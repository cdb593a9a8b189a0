"""Wide files, of which a line has a figure in each of many columns: their header's cells, and lines of one figure."""

import re
from collections.abc import Collection, Sequence
from itertools import zip_longest
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from services.heat.arrays import Bool, Int64
from services.ingest.sources.profile import Profile
from services.ingest.sources.profile_parts import VALUE, in_braces
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
    known = {text for value in profile.values for text in value.equals}
    patterns = [pattern_of(line, _FORMS | _quantities(line, known)) for line in profile.wide.header]
    of_profile = {one.column for one in profile.columns}
    cells = []
    for at, (own, said) in enumerate(zip(stacked(header), stacked(_spread(header)), strict=True)):
        heading = " ".join(text for text in said if text)
        if not any(own) or of_profile & set(own) or {heading, *said} & set(profile.wide.without):
            continue
        matches = [pattern.fullmatch(text) for pattern, text in zip(patterns, said, strict=True)]
        says = {name: text.strip() for match in matches if match for name, text in match.groupdict().items()}
        if all(matches) and all(says.values()):
            cells.append(Cell(at, heading, says))
    return cells


def stacked(header: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
    """Give what stands above each column, top down; a line may end earlier than another."""
    return list(zip_longest(*header, fillvalue=""))


def _spread(header: Sequence[Sequence[str]]) -> list[list[str]]:
    """Let what stands above several columns, as in a merged cell, stand above each; in the last line each has its own.

    A text reaches to the next one of its line, or of a line above it.
    """
    *upper, last = header
    width = max(map(len, header))
    ends = [""] * width
    spread = []
    for line in upper:
        ends = [end or text for end, text in zip_longest(ends, line, fillvalue="")]
        texts: list[str] = []
        for at, end in enumerate(ends):
            own = line[at] if at < len(line) else ""
            texts.append(own if end or not texts else texts[-1])
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
