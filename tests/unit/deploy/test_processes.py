"""When a process counts as ended."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from deploy.local.processes import Started, start

WITHIN_S = 20
FIRST_THREAD_ENDS = """
import ctypes, threading, time
threading.Thread(target=time.sleep, args=(600,)).start()
ctypes.CDLL(None).pthread_exit(None)
"""

LEAVES_ITS_CHILD = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", sys.argv[1]], start_new_session=True, stdout=subprocess.PIPE)
child.stdout.readline()
print(child.pid, flush=True)
time.sleep(600)
"""
ENDS_WHEN_ASKED = "import time; print(flush=True); time.sleep(600)"
WILL_NOT_END = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {ENDS_WHEN_ASKED}"


def until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WITHIN_S
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_child_of_which_only_the_first_thread_has_ended_runs_until_nothing_of_it_is_left(tmp_path: Path) -> None:
    started = start([sys.executable, "-c", FIRST_THREAD_ENDS], tmp_path / "log")
    # As a killed process of many threads is for a moment.
    until(lambda: psutil.Process(started.pid).status() == psutil.STATUS_ZOMBIE)
    assert started.is_running()
    started.ask(signal.SIGKILL)
    until(lambda: not started.is_running())
    assert not psutil.pid_exists(started.pid), "a zombie was left behind"


@pytest.mark.parametrize("child", [ENDS_WHEN_ASKED, WILL_NOT_END])
def test_a_process_that_its_parent_does_not_reap_counts_as_ended(child: str) -> None:
    with subprocess.Popen([sys.executable, "-c", LEAVES_ITS_CHILD, child], stdout=subprocess.PIPE) as parent:
        assert parent.stdout
        process = psutil.Process(int(parent.stdout.readline()))
        started = Started(process.pid, process.create_time())
        assert started.is_running()
        started.stop(3)
        assert process.status() == psutil.STATUS_ZOMBIE
        assert not started.is_running()
        parent.kill()
