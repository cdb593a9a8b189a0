"""A facility's status: the one word a visitor looks for first."""

from datetime import date, timedelta
from enum import StrEnum

LONGEST_SILENCE = timedelta(days=2)
"""Yesterday is whole only when this morning's readings are in; two days without figures is silence."""


class Status(StrEnum):
    """Worst first; the value names the icon and the words."""

    ALERT = "alert"
    MISSING = "missing"
    NORMAL = "normal"


def status(newest_day: date | None, today: date, has_open_alert: bool) -> Status:
    """Judge a facility by its open alerts and by how old its newest day is."""
    if has_open_alert:
        return Status.ALERT
    if newest_day is None or today - newest_day > LONGEST_SILENCE:
        return Status.MISSING
    return Status.NORMAL
