"""The general case: judge and compute anew what lies around readings that came late, twice, corrected or wrong.

A window of readings around the change is judged again. It begins at an accepted reading that the change cannot
reach and ends where the verdicts are again what they were, so everything outside stands as it is.
"""

from typing import NamedTuple

import numpy as np

from services.heat.arrays import UNKNOWN, Bool, Int64, owner_time_key, run_starts
from services.heat.gaps import Shapes
from services.heat.hour_marks import HOUR_S, Marks
from services.ingest.core.ahead import with_estimates
from services.ingest.core.append import of_open_hour
from services.ingest.core.candidates import LOOKAHEAD
from services.ingest.core.chain import unbroken_at_end
from services.ingest.core.figures import NO_SEEDS, SERIES_OF_A_POINT, anchored, candidates, marks_of, verdicts
from services.ingest.core.installations import Installations, Terms
from services.ingest.core.outcome import PointStates
from services.ingest.core.readings import (
    ReadingRows,
    are_estimates,
    are_operators,
    has_other_versions,
    has_samples,
)
from services.ingest.core.running import Accepted, accepted, registers_of
from services.ingest.core.stops import judged_stops, stops_among, with_stops
from services.ingest.core.verdict import JUDGED, Verdict

ACCEPTED = int(Verdict.ACCEPTED)
JUDGED_VERDICTS = [int(verdict) for verdict in JUDGED]
REFUSED_BY_OTHERS = [verdict for verdict in JUDGED_VERDICTS if verdict != ACCEPTED]

BEGINNING_S = 0
"""Before any reading."""
END_S = 2**33
"""After any reading."""


class Spans(NamedTuple):
    """What is computed anew for each metering point: (m,) each, sorted by point_id."""

    point_id: Int64
    changed_to_s: Int64
    """The last instant at which readings are new or judged on other terms."""
    from_s: Int64
    """The local midnight from which hours are compared, or BEGINNING_S where the window begins with the series."""
    until_s: Int64
    """The local midnight up to which hours are compared, or END_S where the window ends with the series."""
    settled_s: Int64
    """The instant by which the verdicts must be what they were, or END_S where the window ends with the series."""
    offset: Int64
    """(m, 2): what is to be added to Wh and l at from_s so that they run on, 0 where the window begins the series."""
    is_earliest: Bool
    """True where nothing before the window is kept any more, so that none could begin earlier."""

    @property
    def starts_inside(self) -> Bool:
        """True where accepted readings lie before the window."""
        return self.from_s != BEGINNING_S

    @property
    def ends_inside(self) -> Bool:
        """True where readings lie after the window."""
        return self.until_s != END_S


class Judged(NamedTuple):
    """The readings of the windows with their verdicts, and those that count."""

    rows: ReadingRows
    verdict: Int64
    terms: Terms
    counted: Accepted
    is_settled: Bool
    """(m,): False where the window was too narrow to tell where the verdicts are again what they were."""


class Recomputed(NamedTuple):
    """The readings of the windows with their verdicts, and the marks that follow from those that count."""

    rows: ReadingRows
    verdict: Int64
    terms: Terms
    counted: Accepted
    marks: Marks
    mark_quality: Int64
    is_enough: Bool
    """(m,): False where the window was too narrow to tell where the change ends; its figures are not to be used."""


def judged(spans: Spans, rows: ReadingRows, terms: Terms, installations: Installations) -> Judged:
    """Judge the readings of each window.

    rows: sorted by `in_order`, without duplicates; the verdict stored of each, 0 for a new one. What was read is judged
    as if there were no estimates, which give way to it, and stop registers that were read are judged by all others.
    """
    stops = stops_among(rows, terms, installations)
    if len(stops.at) == 0:
        verdict, is_settled = _judged_in_chains(spans, rows, terms)
        known = installations
    else:
        verdict, is_stop = np.zeros(len(rows.point_id), np.int64), np.zeros(len(rows.point_id), bool)
        is_stop[stops.at] = True
        verdict[~is_stop], is_settled = _judged_in_chains(spans, rows.take(~is_stop), terms.take(~is_stop))
        of_stops = judged_stops(stops, rows, terms, verdict, installations)
        verdict[stops.at] = of_stops
        known = with_stops(installations, stops, of_stops)
    counted = _starting_at(spans, accepted(rows, verdict, terms, known))
    return Judged(rows, verdict, terms, counted, is_settled)


