"""What the contracts service does because time passed."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from services.common.postgres import Database
from services.common.schedule import Job
from services.contracts.core.determination import last_day, last_whole_winter
from services.contracts.determining import determine_all

SETTLED_AFTER = timedelta(days=21)
"""How long after a winter's last day its late readings and weather are waited for."""
LATEST_AFTER = timedelta(days=90)
"""After this a winter is determined on command only: old data must not change a power out of the blue."""


def is_time_for(winter: str, today: date) -> bool:
    """Tell whether the yearly run over a winter that has ended is to be made on a day."""
    return SETTLED_AFTER <= today - last_day(winter) <= LATEST_AFTER


def jobs(database: Database, zone: ZoneInfo) -> list[Job]:
    """Give the jobs: every day, contracts without a determination of the winter that ended get theirs."""

    async def determine_last_winter(due_at: datetime) -> None:
        today = due_at.astimezone(zone).date()
        winter = last_whole_winter(today)
        if is_time_for(winter, today):
            await determine_all(database, winter, today)

    return [Job("determine_last_winter", timedelta(days=1), determine_last_winter)]
