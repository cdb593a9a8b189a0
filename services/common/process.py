"""A service as a process: it starts, runs its parts side by side, and ends cleanly or with a reason."""

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import uvloop

from services.common import logs

Main = Callable[[asyncio.Event], Awaitable[None]]


def run(service: str, main: Main) -> None:
    """Run a service until SIGTERM or SIGINT; the process ends with 0 then, and with 1 after an error."""
    logs.configure(service)
    log = logs.get_logger()
    try:
        uvloop.run(_main(main))
    except Exception:
        log.exception("service_failed")
        sys.exit(1)
    log.info("service_stopped")


async def _main(main: Main) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await main(stop)


async def side_by_side(stop: asyncio.Event, *parts: Coroutine[Any, Any, None]) -> None:
    """Run the parts of a process until all have ended; the first failure stops them all and is raised."""
    tasks = [asyncio.create_task(part) for part in parts]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    finally:
        stop.set()
        results = await asyncio.gather(*tasks, return_exceptions=True)
    failures = [result for result in results if isinstance(result, BaseException)]
    if failures:
        raise failures[0]
