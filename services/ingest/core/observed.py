"""What an observation of outdoor temperature must be, whichever way it came in."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import NamedTuple

from services.heat.hour_marks import HOUR_S
from services.ingest.core.form import FIRST_READ_AT_S, is_within_calendar

LONGEST_STATION_ID = 40

NEVER_SAID = datetime.fromtimestamp(FIRST_READ_AT_S, UTC)
"""Stands for when values were recorded where nobody said it: before whatever was said, and the same each time."""


class HourRefusal(StrEnum):
    """Why an hour's temperature is refused. The value stands in answers and is never renamed."""

    INVALID = "invalid"
    WRONG_TYPE = "wrong_type"
    UNKNOWN_FIELD = "unknown_field"
    FIELD_MISSING = "field_missing"
    NAIVE_TIME = "naive_time"
    NOT_ON_THE_HOUR = "not_on_the_hour"
    TIME_OUT_OF_RANGE = "time_out_of_range"
    TIME_IN_FUTURE = "time_in_future"
    NOT_FINITE = "not_finite"
    OUT_OF_RANGE = "out_of_range"


class RefusedHour(NamedTuple):
    """An hour that is refused: which of the values (from 0), the field at fault, why, and what to do."""

    item: int
    field: str
    code: HourRefusal
    reason: str


def unusable(station_id: str, recorded_at: datetime, latest_s: int) -> str:
    """Say why an observation cannot be stored, whatever its hours; empty where it can.

    latest_s: the latest instant that it may have been recorded at: one recorded in the future would win over every
    later correction.
    """
    if not (0 < len(station_id) <= LONGEST_STATION_ID and station_id.isprintable()):
        return "station_id: it has 1 to 40 characters, all of which can be seen"
    if not is_within_calendar(recorded_at) or recorded_at.timestamp() > latest_s:
        return "recorded_at: it lies outside 1990-01-02 to 2060-12-31, or ahead of the clock here"
    return ""


def refused_hour(item: int, starts_at: datetime, latest_s: int) -> RefusedHour | None:
    """Say why an hour cannot be stored; None where it can.

    latest_s: the latest instant that it may begin at: a day to come would end the years that are averaged.
    """
    if not is_within_calendar(starts_at):
        return _refused(item, HourRefusal.TIME_OUT_OF_RANGE, "give a time from 1990-01-02 to 2060-12-31")
    if starts_at.timestamp() % HOUR_S:
        return _refused(item, HourRefusal.NOT_ON_THE_HOUR, "an hour begins at its full hour")
    if starts_at.timestamp() > latest_s:
        return _refused(item, HourRefusal.TIME_IN_FUTURE, "the hour has not begun; send it once it is past")
    return None


def _refused(item: int, code: HourRefusal, reason: str) -> RefusedHour:
    return RefusedHour(item, "starts_at", code, reason)
