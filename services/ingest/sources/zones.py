"""Times without an offset to instants, through the night on which the clock is set back and the hour it skips."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from services.heat.arrays import Bool, Int8, Int32, Int64
from services.ingest.sources.clock import Clock
from services.ingest.sources.refusals import Fault
from services.ingest.sources.repeated_hour import SECOND, UNCLEAR

DAY_S, HOUR_S = 86_400, 3_600
LONGEST_ZONE = 60
"""Longer than the name of any place that has a time zone."""
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - local times without an offset are what this file is about.

NO_SUCH_TIME = Fault("no_such_time", "the clock skipped this time in spring; is the file in normal time (+01:00)?")
AMBIGUOUS_TIME = Fault(
    "ambiguous_time",
    "the clock showed this time twice in autumn; give an offset, or set clock_change = 'by_order' in the profile",
)
ORDER_UNCLEAR = Fault(
    "ambiguous_time",
    "the clock showed this time twice in autumn and nothing in the file tells which is meant; give an offset, or is the"
    " file in normal time (+01:00)?",
)
FAULTS = (NO_SUCH_TIME, AMBIGUOUS_TIME, ORDER_UNCLEAR)


def fixed_offset_s(zone: str) -> int | None:
    """Give the seconds that `UTC` or an offset such as `+01:00` is ahead of UTC; None for the name of a place."""
    if zone == "UTC":
        return 0
    match = re.fullmatch(r"([+-])([01][0-9]|2[0-3]):([0-5][0-9])", zone)
    if match is None:
        return None
    seconds = int(match[2]) * 3_600 + int(match[3]) * 60
    return -seconds if match[1] == "-" else seconds


def zone_said(text: str) -> str | None:
    """Give the zone that a file's own text names, an offset in whichever form or a place; None where it is neither.

    Letters alone, as CET or EET, are neither: programs mean normal time all year by them, or that of the place.
    """
    if text in ("UTC", "GMT", "Z"):
        return "UTC"
    match = re.fullmatch(r"(?:UTC|GMT)?([+-])([0-9]{1,2})(?::?([0-9]{2}))?", text)
    if match is not None:
        offset = f"{match[1]}{int(match[2]):02}:{match[3] or '00'}"
        return offset if fixed_offset_s(offset) is not None else None
    try:
        return text if "/" in text and len(text) <= LONGEST_ZONE and ZoneInfo(text) else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


Tell = Callable[[Int64, Bool], Int8]
"""Tells the passes of a repeated hour apart: (n,) first instants and which lines are repeated, to each line's pass."""


class Placed(NamedTuple):
    """Local times as instants: seconds since 1970, faults as 1 + their place in FAULTS, how many repeated were told."""

    at_s: Int64
    faults: Int8
    told_apart: int
    clock: Clock


def instants_s(local_s: Int64, zone: str, tell: Tell | None) -> Placed:
    """Give the instant of each local time.

    local_s: (n,) what the clock on the wall showed, as seconds since 1970 on that clock, 1990 to 2060, in the
    file's order. tell: how a repeated hour is told apart; None to refuse it.
    """
    fixed = fixed_offset_s(zone)
    if fixed is not None:
        clock = Clock({fixed: len(local_s)}, None, shows_summer=False)
        return Placed(local_s - fixed, np.zeros(len(local_s), np.int8), 0, clock)
    place = ZoneInfo(zone)
    first_day = int(local_s.min()) // DAY_S
    of_day = (local_s // DAY_S - first_day).astype(np.int32)
    offset, next_offset = _offsets_s(first_day, of_day, place)
    at_s = local_s - offset[of_day]
    fault = np.zeros(len(local_s), np.int8)
    changing = np.flatnonzero((offset != next_offset)[of_day])
    del of_day
    second_s = at_s[:0]
    if len(changing):
        local, of_local = np.unique(local_s[changing], return_inverse=True)
        resolved = np.array([_resolved(one, place) for one in local.tolist()], np.int64)[of_local]
        at_s[changing], second_s, fault[changing] = resolved.T
    repeated, told_apart = fault == _AMBIGUOUS, 0
    if tell is not None and repeated.any():
        passes = tell(at_s, repeated)
        fault[repeated] = np.where(passes[repeated] == UNCLEAR, _UNCLEAR, 0)
        told_apart = int((passes[repeated] != UNCLEAR).sum())
        is_second = passes[changing] == SECOND
        at_s[changing[is_second]] = second_s[is_second]
    return Placed(at_s, fault, told_apart, _clock(local_s, at_s, fault, changing, place, has_both=told_apart > 0))


def _clock(local_s: Int64, at_s: Int64, fault: Int8, changing: Int64, place: ZoneInfo, *, has_both: bool) -> Clock:
    """Say which offsets were taken. changing: the lines of days on which the clock changes."""
    minutes = np.bincount((local_s - at_s)[fault == 0] // 60 + DAY_S // 60)
    lines_at = {(int(at) - DAY_S // 60) * 60: int(minutes[at]) for at in np.flatnonzero(minutes)}
    some_day = int(local_s[0]) // DAY_S
    january, july = (_offset_s(some_day // 365 * 365 + of_year, place) for of_year in (0, 182))
    good = changing[fault[changing] == 0]
    around_s, first = np.unique(at_s[good], return_index=True)
    rises = np.diff((local_s - at_s)[good][first]) > 0
    skips = bool((rises & (np.diff(around_s) <= HOUR_S)).any()) and not (fault == _NO_SUCH).any()
    normal_s = min(january, july) if january != july else None
    return Clock(lines_at, normal_s, shows_summer=has_both or skips)


def _offsets_s(first_day: int, of_day: Int32, place: ZoneInfo) -> tuple[Int64, Int64]:
    """Give the offsets at which days begin and end, by the days since the first; 0 for those that no line is of."""
    is_there = np.zeros(int(of_day.max()) + 1, np.bool_)
    is_there[of_day] = True
    begins, ends = np.zeros(len(is_there), np.int64), np.zeros(len(is_there), np.int64)
    for day in np.flatnonzero(is_there).tolist():
        begins[day], ends[day] = (_offset_s(first_day + day + step, place) for step in (0, 1))
    return begins, ends


_NO_SUCH, _AMBIGUOUS, _UNCLEAR = (1 + FAULTS.index(fault) for fault in FAULTS)


def _offset_s(day: int, place: ZoneInfo) -> int:
    return _utc_offset_s(day * DAY_S, place, 0)


def _utc_offset_s(local_s: int, place: ZoneInfo, fold: int) -> int:
    moment = (EPOCH + timedelta(seconds=local_s)).replace(tzinfo=place, fold=fold)
    offset = moment.utcoffset()
    return int(offset.total_seconds()) if offset is not None else 0


def _resolved(local_s: int, place: ZoneInfo) -> tuple[int, int, int]:
    """Give the first and the second instant that a clock shows a time at, and the fault."""
    first, second = (local_s - _utc_offset_s(local_s, place, fold) for fold in (0, 1))
    if first == second:
        return first, second, 0
    # In the hour that the clock skips, no instant shows the time: going there and back ends elsewhere.
    shown = datetime.fromtimestamp(first, UTC).astimezone(place).replace(tzinfo=None)
    is_shown = shown == EPOCH + timedelta(seconds=local_s)
    return first, second, _AMBIGUOUS if is_shown else _NO_SUCH
