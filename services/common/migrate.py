"""Migrations: plain SQL files, run once each, in order, by an administrator.

A file called NAME.timescale.sql is run where the database has the extension TimescaleDB: once it has, if that is later.
"""

import hashlib
from pathlib import Path

import psycopg

SERVICES_IN_ORDER = ("permissions", "contracts", "ingest", "billing", "alerts", "gateway")
"""permissions first: everybody's published views ask it who may see what."""

FOR_TIMESCALE = ".timescale.sql"

_ROOT = Path(__file__).resolve().parents[2]
_LOCK = 7_305_914_226_001


class MigrationChangedError(Exception):
    """A migration that has run was edited afterwards. Restore the file and write the change as a new one."""


def migrate(admin_url: str) -> list[str]:
    """Create roles and schemas, then run each service's new migrations; returns the names of those that ran.

    Safe to call from several processes at once. Raises MigrationChangedError for an edited file and
    psycopg.Error, with the file's name in its notes, for one that fails; nothing of that file stays.
    """
    with psycopg.connect(admin_url, autocommit=True) as connection:
        return migrate_over(connection)


def migrate_over(connection: psycopg.Connection) -> list[str]:
    """Do the same over a connection of an administrator, which commits each statement by itself."""
    ran = []
    connection.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
    for name in ("roles.sql", "installation.sql", "plumbing.sql"):
        connection.execute((_ROOT / "deploy/postgres" / name).read_bytes())
    connection.execute(
        "CREATE TABLE IF NOT EXISTS public.schema_migration (service text, name text, sha256 text NOT NULL,"
        " ran_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (service, name))"
    )
    done = {
        (service, name): sha256
        for service, name, sha256 in connection.execute("SELECT service, name, sha256 FROM public.schema_migration")
    }
    for service in SERVICES_IN_ORDER:
        for path in _migrations(connection, service):
            known = done.get((service, path.name))
            if known is None:
                _run(connection, service, path)
                ran.append(f"{service}/{path.name}")
            elif known != _sha256(path):
                raise MigrationChangedError(f"{path} was edited after it ran; add a new migration instead")
    return ran


def _migrations(connection: psycopg.Connection, service: str) -> list[Path]:
    paths = sorted((_ROOT / "services" / service / "migrations").glob("*.sql"))
    has_timescale = connection.execute("SELECT FROM pg_extension WHERE extname = 'timescaledb'").fetchone() is not None
    return [path for path in paths if has_timescale or not path.name.endswith(FOR_TIMESCALE)]


def _run(connection: psycopg.Connection, service: str, path: Path) -> None:
    try:
        with connection.transaction():
            connection.execute(path.read_bytes())
            connection.execute("RESET ROLE")
            connection.execute(
                "INSERT INTO public.schema_migration (service, name, sha256) VALUES (%s, %s, %s)",
                [service, path.name, _sha256(path)],
            )
    except psycopg.Error as error:
        error.add_note(f"in migration {service}/{path.name}")
        raise


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
