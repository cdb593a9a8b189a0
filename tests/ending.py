"""A run that is told to end clears away what it has started, whoever tells it."""

import signal
from types import FrameType
from typing import NoReturn

import psutil


def end_on_sigterm_as_on_ctrl_c(*, has_workers: bool) -> None:
    """Let fixtures end on SIGTERM, too. has_workers: this process has others run the tests, which are told as well."""

    def end(_number: int, _frame: FrameType | None) -> NoReturn:
        # Whoever ends a whole group of processes tells the workers himself: heard twice, it would break off the ending.
        signal.signal(signal.SIGTERM, lambda *_: None)
        if has_workers:
            for worker in psutil.Process().children():
                worker.terminate()
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, end)
