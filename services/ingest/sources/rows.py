"""The lines of a file on their way to columns: each step reads one column and drops the lines at fault."""

from collections.abc import Sequence
from typing import Any

import numpy.typing as npt

from services.heat.arrays import Int64
from services.ingest.sources.lines import Lines
from services.ingest.sources.profile import Place
from services.ingest.sources.refusals import Fault, Refusals


class Rows:
    """Lines that are good so far, and the columns read from them. A line is refused once, for its first fault."""

    def __init__(self, lines: Lines, refusals: Refusals) -> None:
        self.lines = lines
        self.refusals = refusals
        self.columns: dict[str, npt.NDArray[Any]] = {}

    def __len__(self) -> int:
        return len(self.lines.number)

    def has(self, place: Place) -> bool:
        """Tell whether the file has a column."""
        return place in self.lines.texts

    def text(self, place: Place) -> Any:
        """Give a column as it is written: (n,) Arrow strings."""
        return self.lines.texts[place]

    def put(self, name: str, values: npt.NDArray[Any], faults: Int64, place: Place, meaning: Sequence[Fault]) -> None:
        """Add a column, and refuse the lines whose entry in `faults` is not 0, as meaning[entry - 1] says."""
        self.columns[name] = values
        self.refuse(faults, place, meaning)

    def refuse(self, faults: Int64, place: Place, meaning: Sequence[Fault]) -> None:
        """Drop the lines at fault."""
        if not faults.any():
            return
        good = self.refusals.add_each(self.lines.number, faults, str(place), meaning)
        self.lines = self.lines.take(good)
        self.columns = {name: values[good] for name, values in self.columns.items()}
