"""A warm start of the whole system with `kulvert up --detach`, and the memory that all of it takes."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from deploy.local import folder
from deploy.local.folder import ROOT
from deploy.local.stack import Stack
from tests.bench.figures import Figure

MOST_SECONDS = 15
MOST_MEMORY_MB = 1_500


def stack_start() -> Iterator[Figure]:
    """Start the system once to set it up, then again; its memory is taken when all have been ready for a moment."""
    with tempfile.TemporaryDirectory() as home:
        environment = os.environ | {"KULVERT_HOME": home, "KULVERT_CACHE": str(folder.cache())}
        try:
            _kulvert(environment, "up", "--detach")
            _kulvert(environment, "down")
            began = time.monotonic()
            _kulvert(environment, "up", "--detach")
            seconds = time.monotonic() - began
            time.sleep(5)
            processes = _processes(Stack(Path(home)))
            shared_mb = sum(process.memory_full_info().pss for process in processes) / 1e6
            resident_mb = sum(process.memory_info().rss for process in processes) / 1e6
        finally:
            _kulvert(environment, "down", "--remove")
    yield Figure("warm_start", seconds, "s", "most", MOST_SECONDS)
    yield Figure("memory_pss", shared_mb, "MB", "most", MOST_MEMORY_MB)
    yield Figure("memory_rss", resident_mb, "MB", "shared pages counted once", shared_mb)


def _kulvert(environment: dict[str, str], *arguments: str) -> None:
    command = [sys.executable, "-m", "services.cli", *arguments]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)


def _processes(stack: Stack) -> list[psutil.Process]:
    """Give every process of a running stack, the supervisor and PostgreSQL's own children among them."""
    started = [process for name in stack.processes if (process := stack.process(name)) and process.is_running()]
    found = {process.pid: process for one in started for process in _family(one.pid)}
    return list(found.values())


def _family(pid: int) -> list[psutil.Process]:
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]
