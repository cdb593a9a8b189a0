"""What the benches print is figures."""

import subprocess
import sys

LOADED = "import logging, tests.bench.__main__; print(logging.root.level, logging.root.handlers)"


def test_no_library_writes_lines_between_the_figures() -> None:
    done = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True)
    assert done.stdout == "30 []\n"
