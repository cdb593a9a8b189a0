"""Wide files, of which a line has a figure in each of many columns: their header's cells, and lines of one figure."""

import re
from collections.abc import Sequence
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


def cells_of(fields: Sequence[str], profile: Profile) -> list[Cell]:
    """Find the columns of a wide file that hold figures; none in any other file."""
    if profile.wide is None:
        return []
    others = {"", *profile.wide.without, *(one.column for one in profile.columns)}
    pattern = pattern_of(profile.wide.header, _FORMS | _quantities(profile))
    found = [(at, field, pattern.fullmatch(field)) for at, field in enumerate(fields) if field not in others]
    cells = [
        Cell(at, field, {name: match[name].strip() for name in profile.wide.names})
        for at, field, match in found
        if match
    ]
    return [cell for cell in cells if all(cell.says.values())]


def _quantities(profile: Profile) -> dict[str, str]:
    """Give the form of quantities: those that the profile knows may hold any character."""
    known = sorted((text for value in profile.values for text in value.equals), key=len, reverse=True)
    return {"quantity": "|".join([*map(re.escape, known), "[^ ]+"])} if known else {}


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
