"""A watched folder on a real stack: each file to its end, whatever lies beside it, and whoever is killed."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from deploy.local.folder import ROOT
from deploy.local.services import INGEST_API
from deploy.local.stack import Stack
from tests.integration.files.conftest import WORKER
from tests.integration.kulvert_command import Kulvert
from tests.integration.looking import rows, wait_for
from tests.running import running

HEADER = "metering_point,read_at,energy_wh"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    return folder


def put(folder: Path, name: str, *lines: str) -> None:
    """Put a file as a careful sender does: under another name first."""
    unfinished = folder / f"{name}.part"
    unfinished.write_text("\n".join([HEADER, *lines]))
    unfinished.rename(folder / name)


def report(folder: Path, place: str, name: str) -> dict[str, Any]:
    assert (folder / place / name).is_file()
    found: dict[str, Any] = json.loads((folder / place / f"{name}.report.json").read_text())
    return found


def left(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_each_file_goes_to_its_place_with_a_report_whatever_lies_beside_it(
    kulvert: Kulvert, worker: None, point: str, folder: Path
) -> None:
    good = [f"{point},2024-01-01T0{hour}:00Z,{hour}" for hour in range(3)]
    put(folder, "good.csv", *good, f"{point},never,1")
    put(folder, "again.csv", *good, f"{point},never,1")
    put(folder, "useless.csv", f"{point},never,1")
    (folder / "nonsense.xlsx").write_bytes(b"PK\x03\x04")
    (folder / "half.csv.part").write_text(HEADER)
    done = kulvert.run("watch", folder, "--profile", "kulvert", "--settle", "0.2", "--once")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "good.csv: done: 4 lines: 3 accepted, 1 refused, not_a_time" in done.stdout

    of_good = report(folder, "done", "good.csv")
    assert (of_good["lines"], of_good["sent"], of_good["verdicts"]) == (4, 3, {"accepted": 3})
    assert of_good["refused"] == {"not_a_time": 1}
    assert [(bad["line"], bad["field"], bad["code"]) for bad in of_good["refused_lines"]] == [
        (5, "read_at", "not_a_time")
    ]
    assert (of_good["readings"]["meters"], of_good["readings"]["last"]) == (1, "2024-01-01T02:00:00+00:00")
    assert report(folder, "done", "again.csv")["sent_before"] == 3
    assert report(folder, "refused", "useless.csv")["refused"] == {"not_a_time": 1}
    assert "damaged zip file" in report(folder, "refused", "nonsense.xlsx")["reason"]
    assert (folder / "half.csv.part").exists()
    assert [row["energy_wh"] for row in kulvert.rows("readings", point)] == ["0", "1", "2"]


def test_a_profile_that_is_wrong_takes_nothing(kulvert: Kulvert, folder: Path) -> None:
    put(folder, "good.csv", "P1,2024-01-01T00:00Z,1")
    done = kulvert.run("watch", folder, "--profile", "nobodys", "--once")
    assert (done.returncode, "there is no profile 'nobodys'" in done.stderr) == (1, True)
    assert left(folder) == ["good.csv"]


def test_a_profile_for_weather_leaves_a_folders_files_where_they_are(kulvert: Kulvert, folder: Path) -> None:
    put(folder, "good.csv", "P1,2024-01-01T00:00Z,1")
    done = kulvert.run("watch", folder, "--profile", "dmi-hourly", "--once", "--settle", "0.2")
    assert (done.returncode, "is for weather, and a folder takes readings" in done.stdout) == (1, True)
    assert left(folder) == ["good.csv"]


@contextmanager
def watching(stack: Stack, folder: Path, key: str, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run the process as it runs in production: by its settings alone."""
    settings = {
        "KULVERT_INGEST_URL": f"http://127.0.0.1:{stack.port(INGEST_API.http)}",
        "KULVERT_SOURCE_KEY": key,
        "KULVERT_FOLDERS": json.dumps({str(folder): "kulvert", str(folder / "nowhere"): "kulvert"}),
        "KULVERT_FOLDER_SETTLE_SECONDS": "0.2",
    }
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "services.ingest.folder"],
            cwd=ROOT,
            env=os.environ | settings,
            stdout=output,
            stderr=output,
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def source(ingest_api: httpx.Client) -> tuple[str, str]:
    """A bulk source: its name and its key."""
    name = f"folder-{uuid4().hex[:8]}"
    answer = ingest_api.put(f"/v1/sources/{name}", json={"kind": "bulk", "rank": 5}).raise_for_status()
    return name, answer.json()["key"]


def test_a_process_that_is_killed_in_the_middle_is_taken_over_and_nothing_comes_twice(
    kulvert: Kulvert, stack: Stack, source: tuple[str, str], point: str, folder: Path, tmp_path: Path
) -> None:
    log = tmp_path / "folder.log"
    name, key = source
    put(folder, "good.csv", *(f"{point},2024-01-01T{hour:02}:00Z,{hour}" for hour in range(24)))
    deliveries = """SELECT count(*), sum(taken) FROM ingest.delivery JOIN ingest.source USING (source_id)
                     WHERE source.name = %s"""
    with watching(stack, folder, key, log) as process:
        wait_for(lambda: rows(stack, deliveries, name)[0][0] == 1, log)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert left(folder) == ["working/good.csv"]
    with running(stack, WORKER, tmp_path / "worker.log"), watching(stack, folder, key, log) as process:
        wait_for(lambda: (folder / "done/good.csv").exists(), log)
        process.terminate()
        assert process.wait(20) == 0, log.read_text()
    found = report(folder, "done", "good.csv")
    assert (found["verdicts"], found["sent_before"], found["not_judged_yet"]) == ({"accepted": 24}, 24, 0)
    assert rows(stack, deliveries, name) == [(1, 24)]


def test_a_key_that_is_not_known_keeps_the_file_for_later(
    kulvert: Kulvert, stack: Stack, folder: Path, tmp_path: Path
) -> None:
    log = tmp_path / "folder.log"
    put(folder, "good.csv", "P1,2024-01-01T00:00Z,1")
    with watching(stack, folder, "nobodys", log) as process:
        wait_for(lambda: "file_waits" in log.read_text(), log)
        process.terminate()
        assert process.wait(20) == 0, log.read_text()
    assert left(folder) == ["working/good.csv"]
