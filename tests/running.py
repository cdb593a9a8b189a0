"""A service as a process of its own, or a consumer's loop beside a test, for the tests that meet them from outside."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, NoReturn

import httpx
import pytest

from deploy.local import supervisor
from deploy.local.services import Service
from deploy.local.stack import Stack
from services.common.consume import Loop

START_TIMEOUT_S = 90
STOP_TIMEOUT_S = 20


@contextmanager
def running(stack: Stack, service: Service, log: Path, **other: str) -> Iterator[httpx.Client]:
    """Run a service on the stack, ready to serve; gives a client with the staff systems' key.

    other: settings that are not the local stack's, by their names in the environment.
    The service must end by itself, and without an error, when told to.
    """
    # Another stack may have taken them while nothing ran here.
    stack.renew_port(service.http)
    stack.renew_port(service.metrics)
    command = [sys.executable, "-m", service.module, *service.arguments]
    environment = os.environ | supervisor.settings_for(stack, service) | other
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=log.parent, env=environment, stdout=output, stderr=output)
    try:
        deadline = time.monotonic() + START_TIMEOUT_S
        while not supervisor.is_ready(stack, service):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        key = {"Authorization": f"Bearer {stack.integration_key}"}
        with httpx.Client(base_url=f"http://127.0.0.1:{stack.port(service.http)}", headers=key) as client:
            yield client
    finally:
        process.terminate()
        assert process.wait(STOP_TIMEOUT_S) == 0, log.read_text()


@asynccontextmanager
async def looping(loop: Loop[Any]) -> AsyncIterator[None]:
    """Run a consumer's loop beside the test, and let it end by itself."""
    stop = asyncio.Event()
    task = asyncio.create_task(loop.run(stop))
    try:
        yield
    finally:
        stop.set()
        await task


def cannot_run(why: str) -> NoReturn:
    """Skip a test that lacks something of the machine's; in CI it must be there, so there the test fails."""
    if os.environ.get("CI"):
        pytest.fail(why)
    pytest.skip(why)
