"""A test run that is told to end leaves nothing behind of what its fixtures have started."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from deploy.local.folder import ROOT

ENDING_TIMEOUT_S = 30
CONFTEST = """
import pytest
from tests.ending import end_on_sigterm_as_on_ctrl_c

def pytest_configure(config):
    is_worker = hasattr(config, "workerinput")
    end_on_sigterm_as_on_ctrl_c(has_workers=not is_worker and bool(config.getoption("tx")))

@pytest.fixture(scope="session")
def started(tmp_path_factory):
    place = tmp_path_factory.mktemp("started") / "runs"
    place.touch()
    yield
    place.unlink()
"""
LONG = """
import time
import pytest

@pytest.mark.parametrize("number", [1, 2])
def test_long(started, number):
    time.sleep(600)
"""


@pytest.mark.parametrize(
    ("processes", "to_whom"), [(0, "the run"), (2, "the run"), (2, "its whole group")], ids=["one", "two", "group"]
)
def test_a_run_that_is_told_to_end_ends_what_it_has_started(tmp_path: Path, processes: int, to_whom: str) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_long.py").write_text(LONG)
    command = [sys.executable, "-m", "pytest", "-p", "xdist.plugin", "-n", str(processes), "--basetemp=made"]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    run = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, start_new_session=True)
    try:
        deadline = time.monotonic() + ENDING_TIMEOUT_S
        while len(list(tmp_path.rglob("runs"))) < max(processes, 1):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        (os.killpg if to_whom == "its whole group" else os.kill)(run.pid, signal.SIGTERM)
        assert run.wait(ENDING_TIMEOUT_S) == pytest.ExitCode.INTERRUPTED
        assert list(tmp_path.rglob("runs")) == []
    finally:
        with suppress(ProcessLookupError):
            os.killpg(run.pid, signal.SIGKILL)
        run.communicate()
