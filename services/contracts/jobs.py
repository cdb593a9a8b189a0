"""What the contracts service does because time passed."""

from datetime import date, datetime, timedelta

from services.common import logs
from services.common.postgres import Database
from services.common.schedule import Job
from services.contracts.core.winters import last_day, last_whole_winter
from services.contracts.settings import ContractsSettings
from services.contracts.store import power_runs

LATEST_AFTER = timedelta(days=90)
"""After this a run is begun on command only: old data must not propose powers out of the blue."""

log = logs.get_logger()


def run_day(winter: str, month_day: str) -> date:
    """Give the first day of this month and day after a winter's last, on which its yearly run is made."""
    ended = last_day(winter)
    same_year = date.fromisoformat(f"{ended.year}-{month_day}")
    return same_year if same_year > ended else date.fromisoformat(f"{ended.year + 1}-{month_day}")


def is_time_for(winter: str, today: date, month_day: str) -> bool:
    """Tell whether the yearly run over a winter that has ended is to be made on a day."""
    return timedelta() <= today - run_day(winter, month_day) <= LATEST_AFTER


def jobs(database: Database, settings: ContractsSettings) -> list[Job]:
    """Give the jobs: every day, whether the winter that ended is to have its yearly run and has none yet."""

    async def begin_yearly_run(due_at: datetime) -> None:
        today = due_at.astimezone(settings.zone).date()
        winter = last_whole_winter(today)
        if not is_time_for(winter, today, settings.power_run_on):
            return
        async with database.transaction() as tx:
            if not await power_runs.is_begun(tx, winter):
                await power_runs.begin(tx, today, winter)
                log.info("power_run_begun", winter=winter)

    return [Job("begin_yearly_run", timedelta(days=1), begin_yearly_run)]