def _judged_in_chains(spans: Spans, rows: ReadingRows, terms: Terms) -> tuple[Int64, Bool]:
    """Judge the readings that are no stop registers; returns the verdicts, and of which windows they are settled."""
    is_read = ~are_estimates(rows)
    # Few windows have estimates, and of the others nothing need be copied.
    read, read_terms = (rows, terms) if is_read.all() else (rows.take(is_read), terms.take(is_read))
    starts_inside = spans.starts_inside[np.searchsorted(spans.point_id, read.point_id)]
    settled, is_settled = _settled(spans, read, verdicts(read, read_terms, starts_inside))
    return with_estimates(rows, terms, is_read, settled), is_settled


def recompute(spans: Spans, done: Judged, shapes: Shapes) -> Recomputed:
    """Read the registers of judged windows off at full hours; shapes: of gaps among the readings that count."""
    marks, quality = marks_of(done.counted, NO_SEEDS, shapes)
    _, has_start = _values_at(marks, spans.point_id, spans.from_s)
    is_enough = done.is_settled & (has_start | ~spans.starts_inside)
    return Recomputed(done.rows, done.verdict, done.terms, done.counted, marks, quality, is_enough)


def _starting_at(spans: Spans, counted: Accepted) -> Accepted:
    """Let the registers be the meter's own where the span begins: the window may begin days before, at a volume."""
    if len(counted.rows.point_id) == 0 or not spans.starts_inside.any():
        return counted
    keys = owner_time_key(counted.rows.point_id, counted.rows.read_at_s)
    at_start = np.searchsorted(keys, owner_time_key(spans.point_id, spans.from_s), side="right") - 1
    before = np.where(spans.starts_inside[:, None], counted.offset[at_start], 0)
    before = before[np.searchsorted(spans.point_id, counted.rows.point_id)]
    running = np.where(counted.running == UNKNOWN, UNKNOWN, counted.running - before)
    return counted._replace(running=running, offset=counted.offset - before)


def _settled(spans: Spans, rows: ReadingRows, verdict: Int64) -> tuple[Int64, Bool]:
    """Keep the stored verdicts from where the new ones agree with them again.

    After a reading that is accepted as before, with everything behind it unchanged, all verdicts are as before. Those
    of the last readings of a window are not to be trusted: what they look ahead to was not loaded. A version that gave
    its place to another was judged while others were not accepted yet: it is to be seen with all before it that is
    kept, and nothing is settled before it.
    """
    ends_inside = spans.ends_inside
    silenced = has_other_versions(rows)
    silenced &= np.isin(verdict, REFUSED_BY_OTHERS) | np.isin(rows.verdict, REFUSED_BY_OTHERS)
    unsure = silenced | _zeros_near_the_beginning(rows, verdict)
    is_unsure = np.bincount(np.searchsorted(spans.point_id, rows.point_id), unsure, len(spans.point_id)) > 0
    result, is_settled = verdict.copy(), ~(is_unsure & spans.starts_inside & ~spans.is_earliest)
    starts = run_starts(rows.point_id)
    ends = np.append(starts[1:], len(rows.point_id))[: len(starts)]
    point = np.searchsorted(spans.point_id, rows.point_id[starts])
    for start, end, index in zip(starts, ends, point, strict=True):
        if not ends_inside[index]:
            continue
        here = slice(start, end)
        chained = np.flatnonzero(np.isin(verdict[here], JUDGED_VERDICTS))
        instants = np.unique(rows.read_at_s[here][chained])
        trusted_s = instants[-LOOKAHEAD - 1] if len(instants) > LOOKAHEAD else BEGINNING_S
        agrees = (verdict[here] == ACCEPTED) & (rows.verdict[here] == ACCEPTED)
        agrees &= (rows.read_at_s[here] > spans.changed_to_s[index]) & (rows.read_at_s[here] <= spans.settled_s[index])
        agrees &= rows.read_at_s[here] <= trusted_s
        agrees &= rows.read_at_s[here] > rows.read_at_s[here].max(where=silenced[here], initial=BEGINNING_S)
        if not agrees.any():
            is_settled[index] = False
            continue
        first = start + int(np.argmax(agrees))
        result[first:end] = rows.verdict[first:end]
    return result, is_settled


