"""`kulvert up`, `down` and `status`: the whole system on this machine."""

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from deploy.local import supervisor
from deploy.local.folder import ROOT, StackError
from deploy.local.processes import Started, start
from deploy.local.services import ingest_worker, services
from deploy.local.stack import INFRASTRUCTURE, Stack
from services.cli.arguments import whole

UP_TIMEOUT_S = 180.0
"""The first start downloads Kafka, which takes most of it."""
DOWN_TIMEOUT_S = 60.0
MAXIMUM_WORKERS = 12
"""The readings' topic has 12 partitions; a worker more would get none."""

console = Console()


@contextmanager
def told_in_words() -> Iterator[None]:
    """Say what keeps the stack from running in a sentence, and end with 1."""
    try:
        yield
    except StackError as error:
        console.print(str(error), style="red", highlight=False, markup=False, soft_wrap=True)
        raise typer.Exit(1) from error


def up(
    *,
    detach: Annotated[bool, typer.Option("--detach", help="give the terminal back once all are ready")] = False,
    workers: Annotated[
        int,
        typer.Option(metavar="NUMBER", parser=whole(1, MAXIMUM_WORKERS), help="ingest workers that share the readings"),
    ] = 1,
) -> None:
    """Start Kafka, PostgreSQL and all services; what dies starts again. Ctrl-C ends everything."""
    with told_in_words():
        if detach:
            stack = start_detached(Stack(), workers)
            console.print(_table(stack, look(stack)))
            console.print(f"The portal: {portal_address(stack)}   `kulvert down` ends everything.")
        else:
            asyncio.run(_in_the_foreground(Stack(), workers))


def down(
    *, remove: Annotated[bool, typer.Option("--remove", help="delete everything that was stored, too")] = False
) -> None:
    """End everything that `up` started; what was stored stays unless removed."""
    with told_in_words():
        stop(Stack())
        if remove:
            Stack().remove()
        console.print("Everything has ended" + (" and is deleted." if remove else "."))


def status(*, as_json: Annotated[bool, typer.Option("--json", help="for programs to read")] = False) -> None:
    """Show every process: whether it is ready, its port and memory. Ends with 1 unless all are ready."""
    stack = Stack()
    rows = look(stack)
    if as_json:
        console.print_json(json.dumps([asdict(row) for row in rows]))
    else:
        console.print(_table(stack, rows))
        if any(row.pid for row in rows) and not stack.is_running(supervisor.SUPERVISOR):
            words = "The supervisor is gone, so nothing that dies comes back: run `kulvert up`, or `kulvert down`."
            console.print(words, style="yellow")
    if any(row.state != READY for row in rows):
        raise typer.Exit(1)


def portal_address(stack: Stack) -> str:
    """Give the address at which the portal answers."""
    return f"http://127.0.0.1:{stack.port('gateway_http')}"


def start_detached(stack: Stack, workers: int) -> Stack:
    """Start the supervisor as a process of its own and wait until all is ready; gives the running stack.

    Raises StackError with the supervisor's last words where it ends, or is not ready in time.
    """
    with supervisor.only_supervisor_of(stack):
        log = stack.log(supervisor.SUPERVISOR)
    environment = {"KULVERT_HOME": str(stack.home)}
    started = start([sys.executable, "-m", "deploy.local.supervisor", str(workers)], log, environment, cwd=ROOT)
    try:
        ready = _once_ready(stack, started)
    except KeyboardInterrupt:
        _end(stack, started)
        raise
    if ready is None:
        _end(stack, started)
        raise StackError(f"the stack did not get ready; {log} ends with:\n{_last_words(log)}")
    return ready


def _once_ready(stack: Stack, started: Started) -> Stack | None:
    """Wait until all are ready under a supervisor that was just started; None where it ends, or takes too long."""
    deadline = time.monotonic() + UP_TIMEOUT_S
    while started.is_running() and time.monotonic() < deadline:
        stack = Stack(stack.home)
        if stack.ready_under == started.pid:
            return stack
        time.sleep(supervisor.PULSE_S)
    return None


def _end(stack: Stack, started: Started) -> None:
    # The supervisor may not have written itself down yet, so it is ended by what we know of it.
    started.stop(DOWN_TIMEOUT_S)
    stop(Stack(stack.home))


def _last_words(log: Path) -> str:
    """Give what the supervisor could not do, where it says so, else its last lines."""
    words = log.read_text(errors="replace")
    begin = words.rfind(supervisor.COULD_NOT_START)
    return words[begin:].strip() if begin >= 0 else "\n".join(words.splitlines()[-5:])


def stop(stack: Stack) -> None:
    """End the supervisor, which ends the rest; and what a supervisor that was killed has left running."""
    process = stack.process(supervisor.SUPERVISOR)
    if process:
        process.stop(DOWN_TIMEOUT_S)
    supervisor.end_all(Stack(stack.home))


async def _in_the_foreground(stack: Stack, workers: int) -> None:
    def tell(line: str) -> None:
        # Where the terminal was closed nobody reads it, and everything must end all the same.
        with suppress(OSError):
            console.print(f"{time.strftime('%H:%M:%S')} {line}", highlight=False, markup=False, soft_wrap=True)

    is_up = asyncio.Event()
    running = asyncio.create_task(supervisor.supervise(stack, services(workers), tell, is_up))
    waiting = asyncio.create_task(is_up.wait())
    await asyncio.wait({running, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if is_up.is_set():
        console.print(_table(stack, await asyncio.to_thread(look, stack)))
        console.print(f"The portal: {portal_address(stack)}   Ctrl-C ends everything.")
    await running


READY, STARTING, ENDED = "ready", "not ready", "not running"


@dataclass(frozen=True)
class Row:
    """What `status` shows of one process."""

    name: str
    state: str
    port: int | None
    pid: int | None
    memory_mb: int
    starts: int


def look(stack: Stack) -> list[Row]:
    """Look at every process of a stack, and ask each whether it is ready."""
    # As many workers as were started, which stack.json knows and this command does not.
    workers = sum(1 for number in range(1, MAXIMUM_WORKERS + 1) if stack.process(ingest_worker(number).name))
    all_services = services(max(workers, 1))
    asked = [stack.postgres.answers, stack.kafka.answers]
    asked += [partial(supervisor.is_ready, stack, service) for service in all_services]
    # At once: each that stands still is waited for.
    with ThreadPoolExecutor(len(asked)) as threads:
        answers = list(threads.map(lambda ask: ask(), asked))
    ports = {name: name for name in INFRASTRUCTURE} | {service.name: service.http for service in all_services}
    return [_row(stack, name, ready, port) for (name, port), ready in zip(ports.items(), answers, strict=True)]


def _row(stack: Stack, name: str, ready: bool, port: str) -> Row:
    process = stack.process(name)
    if process is None or not process.is_running():
        return Row(name, ENDED, None, None, 0, stack.starts(name))
    state = READY if ready else STARTING
    return Row(name, state, stack.port(port), process.pid, process.memory_bytes() // 1_000_000, stack.starts(name))


def _table(stack: Stack, rows: list[Row]) -> Table:
    table = Table("process", "state", "port", "process id", "memory MB", "starts", caption=str(stack.home))
    for row in rows:
        colour = {READY: "green", STARTING: "yellow", ENDED: "red"}[row.state]
        port, pid = str(row.port or "-"), str(row.pid or "-")
        table.add_row(row.name, f"[{colour}]{row.state}", port, pid, str(row.memory_mb), str(row.starts))
    table.add_section()
    table.add_row("together", "", "", "", str(sum(row.memory_mb for row in rows)), "")
    return table
