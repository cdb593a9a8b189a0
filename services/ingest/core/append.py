"""The common case: readings that are newer than all before and follow them, so nothing stored changes.

Gives exactly what `recompute` gives for the same readings, from one stored row per metering point instead of
the readings around. Most of what a utility receives goes this way.
"""

from typing import NamedTuple

import numpy as np

from services.heat.arrays import UNKNOWN, Bool, Int64, owner_time_key, run_starts
from services.heat.days import HourRows
from services.heat.gaps import Shapes
from services.heat.hour_marks import HOUR_S, Marks
from services.ingest.core.candidates import LOOKAHEAD, follows
from services.ingest.core.figures import Seeds, candidates, hours_of, marks_of, refused_alone
from services.ingest.core.installations import Terms
from services.ingest.core.outcome import PointStates
from services.ingest.core.readings import (
    ReadingRows,
    are_estimates,
    are_operators,
    has_samples,
    joined,
    verdicts_by_claim,
    without_sentinels,
)
from services.ingest.core.running import Accepted, registers_of


class Combined(NamedTuple):
    """New readings, each point's newest accepted one put before them: (k,) each, sorted by point and time."""

    rows: ReadingRows
    terms: Terms
    is_state: Bool


def combined(states: PointStates, state_terms: Terms, rows: ReadingRows, row_terms: Terms) -> Combined:
    """Put the newest accepted reading of each point before its new ones.

    rows: sorted by `in_order`. states, state_terms: the points of the rows.
    """
    known = np.flatnonzero(states.accepted_s != UNKNOWN)
    both = joined(_as_readings(states.take(known)), rows)
    terms = Terms._make(np.concatenate((one[known], other)) for one, other in zip(state_terms, row_terms, strict=True))
    is_state = np.arange(len(both.point_id)) < len(known)
    order = np.argsort(both.point_id * 2 + ~is_state, kind="stable")
    return Combined(both.take(order), terms.take(order), is_state[order])


def _as_readings(states: PointStates) -> ReadingRows:
    count = len(states.point_id)
    nothing, nan = np.zeros(count, np.int64), np.full(count, np.nan)
    energy_wh, volume_l, forward_lc, return_lc = states.accepted.T
    return ReadingRows(
        point_id=states.point_id,
        read_at_s=states.accepted_s,
        content_hash=nothing,
        meter_id=nothing,
        rank=nothing,
        recorded_us=nothing,
        energy_wh=energy_wh,
        volume_l=volume_l,
        forward_lc=forward_lc,
        return_lc=return_lc,
        flow_l_per_h=nan,
        power_w=nan,
        supply_c=nan,
        return_c=nan,
        withdrawn=nothing,
        verdict=nothing,
        delivery=nothing - 1,
    )


def appendable(states: PointStates, both: Combined) -> Bool:
    """Tell for each point whether its new readings can simply be added at the end; (m,).

    They can where every reading before is settled, each new one plausibly follows the one before it on the
    same meter without a rollover, and no temperature sample or exchange of an hour begun earlier would be needed.
    """
    rows = both.rows
    settled = (states.newest_s == states.accepted_s) & ((states.accepted_s == UNKNOWN) | (states.unbroken >= LOOKAHEAD))
    unfit = ~_fit_each(both) & ~both.is_state
    unfit[1:] |= (rows.point_id[1:] == rows.point_id[:-1]) & ~_follow_plainly(both)
    point = np.searchsorted(states.point_id, rows.point_id)
    mid_hour = (states.accepted_s != UNKNOWN) & (states.accepted_s % HOUR_S != 0)
    sampled = np.bincount(point, has_samples(rows), len(states.point_id)) + states.has_open_samples > 0
    fits = np.bincount(point, unfit, len(states.point_id)) == 0
    return settled & fits & ~(mid_hour & sampled)


def _fit_each(both: Combined) -> Bool:
    stands_alone = (refused_alone(both.rows, both.terms) == 0) & (verdicts_by_claim(both.rows) == 0)
    # Of an operator's word the marks behind it must know, which the state of a point does not keep; nor does it keep
    # whether an estimate is what the point stands at.
    return stands_alone & ~are_operators(both.rows) & ~are_estimates(both.rows)


