"""What became of a file's lines: the good ones' verdicts, and which are refused."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from services.heat.arrays import Int64
from services.ingest.core.verdict import NOT_REFUSED, Verdict
from services.ingest.sending.deliveries import Judged
from services.ingest.sources.refusals import BadLine

UNKNOWN_LINE = 0

HINTS = {verdict.label: verdict.why for verdict in Verdict if verdict.why}


@dataclass
class ImportReport:
    """How many lines were good, what the good ones' verdicts are, and which lines are refused."""

    file: Path
    lines: int
    sent_before: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    refused_counts: Counter[str] = field(default_factory=Counter)
    refused: list[BadLine] = field(default_factory=list)
    emptied: dict[str, int] = field(default_factory=dict)
    notes: Sequence[str] = ()

    def refuse(self, lines: Iterable[BadLine], counts: dict[str, int]) -> None:
        """Add refused lines; counts may count more than are listed."""
        self.refused += lines
        self.refused_counts.update(counts)

    def add(self, one: Judged, readings: pa.Table, line: Int64, began_at: datetime) -> None:
        """Add a delivery's verdicts. readings, line: everything that was sent, and the line of each."""
        if datetime.fromisoformat(one.received_at) < began_at:
            self.sent_before += one.delivered.items
        self.verdicts.update({name: count for name, count in one.verdicts.items() if name in GOOD})
        bad = {name: count for name, count in one.verdicts.items() if name not in GOOD}
        self.refuse(_of_worker(one, readings, line), bad)
        codes = Counter(str(item["code"]) for item in one.delivered.refused)
        missing = one.delivered.items - one.delivered.taken - sum(codes.values())
        if missing > 0:
            codes["refused_at_the_door"] += missing
        at_door = (
            BadLine(int(line[one.delivered.rows[item["item"]]]), item["field"], item["code"], item["reason"])
            for item in one.delivered.refused
        )
        self.refuse(at_door, dict(codes))


GOOD = frozenset(verdict.label for verdict in NOT_REFUSED)
"""Verdicts that ask nothing of anybody."""


def _of_worker(one: Judged, readings: pa.Table, line: Int64) -> Iterator[BadLine]:
    """Find the lines that the worker refused: by their time and, where that is not enough, by their meter."""
    # What was refused at the door is known from its answer already, and there item by item.
    at_door = {item["code"] for item in one.delivered.refused}
    by_worker = [refused for refused in one.refused if refused["verdict"] not in at_door]
    if not by_worker:
        return
    part = readings.take(pa.array(one.delivered.rows))
    read_at = pc.cast(part.column("read_at"), pa.int64()).to_pylist()
    names = list(zip(part.column("serial").to_pylist(), part.column("metering_point").to_pylist(), strict=True))
    rows_at: dict[int, list[int]] = {}
    for row, at_us in enumerate(read_at):
        rows_at.setdefault(at_us, []).append(row)
    for refused in by_worker:
        rows = rows_at.get(_micros(refused["read_at"]), []) if refused["read_at"] else []
        of_meter = [row for row in rows if refused["meter"] in names[row]] or rows
        verdict = str(refused["verdict"])
        meant = _row_of(of_meter, part, verdict)
        number = UNKNOWN_LINE if meant is None else int(line[one.delivered.rows[meant]])
        yield BadLine(number, "", verdict, HINTS.get(verdict, "kept for an operator"))


def _row_of(rows: Sequence[int], part: pa.Table, verdict: str) -> int | None:
    """Say which of the rows of one instant is meant; None where that cannot be known.

    The first of equal ones; of two that conflict the later, since each says what is wrong with both.
    """
    if len(rows) == 1:
        return rows[0]
    if rows and verdict == Verdict.CONFLICTING_VALUES.label:
        return rows[-1]
    said = part.take(pa.array(rows, pa.int64())).to_pylist()
    return rows[0] if rows and all(one == said[0] for one in said) else None


def _micros(read_at: str) -> int:
    return round(datetime.fromisoformat(read_at).timestamp() * 1_000_000)


def runs_of(in_order: Sequence[BadLine]) -> list[tuple[BadLine, int]]:
    """Draw lines together that follow each other with the same fault: the first of each run, and its last line."""
    runs: list[tuple[BadLine, int]] = []
    for bad in in_order:
        before, last_line = runs[-1] if runs else (None, UNKNOWN_LINE)
        # A line of many readings may be refused for the same in each of them.
        follows = bad.line != UNKNOWN_LINE and bad.line in (last_line, last_line + 1)
        if before and follows and before[1:] == bad[1:]:
            runs[-1] = (before, bad.line)
        else:
            runs.append((bad, bad.line))
    return runs
