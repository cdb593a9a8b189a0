"""What a bench found, and where it is kept."""

import csv
import os
import platform
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

RESULTS = Path(__file__).with_name("results.csv")
COLUMNS = (
    *("date", "commit", "machine", "bench", "figure", "value", "unit"),
    *("compared_with", "compared_value"),
)
GIB = 2**30


@dataclass(frozen=True)
class Figure:
    """One figure beside what it is held against: another way to do the same in the same run, or a limit."""

    figure: str
    value: float
    unit: str
    compared_with: str
    compared_value: float


def keep(bench: str, figures: Iterable[Figure], load_before: float) -> None:
    """Append figures to results.csv, with how busy the machine was before the bench began."""
    is_new = not RESULTS.exists()
    with RESULTS.open("a", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        if is_new:
            table.writerow(COLUMNS)
        machine = f"{_machine()}, load {load_before:.1f}"
        known = [datetime.now(UTC).strftime("%Y-%m-%dT%H:%MZ"), _commit(), machine, bench]
        for one in figures:
            table.writerow(
                [*known, one.figure, f"{one.value:.4g}", one.unit, one.compared_with, f"{one.compared_value:.4g}"]
            )


def _commit() -> str:
    """Give the commit that was measured; a + says that files had been changed since."""
    folder = Path(__file__).parent
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=folder, capture_output=True, text=True)
    changed = subprocess.run(["git", "diff", "--quiet", "HEAD", "--", ":!results.csv"], cwd=folder).returncode
    return commit.stdout.strip() + ("+" if changed else "")


def _machine() -> str:
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / GIB
    return f"{platform.machine()} {os.cpu_count()} cores {memory_gib:.0f} GiB"
