"""The lines of a file on their way to columns: each step reads one column and drops the lines at fault."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from services.heat.arrays import Bool, run_starts
from services.ingest.sources.lines import Lines
from services.ingest.sources.profile_parts import Place, TimeColumn, is_from_header
from services.ingest.sources.refusals import Fault, Refusals

Values = npt.NDArray[Any]


class Growing:
    """Columns that come in parts. Each part is copied behind the others at once, so that none is in memory twice."""

    def __init__(self) -> None:
        self._written: dict[str, tuple[np.dtype[Any], bytearray]] = {}

    def add(self, part: Mapping[str, Values]) -> None:
        """Put a part behind the others; each has the same columns."""
        for name, values in part.items():
            _, written = self._written.setdefault(name, (values.dtype, bytearray()))
            written += np.ascontiguousarray(values).view(np.uint8).data

    @property
    def columns(self) -> dict[str, Values]:
        """Every column whole; nothing can be added any more."""
        return {name: np.frombuffer(written, of_type) for name, (of_type, written) in self._written.items()}


class Rows:
    """Lines that are good so far, and the columns read from them. A line is refused once, for its first fault."""

    def __init__(self, lines: Lines, refusals: Refusals) -> None:
        self.lines = lines
        self.refusals = refusals
        self.columns: dict[str, Values] = {}

    def __len__(self) -> int:
        return len(self.lines.number)

    def has(self, place: Place) -> bool:
        """Tell whether the file has a column."""
        return place in self.lines.texts

    def text(self, place: Place) -> Any:
        """Give a column as it is written: (n,) Arrow strings."""
        return self.lines.texts[place]

    def time_text(self, column: TimeColumn) -> Any:
        """Give a time as it is written, the day and the time of day joined where they stand in two columns."""
        text = self.text(column.column)
        if column.clock_column is None:
            return text
        space = pa.scalar(" ", text.type)
        joined = pc.utf8_trim_whitespace(pc.binary_join_element_wise(text, self.text(column.clock_column), space))
        # A header says its part of every line, of one without a day, too.
        return pc.if_else(pc.equal(text, ""), text, joined) if is_from_header(column.clock_column) else joined

    def put(self, name: str, values: Values, faults: Values, place: Place, meaning: Sequence[Fault]) -> None:
        """Add a column, and refuse the lines whose entry in `faults` is not 0, as meaning[entry - 1] says."""
        self.columns[name] = values
        self.refuse(faults, place, meaning)

    def refuse(self, faults: Values, place: Place, meaning: Sequence[Fault]) -> None:
        """Drop the lines at fault. A fault of a wide file's figure names the column by its header."""
        if not faults.any():
            return
        bad = np.flatnonzero(faults)
        number, fault = self.lines.number[bad], faults[bad]
        if self.lines.cell is None:
            self.refusals.add_each(number, fault, str(place), meaning)
        elif is_from_header(place):
            cell = self.lines.cell[bad]
            order = np.argsort(cell, kind="stable")
            for of_one in np.split(order, run_starts(cell[order])[1:]):
                heading = self.lines.headings[cell[of_one[0]]]
                self.refusals.add_each(number[of_one], fault[of_one], heading, meaning)
        else:
            # What is wrong with a line is so with each of its figures, and told once.
            number, fault = np.unique(np.stack([number, fault]), axis=1)
            self.refusals.add_each(number, fault, str(place), meaning)
        self.keep(faults == 0)

    def keep(self, good: Bool) -> None:
        """Drop the other lines."""
        if good.all():
            return
        self.lines = self.lines.take(good)
        for name in self.columns:
            self.columns[name] = self.columns[name][good]
