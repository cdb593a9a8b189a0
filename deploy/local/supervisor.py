"""The supervisor: starts every process, starts one that died again, and ends them all."""

import asyncio
import fcntl
import os
import signal
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import httpx
import psutil

from deploy.local import folder, jars
from deploy.local.bankid_rp.authority import root_in
from deploy.local.folder import StackError
from deploy.local.processes import Started, reap, start
from deploy.local.services import (
    BANKID_RP,
    BANKID_URL,
    BILLING,
    CONTRACTS,
    GATEWAY,
    OPERATOR,
    OWNERS_OF_COMMANDS,
    PERMISSIONS,
    SELLER,
    Service,
    services,
)
from deploy.local.stack import INFRASTRUCTURE, Stack

SUPERVISOR = "supervisor"
NOT_SERVICES = (SUPERVISOR, *INFRASTRUCTURE)
PULSE_S = 0.2
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
STEADY_AFTER_S = 10.0
STOP_TIMEOUT_S = 10.0
PROBE_TIMEOUT_S = 6.0
GIVE_UP_TIMEOUT_S = 1.5
COULD_NOT_START = "could not start: "

# One for all questions, since making one takes as long as many answers; nothing is kept of who has ended meanwhile.
_asking = httpx.Client(
    timeout=PROBE_TIMEOUT_S, trust_env=False, limits=httpx.Limits(max_connections=None, max_keepalive_connections=0)
)


def pause_after(deaths: int) -> float:
    """Say how long to wait, in seconds, before a process that died so many times in a row is started again."""
    return min(FIRST_PAUSE_S * 2.0 ** (deaths - 1), LONGEST_PAUSE_S)