def _follow_plainly(both: Combined) -> Bool:
    rows, earlier, later = both.rows, slice(None, -1), slice(1, None)
    chain = candidates(rows, both.terms)
    return (
        follows(chain, earlier, later)
        & (both.terms.segment[later] == both.terms.segment[earlier])
        & (rows.read_at_s[later] > rows.read_at_s[earlier])
        & (rows.energy_wh[later] >= rows.energy_wh[earlier])
        & _is_volume_plain(without_sentinels(rows.volume_l))
    )


def _is_volume_plain(litres: Int64) -> Bool:
    """Tell of each reading but the first whether its volume says nothing of hours before the reading before it."""
    earlier, later = litres[:-1], litres[1:]
    return (later == UNKNOWN) | ((earlier != UNKNOWN) & (later >= earlier))


class Appended(NamedTuple):
    """What new readings at the end of their points give."""

    hours: HourRows
    marks: Marks
    states: PointStates


def counted_of(both: Combined) -> Accepted:
    """Take all readings of points for which `appendable` holds as ones that count."""
    registers = registers_of(both.rows)
    never = np.zeros(len(both.rows.point_id), bool)
    return Accepted(both.rows, both.terms.segment, registers, np.zeros_like(registers), never, never)


def appended(states: PointStates, counted: Accepted, shapes: Shapes) -> Appended:
    """Compute the hours that new readings complete, and where each point stands afterwards.

    states: only points for which `appendable` holds, counted: only their readings, shapes: of gaps among them.
    """
    has_mark = states.mark_s != UNKNOWN
    seeds = Seeds(
        states.point_id[has_mark],
        states.mark_s[has_mark],
        states.mark[has_mark],
        states.mark_quality[has_mark],
    )
    marks, quality = marks_of(counted, seeds, shapes)
    return Appended(hours_of(counted, marks, quality), marks, states_after(states, counted, marks, quality))


def states_after(states: PointStates, counted: Accepted, marks: Marks, quality: Int64) -> PointStates:
    """Give where points stand once all their newest readings are accepted and follow each other."""
    rows = counted.rows
    last = np.append(run_starts(rows.point_id)[1:], len(rows.point_id)) - 1
    last_mark = np.searchsorted(marks.owner, states.point_id, side="right") - 1
    index = last_mark.clip(0)
    has_mark = (last_mark >= 0) & (marks.owner[index] == states.point_id) if len(marks.owner) else last_mark >= 0
    values, at_s, grade = (
        (marks.values[index], marks.at_s[index], quality[index])
        if len(marks.owner)
        else (states.mark, states.mark_s, states.mark_quality)
    )
    return states._replace(
        newest_s=rows.read_at_s[last],
        accepted_s=rows.read_at_s[last],
        accepted=registers_of(rows)[last],
        mark_s=np.where(has_mark, at_s, UNKNOWN),
        mark=np.where(has_mark[:, None], values, UNKNOWN),
        mark_quality=np.where(has_mark, grade, 0),
        unbroken=np.full(len(last), LOOKAHEAD),
        has_open_samples=of_open_hour(rows, has_samples(rows), states.point_id),
    )


def of_open_hour(rows: ReadingRows, is_meant: Bool, point_id: Int64) -> Int64:
    """Tell for each point whether its last hour, not yet at its end, has readings that are meant; (m,) of 0 or 1."""
    last = np.searchsorted(rows.point_id, point_id, side="right") - 1
    hour_s = -(-rows.read_at_s // HOUR_S) * HOUR_S
    in_last = owner_time_key(rows.point_id, hour_s) == owner_time_key(
        rows.point_id, hour_s[last][np.searchsorted(point_id, rows.point_id)]
    )
    is_open = in_last & (rows.read_at_s < hour_s) & is_meant
    return (np.bincount(np.searchsorted(point_id, rows.point_id), is_open, len(point_id)) > 0).astype(np.int64)
