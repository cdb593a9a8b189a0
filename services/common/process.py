"""A service as a process: it starts, runs its parts side by side, and ends cleanly or with a reason."""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import uvloop

from services.common import logs

Main = Callable[[asyncio.Event], Awaitable[None]]

ENDING_TIMEOUT_S = 10.0


def run(service: str, main: Main, ending_timeout_s: float = ENDING_TIMEOUT_S) -> None:
    """Run a service until SIGTERM or SIGINT; the process ends with 0 then, and with 1 after an error.

    One that was told to end, or of which a part has failed, and that does not end in time is ended with 1.
    """
    logs.configure(service)
    log = logs.get_logger()
    try:
        uvloop.run(_main(main, ending_timeout_s))
    except Exception:
        log.exception("service_failed")
        sys.exit(1)
    log.info("service_stopped")


async def _main(main: Main, ending_timeout_s: float) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    ending = asyncio.create_task(_end_in_time(stop, ending_timeout_s))
    try:
        await main(stop)
    finally:
        ending.cancel()


async def _end_in_time(stop: asyncio.Event, timeout_s: float) -> None:
    await stop.wait()
    await asyncio.sleep(timeout_s)
    # A half-ended process is worse than none: it keeps its place in the consumer group and takes nothing.
    logs.get_logger().error("service_did_not_end", seconds=timeout_s)
    os._exit(1)


async def unless_stopped(stop: asyncio.Event, work: Coroutine[Any, Any, None]) -> None:
    """Do something that may take long, and give it up where the process is told to stop meanwhile."""
    working, stopping = asyncio.create_task(work), asyncio.create_task(stop.wait())
    await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if working.done():
        working.result()
        return
    working.cancel()


async def side_by_side(stop: asyncio.Event, *parts: Coroutine[Any, Any, None]) -> None:
    """Run the parts of a process until all have ended; the first failure stops them all and is raised."""
    tasks = [asyncio.create_task(part) for part in parts]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        for failure in (task.exception() for task in done):
            if failure:
                # At once, since the others may not end in time.
                logs.get_logger().error("part_failed", reason=f"{type(failure).__name__}: {failure}")
    finally:
        stop.set()
        results = await asyncio.gather(*tasks, return_exceptions=True)
    failures = [result for result in results if isinstance(result, BaseException)]
    if failures:
        raise failures[0]
