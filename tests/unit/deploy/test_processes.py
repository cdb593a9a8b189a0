"""When a process counts as ended."""

import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from deploy.local.processes import start

WITHIN_S = 20
FIRST_THREAD_ENDS = """
import ctypes, threading, time
threading.Thread(target=time.sleep, args=(600,)).start()
ctypes.CDLL(None).pthread_exit(None)
"""


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
