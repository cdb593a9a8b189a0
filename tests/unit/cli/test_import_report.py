"""What a person is told of a file of which much is refused, and which files of a folder are looked at."""

import io
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
from rich.console import Console

from services.cli.import_report import tell
from services.cli.readings_import import files_in
from services.ingest.sending.deliveries import Delivered, Judged
from services.ingest.sending.report import ImportReport
from services.ingest.sources.refusals import BadLine
from tests.builders import MIDNIGHT_S, batch


def told(report: ImportReport) -> str:
    console = Console(file=io.StringIO(), width=200)
    tell(report, console, [])
    return console.file.getvalue()  # type: ignore[attr-defined]


def test_lines_that_are_refused_and_not_listed_are_counted(tmp_path: Path) -> None:
    listed = [BadLine(line, "", "register_went_backwards", "look") for line in range(2, 102)]
    report = ImportReport(tmp_path / "a.csv", 500, refused=listed)
    report.refused_counts = Counter({"register_went_backwards": 158})
    assert "lines 2 to 101: register_went_backwards: look\n  and 58 more that are refused" in told(report)
    report.refused_counts = Counter({"register_went_backwards": 100})
    assert "more that are refused" not in told(report)


def test_a_line_that_is_a_meter_s_stop_register_is_a_good_one(tmp_path: Path) -> None:
    rows = pa.Table.from_batches([batch([{"serial": "old", "read_at": MIDNIGHT_S, "energy_wh": 1}])])
    delivered = Delivered("one", np.array([0]), 1, 1, [])
    report = ImportReport(tmp_path / "a.csv", 1)
    judged = Judged(delivered, "2024-01-10T01:00:00Z", Counter({"stop_register": 1}), [])
    report.add(judged, rows, np.array([2]), datetime(2024, 1, 10, tzinfo=UTC))
    assert (report.verdicts, report.refused, report.refused_counts) == ({"stop_register": 1}, [], {})


def test_what_a_file_was_taken_as_is_told(tmp_path: Path) -> None:
    note = "times without an offset were taken as +02:00 (24), by zone = 'Europe/Stockholm' in the profile"
    assert note in told(ImportReport(tmp_path / "a.csv", 24, notes=[note]))


def test_of_a_folder_neither_reports_of_earlier_imports_nor_locks_are_taken_for_exports(tmp_path: Path) -> None:
    for name in ("b.csv", "a.xlsx", "b.csv.refused.csv", "~$a.xlsx", ".hidden.csv"):
        (tmp_path / name).touch()
    assert [file.name for file in files_in([tmp_path])] == ["a.xlsx", "b.csv"]
