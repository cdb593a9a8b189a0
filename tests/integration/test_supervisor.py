"""The supervisor: one command starts all, what is killed comes back, and one command ends all."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest

from deploy.local import folder, supervisor
from deploy.local.services import PERMISSIONS
from deploy.local.stack import Stack
from services.cli.stack import READY, look

START_TIMEOUT_S = 60
MEMORY_LIMIT_MB = 1_500
GIVEN_UP_WITHIN_S = 5
IS_READY = """
from deploy.local.services import PERMISSIONS
from deploy.local.stack import Stack
from deploy.local.supervisor import is_ready
print(is_ready(Stack(), PERMISSIONS))
"""


class Machine:
    """A state folder of its own, and the command that a person would type."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def kulvert(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {"KULVERT_HOME": str(self.home)}
        command = [sys.executable, "-m", "services.cli", *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    def rows(self) -> dict[str, dict[str, Any]]:
        return {row["name"]: row for row in json.loads(self.kulvert("status", "--json").stdout)}

    def kill(self, name: str) -> None:
        process = Stack(self.home).process(name)
        assert process is not None
        process.stop(10, signal.SIGKILL)

    def wait_until_ready_again(self, *names: str, after: dict[str, dict[str, Any]]) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            # Looked at from here: the command would load longer than it looks.
            rows = {row.name: row for row in look(Stack(self.home))}
            if all(rows[n].state == READY and rows[n].starts > after[n]["starts"] for n in names):
                return
            time.sleep(0.1)
        pytest.fail((self.home / "logs/supervisor.log").read_text())


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    own = Machine(tmp_path_factory.mktemp("supervised"))
    began = own.kulvert("up", "--detach")
    assert began.returncode == 0, began.stdout
    yield own
    own.kulvert("down", "--remove")


def test_every_process_is_ready_once_the_command_returns(machine: Machine) -> None:
    rows = machine.rows()
    assert {row["state"] for row in rows.values()} == {"ready"}
    assert {"postgres", "kafka", "permissions", "contracts", "gateway"} <= rows.keys()


def test_all_together_stay_within_their_memory(machine: Machine) -> None:
    assert sum(row["memory_mb"] for row in machine.rows().values()) < MEMORY_LIMIT_MB


def test_the_addresses_are_told_for_a_shell_with_the_key_that_opens_them(machine: Machine) -> None:
    told = dict(line.split("=", 1) for line in machine.kulvert("addresses").stdout.splitlines())
    answer = httpx.put(
        f"{told['INGEST']}/v1/sources/my-head-end",
        json={"kind": "live", "rank": 50},
        headers={"Authorization": f"Bearer {told['STAFF_KEY']}"},
    )
    assert answer.status_code == 201
    assert answer.json()["key"]


def test_a_second_supervisor_is_refused_in_words(machine: Machine) -> None:
    refused = machine.kulvert("up", "--detach")
    assert refused.returncode == 1
    assert "runs already" in refused.stdout
    assert "Traceback" not in refused.stdout + refused.stderr


def test_what_is_killed_comes_back(machine: Machine) -> None:
    before = machine.rows()
    names = ("contracts", "postgres", "kafka")
    for name in names:
        machine.kill(name)
    machine.wait_until_ready_again(*names, after=before)


def test_a_killed_supervisor_leaves_nothing_that_hinders_the_next(machine: Machine) -> None:
    machine.kill(supervisor.SUPERVISOR)
    assert machine.kulvert("doctor").returncode == 1
    assert "run `kulvert up`" in " ".join(machine.kulvert("status").stdout.split())
    again = machine.kulvert("up", "--detach")
    assert again.returncode == 0, again.stdout
    assert {row["state"] for row in machine.rows().values()} == {"ready"}


def test_nothing_runs_after_the_end_and_a_second_start_finds_all_as_it_was(machine: Machine) -> None:
    assert machine.kulvert("down").returncode == 0
    stack = Stack(machine.home)
    assert [name for name in stack.processes if stack.is_running(name)] == []
    assert machine.kulvert("up", "--detach").returncode == 0


def test_what_is_removed_leaves_nothing_behind(machine: Machine) -> None:
    assert machine.kulvert("down", "--remove").returncode == 0
    assert list(machine.home.iterdir()) == []


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGHUP])
def test_a_demonstration_that_is_interrupted_while_it_starts_leaves_nothing_running(
    tmp_path: Path, how: signal.Signals
) -> None:
    environment = os.environ | {"KULVERT_HOME": str(tmp_path)}
    demo = subprocess.Popen([sys.executable, "-m", "services.cli", "demo"], env=environment, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + START_TIMEOUT_S
    while not Stack(tmp_path).is_running("postgres"):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    demo.send_signal(how)
    assert demo.wait(START_TIMEOUT_S) != 0
    stack = Stack(tmp_path)
    assert [name for name in stack.processes if stack.is_running(name)] == []
    stack.remove()


@pytest.mark.parametrize("command", ["up", "demo"])
def test_a_first_download_is_given_up_at_once_and_leaves_nothing_half_done(tmp_path: Path, command: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        # A proxy that takes the connection and says nothing stands for a slow network.
        environment = os.environ | {
            "KULVERT_HOME": str(tmp_path / "home"),
            "KULVERT_CACHE": str(tmp_path / "cache"),
            "HTTPS_PROXY": f"http://127.0.0.1:{silent.getsockname()[1]}",
        }
        silent.settimeout(START_TIMEOUT_S)
        started = subprocess.Popen(
            [sys.executable, "-m", "services.cli", command],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        connection, _ = silent.accept()
        with connection:
            began = time.monotonic()
            started.send_signal(signal.SIGINT)
            words, _ = started.communicate(timeout=START_TIMEOUT_S)
    assert time.monotonic() - began < GIVEN_UP_WITHIN_S
    assert "Traceback" not in words
    assert list((tmp_path / "cache" / "kafka").iterdir()) == []


@pytest.mark.parametrize("command", [("up", "--detach"), ("status",), ("show", "days", "DK-660"), ("login", "anna")])
def test_a_damaged_state_is_told_in_words_by_every_command(tmp_path: Path, command: tuple[str, ...]) -> None:
    (tmp_path / "stack.json").write_text("{")
    told = Machine(tmp_path).kulvert(*command)
    assert told.returncode == 1
    assert "is damaged" in told.stdout + told.stderr
    assert "Traceback" not in told.stdout + told.stderr


class Ready(BaseHTTPRequestHandler):
    """A service that can serve."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()


def test_whether_a_service_is_ready_is_asked_of_itself_and_of_no_proxy(tmp_path: Path) -> None:
    stack = Stack(tmp_path)
    port, nobody = stack.port(PERMISSIONS.metrics), folder.free_port()
    stack.save()
    environment = os.environ | {"KULVERT_HOME": str(tmp_path), "HTTP_PROXY": f"http://127.0.0.1:{nobody}"}
    with HTTPServer(("127.0.0.1", port), Ready) as server:
        server.timeout = START_TIMEOUT_S
        answering = Thread(target=server.handle_request)
        answering.start()
        command = [sys.executable, "-c", IS_READY]
        asked = subprocess.run(command, cwd=folder.ROOT, env=environment, capture_output=True, text=True)
        answering.join()
    assert asked.stdout == "True\n", asked.stderr


def test_pauses_between_starts_grow_to_a_limit() -> None:
    assert [supervisor.pause_after(deaths) for deaths in (1, 2, 3, 10)] == [0.5, 1, 2, 30]
