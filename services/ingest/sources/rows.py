"""The lines of a file on their way to columns: each step reads one column and drops the lines at fault."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from services.ingest.sources.lines import Lines
from services.ingest.sources.profile_parts import Place, TimeColumn
from services.ingest.sources.refusals import Fault, Refusals

Values = npt.NDArray[Any]


class Rows:
    """Lines that are good so far, and the columns read from them. A line is refused once, for its first fault."""

    def __init__(self, lines: Lines, refusals: Refusals) -> None:
        self.lines = lines
        self.refusals = refusals
        self.columns: dict[str, Values] = {}

    @staticmethod
    def joined(numbers: Sequence[Values], columns: Sequence[dict[str, Values]], refusals: Refusals) -> "Rows":
        """Give the rows of a file that was read in parts, each with the same columns; the texts are gone."""
        rows = Rows(Lines(np.concatenate(numbers), {}), refusals)
        rows.columns = {name: np.concatenate([part[name] for part in columns]) for name in columns[0]}
        return rows

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
        return pc.utf8_trim_whitespace(pc.binary_join_element_wise(text, self.text(column.clock_column), space))

    def put(self, name: str, values: Values, faults: Values, place: Place, meaning: Sequence[Fault]) -> None:
        """Add a column, and refuse the lines whose entry in `faults` is not 0, as meaning[entry - 1] says."""
        self.columns[name] = values
        self.refuse(faults, place, meaning)

    def refuse(self, faults: Values, place: Place, meaning: Sequence[Fault]) -> None:
        """Drop the lines at fault."""
        if not faults.any():
            return
        good = self.refusals.add_each(self.lines.number, faults, str(place), meaning)
        self.lines = self.lines.take(good)
        self.columns = {name: values[good] for name, values in self.columns.items()}
