"""Where what is kept begins, when older readings, hours and days go."""

from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo


class Cut(NamedTuple):
    """Where what is kept begins."""

    readings_from: datetime
    """The month, UTC, that readings and hours are kept from."""
    settled_until: datetime
    """The first local midnight after it: up to here nothing is taken and nothing is judged again."""
    days_from: date | None
    """The year that days are kept from; None: all are."""


def cut(now: datetime, readings_years: int, days_years: int | None, zone: ZoneInfo) -> Cut:
    """Give where what is kept begins: whole months of readings, whole years of days, none of them too short.

    The day in which the readings begin is always kept: its register is what the next ones run on from.
    """
    today = now.astimezone(UTC)
    readings_from = datetime(today.year - readings_years, today.month, 1, tzinfo=UTC)
    first_day = readings_from.astimezone(zone).date()
    settled_until = datetime.combine(first_day + timedelta(days=1), time(), zone).astimezone(UTC)
    if days_years is None:
        return Cut(readings_from, settled_until, None)
    return Cut(readings_from, settled_until, date(min(today.year - days_years, first_day.year), 1, 1))


def is_further(wanted: Cut, kept: Cut | None) -> bool:
    """Tell whether there is more to drop than was dropped before. What is gone does not come back."""
    if kept is None:
        return True
    if wanted.readings_from < kept.readings_from:
        return False
    goes_on = wanted.readings_from > kept.readings_from
    return goes_on or (wanted.days_from or date.min) > (kept.days_from or date.min)
