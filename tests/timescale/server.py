"""The server as a process of its own, and the one connection that it takes."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from deploy.local.folder import free_port
from tests.running import cannot_run

FOLDER = Path(__file__).parent
REFUSED_THERE = b"REVOKE CREATE, TEMPORARY ON DATABASE"
"""The server's one database is template1, and a right to that one cannot be taken."""


class Connection(psycopg.Connection[tuple[Any, ...]]):
    """Does what a migration says, but for what this server can do for no database."""

    def execute(self, query: Any, *arguments: Any, **options: Any) -> psycopg.Cursor[tuple[Any, ...]]:
        if isinstance(query, bytes):
            query = b"\n".join(line for line in query.split(b"\n") if REFUSED_THERE not in line)
        return super().execute(query, *arguments, **options)

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Ask as whoever SET ROLE has made of this connection."""
        return self.execute(query, values).fetchall()


@contextmanager
def timescale() -> Iterator[Connection]:
    """Start a server with nothing in it; gives an administrator's connection. It ends with the block."""
    if not (FOLDER / "node_modules").is_dir():
        cannot_run("no TimescaleDB: install it with make tests/timescale/node_modules/.ready")
    port = free_port()
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    process = subprocess.Popen(
        ["node", "serve.mjs", str(port)],
        cwd=FOLDER,
        env=os.environ | {"PATH": path},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        # It prepares no statements over its socket, and answers one connection.
        address = f"host=127.0.0.1 port={port} user=postgres password=any dbname=postgres sslmode=disable"
        with Connection.connect(address, autocommit=True, prepare_threshold=None) as connection:
            connection.execute("SET timezone = 'UTC'")
            yield connection
    finally:
        # The program may be another one's child, which a signal would not reach.
        process.communicate(timeout=10)
