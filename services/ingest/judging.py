"""From new readings to what they change: the common case from one row per point, the others from a window."""

from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from services.common.postgres import Transaction
from services.heat.arrays import UNKNOWN, Bool, Int64, owner_time_key, run_starts
from services.heat.days import Days, HourRows, days_of
from services.heat.hour_marks import HOUR_S
from services.heat.local_time import day_start_s, local_day
from services.ingest.core import recompute as general
from services.ingest.core.append import Appended, Combined, appendable, appended, combined, counted_of
from services.ingest.core.candidates import LOOKAHEAD
from services.ingest.core.changes import day_changes, days_in, hour_changes, hours_in, next_revision, shifts_after
from services.ingest.core.figures import gaps_of
from services.ingest.core.identify import Reference
from services.ingest.core.installations import Terms, rules_off_at, terms
from services.ingest.core.outcome import NO_SHIFTS, Outcome, PointStates, Shifts, joined_outcomes, no_days
from services.ingest.core.readings import ReadingRows, in_order, joined, without_duplicates
from services.ingest.core.recompute import JUDGED_VERDICTS, Recomputed, Spans, reaching_far, recompute, registers_at
from services.ingest.core.smoothing import smoothed
from services.ingest.core.vee.laid_out import laid_out, whole_days
from services.ingest.core.vee.rules import NO_FLAGS, FlagChanges, Flags, flag_changes, flags_of, joined_flags
from services.ingest.core.verdict import Verdict
from services.ingest.shaping import Shaping
from services.ingest.store import flags, points
from services.ingest.store.points import StoredDays, StoredHours, Touched

FIRST_AHEAD = 2 * LOOKAHEAD
"""How many judged readings behind the change a window takes in at first; doubled until the change ends within."""

POINTS_AT_ONCE = 1_000
"""Of how many points the day's earlier hours are read at once; of a whole batch's they would fill the memory."""


class _Figures(NamedTuple):
    """What is stored of the hours and days of spans."""

    hours: StoredHours
    days: StoredDays
    flags: Flags


