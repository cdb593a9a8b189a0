"""Times without an offset to instants, through the night on which the clock is set back and the hour it skips."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from services.heat.arrays import Bool, Int64, run_starts
from services.ingest.sources.refusals import Fault

DAY_S = 86_400
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - local times without an offset are what this file is about.

NO_SUCH_TIME = Fault("no_such_time", "the clock skipped this time in spring; is the file in normal time (+01:00)?")
AMBIGUOUS_TIME = Fault(
    "ambiguous_time",
    "the clock showed this time twice in autumn; give an offset, or set clock_change = 'by_order' in the profile",
)
ORDER_UNCLEAR = Fault(
    "ambiguous_time",
    "the clock showed this time twice in autumn and the file's order does not tell which; give an offset",
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


def instants_s(local_s: Int64, zone: str, by_order: bool, series: Int64) -> tuple[Int64, Int64]:
    """Give the instant of each local time, and its fault as 1 + its place in FAULTS (0: none).

    local_s: (n,) what the clock on the wall showed, as seconds since 1970 on that clock, 1990 to 2060, in the
    file's order. series: (n,) which meter each belongs to. by_order: a repeated hour is told apart by the file's
    order, where within each meter that goes one way; see `_told_by_order`.
    """
    fixed = fixed_offset_s(zone)
    if fixed is not None:
        return local_s - fixed, np.zeros(len(local_s), np.int64)
    place = ZoneInfo(zone)
    day, of_day = np.unique(local_s // DAY_S, return_inverse=True)
    offset = np.array([_offset_s(int(number), place) for number in day], np.int64)
    next_offset = np.array([_offset_s(int(number) + 1, place) for number in day], np.int64)
    at_s = local_s - offset[of_day]
    fault = np.zeros(len(local_s), np.int64)
    changing = np.flatnonzero((offset != next_offset)[of_day])
    if len(changing):
        _resolve(changing, local_s, at_s, fault, place)
    repeated = fault == _AMBIGUOUS
    if by_order and repeated.any():
        _told_by_order(local_s, series, repeated, at_s, fault, place)
    return at_s, fault


_NO_SUCH, _AMBIGUOUS, _UNCLEAR = (1 + FAULTS.index(fault) for fault in FAULTS)


def _offset_s(day: int, place: ZoneInfo) -> int:
    return _utc_offset_s(day * DAY_S, place, 0)


def _utc_offset_s(local_s: int, place: ZoneInfo, fold: int) -> int:
    moment = (EPOCH + timedelta(seconds=local_s)).replace(tzinfo=place, fold=fold)
    offset = moment.utcoffset()
    return int(offset.total_seconds()) if offset is not None else 0


def _resolve(rows: Int64, local_s: Int64, at_s: Int64, fault: Int64, place: ZoneInfo) -> None:
    """Look at the times of days on which the clock changes, one by one: there are two such days a year."""
    for row, local in zip(rows.tolist(), local_s[rows].tolist(), strict=True):
        first, second = (local - _utc_offset_s(local, place, fold) for fold in (0, 1))
        at_s[row] = first
        if first != second:
            # In the hour that the clock skips, no instant shows the time: going there and back ends elsewhere.
            shown = datetime.fromtimestamp(first, UTC).astimezone(place).replace(tzinfo=None)
            is_shown = shown == EPOCH + timedelta(seconds=local)
            fault[row] = _AMBIGUOUS if is_shown else _NO_SUCH


def _told_by_order(local_s: Int64, series: Int64, repeated: Bool, at_s: Int64, fault: Int64, place: ZoneInfo) -> None:
    """Tell the first pass of a repeated hour from the second where, within one meter, the file's times step back.

    Each run of neighbouring lines in the repeated hour stands for itself. In a rising file the one line that does
    not rise begins the second pass; in a falling file the one that does not fall begins the first. With no such
    line, or with more than one, nobody can know, and the run stays refused.
    """
    order = np.argsort(series, kind="stable")
    in_hour = repeated[order]
    # A run ends where the meter or the day changes, too.
    night = np.where(in_hour, series[order] * 100_000 + local_s[order] // DAY_S, -1)
    starts = run_starts(night)
    ends = np.append(starts[1:], len(order))
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        if not in_hour[start]:
            continue
        rows = order[start:end]
        sign = _direction(local_s, series, order, start, end)
        steps = np.flatnonzero(sign * np.diff(local_s[rows]) <= 0) + 1
        if len(steps) != 1:
            fault[rows] = _UNCLEAR
            continue
        earlier, later = (rows[: steps[0]], rows[steps[0] :])[::sign]
        fault[rows] = 0
        for fold, passed in enumerate((earlier, later)):
            at_s[passed] = [local - _utc_offset_s(local, place, fold) for local in local_s[passed].tolist()]


def _direction(local_s: Int64, series: Int64, order: Int64, start: int, end: int) -> int:
    """Say whether a meter's times rise (1) or fall (-1) around a run: from the line before it to the one after."""
    before = order[start - 1] if start > 0 and series[order[start - 1]] == series[order[start]] else order[start]
    after = order[end] if end < len(order) and series[order[end]] == series[order[start]] else order[end - 1]
    return -1 if local_s[after] < local_s[before] else 1
