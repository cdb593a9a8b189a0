"""A database of its own for tests that drop or rewrite what others' tests have stored."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from deploy.local.stack import Stack
from services.common.migrate import migrate


@dataclass(frozen=True)
class OwnDatabase:
    """The addresses of a database beside the stack's, with the same roles."""

    stack: Stack
    name: str

    @property
    def admin_dsn(self) -> str:
        return self._here(self.stack.admin_dsn)

    def dsn(self, role: str) -> str:
        return self._here(self.stack.dsn(role))

    def _here(self, dsn: str) -> str:
        return urlsplit(dsn)._replace(path=f"/{self.name}").geturl()


@contextmanager
def own_database(stack: Stack, name: str) -> Iterator[OwnDatabase]:
    """Make a database with every service's tables, and drop it at the end."""
    with psycopg.connect(stack.admin_dsn, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    own = OwnDatabase(stack, name)
    migrate(own.admin_dsn)
    with psycopg.connect(own.admin_dsn) as connection:
        connection.execute("INSERT INTO installation.time_zone (name) VALUES ('Europe/Stockholm')")
    yield own
    with psycopg.connect(stack.admin_dsn, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
