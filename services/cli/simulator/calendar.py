"""The hours of a period, and what the clock on the wall shows in each."""

from datetime import UTC, date, datetime
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from services.heat.arrays import Bool, Float64, Int64
from services.heat.hour_marks import HOUR_S
from services.heat.local_time import day_start_s, local_day
from services.heat.weekdays import weekdays

DAY_S = 86_400


class Calendar(NamedTuple):
    """Hours that follow each other: (h,) each."""

    starts_s: Int64
    year: Int64
    """The UTC year, for what is drawn year by year."""
    hour_of_year: Int64
    season: Float64
    """Where the year stands, 0 at its beginning to 1 at its end."""
    local_day: Int64
    """Days since 1970."""
    local_hour: Int64
    """What the clock shows, 0 to 23."""
    is_weekday: Bool

    def tail(self, hours: int) -> "Calendar":
        """Leave the first hours out."""
        return Calendar._make(column[hours:] for column in self)


def calendar(from_s: int, to_s: int, zone: ZoneInfo) -> Calendar:
    """Lay out the hours that begin from from_s up to, not including, to_s."""
    starts_s = np.arange(from_s, to_s, HOUR_S, dtype=np.int64)
    years = starts_s.astype("datetime64[s]").astype("datetime64[Y]")
    since_new_year_s = starts_s - years.astype("datetime64[s]").astype(np.int64)
    day = local_day(starts_s, zone)
    clock = np.fromiter((datetime.fromtimestamp(s, zone).hour for s in starts_s.tolist()), np.int64, len(starts_s))
    return Calendar(
        starts_s,
        years.astype(np.int64) + 1970,
        since_new_year_s // HOUR_S,
        since_new_year_s / (365.25 * DAY_S),
        day,
        clock,
        weekdays(day),
    )


def midnight_s(day: date, zone: ZoneInfo) -> int:
    """Give the instant at which a local day begins."""
    return int(datetime.combine(day, datetime.min.time(), zone).timestamp())


def midnights(from_s: int, to_s: int, zone: ZoneInfo) -> Int64:
    """Give every local midnight from from_s to to_s, both included."""
    first, last = local_day(np.array([from_s, to_s]), zone)
    at_s = day_start_s(np.arange(first, last + 1), zone)
    return at_s[at_s >= from_s]


def clock_changes(from_s: int, to_s: int, zone: ZoneInfo) -> list[tuple[int, int]]:
    """Give each clock change of a period: its instant, and by how many seconds the clock was set forward."""
    hours = range(from_s, to_s, HOUR_S)
    offsets = [(s, datetime.fromtimestamp(s, zone).utcoffset()) for s in hours]
    return [
        (at_s, int((after - before).total_seconds()))
        for (_, before), (at_s, after) in pairwise(offsets)
        if before is not None and after is not None and after != before
    ]


def iso(at_s: int) -> str:
    """Write an instant as ISO 8601 in UTC."""
    return datetime.fromtimestamp(at_s, UTC).isoformat().replace("+00:00", "Z")