def _zeros_near_the_beginning(rows: ReadingRows, verdict: Int64) -> Bool:
    """Tell which readings show zeros where they have a say in whether the window's first one is accepted.

    Whether they are an outage's is decided by what is behind them, however far, and those of an outage have no say.
    """
    is_judged = np.isin(verdict, JUDGED_VERDICTS)
    key = owner_time_key(rows.point_id, rows.read_at_s)
    is_instant = is_judged & (np.diff(key, prepend=-1) != 0)
    count = np.cumsum(is_instant)
    starts = run_starts(rows.point_id)
    before = np.repeat(count[starts], np.diff(np.append(starts, len(count))))
    shows_zero = (rows.energy_wh == 0) & ((rows.volume_l == 0) | (rows.volume_l == UNKNOWN))
    return shows_zero & is_judged & (count - before <= LOOKAHEAD)


def reaching_far(spans: Spans, done: Recomputed, ahead: int) -> Bool:
    """Tell for each window whether it takes in more than `ahead` judged readings behind what is new."""
    span = np.searchsorted(spans.point_id, done.rows.point_id)
    is_behind = np.isin(done.verdict, JUDGED_VERDICTS) & (done.rows.read_at_s > spans.changed_to_s[span])
    return np.bincount(span, is_behind, len(spans.point_id)) > ahead


def _values_at(marks: Marks, point_id: Int64, at_s: Int64) -> tuple[Int64, Bool]:
    """Look up running Wh and l at given marks; (m, 2), and where there is such a mark."""
    if len(marks.owner) == 0:
        return np.full((len(point_id), 2), UNKNOWN), np.zeros(len(point_id), bool)
    keys, wanted = owner_time_key(marks.owner, marks.at_s), owner_time_key(point_id, at_s)
    index = np.searchsorted(keys, wanted).clip(0, len(keys) - 1)
    found = keys[index] == wanted
    return np.where(found[:, None], marks.values[index, :2], UNKNOWN), found


def registers_at(marks: Marks, offset: Int64, point_id: Int64, at_s: Int64) -> Int64:
    """Give the Wh and l at given marks with an offset added, (n, 2) both; UNKNOWN where they are not known."""
    values, _ = _values_at(marks, point_id, at_s)
    return np.where(values == UNKNOWN, UNKNOWN, np.where(values == UNKNOWN, 0, values) + offset)


def offsets_at(spans: Spans, counted: Accepted, point_id: Int64, at_s: Int64) -> Int64:
    """Give what is to be added to the meter's own Wh and l at instants that an accepted reading lies before; (n, 2)."""
    if len(point_id) == 0:
        return np.zeros((0, 2), np.int64)
    keys = owner_time_key(counted.rows.point_id, counted.rows.read_at_s)
    last = np.searchsorted(keys, owner_time_key(point_id, at_s), side="right") - 1
    return spans.offset[np.searchsorted(spans.point_id, point_id)] + counted.offset[last, :2]


