"""The whole system under its supervisor, as a person starts it, to be harmed from outside."""

import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import psutil
import psycopg

from deploy.local import supervisor
from deploy.local.processes import Started, reap, start
from deploy.local.services import EVERY_SERVICE, Service, ingest_worker
from deploy.local.stack import INFRASTRUCTURE, Stack
from services.cli import stack as commands

RESTART_TIMEOUT_S = 90.0
SHOWN_CHARACTERS = 3_000


class System:
    """Kafka, PostgreSQL and every service as processes of their own."""

    def __init__(self, home: Path, workers: int) -> None:
        self.home = home
        self.services = [*EVERY_SERVICE, *(ingest_worker(number) for number in range(2, workers + 1))]
        self._workers = workers
        self._guests: dict[str, Started] = {}

    def start(self) -> None:
        """Start everything, and wait until all is ready."""
        commands.start_detached(Stack(self.home), self._workers)

    def end(self) -> None:
        """End everything; what was stored stays."""
        for name in list(self._guests):
            self.dismiss(name, signal.SIGKILL)
        commands.stop(Stack(self.home))

    def remove(self) -> None:
        """End everything and delete what was stored."""
        self.end()
        Stack(self.home).remove()

    @property
    def stack(self) -> Stack:
        """The stack as it was last written down: every start of a process changes it."""
        return Stack(self.home)

    @property
    def names(self) -> list[str]:
        """Every process that can be killed."""
        return [*(service.name for service in self.services), *INFRASTRUCTURE]

    def log(self, name: str) -> str:
        """Give what a process has said so far."""
        return self.stack.log(name).read_text(errors="replace")

    def last_words(self) -> str:
        """Give the ends of the logs of all services, and of who starts them."""
        names = [supervisor.SUPERVISOR, *(service.name for service in self.services)]
        return "\n".join(f"--- {name}\n{self.log(name)[-SHOWN_CHARACTERS:]}" for name in names)

    def rows(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Look at the tables as an administrator; waits where PostgreSQL is away."""
        deadline = time.monotonic() + RESTART_TIMEOUT_S
        while True:
            try:
                with psycopg.connect(self.stack.admin_dsn, connect_timeout=5) as connection:
                    return connection.execute(query.encode(), parameters).fetchall()
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)

    def process(self, name: str) -> Started:
        """Give a running process; one that is just being started again is waited for."""
        found: list[Started] = []

        def is_running() -> bool:
            process = self._guests.get(name) or self.stack.process(name)
            if process and process.is_running():
                found.append(process)
            return bool(found)

        self.wait_for(is_running, f"{name} runs")
        return found[0]

    def ask(self, name: str, how: signal.Signals) -> None:
        """Send one process a signal."""
        self.process(name).ask(how)

    def kill(self, name: str, chance: Random) -> str:
        """Kill a process without a word; of PostgreSQL the first, all, or one that serves a client. Tells which."""
        process = self.process(name)
        if name != "postgres":
            process.ask(signal.SIGKILL)
            return name
        children = psutil.Process(process.pid).children()
        how = chance.choice(["postmaster", "all", "backend"])
        if how == "backend":
            children = [child for child in children if "127.0.0.1" in " ".join(_command(child))]
            _kill([chance.choice(children)] if children else [])
            return "postgres (one backend)"
        process.ask(signal.SIGKILL)
        _kill(children if how == "all" else [])
        return f"postgres ({how})"

    def freeze(self, name: str, seconds: float) -> None:
        """Stop a process and all its children for a while, and let it go on."""
        with self.frozen(name):
            time.sleep(seconds)

    @contextmanager
    def frozen(self, name: str) -> Iterator[None]:
        """Stop a process and all its children, and let them go on at the end."""
        process = psutil.Process(self.process(name).pid)
        family = [process, *process.children(recursive=True)]
        for member in family:
            _send(member, signal.SIGSTOP)
        try:
            yield
        finally:
            for member in family:
                _send(member, signal.SIGCONT)

    def invite(self, number: int) -> str:
        """Start an ingest worker beside the supervised ones, which nobody starts again."""
        service = ingest_worker(number)
        stack = self.stack
        environment = supervisor.settings_for(stack, service)
        command = [sys.executable, "-m", service.module, *service.arguments]
        self._guests[service.name] = start(command, stack.log(service.name), environment, cwd=self.home)
        return service.name

    def dismiss(self, name: str, how: signal.Signals = signal.SIGTERM) -> None:
        """End an invited worker."""
        self._guests.pop(name).stop(supervisor.STOP_TIMEOUT_S, how)
        reap()

    def is_ready(self, service: Service) -> bool:
        """Tell whether a service can serve."""
        return supervisor.is_ready(self.stack, service)

    def wait_until_ready(self) -> float:
        """Wait until every service can serve; gives the seconds that took."""
        began = time.monotonic()
        self.wait_for(lambda: all(self.is_ready(service) for service in self.services), "every service is ready")
        return time.monotonic() - began

    def wait_for(self, is_true: Callable[[], bool], what: str, timeout_s: float = RESTART_TIMEOUT_S) -> None:
        """Wait until something is so; fails with the services' last words where it does not become so."""
        deadline = time.monotonic() + timeout_s
        while not is_true():
            if time.monotonic() > deadline:
                raise AssertionError(f"not within {timeout_s:g} s: {what}\n{self.last_words()}")
            time.sleep(0.2)


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:
        return []


def _kill(processes: list[psutil.Process]) -> None:
    for process in processes:
        _send(process, signal.SIGKILL)


def _send(process: psutil.Process, how: signal.Signals) -> None:
    try:
        process.send_signal(how)
    except psutil.NoSuchProcess:
        return
