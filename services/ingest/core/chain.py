"""Which readings hang together: the chain of registers that rises plausibly.

A reading's verdict is a function of the readings around it, never of which came first. Going from the last
accepted reading, the next `LOOKAHEAD` readings are searched for their longest chain that rises plausibly from
it; the first link of that chain is accepted next, what was passed over is refused. So one spike is refused
once the readings after it agree with each other, and a register that falls for good is refused until
an operator registers the exchange, or it has risen past where it fell from.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from services.heat.arrays import UNKNOWN, Bool, Int64, run_starts
from services.ingest.core.verdict import Verdict

LOOKAHEAD = 24
DEFAULT_RESOLUTION_WH = 1_000


class Candidates(NamedTuple):
    """Readings to be chained: sorted by series and time, one per instant. A series is one meter at one point."""

    series: Int64
    read_at_s: Int64
    energy_wh: Int64
    volume_l: Int64
    modulus_wh: Int64
    """Where the energy register starts again from zero, or 0 where it never does."""
    modulus_l: Int64
    tolerance_wh: Int64
    """How much a register may rise in no time at all: its resolution."""
    maximum_w: Int64
    is_anchor: Bool
    """True where the first reading of a series is known to be accepted, from what lies before it."""


def judge(readings: Candidates) -> Int64:
    """Give the verdict on each reading, looking from the start of each series to its end.

    Arrays are (n,). Returns (n,) of ACCEPTED, REGISTER_WENT_BACKWARDS or ABOVE_PLAUSIBLE_MAXIMUM.
    """
    verdicts = np.full(len(readings.series), int(Verdict.ACCEPTED), np.int64)
    broken = ~follows(readings, np.arange(len(verdicts) - 1), np.arange(1, len(verdicts)))
    broken &= readings.series[1:] == readings.series[:-1]
    if not broken.any():
        return verdicts
    starts = run_starts(readings.series)
    ends = np.append(starts[1:], len(verdicts))
    has_break = np.add.reduceat(np.append(broken, False), starts) > 0
    for start, end in zip(starts[has_break], ends[has_break], strict=True):
        verdicts[start:end] = _judge_series(Candidates._make(column[start:end] for column in readings))
    return verdicts


def unbroken_at_end(readings: Candidates) -> Int64:
    """Count for each series how many readings at its end follow each other; all of them count as the look-ahead.

    At `LOOKAHEAD` no reading that comes after these can change the verdict on one before them.
    """
    count = len(readings.series)
    starts = run_starts(readings.series)
    if count == 0:
        return starts
    follow = np.zeros(count, bool)
    follow[1:] = follows(readings, np.arange(count - 1), np.arange(1, count))
    follow[starts] = False
    ends = np.append(starts[1:], count)
    last_break = np.maximum.accumulate(np.where(follow, -1, np.arange(count)))[ends - 1]
    is_whole = (last_break == starts) & ~readings.is_anchor[starts]
    return np.where(is_whole, LOOKAHEAD, np.minimum(ends - last_break, LOOKAHEAD))


def follows(readings: Candidates, earlier: Int64, later: Int64) -> Bool:
    """Tell for pairs of readings whether the later one's registers rose plausibly since the earlier one."""
    return _is_rising(readings, earlier, later) & _is_below_maximum(readings, earlier, later)


def rise(register: Int64, modulus: Int64, earlier: Int64, later: Int64) -> Int64:
    """Give how far a register rose between pairs of readings, over its rollover where it has one."""
    risen = register[later] - register[earlier]
    rolls = modulus[later] > 0
    return np.where(rolls, risen % np.where(rolls, modulus[later], 1), risen)


def _is_rising(readings: Candidates, earlier: Int64, later: Int64) -> Bool:
    volume_known = (readings.volume_l[earlier] != UNKNOWN) & (readings.volume_l[later] != UNKNOWN)
    volume_rises = rise(readings.volume_l, readings.modulus_l, earlier, later) >= 0
    energy_rises = rise(readings.energy_wh, readings.modulus_wh, earlier, later) >= 0
    return energy_rises & (volume_rises | ~volume_known)


