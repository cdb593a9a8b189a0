"""A column of times to instants, as the profile says."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow.compute as pc

from services.heat.arrays import UNKNOWN, Bool, Int8, Int64
from services.ingest.sources import instants, repeated_hour, zones
from services.ingest.sources.clock import Clock
from services.ingest.sources.profile_parts import ClockChange, Stamped, TimeColumn
from services.ingest.sources.refusals import Fault, UnreadableFileError
from services.ingest.sources.repeated_hour import Series

BETWEEN_HOURS = Fault(
    "not_on_the_hour", "the time names no hour, as stamped in the profile says that times do; is it a slip of the pen?"
)
UNKNOWN_ZONE = Fault(
    "unknown_zone", "the line's zone is neither an offset nor a place; say in the profile what its text means: zones"
)
BEYOND_DAY = Fault("no_such_time", "the day has not so many hours")
FAULTS = (
    instants.MISSING,
    instants.NOT_A_TIME,
    instants.NAIVE_TIME,
    instants.OUT_OF_RANGE,
    *zones.FAULTS,
    BETWEEN_HOURS,
    UNKNOWN_ZONE,
    BEYOND_DAY,
)
_MISSING, _NOT_A_TIME, _NAIVE, _OUT_OF_RANGE, _FIRST_OF_ZONES = 1, 2, 3, 4, 5
_BETWEEN_HOURS, _UNKNOWN_ZONE, _BEYOND_DAY = (
    FAULTS.index(one) + 1 for one in (BETWEEN_HOURS, UNKNOWN_ZONE, BEYOND_DAY)
)
_HOUR_US, _DAY_US = 3_600_000_000, 86_400_000_000
_LARGEST_SHARE = 4
"""A file of which one time in four lies between the hours has no hours in it."""


_LIKE_SPACES = "[\u00a0\u2007\u2009\u202f]"
"""Spaces that do not break, or are thin, look the same."""
SeriesOf = Callable[[], Series]
"""Gives what lines say beside their times, which is asked for only where autumn's repeated hour is among them."""
Chosen = Int64 | slice
"""Some lines, or all of them without a copy."""


class Written(NamedTuple):
    """Times as a file writes them, each (n,): microseconds since 1970, in UTC or, where is_local, on the wall's clock.

    faults: 1 + their place in FAULTS (0: none). UNKNOWN where a time is empty or at fault.
    """

    at_us: Int64
    is_local: Bool
    faults: Int8


def written(text: Any, column: TimeColumn) -> Written:
    """Read what a column says. text: (n,) Arrow strings without space around.

    An empty text has a fault unless the column is optional.
    """
    # Fleets are read at the same hours, so that most times stand in a file many times.
    encoded = text.dictionary_encode()
    of_each = _written_once(pc.replace_substring_regex(encoded.dictionary, _LIKE_SPACES, " "), column)
    at = encoded.indices.to_numpy()
    return Written(*(part[at] for part in of_each))


def _written_once(text: Any, column: TimeColumn) -> Written:
    read = instants.times(text, column.format, day_ends_at_24=column.day_ends_at_24)
    is_empty = pc.equal(text, "").to_numpy(zero_copy_only=False)
    is_naive = read.is_form & (read.offset_s == UNKNOWN)
    is_zoneless = column.zone is None and column.zone_column is None
    # A day to spare, so that no calendar is asked for a day beyond its end.
    is_outside = (read.seconds < instants.FIRST_S + zones.DAY_S) | (read.seconds >= instants.END_S - zones.DAY_S)
    faults = np.select(
        [is_empty, ~read.is_form, is_outside, is_naive & is_zoneless],
        [0 if column.optional else _MISSING, _NOT_A_TIME, _OUT_OF_RANGE, _NAIVE],
        0,
    ).astype(np.int8)
    at_us = np.where(is_empty | (faults != 0), UNKNOWN, read.seconds * 1_000_000 + read.micros)
    return Written(at_us, is_naive & (faults == 0), faults)


class Resolved(NamedTuple):
    """Instants: microseconds since 1970 in UTC, faults as 1 + their place in FAULTS (0: none).

    told_apart: how many lines of an hour that the clock showed twice found their place. clocks: by zone, how times
    without an offset were taken, where there are any.
    """

    at_us: Int64
    faults: Int8
    told_apart: int
    clocks: Mapping[str, Clock]


class ZonesOfLines(NamedTuple):
    """Which zone each line names: (n,) places in texts, as the file writes them; an empty one names none."""

    of_line: Int64
    texts: Sequence[str]


def resolved(read: Written, column: TimeColumn, series: SeriesOf, named: ZonesOfLines | None = None) -> Resolved:
    """Give the instants of times, in the file's order. named: the zones that the lines name themselves.

    The times are used up: the instants take their place.
    """
    at_us, faults = read.at_us, read.faults
    told_apart, clocks = 0, {}
    for zone, local in _by_zone(read, column, named):
        if not zone:
            at_us[local], faults[local] = UNKNOWN, _UNKNOWN_ZONE if zone is None else _NAIVE
            continue
        seconds = at_us[local] // 1_000_000
        placed = zones.instants_s(seconds, zone, _tell(column.clock_change, seconds, series, local))
        is_placed = placed.faults == 0
        faults[local] = np.where(is_placed, 0, placed.faults + _FIRST_OF_ZONES - 1)
        at_us[local] = np.where(is_placed, at_us[local] + (placed.at_s - seconds) * 1_000_000, UNKNOWN)
        told_apart += placed.told_apart
        clocks[zone] = placed.clock
    return Resolved(at_us, faults, told_apart, clocks)


