"""A header that stands again below, as where one export was put behind another: whose columns may be others."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from services.heat.arrays import Bool, Int64
from services.ingest.sources.header import Layout
from services.ingest.sources.profile_parts import Place, name_of
from services.ingest.sources.refusals import UnreadableFileError


class RepeatedHeader:
    """Passes over the lines of a header that stand again letter for letter.

    lines: (m,) Arrow strings, the header's lines.
    """

    def __init__(self, lines: Any) -> None:
        self._lines = lines
        self._numbers: list[list[int]] = [[] for _ in range(len(lines))]

    def without(self, every: Any, number: Int64) -> tuple[Any, Int64]:
        """Give the other lines. every: (n,) Arrow strings, and their numbers."""
        is_other = np.ones(len(number), np.bool_)
        for line, numbers in zip(self._lines, self._numbers, strict=True):
            is_line = pc.equal(every, line).to_numpy(zero_copy_only=False)
            numbers += number[is_line].tolist()
            is_other &= ~is_line
        return (every, number) if is_other.all() else (every.filter(pa.array(is_other)), number[is_other])

    def check(self) -> None:
        """Refuse a file of which a part of a header stands again with another part, once all lines were looked at."""
        if len(set(map(len, self._numbers))) > 1:
            raise _other_columns(max(self._numbers, key=len)[0])


def is_header_again(texts: dict[Place, Any], number: Int64, where: Layout) -> Bool:
    """Tell the lines that are the header again but for its spaces and empty columns.

    texts: (n,) Arrow strings by column. Raises UnreadableFileError where a header has other columns, since what stands
    below it would be taken for what the first one names.
    """
    if not where.names:
        return np.zeros(len(number), np.bool_)
    key = texts[where.key]
    known = pa.array([place for place in where.names if isinstance(place, str)], key.type)
    is_again: Bool = pc.is_in(key, known).to_numpy(zero_copy_only=False)
    for at in np.flatnonzero(is_again).tolist():
        is_same = all(name_of(texts[place][at].as_py()) == name for place, name in where.names.items())
        if where.height > 1 or not is_same:
            raise _other_columns(int(number[at]))
    return is_again


def _other_columns(line: int) -> UnreadableFileError:
    return UnreadableFileError(
        f"line {line} is a header again, and its columns are not the first one's; divide the file there, each part with"
        " its header"
    )
