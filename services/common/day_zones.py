"""Time zones whose midnights part days for everybody alike; others are refused before a day is cut."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

FIRST_DAY = date(1990, 1, 1)
LAST_MIDNIGHT = date(2061, 1, 1)
FARTHEST = timedelta(hours=12)
FIRST_DAYS = {"Europe/Bucharest": date(1994, 1, 1)}
"""Where a zone is held to it from later on: in the autumns of 1991 to 1993 Bucharest's clocks showed midnight twice."""

_A_DAY = timedelta(days=1)
_AN_HOUR = timedelta(hours=1)


@lru_cache(maxsize=8)
def why_not(zone: ZoneInfo) -> str | None:
    """Say why days cannot be cut at a zone's midnights from 1990 to 2060; None where they can.

    Hours begin at whole hours of UTC. Of two midnights of one date Python takes the first, PostgreSQL the second. And a
    visitor's days are found by the nearest midnight of UTC (permissions.nearest_day), half a day away at most.
    """
    for midnight in _midnights_around_changes(zone):
        why = _why_not_at(midnight.replace(tzinfo=zone))
        if why:
            return f"{why} on {midnight:%Y-%m-%d}"
    return None


def _midnights_around_changes(zone: ZoneInfo) -> Iterator[datetime]:
    """Give the first midnight, and the two between which the clocks were moved: all others are as the one before."""
    # By the clock alone, with the zone asked beside: dates that carry their zone take ten times as long.
    midnight = datetime.combine(FIRST_DAYS.get(zone.key, FIRST_DAY), time.min)
    last = datetime.combine(LAST_MIDNIGHT, time.min)
    offset = zone.utcoffset(midnight)
    yield midnight
    # The last one shown twice differs from the one behind it only.
    while midnight <= last:
        before, offset_before = midnight, offset
        midnight += _A_DAY
        offset = zone.utcoffset(midnight)
        if offset != offset_before:
            yield before
            yield midnight


def _why_not_at(midnight: datetime) -> str | None:
    offset, again = midnight.utcoffset(), midnight.replace(fold=1).utcoffset()
    if offset is None or again is None or offset % _AN_HOUR:
        return "its midnight is not on a whole hour of UTC"
    if again < offset:
        return "its clocks show midnight twice"
    if not -FARTHEST < offset <= FARTHEST:
        return "its clocks are more than twelve hours ahead of UTC, or twelve behind,"
    return None
