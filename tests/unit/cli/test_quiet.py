"""What a command prints is its answer, and no library's log."""

import subprocess
import sys


def test_no_library_logs_to_a_persons_terminal() -> None:
    asked = "import logging, services.cli.main; print(logging.getLogger().handlers, logging.getLogger().level)"
    told = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert told.stdout == "[] 30\n"
