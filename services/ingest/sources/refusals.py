"""What of a file is refused: line by line, or the file as a whole."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from services.heat.arrays import Bool, Int64


class UnreadableFileError(Exception):
    """A file of which no line can be read; the text says what is wrong and what to do."""


class Fault(NamedTuple):
    """What can be wrong with a line: a name that is never changed, and what to do about it."""

    code: str
    reason: str


class BadLine(NamedTuple):
    """A line that is refused, with the column and the reason; never with the value."""

    line: int
    field: str
    code: str
    reason: str


@dataclass
class Refusals:
    """The refused lines of a file, kept as one group per column and fault, so that a million cost little."""

    _groups: list[tuple[Int64, str, Fault]] = field(default_factory=list)

    def add(self, lines: Int64, column: str, fault: Fault) -> None:
        """Refuse lines, numbered as an editor shows them."""
        if len(lines):
            self._groups.append((lines, column, fault))

    def add_each(self, lines: Int64, faults: Int64, column: str, meaning: Sequence[Fault]) -> Bool:
        """Refuse the lines whose entry in `faults` is not 0, as meaning[entry - 1] says; gives which are good."""
        for number, fault in enumerate(meaning, start=1):
            self.add(lines[faults == number], column, fault)
        return faults == 0

    @property
    def counts(self) -> dict[str, int]:
        """How many lines each fault refused."""
        counts: Counter[str] = Counter()
        for lines, _, fault in self._groups:
            counts[fault.code] += len(lines)
        return dict(counts)

    def __len__(self) -> int:
        return sum(len(lines) for lines, _, _ in self._groups)

    def __iter__(self) -> Iterator[BadLine]:
        """Give the refused lines in the order of the file."""
        if not self._groups:
            return
        lines = np.concatenate([group[0] for group in self._groups])
        group = np.repeat(np.arange(len(self._groups)), [len(group[0]) for group in self._groups])
        for at in np.argsort(lines, kind="stable").tolist():
            _, column, fault = self._groups[group[at]]
            yield BadLine(int(lines[at]), column, fault.code, fault.reason)