class Judging:
    """Judges readings of metering points that this transaction has locked, and says what is to be written."""

    def __init__(self, tx: Transaction, reference: Reference, zone: ZoneInfo, version_floor: int) -> None:
        self._tx = tx
        self._reference = reference
        self._zone = zone
        self._version_floor = version_floor
        self._shaping = Shaping(tx, reference, zone)

    async def outcome(self, rows: ReadingRows, states: PointStates) -> Outcome:
        """Judge new readings. rows: sorted by `in_order`, without duplicates; states: of exactly their points."""
        row_terms = self._terms(rows.point_id, rows.meter_id, rows.read_at_s)
        state_terms = self._terms(states.point_id, np.zeros_like(states.point_id), states.accepted_s.clip(0))
        both = combined(states, state_terms, rows, row_terms)
        # Where a day's hours are spread, those before a new one are others once the day is whole.
        simple = appendable(states, both) & ~self._has_smoothing(states.point_id)
        if simple.all():
            return await self._appended(rows, states, both)
        is_simple = simple[np.searchsorted(states.point_id, rows.point_id)]
        others = await self.recomputed(_touched(rows.take(~is_simple)), rows.take(~is_simple), states.take(~simple))
        if not simple.any():
            return others
        kept = simple[np.searchsorted(states.point_id, both.rows.point_id)]
        at_the_end = await self._appended(rows.take(is_simple), states.take(simple), _picked(both, kept))
        return joined_outcomes(at_the_end, others)

    async def _appended(self, new: ReadingRows, states: PointStates, both: Combined) -> Outcome:
        counted = counted_of(both)
        done = appended(states, counted, await self._shaping.shapes(gaps_of(counted)))
        days, flagged = await self._days_completed(done, states)
        never_stored = np.zeros(len(done.hours.owner), np.int64), np.zeros(len(days.owner), np.int64)
        hour_revision, day_revision = (next_revision(before, self._version_floor) for before in never_stored)
        is_new = np.ones(len(days.owner), bool)
        return Outcome(
            new._replace(verdict=np.full(len(new.point_id), int(Verdict.ACCEPTED))),
            new.take(np.zeros(0, np.int64)),
            done.hours,
            hour_revision,
            np.ones(len(done.hours.owner), bool),
            days,
            day_revision,
            is_new,
            is_new,
            FlagChanges(flagged, NO_FLAGS),
            done.states,
            NO_SHIFTS,
            np.zeros(0, np.int64),
        )

    async def _days_completed(self, done: Appended, states: PointStates) -> tuple[Days, Flags]:
        """Sum the days that end within new hours, each with the running register at its end, and flag their hours."""
        hours = done.hours
        cuts = [*run_starts(hours.owner)[::POINTS_AT_ONCE].tolist(), len(hours.owner)]
        parts, flagged = [no_days()], [NO_FLAGS]
        for first, end in pairwise(cuts):
            ended = await self._hours_of_days_ended(hours.take(np.arange(first, end)))
            parts.append(days_of(ended, self._zone))
            flagged.append(self._flags(ended))
        days = Days._make(np.concatenate(columns) for columns in zip(*parts, strict=True))
        offset = states.offset[np.searchsorted(states.point_id, days.owner)]
        registers = registers_at(done.marks, offset, days.owner, day_start_s(days.day + 1, self._zone))
        registered = days._replace(
            register_wh=registers[:, 0], register_l=registers[:, 1], offset_wh=offset[:, 0], offset_l=offset[:, 1]
        )
        return registered, joined_flags(*flagged)

    async def _hours_of_days_ended(self, hours: HourRows) -> HourRows:
        """Give the hours of days that end within new hours of some points; those of a day begun earlier are read."""
        starts = run_starts(hours.owner)
        first_s = hours.starts_s[starts]
        end_s = hours.starts_s[np.append(starts[1:], len(hours.owner)) - 1] + HOUR_S
        first_day = local_day(first_s, self._zone)
        day_begins_s = day_start_s(first_day, self._zone)
        ends_within = end_s >= day_start_s(first_day + 1, self._zone)
        needs = ends_within & (day_begins_s < first_s)
        earlier = await points.hours(self._tx, hours.owner[starts][needs], day_begins_s[needs], first_s[needs])
        whole = hours.take(np.repeat(ends_within, np.diff(np.append(starts, len(hours.owner)))))
        return _merged(earlier.rows.take(earlier.rows.energy_wh != UNKNOWN), whole)

    def _flags(self, hours: HourRows) -> Flags:
        """Ask the rules about every whole day of these hours."""
        days = whole_days(hours, self._zone)
        resolution_wh = self._terms(days.owner, np.zeros_like(days.owner), days.begins_s).tolerance_wh
        rules_off = rules_off_at(self._reference.installations, days.owner, days.begins_s)
        return flags_of(laid_out(hours, days, self._reference.cooling_of(days.owner), resolution_wh, rules_off))

    async def recomputed(self, touched: Touched, rows: ReadingRows, states: PointStates) -> Outcome:
        """Judge anew what lies around new readings, or around a span whose terms changed (then without rows)."""
        outcome = None
        back = np.full(len(touched.point_id), LOOKAHEAD)
        ahead = np.full(len(touched.point_id), FIRST_AHEAD)
        while len(touched.point_id):
            attempt, is_enough = await self._attempt(touched, rows, states, back, ahead)
            if outcome is None:
                outcome = attempt
            else:
                outcome = joined_outcomes(outcome, attempt._replace(far=attempt.states.point_id))
            wanting = ~is_enough
            mine = wanting[np.searchsorted(touched.point_id, rows.point_id)]
            touched = Touched._make(column[wanting] for column in touched)
            rows, states = rows.take(mine), states.take(wanting)
            back, ahead = back[wanting] * 2, ahead[wanting] * 2
        if outcome is None:
            raise ValueError("there is nothing to judge")
        return outcome

    async def _attempt(
        self, touched: Touched, new: ReadingRows, states: PointStates, back: Int64, ahead: Int64
    ) -> tuple[Outcome, Bool]:
        """Judge windows of a given width; the outcome holds only the points for which that was enough."""
        spans, first_s, last_s = await points.windows(self._tx, touched, back, ahead, self._zone.key, JUDGED_VERDICTS)
        stored = await points.readings(self._tx, spans.point_id, first_s, last_s)
        done = await self._recompute(spans, without_duplicates(in_order(joined(stored, new))))
        enough = done.is_enough
        if not enough.all():
            keep = enough[np.searchsorted(spans.point_id, done.rows.point_id)]
            spans, states = _picked_spans(spans, enough), states.take(enough)
            done = await self._recompute(spans, done.rows.take(keep))
        return self._changes(spans, done, states, await self._stored_figures(spans)), enough

    async def _recompute(self, spans: Spans, rows: ReadingRows) -> Recomputed:
        row_terms = self._terms(rows.point_id, rows.meter_id, rows.read_at_s)
        judged = general.judged(spans, rows, row_terms, self._reference.installations)
        return recompute(spans, judged, await self._shaping.shapes(gaps_of(judged.counted)))

    async def _stored_figures(self, spans: Spans) -> "_Figures":
        hours = await points.hours(self._tx, spans.point_id, spans.from_s, spans.until_s)
        inside = spans.starts_inside
        from_day = np.where(inside, local_day(spans.from_s, self._zone), 0)
        ends = spans.ends_inside
        to_day = np.where(ends, local_day(np.where(ends, spans.until_s, 0), self._zone), 2**20)
        days = await points.days(self._tx, spans.point_id, from_day, to_day)
        return _Figures(hours, days, await flags.of_hours(self._tx, spans.point_id, spans.from_s, spans.until_s))

    def _changes(self, spans: Spans, done: Recomputed, states: PointStates, stored: "_Figures") -> Outcome:
        hours, days = stored.hours, stored.days
        is_new = done.rows.verdict == 0
        judged = done.rows._replace(verdict=done.verdict)
        computed = smoothed(hours_in(spans, done), self._reference.installations, self._zone)
        hour_change = hour_changes(computed, hours.rows, hours.revision, self._version_floor)
        computed_days = days_in(spans, done, computed, self._zone)
        day_change = day_changes(computed_days, days.rows, days.revision, self._version_floor)
        shifts = shifts_after(spans, done, days.rows, self._zone)
        return Outcome(
            judged.take(is_new),
            judged.take(~is_new & (done.verdict != done.rows.verdict)),
            hour_change.rows,
            hour_change.revision,
            hour_change.is_new,
            day_change.rows,
            day_change.revision,
            day_change.is_new,
            day_change.is_told,
            flag_changes(self._flags(computed), stored.flags),
            _states_after(states, spans, done, shifts),
            shifts,
            spans.point_id[~spans.ends_inside & reaching_far(spans, done, FIRST_AHEAD)],
        )

    def _has_smoothing(self, point_id: Int64) -> Bool:
        installations = self._reference.installations
        return np.isin(point_id, installations.point_id[installations.smoothing > 0])

    def _terms(self, point_id: Int64, meter_id: Int64, at_s: Int64) -> Terms:
        maximum_w = self._reference.maximum_of(point_id)
        return terms(self._reference.installations, point_id, meter_id, at_s, maximum_w)


