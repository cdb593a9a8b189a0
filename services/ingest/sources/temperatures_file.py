"""A file of hourly outdoor temperatures and its profile to hours and degrees."""

from typing import NamedTuple

import numpy as np

from services.heat.arrays import Bool, Float64, Int64, run_starts
from services.ingest.core.form import FIRST_READ_AT_S, LAST_READ_AT_S
from services.ingest.sources import decimals, time_columns
from services.ingest.sources.clock import notes_of
from services.ingest.sources.lines import lines
from services.ingest.sources.profile import Kind, Profile
from services.ingest.sources.profile_parts import Stamped
from services.ingest.sources.refusals import Fault, Refusals, UnreadableFileError
from services.ingest.sources.repeated_hour import Series
from services.ingest.sources.rows import Rows

HOUR_US = 3_600_000_000
LOWEST_C, HIGHEST_C = -80.0, 60.0

NOT_ON_THE_HOUR = Fault("not_on_the_hour", "the time is not a full hour; temperatures are means of whole hours")
NOT_KEPT = Fault("time_out_of_range", "hours are kept from 1990-01-02 to 2060-12-31")
TEMPERATURE_MISSING = Fault("field_missing", "the temperature is empty")
IMPLAUSIBLE = Fault("out_of_range", f"the temperature is not within {LOWEST_C:.0f} to {HIGHEST_C:.0f} C")
HOUR_TWICE = Fault("hour_given_twice", "another line gives this hour another temperature; remove one of them")
SENTINEL = Fault("sentinel", "the station's sign for 'no value' stands where the temperature should")


class TemperaturesFile(NamedTuple):
    """What a file of temperatures says, in the file's order: when each hour begins (seconds since 1970), its mean.

    line: which line of the file says it. approved: whether the observer has approved it, where a file says so. (n,)
    each.
    """

    starts_s: Int64
    celsius: Float64
    line: Int64
    approved: Bool
    refusals: Refusals
    notes: tuple[str, ...] = ()
    """What a person should know of how the file was read."""


def temperatures_file(data: bytes, profile: Profile) -> TemperaturesFile:
    """Read a file of hourly temperatures. Raises UnreadableFileError, which says what to do."""
    if profile.kind is not Kind.WEATHER:
        raise UnreadableFileError("the profile is for readings; choose one for weather")
    refusals = Refusals()
    rows = Rows(lines(data, profile, refusals), refusals)
    read = time_columns.written(rows.time_text(profile.time), profile.time)
    found = time_columns.resolved(read, profile.time, lambda: Series.of_times_alone(np.zeros(len(rows), np.int64)))
    at_us, faults = found.at_us, found.faults
    off_hour = (faults == 0) & (at_us % HOUR_US != 0)
    starts_us = at_us - (HOUR_US if profile.time.stamped is Stamped.END else 0)
    not_kept = (faults == 0) & ((starts_us < FIRST_READ_AT_S * 1_000_000) | (starts_us > LAST_READ_AT_S * 1_000_000))
    of_times = len(time_columns.FAULTS)
    faults = np.select([off_hour, not_kept], [of_times + 1, of_times + 2], faults)
    meaning = (*time_columns.FAULTS, NOT_ON_THE_HOUR, NOT_KEPT)
    rows.put("starts_us", starts_us, faults, profile.time.column, meaning)
    _put_celsius(rows, profile)
    _refuse_contradictions(rows, profile)
    return TemperaturesFile(
        rows.columns["starts_us"] // 1_000_000,
        rows.columns["celsius"],
        rows.lines.number,
        np.zeros(len(rows), bool),
        refusals,
        notes_of(found.clocks, None),
    )


def _put_celsius(rows: Rows, profile: Profile) -> None:
    value = profile.values[0]
    style = profile.style
    text, is_sentinel = decimals.without(rows.text(value.column), value.sentinels)
    celsius, faults = decimals.real(text, style, value.factor)
    is_sentinel |= np.isin(celsius, decimals.reals(value.sentinels, style, value.factor))
    faults = np.select(
        [faults != 0, is_sentinel, np.isnan(celsius), (celsius < LOWEST_C) | (celsius > HIGHEST_C)],
        [faults, *(len(decimals.FAULTS) + place for place in (1, 2, 3))],
        0,
    ).astype(np.int64)
    meaning = (*decimals.FAULTS, SENTINEL, TEMPERATURE_MISSING, IMPLAUSIBLE)
    rows.put("celsius", celsius, faults, value.column, meaning)


def _refuse_contradictions(rows: Rows, profile: Profile) -> None:
    """Refuse an hour's later lines where they say something else than its first."""
    starts_us, celsius = rows.columns["starts_us"], rows.columns["celsius"]
    order = np.argsort(starts_us, kind="stable")
    starts = run_starts(starts_us[order])
    first = np.repeat(celsius[order[starts]], np.diff(np.append(starts, len(order))))
    faults = np.zeros(len(rows), np.int64)
    faults[order] = celsius[order] != first
    rows.refuse(faults, profile.time.column, (HOUR_TWICE,))
