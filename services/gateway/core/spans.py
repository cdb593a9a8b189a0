"""Spans of days: what a page shows, how finely, and where its links lead."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

LONGEST_BY_HOUR = 31
LONGEST_BY_DAY = 400
EARLIEST, LATEST = date(1990, 1, 1), date(2060, 12, 31)
HOUR = timedelta(hours=1)


class Resolution(StrEnum):
    """How long one slot of a chart is."""

    HOUR = "hour"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class Span:
    """Days, both ends included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """How many days there are."""
        return (self.last - self.first).days + 1

    @property
    def resolution(self) -> Resolution:
        """By the hour up to 31 days, by the day beyond."""
        return Resolution.HOUR if self.days <= LONGEST_BY_HOUR else Resolution.DAY

    def moved(self, steps: int) -> "Span":
        """Give the span as long, so many lengths later."""
        shift = timedelta(days=self.days * steps)
        return Span(self.first + shift, self.last + shift)


def neighbours(asked: Span, newest: date) -> dict[str, Span | None]:
    """Give the spans that a page leads to: lengths that end where this one does, the one before, and the one after.

    There is none after where this one reaches the newest day.
    """
    last = min(asked.last, newest)
    lengths = {"year": 365, "month": 31, "week": 7, "day": 1}
    found: dict[str, Span | None] = {
        name: Span(last - timedelta(days=length - 1), last) for name, length in lengths.items()
    }
    return {"earlier": asked.moved(-1), **found, "later": asked.moved(1) if asked.last < newest else None}


def span(first: str | None, last: str | None, newest: date) -> Span:
    """Read a span from an address; without one, or with one that cannot be shown, the year up to the newest day."""
    year = Span(newest - timedelta(days=364), newest)
    if not first or not last:
        return year
    try:
        asked = Span(date.fromisoformat(first), date.fromisoformat(last))
    except ValueError:
        return year
    is_shown = 1 <= asked.days <= LONGEST_BY_DAY and asked.first >= EARLIEST and asked.last <= LATEST
    return asked if is_shown else year


def hour_starts(asked: Span, zone: ZoneInfo) -> list[datetime]:
    """List the hours of the span's local days: 23 or 25 on the days when the clock changes."""
    start = datetime.combine(asked.first, time(), zone).astimezone(UTC)
    end = datetime.combine(asked.last + timedelta(days=1), time(), zone).astimezone(UTC)
    return [start + HOUR * index for index in range(round((end - start) / HOUR))]