def _is_below_maximum(readings: Candidates, earlier: Int64, later: Int64) -> Bool:
    span_s = readings.read_at_s[later] - readings.read_at_s[earlier]
    most_wh = readings.maximum_w[later] * span_s // 3600 + readings.tolerance_wh[later]
    return rise(readings.energy_wh, readings.modulus_wh, earlier, later) <= most_wh


def _judge_series(readings: Candidates) -> Int64:
    size = len(readings.read_at_s)
    index = np.arange(size)
    # A sentinel at the end: after the last reading nothing breaks, and nothing follows.
    breaks = np.append(np.flatnonzero(~follows(readings, index[:-1], index[1:])), size - 1 + LOOKAHEAD)
    accepted = np.zeros(size, bool)
    accepted[0] = readings.is_anchor[0]
    anchor, position = (0, 1) if readings.is_anchor[0] else (-1, 0)
    while position < size:
        if anchor == position - 1:
            unbroken = _unbroken_until(breaks, anchor, size)
            if unbroken > position:
                accepted[position:unbroken] = True
                anchor, position = unbroken - 1, unbroken
                continue
        link = _next_link(readings, anchor, position)
        if link < 0:
            position += 1
            continue
        accepted[link] = True
        anchor, position = link, link + 1
    return np.where(accepted, int(Verdict.ACCEPTED), _reasons(readings, accepted))


def _unbroken_until(breaks: Int64, anchor: int, size: int) -> int:
    """Give the end of the stretch in which each reading follows the one before and so do all it looks ahead to."""
    next_break = int(breaks[np.searchsorted(breaks, max(anchor, 0))])
    return min(next_break - LOOKAHEAD + 2, size)


def _next_link(readings: Candidates, anchor: int, position: int) -> int:
    """Find the first link of the longest chain among the next readings; of equals the earliest; -1 for none."""
    window = np.arange(position, min(position + LOOKAHEAD, len(readings.read_at_s)))
    fits = follows(readings, np.full(len(window), anchor), window) if anchor >= 0 else np.ones(len(window), bool)
    if not fits.any():
        return -1
    earlier, later = _pairs(len(window))
    linked = np.zeros((len(window), len(window)), bool)
    linked[earlier, later] = follows(readings, window[earlier], window[later])
    length = np.ones(len(window), np.int64)
    for index in range(len(window) - 2, -1, -1):
        length[index] += np.max(length, where=linked[index], initial=0)
    return position + int(np.argmax(np.where(fits, length, 0)))


@lru_cache(maxsize=LOOKAHEAD + 1)
def _pairs(size: int) -> tuple[Int64, Int64]:
    """Give every pair of an earlier and a later place among so many, as two arrays of indexes."""
    return np.triu_indices(size, 1)


def _reasons(readings: Candidates, accepted: Bool) -> Int64:
    """Name what is wrong with each refused reading, as seen from the accepted one before it, else after it."""
    index = np.arange(len(accepted))
    before = np.maximum.accumulate(np.where(accepted, index, -1))
    after = np.minimum.accumulate(np.where(accepted, index, len(index))[::-1])[::-1].clip(0, len(index) - 1)
    earlier = np.where(before >= 0, before, index)
    later = np.where(before >= 0, index, after)
    fell = ~_is_rising(readings, earlier, later) | (readings.energy_wh[later] < readings.energy_wh[earlier])
    # Seen from the one after it, a reading that is too high shows as a fall.
    first = before < 0
    went_backwards = np.where(first, ~fell, fell)
    return np.where(went_backwards, int(Verdict.REGISTER_WENT_BACKWARDS), int(Verdict.ABOVE_PLAUSIBLE_MAXIMUM))
