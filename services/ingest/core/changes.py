"""What is new and what is changed: computed hours and days set against the stored ones."""

from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from services.heat.arrays import UNKNOWN, Bool, Int64, owner_time_key
from services.heat.days import Days, HourRows, days_of
from services.heat.local_time import day_start_s, local_day
from services.ingest.core.figures import hours_of
from services.ingest.core.outcome import Shifts, missing_hours
from services.ingest.core.recompute import Recomputed, Spans, offsets_at, registers_at


class HourChanges(NamedTuple):
    """Hours to write, and which of them are not stored yet."""

    rows: HourRows
    revision: Int64
    is_new: Bool


class DayChanges(NamedTuple):
    """Days to write, and which of them others must hear of."""

    rows: Days
    revision: Int64
    is_new: Bool
    is_told: Bool


def next_revision(stored: Int64, floor: int) -> Int64:
    """Give the revision that comes after each stored one; after 0 the first.

    floor: what `installation.version_floor()` says; what others hold of before the database was put back lies below.
    """
    return np.maximum(stored + 1, floor)


def hours_in(spans: Spans, done: Recomputed) -> HourRows:
    """Take the hours of the recomputed windows that lie in their spans."""
    hours = hours_of(done.counted, done.marks, done.mark_quality)
    span = np.searchsorted(spans.point_id, hours.owner)
    return hours.take((hours.starts_s >= spans.from_s[span]) & (hours.starts_s < spans.until_s[span]))


def days_in(spans: Spans, done: Recomputed, hours: HourRows, zone: ZoneInfo) -> Days:
    """Sum the hours of the spans into local days, each with the running register at its end."""
    days = days_of(hours, zone)
    ends_s = day_start_s(days.day + 1, zone)
    offset = offsets_at(spans, done.counted, days.owner, ends_s)
    point = np.searchsorted(spans.point_id, days.owner)
    registers = registers_at(done.marks, spans.offset[point], days.owner, ends_s)
    return days._replace(
        register_wh=registers[:, 0], register_l=registers[:, 1], offset_wh=offset[:, 0], offset_l=offset[:, 1]
    )


def hour_changes(computed: HourRows, stored: HourRows, stored_revision: Int64, floor: int) -> HourChanges:
    """Set computed hours against stored ones of the same spans. An hour not computed any more becomes missing."""
    found = _matched(computed.owner, computed.starts_s, stored.owner, stored.starts_s)
    differs = _differ(computed, stored, found, HourRows._fields[2:])
    changed = found.both[differs]
    is_gone = found.only_stored & (stored.energy_wh != UNKNOWN)
    parts = (computed.take(found.only_computed), computed.take(changed), missing_hours(stored.take(is_gone)))
    new = int(found.only_computed.sum())
    before = (np.zeros(new, np.int64), stored_revision[found.partner[differs]], stored_revision[is_gone])
    rows = HourRows._make(np.concatenate(columns) for columns in zip(*parts, strict=True))
    revision = next_revision(np.concatenate(before), floor)
    return HourChanges(rows, revision, np.arange(len(revision)) < new)


def day_changes(computed: Days, stored: Days, stored_revision: Int64, floor: int) -> DayChanges:
    """Set computed days against stored ones. One whose register alone moved keeps its revision and is not told."""
    found = _matched(computed.owner, computed.day, stored.owner, stored.day)
    figures = _differ(computed, stored, found, Days._fields[2:-4])
    registers = _differ(computed, stored, found, Days._fields[-4:])
    differs = figures | registers
    is_gone = found.only_stored & (stored.energy_wh != UNKNOWN)
    new, gone = int(found.only_computed.sum()), int(is_gone.sum())
    parts = (
        computed.take(found.only_computed),
        computed.take(found.both[differs]),
        _missing_days(stored.take(is_gone)),
    )
    before = np.concatenate(
        (np.zeros(new, np.int64), stored_revision[found.partner[differs]], stored_revision[is_gone])
    )
    is_told = np.concatenate((np.ones(new, bool), figures[differs], np.ones(gone, bool)))
    return DayChanges(
        Days._make(np.concatenate(columns) for columns in zip(*parts, strict=True)),
        np.where(is_told, next_revision(before, floor), before),
        np.arange(len(before)) < new,
        is_told,
    )


def shifts_after(spans: Spans, done: Recomputed, stored: Days, zone: ZoneInfo) -> Shifts:
    """Give how far the running registers moved behind each span that ends inside its series.

    stored: the days of the spans as they are stored, the last of each ending where the span does.
    """
    inside = np.flatnonzero(spans.ends_inside)
    point_id, until_s = spans.point_id[inside], spans.until_s[inside]
    now = offsets_at(spans, done.counted, point_id, until_s)
    from_day = local_day(until_s, zone)
    last_day = _matched(point_id, from_day - 1, stored.owner, stored.day).partner
    # The store ends a span inside its series only behind a day that it knows the offset of.
    delta = now - np.stack([stored.offset_wh, stored.offset_l], axis=1)[last_day]
    moved = (delta != 0).any(axis=1)
    return Shifts(point_id[moved], from_day[moved], delta[moved, 0], delta[moved, 1])


class _Matches(NamedTuple):
    both: Int64
    """Indexes of computed rows that are stored too."""
    partner: Int64
    """Of each of them, the index of the stored row."""
    only_computed: Bool
    only_stored: Bool


def _matched(owner: Int64, at: Int64, stored_owner: Int64, stored_at: Int64) -> _Matches:
    keys, stored_keys = owner_time_key(owner, at), owner_time_key(stored_owner, stored_at)
    if len(stored_keys) == 0:
        nothing = np.zeros(0, np.int64)
        return _Matches(nothing, nothing, np.ones(len(keys), bool), np.zeros(0, bool))
    index = np.searchsorted(stored_keys, keys).clip(0, len(stored_keys) - 1)
    is_both = stored_keys[index] == keys
    only_stored = np.ones(len(stored_keys), bool)
    only_stored[index[is_both]] = False
    return _Matches(np.flatnonzero(is_both), index[is_both], ~is_both, only_stored)


def _differ(computed: HourRows | Days, stored: HourRows | Days, found: _Matches, fields: tuple[str, ...]) -> Bool:
    differs = np.zeros(len(found.both), bool)
    for field in fields:
        differs |= getattr(computed, field)[found.both] != getattr(stored, field)[found.partner]
    return differs


def _missing_days(days: Days) -> Days:
    unknown = np.full(len(days.owner), UNKNOWN)
    nothing = np.zeros(len(days.owner), np.int64)
    return Days(
        owner=days.owner,
        day=days.day,
        energy_wh=unknown,
        maximum_hour_wh=unknown,
        hours_expected=days.hours_expected,
        hours_present=nothing,
        hours_measured=nothing,
        is_measured=nothing,
        volume_l=unknown,
        forward_lc=nothing,
        forward_l=nothing,
        return_lc=nothing,
        return_l=nothing,
        energy_return_wh_centi_c=nothing,
        energy_with_return_wh=nothing,
        quality=nothing,
        register_wh=unknown,
        register_l=unknown,
        offset_wh=unknown,
        offset_l=unknown,
    )
