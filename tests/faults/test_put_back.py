"""PostgreSQL put back from a backup that was taken hours ago: once staff have put again what they had put since, all
is as if nothing had been, and whoever reads the topics has what is stored."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local import supervisor
from deploy.local.folder import ROOT, StackError
from deploy.local.services import BILLING, PERMISSIONS, Service, ingest_worker
from deploy.local.stack import Stack
from tests.faults import backup, outcome
from tests.faults.conftest import TELL_WITHIN_HOURS
from tests.faults.outcome import Rows
from tests.faults.runs import Run
from tests.faults.system import System

ENDED_TIMEOUT_S = 60
COMMAND_TIMEOUT_S = 120


@pytest.fixture
def own(tmp_path: Path) -> Iterator[System]:
    """A system of its own: what is lost of it, another test must not miss."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KULVERT_TELL_WITHIN_HOURS", str(TELL_WITHIN_HOURS))
        system = System(tmp_path / "system", 1)
        system.start()
        yield system
        system.remove()


def put_back(own: System, file: Path) -> Stack:
    """End everything, put the database back, and leave Kafka and PostgreSQL running alone."""
    own.end()
    stack = own.stack
    stack.start()
    backup.put_back(stack, file)
    return stack


def last_words(stack: Stack, service: Service) -> str:
    """What a service says that does not start."""
    environment = os.environ | supervisor.settings_for(stack, service)
    command = [sys.executable, "-m", service.module, *service.arguments]
    ended = subprocess.run(command, env=environment, capture_output=True, timeout=ENDED_TIMEOUT_S, text=True)
    assert ended.returncode == 1
    return ended.stdout


def say_so(own: System) -> str:
    """Say by the command that the database was put back."""
    command = [sys.executable, "-m", "services.cli", "restored"]
    environment = os.environ | {"KULVERT_HOME": str(own.home)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=COMMAND_TIMEOUT_S)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def without_versions(tables: dict[str, Rows]) -> dict[str, Rows]:
    """Versions go on otherwise after the loss; all that carries them must be the same."""
    return {
        name: sorted((row[:1] + row[2:] for row in rows), key=repr) if name in ("contract", "holder") else rows
        for name, rows in tables.items()
    }


def test_a_database_put_back_ends_as_if_nothing_had_been_lost(
    own: System, seed: int, calm: dict[str, Rows], tmp_path: Path
) -> None:
    run = Run(own, f"back{seed}", seed)
    run.register()
    half = len(run.town.before) // 2
    run.senders.send(run.town.before[:half])
    backup.take(own.stack, tmp_path / "backup")
    run.senders.send_weather()
    run.put_late_meters()
    run.senders.send(run.town.before[half:])
    run.senders.change_contracts()
    run.senders.send(run.town.after)
    run.wait_until_level()
    stack = put_back(own, tmp_path / "backup")
    for service in (ingest_worker(1), BILLING, PERMISSIONS):
        assert "it was put back from a backup" in last_words(stack, service)
    stack.stop()
    with pytest.raises(StackError, match="it was put back from a backup"):
        own.start()
    assert "Contracts changed since the backup; put them again" in say_so(own)
    own.start()
    run.put_late_meters()
    run.senders.change_contracts()
    run.wait_until_level()
    run.close()
    found = outcome.tables(own, run.town.name)
    assert outcome.differences(without_versions(calm), without_versions(found)) == []
    assert outcome.untold(own) == []
    assert outcome.wrong_numbers(own) == []
    assert outcome.dead_letters(own) == []