def _states_after(states: PointStates, spans: Spans, done: Recomputed, shifts: Shifts) -> PointStates:
    """Give where points stand: anew where the window ends with the series, else moved with the registers."""
    offset = states.offset.copy()
    moved = np.searchsorted(states.point_id, shifts.point_id)
    offset[moved] += np.stack([shifts.delta_wh, shifts.delta_l], axis=1)
    result = states._replace(offset=offset)
    at_end = np.flatnonzero(~spans.ends_inside)
    if len(at_end) == 0:
        return result
    anew = general.states_after(states.take(at_end), spans, done)
    order = np.argsort(np.concatenate((result.point_id[spans.ends_inside], anew.point_id)))
    rest = result.take(spans.ends_inside)
    return PointStates._make(np.concatenate(pair)[order] for pair in zip(rest, anew, strict=True))


def _touched(rows: ReadingRows) -> Touched:
    starts = run_starts(rows.point_id)
    ends = np.append(starts[1:], len(rows.point_id))[: len(starts)] - 1
    return Touched(rows.point_id[starts], rows.read_at_s[starts], rows.read_at_s[ends])


def _picked(both: Combined, which: Bool) -> Combined:
    return Combined(both.rows.take(which), both.terms.take(which), both.is_state[which])


def _picked_spans(spans: Spans, which: Bool) -> Spans:
    return Spans._make(column[which] for column in spans)


def _merged(one: HourRows, other: HourRows) -> HourRows:
    both = HourRows._make(np.concatenate(pair) for pair in zip(one, other, strict=True))
    return both.take(np.argsort(owner_time_key(both.owner, both.starts_s), kind="stable"))
