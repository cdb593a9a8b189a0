"""A service as a process of its own, for the tests that meet it from outside."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import httpx
import pytest

from deploy.local import supervisor
from deploy.local.services import Service
from deploy.local.stack import Stack

START_TIMEOUT_S = 30
STOP_TIMEOUT_S = 20


@contextmanager
def running(stack: Stack, service: Service, log: Path) -> Iterator[httpx.Client]:
    """Run a service on the stack, ready to serve; gives a client with the staff systems' key.

    The service must end by itself, and without an error, when told to.
    """
    command = [sys.executable, "-m", service.module, *service.arguments]
    environment = os.environ | supervisor.settings_for(stack, service)
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=log.parent, env=environment, stdout=output, stderr=output)
    try:
        deadline = time.monotonic() + START_TIMEOUT_S
        while not supervisor.is_ready(stack, service):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        key = {"Authorization": f"Bearer {stack.integration_key}"}
        with httpx.Client(base_url=f"http://127.0.0.1:{stack.port(service.http)}", headers=key) as client:
            yield client
    finally:
        process.terminate()
        assert process.wait(STOP_TIMEOUT_S) == 0, log.read_text()


def cannot_run(why: str) -> NoReturn:
    """Skip a test that lacks something of the machine's; in CI it must be there, so there the test fails."""
    if os.environ.get("CI"):
        pytest.fail(why)
    pytest.skip(why)
