"""Processes that outlive whoever started them: told apart from a later process with the same number."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from deploy.local.folder import Account

LOOK_AGAIN_S = 0.02


@dataclass(frozen=True)
class Started:
    """A process by its number and the time it began, since numbers are used again."""

    pid: int
    began_at: float

    def is_running(self) -> bool:
        """Tell whether this very process still runs; a child of ours does until nothing of it is left."""
        return self._process() is not None

    def ask(self, how: signal.Signals) -> None:
        """Send the process a signal, without waiting for what it does."""
        process = self._process()
        if process:
            process.send_signal(how)

    def stop(self, timeout_s: float, how: signal.Signals = signal.SIGTERM) -> None:
        """Ask the process to end and wait; one that will not is killed. Raises TimeoutError where that does nothing.

        One that has ended counts as such even where who started it, perhaps another command, has not reaped it.
        """
        for asked in (how, signal.SIGKILL):
            self.ask(asked)
            if self._ends_within(timeout_s):
                return
        raise TimeoutError(f"process {self.pid} does not end")

    def memory_bytes(self) -> int:
        """Give the memory that the process and its children keep in use, shared pages counted once each."""
        process = self._process()
        if process is None:
            return 0
        family = [process, *process.children(recursive=True)]
        return sum(_unshared_bytes(member) for member in family)

    def _ends_within(self, timeout_s: float) -> bool:
        deadline = time.monotonic() + timeout_s
        while self.is_running():
            if time.monotonic() > deadline:
                return False
            time.sleep(LOOK_AGAIN_S)
        return True

    def _process(self) -> psutil.Process | None:
        try:
            process = psutil.Process(self.pid)
            if abs(process.create_time() - self.began_at) > 1:
                return None
            if process.status() == psutil.STATUS_ZOMBIE and not _is_ending(process):
                return None
        except psutil.NoSuchProcess:
            return None
        return process


def _unshared_bytes(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except (psutil.NoSuchProcess, psutil.AccessDenied, AttributeError):
        return 0


def start(
    command: Sequence[str],
    log: Path,
    environment: Mapping[str, str] | None = None,
    account: Account | None = None,
    cwd: Path | None = None,
) -> Started:
    """Start a process in a session of its own, so that it does not end with ours; its output goes to `log`."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        child = subprocess.Popen(  # noqa: S603
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=None if environment is None else {**os.environ, **environment},
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
            start_new_session=True,
            cwd=cwd,
        )
    _children.append(child)
    return Started(child.pid, psutil.Process(child.pid).create_time())


_children: list[subprocess.Popen[bytes]] = []
"""Kept so that a child that ended is reaped and not warned about."""
_reaping = threading.Lock()
"""Threads ask for the same children."""


def reap() -> None:
    """Collect the children that have ended, so that none stays behind as a zombie."""
    with _reaping:
        for child in list(_children):
            if child.poll() is not None:
                _children.remove(child)


def _is_ending(zombie: psutil.Process) -> bool:
    """Tell whether something of a zombie still runs, or it is a child of ours that cannot be reaped yet.

    A killed process is a zombie once its first thread is gone; while others end, a hundred of Kafka's take a tenth of a
    second, it still has its ports and files.
    """
    reap()
    return any(child.pid == zombie.pid for child in list(_children)) or zombie.num_threads() > 1
