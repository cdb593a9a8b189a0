"""A demonstration whose stack another command has ended."""

import io
import sys
from pathlib import Path
from threading import Thread

from rich.console import Console

from deploy.local.processes import start
from deploy.local.stack import Stack
from deploy.local.supervisor import SUPERVISOR
from services.cli.demo import wait_for_end

WITHIN_S = 20


def test_a_demonstration_ends_with_its_stack(tmp_path: Path) -> None:
    stack = Stack(tmp_path)
    started = start([sys.executable, "-c", "import time; time.sleep(600)"], tmp_path / "log")
    stack.remember(SUPERVISOR, started)
    told = io.StringIO()
    waiting = Thread(target=wait_for_end, args=(Console(file=told), stack), daemon=True)
    waiting.start()
    waiting.join(0.5)
    assert waiting.is_alive()
    started.stop(WITHIN_S)
    waiting.join(WITHIN_S)
    assert "The stack was ended" in told.getvalue()