def _by_zone(read: Written, column: TimeColumn, named: ZonesOfLines | None) -> Iterator[tuple[str | None, Chosen]]:
    """Part the lines whose times have no offset by their zone, one that is named in several ways only once."""
    zone_of = [_zone(text, column) for text in named.texts] if named is not None else [column.zone or ""]
    for zone in dict.fromkeys(zone_of):
        of_zone = read.is_local
        if named is not None and set(zone_of) != {zone}:
            of_zone = of_zone & np.isin(named.of_line, [place for place, one in enumerate(zone_of) if one == zone])
        if of_zone.any():
            yield zone, slice(None) if of_zone.all() else np.flatnonzero(of_zone)


def _tell(change: ClockChange, local_s: Int64, series: SeriesOf, local: Chosen) -> zones.Tell | None:
    if change is ClockChange.REFUSE:
        return None

    def passes(first_s: Int64, repeated: Bool) -> Int8:
        of_lines = Series(*(part[local] for part in series()))
        if change is ClockChange.BY_MARK:
            return repeated_hour.passes_by_mark(of_lines, repeated)
        if change is ClockChange.BY_COUNTER:
            return repeated_hour.passes_by_counter(local_s, first_s, of_lines, repeated)
        return repeated_hour.passes_by_order(local_s, of_lines, repeated)

    return passes


def _naming_hours(read: Written) -> Written:
    """Refuse what lies between the hours: where times name quarters, nothing is true an hour after they begin."""
    is_time = read.at_us != UNKNOWN
    is_between = is_time & (read.at_us % _HOUR_US != 0)
    if is_between.sum() * _LARGEST_SHARE >= max(1, is_time.sum()):
        raise UnreadableFileError(
            f"{is_between.sum():,} of {is_time.sum():,} times lie between full hours, and the profile's stamped says"
            " that times name hours; leave stamped out where a register was read at the time itself"
        )
    return read._replace(
        at_us=np.where(is_between, UNKNOWN, read.at_us),
        is_local=read.is_local & ~is_between,
        faults=np.where(is_between, _BETWEEN_HOURS, read.faults),
    )


def _zone(text: str, column: TimeColumn) -> str | None:
    """Give the zone of the lines that say so; "" where there is none, None where the text means none."""
    if not text:
        return column.zone or ""
    return column.zones.get(text) or zones.zone_said(text)


def counted(
    read: Written, hours_on: Int64, column: TimeColumn, series: SeriesOf, named: ZonesOfLines | None = None
) -> Resolved:
    """Give when registers were read, by the hours counted from each day's beginning, 23 to 25 of them.

    read: the days. hours_on: (n,) which hour's end it is, or with stamped `begin` how many hours before its beginning.
    """
    next_days = np.where(read.is_local, read.at_us + _DAY_US, UNKNOWN)
    ended = resolved(read._replace(at_us=next_days, faults=read.faults.copy()), column, series, named)
    began = resolved(read, column, series, named)
    hours_on = hours_on + (column.stamped is Stamped.BEGIN)
    at_us = np.where(began.faults == 0, began.at_us + hours_on * _HOUR_US, UNKNOWN)
    is_beyond = (began.faults == 0) & (ended.faults == 0) & (at_us > ended.at_us)
    return began._replace(
        at_us=np.where(is_beyond, UNKNOWN, at_us), faults=np.where(is_beyond, _BEYOND_DAY, began.faults)
    )


def read_at(read: Written, column: TimeColumn, series: SeriesOf, named: ZonesOfLines | None = None) -> Resolved:
    """Give when registers were read, where a time may name an hour or a day instead of an instant.

    `begin`: the register stood so when the hour, or the day where a time is a date alone, that begins then was over.
    `end`: the hour's beginning plus one on the clock's face, so that autumn's repeated hour is the one before it.

    Raises UnreadableFileError where so many times lie between the hours that they name none.
    """
    if column.stamped is Stamped.BEGIN and column.is_day:
        ended_us = np.where(read.is_local, read.at_us + _DAY_US, read.at_us)
        return resolved(read._replace(at_us=ended_us), column, series, named)
    if column.stamped is not None:
        read = _naming_hours(read)
    if column.stamped is Stamped.END:
        began_us = np.where(read.is_local, read.at_us - _HOUR_US, read.at_us)
        found = resolved(read._replace(at_us=began_us), column, series, named)
        is_moved = read.is_local & (found.faults == 0)
        return found._replace(at_us=np.where(is_moved, found.at_us + _HOUR_US, found.at_us))
    found = resolved(read, column, series, named)
    if column.stamped is Stamped.BEGIN:
        return found._replace(at_us=np.where(found.at_us == UNKNOWN, UNKNOWN, found.at_us + _HOUR_US))
    return found
