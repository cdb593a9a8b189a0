"""The embedded stack: side by side, stopped and started again, and after a kill."""

import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from deploy.local.folder import free_port, is_free
from deploy.local.processes import reap
from deploy.local.stack import Stack


@pytest.fixture
def second(tmp_path: Path) -> Iterator[Stack]:
    own = Stack(tmp_path / "second")
    own.start()
    yield own
    own.remove()
    reap()


def test_two_stacks_stand_side_by_side(stack: Stack, second: Stack) -> None:
    assert {stack.kafka.port, stack.postgres.port}.isdisjoint({second.kafka.port, second.postgres.port})
    assert stack.is_running("kafka")
    assert second.is_running("kafka")


def test_a_killed_database_and_broker_come_back_with_what_they_held(second: Stack) -> None:
    with psycopg.connect(second.admin_dsn, autocommit=True) as connection:
        connection.execute("CREATE TABLE public.kept AS SELECT 42 AS answer")
    for name in ("postgres", "kafka"):
        process = second.process(name)
        assert process is not None
        process.stop(10, signal.SIGKILL)
    restarted = Stack(second.home)
    restarted.start()
    with psycopg.connect(restarted.admin_dsn) as connection:
        assert connection.execute("SELECT answer FROM public.kept").fetchall() == [(42,)]
    restarted.stop()


def test_its_secrets_are_for_its_owner_only(stack: Stack) -> None:
    assert (stack.home / "stack.json").stat().st_mode & 0o077 == 0


def test_a_service_cannot_log_in_without_its_password(stack: Stack) -> None:
    wrong = stack.postgres.dsn("kulvert", "ingest", "not-the-password")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(wrong)


def test_a_port_taken_meanwhile_is_exchanged_for_a_free_one(second: Stack) -> None:
    port = second.postgres.port
    second.stop()
    reap()
    assert is_free(port)
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", port))
        other.listen()
        restarted = Stack(second.home)
        restarted.start()
        assert restarted.postgres.port != port
        restarted.stop()
    assert free_port() != port