@contextmanager
def only_supervisor_of(stack: Stack) -> Iterator[None]:
    """Hold the stack for this process. Raises StackError where another supervisor has it.

    The kernel lets go of the lock when its holder dies, however it dies.
    """
    folder.make(stack.home)
    with (stack.home / "supervisor.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as taken:
            raise StackError("the stack runs already: see `kulvert status`, end it with `kulvert down`") from taken
        yield


def settings_for(stack: Stack, service: Service) -> dict[str, str]:
    """Give the environment of a service's process."""
    if service == BANKID_RP:
        return stack.ports_of(service.http, service.metrics) | {"KULVERT_BANKID_RP_FOLDER": str(rp_folder(stack))}
    environment = stack.environment(service.role, service.http, service.metrics)
    if service == GATEWAY:
        for name, owner in OWNERS_OF_COMMANDS.items():
            if owner.exists:
                environment[name] = f"http://127.0.0.1:{stack.port(owner.http)}"
    if service == BILLING:
        environment |= {name: os.environ.get(name, local) for name, local in SELLER.items()}
    if service == CONTRACTS:
        environment |= {name: os.environ.get(name, SELLER[name]) for name in OPERATOR}
    if service in (CONTRACTS, PERMISSIONS) and not os.environ.get(BANKID_URL):
        stand_in = f"http://127.0.0.1:{stack.port(BANKID_RP.http)}"
        environment |= {
            BANKID_URL: f"{stand_in}/rp/v6.0",
            "KULVERT_BANKID_START_URL": f"{stand_in}/phone",
            "KULVERT_BANKID_ROOTS": str(root_in(rp_folder(stack))),
        }
    return environment


def rp_folder(stack: Stack) -> Path:
    """Give where the development RP's root stands."""
    return stack.home / "bankid_rp"


def is_ready(stack: Stack, service: Service) -> bool:
    """Ask a service's process whether it can serve."""
    address = f"http://127.0.0.1:{stack.port(service.metrics)}/readyz"
    try:
        return _asking.get(address).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


class Supervisor:
    """Keeps a stack's processes running until told to stop. `tell` hears one line for each thing that happens."""

    def __init__(self, stack: Stack, wanted: list[Service], tell: Callable[[str], None]) -> None:
        self._stack = stack
        self._wanted = wanted
        self._tell = tell

    async def run(self, stop: asyncio.Event, is_up: asyncio.Event) -> None:
        """Start everything and keep it running; sets `is_up` once all are ready. Raises StackError at the start."""
        began = time.monotonic()
        try:
            # What a killed supervisor left may run old code, so it is not taken over.
            await asyncio.to_thread(end_services, self._stack)
            await _fetch_kafka(stop)
            if stop.is_set():
                return
            await asyncio.to_thread(self._stack.start)
            self._tell(f"Kafka and PostgreSQL answer after {time.monotonic() - began:.1f} s")
            self._choose_ports()
            async with asyncio.TaskGroup() as group:
                for service in self._wanted:
                    group.create_task(self._keep(service.name, partial(self._start, service), stop))
                for name in INFRASTRUCTURE:
                    group.create_task(self._keep(name, partial(self._stack.start_part, name), stop))
                if await self._all_ready(stop):
                    self._tell(f"all {len(self._wanted)} services are ready after {time.monotonic() - began:.1f} s")
                    self._stack.note_ready(os.getpid())
                    is_up.set()
        finally:
            await asyncio.to_thread(end_all, self._stack)
            self._tell("everything has ended")

    def _choose_ports(self) -> None:
        # Once for all and before any service starts: the gateway is told the ports of the others.
        for service in self._wanted:
            self._stack.renew_port(service.http)
            self._stack.renew_port(service.metrics)
        self._stack.save()

    async def _keep(self, name: str, begin: Callable[[], object], stop: asyncio.Event) -> None:
        """Start a process, and again each time it ends; the pauses grow until it has run steadily for a while."""
        deaths = 0
        while not stop.is_set():
            began = time.monotonic()
            if not self._stack.is_running(name):
                try:
                    await asyncio.to_thread(begin)
                except StackError as error:
                    self._tell(f"{name} did not start: {error}")
            while self._stack.is_running(name) and not stop.is_set():
                await _sleep_unless(stop, PULSE_S)
            if stop.is_set():
                return
            deaths = 1 if time.monotonic() - began > STEADY_AFTER_S else deaths + 1
            self._tell(f"{name} ended and starts again in {pause_after(deaths):g} s; see {self._stack.log(name)}")
            await _sleep_unless(stop, pause_after(deaths))

    def _start(self, service: Service) -> None:
        work = self._stack.home / "work"
        work.mkdir(exist_ok=True)
        command = [sys.executable, "-m", service.module, *service.arguments]
        environment = settings_for(self._stack, service)
        started = start(command, self._stack.log(service.name), environment, cwd=work)
        self._stack.remember(service.name, started)

    async def _all_ready(self, stop: asyncio.Event) -> bool:
        waiting = list(self._wanted)
        while waiting and not stop.is_set():
            answers = await asyncio.gather(*(asyncio.to_thread(is_ready, self._stack, each) for each in waiting))
            waiting = [service for service, ready in zip(waiting, answers, strict=True) if not ready]
            await _sleep_unless(stop, PULSE_S)
        return not stop.is_set()


async def _fetch_kafka(stop: asyncio.Event) -> None:
    """Download Kafka where it is not there yet, or give that up where told to stop. Raises StackError.

    In a process of its own, since a download in a thread of ours could not be given up.
    """
    if jars.are_here():
        return
    command = [sys.executable, "-m", "deploy.local.jars", "fetch"]
    fetching = await asyncio.create_subprocess_exec(
        *command, cwd=folder.ROOT, stdout=DEVNULL, stderr=PIPE, start_new_session=True
    )
    ended, stopping = asyncio.create_task(fetching.communicate()), asyncio.create_task(stop.wait())
    await asyncio.wait({ended, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not ended.done():
        # As Ctrl-C, on which it clears away what it has half done.
        fetching.send_signal(signal.SIGINT)
        await asyncio.wait({ended}, timeout=GIVE_UP_TIMEOUT_S)
    if not ended.done():
        fetching.kill()
    _, words = await ended
    if fetching.returncode and not stop.is_set():
        raise StackError(words.decode(errors="replace").strip())


def end_services(stack: Stack) -> None:
    """End the services of a stack. All are asked first, so that the slowest alone decides how long it takes."""
    running = [process for name in stack.processes if name not in NOT_SERVICES if (process := stack.process(name))]
    for process in running:
        process.ask(signal.SIGTERM)
    for process in running:
        process.stop(STOP_TIMEOUT_S)
    reap()


def end_all(stack: Stack) -> None:
    """End the services of a stack, then Kafka and PostgreSQL."""
    end_services(stack)
    stack.stop()
    reap()


async def _sleep_unless(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return


async def supervise(
    stack: Stack, wanted: list[Service], tell: Callable[[str], None], is_up: asyncio.Event | None = None
) -> None:
    """Run a stack until SIGINT, SIGTERM or SIGHUP. Raises StackError where it cannot start."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    with only_supervisor_of(stack):
        stack.remember(SUPERVISOR, Started(os.getpid(), psutil.Process().create_time()))
        await Supervisor(stack, wanted, tell).run(stop, is_up or asyncio.Event())


def main() -> None:
    """Run as a process of its own: `python -m deploy.local.supervisor WORKERS`."""

    def tell(line: str) -> None:
        sys.stdout.write(f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} {line}\n")
        sys.stdout.flush()

    try:
        asyncio.run(supervise(Stack(folder.home()), services(int(sys.argv[1])), tell))
    except StackError as error:
        tell(f"{COULD_NOT_START}{error}")
        sys.exit(1)


if __name__ == "__main__":
    main()
