"""A facility's status: the one word a visitor looks for first."""

from datetime import datetime, timedelta
from enum import StrEnum

HOUR = timedelta(hours=1)


class Status(StrEnum):
    """Worst first; the value names the icon and the words."""

    ALERT = "alert"
    MISSING = "missing"
    NORMAL = "normal"


def silent_without_from(now: datetime, longest_silence: timedelta) -> datetime:
    """Say from when on a metering point must have an hour that begins, or else it is silent.

    Silence begins at the end of the newest hour that has energy.
    """
    return now - longest_silence - HOUR


def status(is_silent: bool, has_open_alert: bool) -> Status:
    """Judge a facility by its open alerts and by whether nothing has come of it for long."""
    if has_open_alert:
        return Status.ALERT
    return Status.MISSING if is_silent else Status.NORMAL