def states_after(states: PointStates, spans: Spans, done: Recomputed) -> PointStates:
    """Give where points stand after windows that reach to the end of their series.

    states: points whose windows end with the series. spans, done: these and perhaps others.
    """
    rows, counted, marks = done.rows, done.counted, done.marks
    count = len(states.point_id)
    newest, has_any = _last_of(rows.point_id, states.point_id)
    last, has_last = _last_of(counted.rows.point_id, states.point_id)
    mark, has_mark = _last_of(marks.owner, states.point_id)
    own_offset = np.zeros((count, 4), np.int64)
    own_offset[has_last] = counted.offset[last[has_last]]
    accepted_s, registers = np.full(count, UNKNOWN), np.full((count, 4), UNKNOWN)
    accepted_s[has_last] = counted.rows.read_at_s[last[has_last]]
    registers[has_last] = registers_of(counted.rows)[last[has_last]]
    mark_s, values, quality = np.full(count, UNKNOWN), np.full((count, 4), UNKNOWN), np.zeros(count, np.int64)
    mark_s[has_mark] = marks.at_s[mark[has_mark]]
    running = marks.values[mark[has_mark]]
    # The mark as the meter itself would have shown it, so that it can be set against what the meter shows next.
    values[has_mark] = np.where(
        running == UNKNOWN, UNKNOWN, running - np.where(running == UNKNOWN, 0, own_offset[has_mark])
    )
    quality[has_mark] = done.mark_quality[mark[has_mark]]
    newest_s = np.full(count, UNKNOWN)
    newest_s[has_any] = rows.read_at_s[newest[has_any]]
    read = rows.take(~are_estimates(rows))
    newest_read, has_read = _last_of(read.point_id, states.point_id)
    newest_s[has_read] = read.read_at_s[newest_read[has_read]]
    sampled = np.zeros(count, np.int64)
    if has_last.any():
        mine = np.isin(counted.rows.point_id, states.point_id)
        needed = (has_samples(counted.rows) | counted.is_unsure)[mine]
        sampled[has_last] = of_open_hour(counted.rows.take(mine), needed, states.point_id[has_last])
        sampled[has_last] |= _are_bridged_in_open_hour(counted, last[has_last])
    base = spans.offset[np.searchsorted(spans.point_id, states.point_id)]
    unbroken = _unbroken(states.point_id, spans, done)
    # The marks behind an operator's word are manual, which what is only added at the end would not know; an estimate at
    # the end gives way to what is added behind it, and may stand again behind what is added before.
    unbroken[has_last] = np.where(are_operators(counted.rows.take(last[has_last])), 0, unbroken[has_last])
    unbroken[has_any] = np.where(are_estimates(rows.take(newest[has_any])), 0, unbroken[has_any])
    return PointStates(
        states.point_id, newest_s, accepted_s, registers, mark_s, values, quality,
        base + own_offset[:, :2], unbroken, sampled,
    )  # fmt: skip


def _are_bridged_in_open_hour(counted: Accepted, last: Int64) -> Bool:
    """Tell for the last readings of points whether one with a bridged volume has a part in the hour begun by then."""
    if not counted.is_bridged.any():
        return np.zeros(len(last), bool)
    owner, read_at_s = counted.rows.point_id, counted.rows.read_at_s
    begun = owner_time_key(owner[last], read_at_s[last] // HOUR_S * HOUR_S)
    before = np.searchsorted(owner_time_key(owner, read_at_s), begun, side="right") - 1
    bridged = np.concatenate(([0], np.cumsum(counted.is_bridged)))
    return bridged[last + 1] > bridged[before.clip(0)]


def _last_of(owner: Int64, point_id: Int64) -> tuple[Int64, Bool]:
    if len(owner) == 0:
        return np.zeros(len(point_id), np.int64), np.zeros(len(point_id), bool)
    last = np.searchsorted(owner, point_id, side="right") - 1
    return last.clip(0), (last >= 0) & (owner[last.clip(0)] == point_id)


def _unbroken(point_id: Int64, spans: Spans, done: Recomputed) -> Int64:
    result = np.zeros(len(point_id), np.int64)
    chained = np.flatnonzero(np.isin(done.verdict, JUDGED_VERDICTS))
    if len(chained) == 0:
        return result
    rows = done.rows.take(chained)
    starts_inside = spans.starts_inside[np.searchsorted(spans.point_id, rows.point_id)]
    chain = anchored(candidates(rows, done.terms.take(chained)), starts_inside)
    last, has_last = _last_of(chain.series[run_starts(chain.series)] // SERIES_OF_A_POINT, point_id)
    result[has_last] = unbroken_at_end(chain)[last[has_last]]
    return result
