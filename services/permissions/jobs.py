"""What the permissions service does because time passed."""

from datetime import datetime, timedelta

from services.common import logs
from services.common.postgres import Database
from services.common.schedule import Job
from services.permissions.store import bankid_orders

FORGOTTEN_AT_ONCE = 1_000
"""Log-ins of one transaction, so that nobody waits for it."""

log = logs.get_logger()


def jobs(database: Database) -> list[Job]:
    """Give the jobs: every night the log-ins go that ended 13 months ago, with what BankID answered to them."""

    async def forget_log_ins(_due_at: datetime) -> None:
        forgotten, count = 0, FORGOTTEN_AT_ONCE
        while count == FORGOTTEN_AT_ONCE:
            async with database.transaction() as tx:
                count = await bankid_orders.forget(tx, FORGOTTEN_AT_ONCE)
            forgotten += count
        if forgotten:
            log.info("log_ins_forgotten", log_ins=forgotten)

    return [Job("forget_log_ins", timedelta(days=1), forget_log_ins)]
