"""What a command prints is its answer, and no library's log."""

import subprocess
import sys

ALL_LOADED = """
import logging
from services.cli.main import Commands, ALONE, GROUPS
print(len(dict(Commands(ALONE | GROUPS).items())) > 20, logging.getLogger().handlers, logging.getLogger().level)
"""


def test_no_library_logs_to_a_persons_terminal() -> None:
    told = subprocess.run([sys.executable, "-c", ALL_LOADED], capture_output=True, text=True, check=True)
    assert told.stdout == "True [] 30\n"
