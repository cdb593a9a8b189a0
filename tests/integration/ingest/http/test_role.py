"""What the service's own login role may do: what its work needs, and nothing else."""

from collections.abc import Iterator

import psycopg
import pytest

from deploy.local.stack import Stack

FORBIDDEN = [
    "DELETE FROM ingest.reading",
    "DELETE FROM ingest.hour",
    "DELETE FROM ingest.day",
    "UPDATE ingest.delivery SET received_at = now()",
    "UPDATE ingest.delivery SET items = 0",
    "UPDATE ingest.delivery_payload SET zstd_bytes = ''",
    "UPDATE ingest.delivery_payload SET kept_at = now()",
    "DELETE FROM ingest.device",
    "DELETE FROM ingest.meter_telegram",
    "UPDATE ingest.meter_status SET statuses = '{}'",
    "UPDATE ingest.reading SET energy_wh = 0",
    "UPDATE ingest.held_reading SET reading = '{}'",
    "DELETE FROM ingest.source",
    "DELETE FROM ingest.meter",
    "TRUNCATE ingest.held_reading",
    "DROP TABLE ingest.reading",
    "ALTER TABLE ingest.reading DISABLE TRIGGER ALL",
    "CREATE TABLE ingest.mine (a integer)",
    "CREATE TABLE public.mine (a integer)",
    "CREATE TEMP TABLE reading (a integer)",
    "SELECT FROM contracts_v1.customer",
    "SELECT FROM billing_v1.invoice",
    "SELECT FROM permissions_v1.person",
    "SELECT FROM contracts.customer",
    "SELECT FROM contracts.contract",
    "SELECT FROM billing.invoice",
    "SELECT FROM permissions.person",
    "SELECT FROM permissions.session",
    "SELECT FROM alerts.rule",
    "SET ROLE ingest_owner",
    "SET ROLE contracts",
    "COPY (SELECT 1) TO PROGRAM 'id'",
    "SELECT pg_read_file('/etc/passwd')",
    "CREATE ROLE other LOGIN",
    "CREATE EXTENSION dblink",
]


@pytest.fixture(scope="module")
def connection(stack: Stack) -> Iterator[psycopg.Connection]:
    with psycopg.connect(stack.dsn("ingest"), autocommit=True) as made:
        yield made


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_the_role_may_not(connection: psycopg.Connection, statement: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement.encode())


def test_the_role_neither_owns_anything_nor_passes_over_row_security(connection: psycopg.Connection) -> None:
    owned = connection.execute(
        "SELECT count(*) FROM pg_class WHERE pg_get_userbyid(relowner) = current_user AND relpersistence <> 't'"
    ).fetchone()
    assert owned == (0,)
    role = connection.execute(
        "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication FROM pg_roles"
        " WHERE rolname = current_user"
    ).fetchone()
    assert role == (False,) * 5
