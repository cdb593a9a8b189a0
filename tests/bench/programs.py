"""Programs under measurement, each a process of its own: started, watched and ended."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import IO

from deploy.local import supervisor
from deploy.local.folder import ROOT
from deploy.local.processes import reap
from deploy.local.services import Service
from deploy.local.stack import Stack

START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 30


def end_cleanly_when_told() -> None:
    """Let Ctrl-C, SIGTERM and a closed terminal end the bench as an error does, so that its programs end with it.

    By itself SIGTERM would leave them all running. Whoever is impatient waits: what has been told once is being done.
    """
    wanted = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def end(number: int, _: FrameType | None) -> None:
        for each in wanted:
            signal.signal(each, signal.SIG_IGN)
        sys.exit(128 + number)

    for each in wanted:
        signal.signal(each, end)


@contextmanager
def own_stack() -> Iterator[Stack]:
    """Run a Kafka and a PostgreSQL for one measurement alone, and remove them afterwards."""
    with tempfile.TemporaryDirectory() as home:
        stack = Stack(Path(home))
        try:
            stack.start()
            yield stack
        finally:
            stack.remove()
            reap()


@contextmanager
def running(
    command: Sequence[str], environment: Mapping[str, str], output: IO[bytes] | int
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program in the project's folder, in a session of its own; it ends with the block, however that ends."""
    process = subprocess.Popen(
        command, cwd=ROOT, env=os.environ | environment, stdout=output, stderr=output, start_new_session=True
    )
    try:
        yield process
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask a program to end; what of it or of its own children is left then is killed."""
    try:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_TIMEOUT_S)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextmanager
def program(command: Sequence[str], environment: Mapping[str, str], log: Path) -> Iterator[int]:
    """Run a program that is still there when it has been measured; gives its process id."""
    with log.open("wb") as output, running(command, environment, output) as process:
        yield process.pid
        assert process.poll() is None, log.read_text()


@contextmanager
def service(stack: Stack, wanted: Service, **settings: str) -> Iterator[int]:
    """Run a service on a stack, ready to serve; gives its process id."""
    command = [sys.executable, "-m", wanted.module, *wanted.arguments]
    environment = supervisor.settings_for(stack, wanted) | settings
    log = stack.log(wanted.name)
    with program(command, environment, log) as pid:
        wait_until(lambda: supervisor.is_ready(stack, wanted), f"{wanted.name} is not ready; see {log}")
        yield pid


def wait_until(is_so: Callable[[], bool], otherwise: str, timeout_s: float = START_TIMEOUT_S) -> None:
    """Wait until something is so. Raises TimeoutError with the text given."""
    deadline = time.monotonic() + timeout_s
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError(otherwise)
        time.sleep(0.05)


def peak_memory_mb(pid: int) -> float:
    """Give the most memory that a process ever had resident, in MB."""
    return _status_mb(pid, "VmHWM")


def memory_mb(pid: int) -> float:
    """Give the memory that a process has resident now, in MB."""
    return _status_mb(pid, "VmRSS")


def _status_mb(pid: int, name: str) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    kilobytes = next(line.split()[1] for line in lines if line.startswith(f"{name}:"))
    return int(kilobytes) * 1024 / 1e6
