"""Log-ins with BankID are kept for 13 months, and what is younger the service itself cannot delete."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest

from deploy.local.services import PERMISSIONS
from deploy.local.stack import Stack
from services.common.postgres import Database
from services.permissions.jobs import FORGOTTEN_AT_ONCE, jobs
from tests.integration.looking import rows, wait_for
from tests.running import running

_ENDED = """
    INSERT INTO permissions.bankid_order (order_id, browser_sha256, state, begun_at, ended_at, completion_sealed)
    VALUES (%s, 'x', 'let_in', now() - %s::interval, now() - %s::interval, 'sealed')
"""
_PENDING = """
    INSERT INTO permissions.bankid_order (order_id, browser_sha256, state, begun_at)
    VALUES (%s, sha256('forgotten'), 'starting', now() - interval '2 years')
"""
_MANY = """
    INSERT INTO permissions.bankid_order (order_id, browser_sha256, state, begun_at, ended_at)
    SELECT gen_random_uuid(), 'many', 'failed', now() - interval '2 years', now() - interval '2 years'
      FROM generate_series(1, %s)
"""


def ended(stack: Stack, ago: str) -> UUID:
    order_id = uuid4()
    with psycopg.connect(stack.admin_dsn) as connection:
        connection.execute(_ENDED, [order_id, ago, ago])
    return order_id


def is_kept(stack: Stack, order_id: UUID) -> bool:
    return bool(rows(stack, "SELECT 1 FROM permissions.bankid_order WHERE order_id = %s", order_id))


async def forget(stack: Stack) -> None:
    database = Database(stack.dsn("permissions"), 1, 1)
    await database.open()
    try:
        [job] = jobs(database)
        await job.run(datetime.now(UTC))
    finally:
        await database.close()


async def test_log_ins_go_after_thirteen_months_however_many_they_are(stack: Stack) -> None:
    old, young, open_one = ended(stack, "13 months 1 day"), ended(stack, "12 months 25 days"), uuid4()
    with psycopg.connect(stack.admin_dsn) as connection:
        connection.execute(_PENDING, [open_one])
        connection.execute(_MANY, [2 * FORGOTTEN_AT_ONCE + 1])
    await forget(stack)
    assert [is_kept(stack, one) for one in (old, young, open_one)] == [False, True, True]
    assert rows(stack, "SELECT count(*) FROM permissions.bankid_order WHERE browser_sha256 = 'many'") == [(0,)]


def test_the_service_forgets_old_log_ins_by_itself(stack: Stack, tmp_path: Path) -> None:
    old = ended(stack, "14 months")
    with psycopg.connect(stack.admin_dsn) as connection:
        # As if today's were still to be done.
        connection.execute("DELETE FROM permissions.job_run WHERE job = 'forget_log_ins'")
    with running(stack, PERMISSIONS, tmp_path / "permissions.log"):
        wait_for(lambda: not is_kept(stack, old))
        noted = "SELECT error FROM permissions.job_run WHERE job = 'forget_log_ins' AND finished_at IS NOT NULL"
        wait_for(lambda: rows(stack, noted) == [(None,)])


@pytest.mark.parametrize("ago", ["1 day", "14 months"])
def test_the_service_has_no_right_to_delete_a_log_in(stack: Stack, ago: str) -> None:
    order_id = ended(stack, ago)
    with (
        psycopg.connect(stack.dsn("permissions")) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("DELETE FROM permissions.bankid_order WHERE order_id = %s", [order_id])
    assert is_kept(stack, order_id)
