"""What the benches print is figures, and whatever they started ends with them."""

import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

LOADED = "import logging, tests.bench.__main__; print(logging.root.level, logging.root.handlers)"


def test_no_library_writes_lines_between_the_figures() -> None:
    done = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True)
    assert done.stdout == "30 []\n"


STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.signal(signal.SIGINT, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, flush=True)
time.sleep(600)
"""
BENCH = """
import sys, time
from pathlib import Path
from tests.bench import __main__ as benches, programs

def measured():
    programs.STOP_TIMEOUT_S = 0.2
    log = Path(sys.argv[1])
    with programs.program([sys.executable, "-c", sys.argv[2]], {}, log) as pid:
        programs.wait_until(log.read_text, "it says nothing")
        print(pid, log.read_text().strip(), flush=True)
        if sys.argv[3] == "error":
            raise ValueError
        time.sleep(600)
    yield

benches.BENCHES = {"measured": measured}
sys.exit(benches.main(["measured"]))
"""


@pytest.mark.parametrize(
    "how", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, None], ids=["term", "int", "hup", "error"]
)
def test_a_bench_that_is_ended_leaves_no_process_even_one_that_will_not_end(
    how: signal.Signals | None, tmp_path: Path
) -> None:
    arguments = [str(tmp_path / "log"), STUBBORN, "wait" if how else "error"]
    bench = subprocess.Popen(
        [sys.executable, "-c", BENCH, *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    try:
        assert bench.stdout is not None
        started = [int(pid) for pid in bench.stdout.readline().split()]
        assert len(started) == 2
        if how:
            bench.send_signal(how)
        assert bench.wait(30) == (128 + how if how else 1)
    finally:
        bench.kill()
        bench.communicate()
    running = [
        pid for pid in started if psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    ]
    assert running == []
