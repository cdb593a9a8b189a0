"""Records of which a quoted field holds line breaks, as an address or a column's name does."""

import csv
import io
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from services.heat.arrays import Int64
from services.ingest.sources.header import Layout
from services.ingest.sources.profile import Profile
from services.ingest.sources.profile_parts import name_of

MOST_LINES = 10
"""Of one record: a quote that is left open must not reach for another one far below."""

IsRecord = Callable[[list[str]], bool]


def joined(every: Any, number: Int64, delimiter: str, is_record: IsRecord) -> tuple[Any, Int64]:
    """Put the lines of each such record together, under the first one's number.

    every: (n,) Arrow strings, one a line. is_record: whether fields are those of a record; where they are not, its
    lines stay apart, and the one whose quote is open is refused alone.
    """
    is_odd = np.mod(pc.count_substring(every, '"').to_numpy(zero_copy_only=False), 2) == 1
    odd = np.flatnonzero(is_odd).tolist()
    if not odd:
        return every, number
    lines = every.to_pylist()
    is_kept = np.ones(len(lines), np.bool_)
    last = -1
    for start, end in pairwise(odd):
        if start <= last or end - start >= MOST_LINES:
            continue
        text = "\n".join(lines[start : end + 1])
        if is_record(_fields(text, delimiter)):
            lines[start], last = text, end
            is_kept[start + 1 : end + 1] = False
    if is_kept.all():
        return every, number
    return pa.array(lines, every.type).filter(pa.array(is_kept)), number[is_kept]


def _fields(text: str, delimiter: str) -> list[str]:
    """Give one record's fields; none where the lines are no record, or more than one."""
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error:
        return []
    return rows[0] if len(rows) == 1 else []


def of_header(profile: Profile) -> IsRecord:
    """Tell the header: it names every column that the file must have."""
    needed = {one.column for one in profile.columns if not one.optional}
    return lambda fields: profile.header and needed <= set(map(name_of, fields))


def of_data(where: Layout, delimiter: str) -> IsRecord:
    """Tell a record of data: breaks are in columns that nobody asks for, and no line of it is one by itself."""

    def is_record(fields: list[str]) -> bool:
        if len(fields) < where.least or "".join(fields[where.width :]).strip():
            return False
        asked = set(where.by_column.values())
        if any("\n" in field for place, field in enumerate(fields) if place in asked):
            return False
        broken = (line for field in fields for line in field.split("\n")[1:])
        return all(line.count(delimiter) + 1 < where.least for line in broken)

    return is_record
