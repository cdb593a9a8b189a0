"""The embedded stack: Kafka, PostgreSQL and the secrets that the services get, all below one folder."""

import hashlib
import json
import os
import secrets
import shutil
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from deploy import places
from deploy.local import folder
from deploy.local.folder import StackError
from deploy.local.kafka import Kafka
from deploy.local.postgres import Postgres
from deploy.local.processes import Started
from deploy.prepare import LOGIN_ROLES, USUAL_ZONE, prepare
from services.common.one_zone import ZoneDiffersError
from services.common.proof import PutBackError

DATABASE = "kulvert"
FOLDERS = ("kafka", "logs", "work", "stream", "bankid_rp")
"""Where parts of a stack keep what is theirs, beside PostgreSQL."""
INFRASTRUCTURE = ("postgres", "kafka")
PREFERRED_PORTS = {"gateway_http": 8080}
STOP_TIMEOUT_S = 20


class Stack:
    """One local stack. What it consists of is written to stack.json, so that another process can take it over."""

    def __init__(self, home: Path | None = None) -> None:
        self.home = (home or folder.home()).resolve()
        self._file = self.home / "stack.json"
        # The supervisor starts several processes at once, each in a thread.
        self._writing = threading.RLock()
        # What a stack from before there was a setting lacks is made now.
        self._state: dict[str, Any] = self._new_state() | (self._stored_state() or {})
        self._place_parts()

    def _stored_state(self) -> dict[str, Any] | None:
        try:
            state: dict[str, Any] = json.loads(self._file.read_text())
        except (FileNotFoundError, NotADirectoryError):
            return None
        except PermissionError as error:
            raise StackError(f"{self._file} is another user's: name a folder of yours with KULVERT_HOME") from error
        except ValueError as error:
            raise StackError(
                f"{self._file} is damaged, and with it the passwords of what is stored in {self.home}:"
                " put it back from a copy, or delete the folder and begin again"
            ) from error
        return state

    @staticmethod
    def _new_state() -> dict[str, Any]:
        return {
            "ports": {},
            "passwords": {name: secrets.token_urlsafe(18) for name in ("admin", *LOGIN_ROLES)},
            "integration_key": secrets.token_urlsafe(32),
            "identity_key": secrets.token_hex(32),
            "telegram_key": secrets.token_hex(32),
            "processes": {},
        }

    def _place_parts(self) -> None:
        self.kafka = Kafka(self.home, self.port("kafka"), self.port("kafka_controller"))
        self.postgres = Postgres(self.home, self.port("postgres"), self._state["passwords"]["admin"])

    def port(self, name: str) -> int:
        """Give the port of a part, chosen free the first time and kept from then on."""
        ports: dict[str, int] = self._state["ports"]
        if name not in ports:
            preferred = PREFERRED_PORTS.get(name)
            is_ours = preferred is not None and folder.is_free(preferred)
            ports[name] = preferred if preferred and is_ours else folder.free_port(ports.values())
        return ports[name]

    def renew_port(self, name: str) -> None:
        """Choose another port for a part that does not run, where somebody took its own meanwhile."""
        ports: dict[str, int] = self._state["ports"]
        if name in ports and not folder.is_free(ports[name]):
            del ports[name]
        self.port(name)

    @property
    def admin_dsn(self) -> str:
        """The address for migrations and for looking at everything; services never get it."""
        return self.postgres.dsn(DATABASE)

    @property
    def integration_key(self) -> str:
        """The key with which staff systems put data and give commands."""
        return str(self._state["integration_key"])

    def dsn(self, role: str) -> str:
        """Give the address for a service's own login role."""
        return self.postgres.dsn(DATABASE, role, self._state["passwords"][role])

    def log(self, name: str) -> Path:
        """Give the file that a part's output goes to."""
        return self.home / "logs" / f"{name}.log"

    def ports_of(self, http: str, metrics: str) -> dict[str, str]:
        """Give the settings that say where a process listens; the arguments name its ports."""
        return {"KULVERT_HTTP_PORT": str(self.port(http)), "KULVERT_METRICS_PORT": str(self.port(metrics))}

    def environment(self, role: str, http: str, metrics: str) -> dict[str, str]:
        """Give the settings of a service's process; `http` and `metrics` name its ports."""
        environment = {
            "KULVERT_DATABASE_URL": self.dsn(role),
            "KULVERT_KAFKA_BOOTSTRAP": self.kafka.bootstrap,
            **self.ports_of(http, metrics),
            "KULVERT_INTEGRATION_KEY_SHA256": hashlib.sha256(self.integration_key.encode()).hexdigest(),
            "KULVERT_LOCAL": "1",
        }
        if role in ("contracts", "permissions"):
            environment["KULVERT_IDENTITY_KEY"] = self._state["identity_key"]
        if role == "ingest":
            environment["KULVERT_TELEGRAM_KEY"] = self._state["telegram_key"]
        if role == "alerts":
            environment["KULVERT_STREAM_FOLDER"] = str(self.home / "stream")
        return environment

    def start(self, *, was_put_back: bool = False) -> None:
        """Start Kafka and PostgreSQL where they do not run yet, and bring roles, tables and topics up to date.

        Raises StackError, with what to do, where this machine does not let it, or where the database was put back from
        a backup and nobody has said so.
        """
        folder.make(self.home)
        folder.check_space(self.home)
        waiting = [self._begin(name) for name in INFRASTRUCTURE if not self.is_running(name)]
        for wait in waiting:
            wait()
        self._prepare()
        if not was_put_back:
            self._check_places()

    def start_part(self, name: str) -> None:
        """Start Kafka or PostgreSQL again, on the port that everybody knows, and wait. Raises StackError."""
        part = self._part(name)
        started = part.start(self.log(name))
        self.remember(name, started)
        part.wait(started, self.log(name))

    def _begin(self, name: str) -> Callable[[], None]:
        """Start a part on free ports; gives what waits for it, so that both parts start at once."""
        self.renew_port(name)
        if name == "kafka":
            self.renew_port("kafka_controller")
        self._place_parts()
        part = self._part(name)
        started = part.start(self.log(name))
        self.remember(name, started)
        return lambda: part.wait(started, self.log(name))

    def _part(self, name: str) -> Postgres | Kafka:
        return self.postgres if name == "postgres" else self.kafka

    def _prepare(self) -> None:
        with psycopg.connect(self.postgres.dsn("postgres"), autocommit=True) as connection:
            exists = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
            if not exists:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
        zone = os.environ.get("KULVERT_TIME_ZONE", USUAL_ZONE)
        try:
            prepare(self.admin_dsn, self._state["passwords"], self.kafka.bootstrap, zone)
        except (ZoneDiffersError, ValueError) as error:
            raise StackError(str(error)) from error

    def _check_places(self) -> None:
        try:
            places.check(self.admin_dsn, self.kafka.bootstrap)
        except PutBackError as error:
            raise StackError(str(error)) from error

    def remember(self, name: str, started: Started) -> None:
        """Write down a process, so that whoever stops the stack finds it."""
        with self._writing:
            times = self.starts(name) + 1
            self._state["processes"][name] = {"pid": started.pid, "began_at": started.began_at, "starts": times}
            self.save()

    def starts(self, name: str) -> int:
        """Tell how often a part was started since the stack was made."""
        known = self._state["processes"].get(name)
        return int(known["starts"]) if known else 0

    @property
    def processes(self) -> list[str]:
        """Name the parts that were ever started."""
        return list(self._state["processes"])

    def note_ready(self, supervisor: int) -> None:
        """Write down that all were ready under the supervisor with this process number."""
        self._state["ready_under"] = supervisor
        self.save()

    @property
    def ready_under(self) -> int | None:
        """The process number of the supervisor under which all were ready, or None."""
        return self._state.get("ready_under")

    def save(self) -> None:
        """Write the state down; only its owner may read it."""
        with self._writing:
            folder.write_secret(self._file, self._state)

    def process(self, name: str) -> Started | None:
        """Give a part's process as it was last written down."""
        known = self._state["processes"].get(name)
        return Started(known["pid"], known["began_at"]) if known else None

    def is_running(self, name: str) -> bool:
        """Tell whether a part's process runs."""
        process = self.process(name)
        return process is not None and process.is_running()

    def stop(self) -> None:
        """Stop the broker and the database cleanly."""
        # SIGINT is PostgreSQL's fast shutdown: it does not wait for clients.
        for name, how in (("kafka", signal.SIGTERM), ("postgres", signal.SIGINT)):
            process = self.process(name)
            if process:
                process.stop(STOP_TIMEOUT_S, how)

    def remove(self) -> None:
        """Stop, and delete everything that was stored; the downloaded jars stay where they are kept for all."""
        self.stop()
        for path in (self.postgres.place, *(self.home / name for name in FOLDERS)):
            shutil.rmtree(path, ignore_errors=True)
        for path in (self._file, self.home / "supervisor.lock"):
            path.unlink(missing_ok=True)
