"""What became of an imported file's lines, for a person to read."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from rich.console import Console

from services.ingest.sending.report import HINTS, UNKNOWN_LINE, ImportReport, runs_of
from services.ingest.sources.refusals import BadLine

SHOWN_LINES = 20
REFUSED_BESIDE = ".refused.csv"
"""What the name of a file of refused lines has behind that of its file."""


class Counted(NamedTuple):
    """A count and what is counted."""

    number: int
    words: str


def tell(report: ImportReport, console: Console, first: Sequence[Counted]) -> None:
    """Print the report: counts, then the first refused lines; where there are more, all go to a file beside."""
    for counted in first:
        console.print(f"{counted.number:>24,}  {counted.words}", highlight=False, markup=False, soft_wrap=True)
    if report.sent_before:
        console.print(f"{report.sent_before:>24,}  of them had been sent before, and count once", highlight=False)
    for name, count in report.verdicts.most_common():
        console.print(f"{count:>24,}  {name}", style="green", highlight=False, markup=False, soft_wrap=True)
    for name, count in report.emptied.items():
        console.print(
            f"{count:>24,}  {name}: the sign for 'no value', taken as not given", highlight=False, soft_wrap=True
        )
    for note in report.notes:
        console.print(f"  {note}", highlight=False, markup=False, soft_wrap=True)
    for name, count in report.refused_counts.most_common():
        hint = f" ({HINTS[name]})" if name in HINTS else ""
        console.print(
            f"{count:>24,}  refused, {name}{hint}", style="red", highlight=False, markup=False, soft_wrap=True
        )
    in_order = sorted(report.refused, key=lambda bad: (bad.line == UNKNOWN_LINE, bad.line))
    runs = runs_of(in_order)
    for first_bad, last_line in runs[:SHOWN_LINES]:
        words = f"{_where(first_bad, last_line)}: {first_bad.code}: {first_bad.reason}"
        console.print(f"  {words}", highlight=False, markup=False, soft_wrap=True)
    not_listed = report.refused_counts.total() - len(report.refused)
    if not_listed > 0:
        words = f"  and {not_listed:,} more that are refused; of a delivery the first are listed"
        console.print(words, highlight=False, markup=False, soft_wrap=True)
    if len(runs) > SHOWN_LINES:
        _write_beside(report.file, in_order, console)


def _where(bad: BadLine, last_line: int) -> str:
    if bad.line == UNKNOWN_LINE:
        return "a line"
    lines = f"line {bad.line}" if bad.line == last_line else f"lines {bad.line} to {last_line}"
    column = f"column {bad.field}" if bad.field.isdecimal() else bad.field
    return f"{lines}, {column}" if column else lines


def _write_beside(file: Path, refused: Sequence[BadLine], console: Console) -> None:
    beside = file.with_name(file.name + REFUSED_BESIDE)
    try:
        with beside.open("w", encoding="utf-8", newline="") as output:
            writer = csv.writer(output)
            writer.writerow(BadLine._fields)
            writer.writerows(refused)
    except OSError as error:
        console.print(f"  the other refused lines cannot be written to {beside}: {error.strerror}", style="red")
        return
    console.print(f"  {len(refused):,} refused lines: {beside}", highlight=False, markup=False, soft_wrap=True)
