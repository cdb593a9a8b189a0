"""The time zone is one fact: the database remembers it from its first hour, and nobody cuts days at other midnights."""

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from deploy.local import supervisor
from deploy.local.folder import StackError
from deploy.local.services import EVERY_SERVICE, Service
from deploy.local.stack import Stack
from tests.builders import Points
from tests.integration.kulvert_command import Kulvert

ENDED_TIMEOUT_S = 60
ZONE = "KULVERT_TIME_ZONE"
WRONG = (
    "KULVERT_TIME_ZONE is Europe/Helsinki, but this database was made for Europe/Stockholm",
    "set KULVERT_TIME_ZONE=Europe/Stockholm for every service",
)


@pytest.mark.parametrize("service", EVERY_SERVICE, ids=lambda service: service.name)
def test_no_service_starts_in_another_time_zone_than_the_database_was_made_for(
    stack: Stack, service: Service, tmp_path: Path
) -> None:
    environment = os.environ | supervisor.settings_for(stack, service) | {ZONE: "Europe/Helsinki"}
    command = [sys.executable, "-m", service.module, *service.arguments]
    ended = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, timeout=ENDED_TIMEOUT_S, text=True, check=False
    )
    assert ended.returncode == 1
    for words in WRONG:
        assert words in ended.stdout


def test_a_prepared_database_stays_in_its_time_zone(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ZONE, "Europe/Helsinki")
    with pytest.raises(StackError, match=WRONG[0]):
        stack.start()
    assert _remembered(stack) == "Europe/Stockholm"


def test_a_name_that_is_no_time_zone_is_never_remembered(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ZONE, "Europe/Atlantis")
    with pytest.raises(StackError, match="'Europe/Atlantis'; write a time zone as in Europe/Stockholm"):
        stack.start()
    assert _remembered(stack) == "Europe/Stockholm"


def test_a_database_from_before_it_remembered_takes_the_zone_that_its_days_were_cut_by(stack: Stack) -> None:
    with psycopg.connect(stack.admin_dsn) as connection:
        connection.execute("DELETE FROM installation.time_zone")
    stack.start()
    assert _remembered(stack) == "Europe/Stockholm"


def test_days_are_not_shown_in_another_time_zone(stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (point_id,) = Points(stack).add()
    kulvert = Kulvert(stack, tmp_path)
    monkeypatch.setitem(kulvert.environment, ZONE, "Europe/Helsinki")
    done = kulvert.run("show", "days", f"MP-{point_id}")
    assert done.returncode == 1
    assert WRONG[0] in " ".join(done.stderr.split())


def _remembered(stack: Stack) -> str:
    with psycopg.connect(stack.admin_dsn) as connection:
        [(name,)] = connection.execute("SELECT name FROM installation.time_zone").fetchall()
    return str(name)
