"""Which readings hang together: the chain of registers that rises plausibly.

A reading's verdict is a function of the readings around it, never of which came first. Going from the last
accepted reading, a reading is accepted next if it begins the longest chain that rises plausibly from there, among
itself and those behind it, `LOOKAHEAD` in all; else it is refused, and the next one is asked. So one spike is
refused once the readings after it agree with each other, and a register that is another one for good is refused
until an operator registers the exchange. A series may also begin with readings that hang together for long, though
more of another meter's follow.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from services.heat.arrays import UNKNOWN, Bool, Int64, run_starts
from services.ingest.core.verdict import Verdict

LOOKAHEAD = 24
DEFAULT_RESOLUTION_WH = 1_000
RUN_LASTS_S = 48 * 3600
RUN_READINGS = 3
"""How long readings must hang together, and how many they must be, to be a meter's own history and no mistake.

Shorter, a day that a head-end sends a second time as the next one would be taken for another meter.
"""
ORDINARY_TIMES_MEAN, ORDINARY_TIMES_MOST = 20, 3
"""How many times as much as they did on average, and at most, such readings may rise from one to the next.

Less than what lies between a block of them that is sent again and the meter itself.
"""
LITRES_TOLERANCE = 1_000
"""Of a volume that is shown in whole cubic metres."""
BEYOND_BOUNDS = 2**62
NO_METER_M_PER_S = 2**28
"""A gigawatt, so that products of it and any time between readings fit into 64 bits."""


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

    def take(self, which: Int64 | Bool) -> "Candidates":
        """Pick readings by index or mask."""
        return Candidates._make(column[which] for column in self)


def judge(readings: Candidates) -> Int64:
    """Give the verdict on each reading, looking from the start of each series to its end.

    Arrays are (n,). Returns (n,) of ACCEPTED, REGISTER_WENT_BACKWARDS, ABOVE_PLAUSIBLE_MAXIMUM or
    UNREGISTERED_EXCHANGE.
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
        verdicts[start:end] = _judge_series(readings.take(np.arange(start, end)))
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
    follow = follows(readings, np.arange(size - 1), np.arange(1, size))
    # A sentinel at the end: after the last reading nothing breaks, and nothing follows.
    breaks = np.append(np.flatnonzero(~follow), size - 1 + LOOKAHEAD)
    begin = _run_begins(follow, size)
    end = _run_ends(follow, size)
    rival = _Rival(readings, begin)
    accepted, is_tied = np.zeros(size, bool), np.zeros(size, bool)
    accepted[0] = readings.is_anchor[0]
    anchor, position = (0, 1) if readings.is_anchor[0] else (-1, 0)
    while position < size:
        if anchor == position - 1:
            unbroken = _unbroken_until(breaks, anchor, size)
            if unbroken > position:
                accepted[position:unbroken] = True
                anchor, position = unbroken - 1, unbroken
                continue
        tied = rival.ties(position)
        is_tied[position] = tied[0]
        is_first_run = anchor < 0 and _is_long(readings.read_at_s, position, int(end[position]))
        if is_first_run or _is_next_link(readings, anchor, position, tied):
            accepted[position] = True
            rival.forget()
            anchor = position
        else:
            rival.grow(position, anchor)
        position += 1
    verdicts = np.where(accepted, int(Verdict.ACCEPTED), _reasons(readings, accepted))
    return np.where(is_tied & ~accepted, int(Verdict.UNREGISTERED_EXCHANGE), verdicts)


class _Rival:
    """The refused readings behind the last accepted one that hang together so long that another meter must be there.

    Once they do, nothing that goes on from them is accepted, be it as high as the meter before would be by now: what
    the new meter counted is not the old one's. What rises from them by far more than they ever did is the old meter
    again, after a block of old readings that was sent a second time, or a volume that was wrong for a while.
    """

    def __init__(self, readings: Candidates, begin: Int64) -> None:
        self._readings = readings
        self._begin = begin
        self._first = self._last = -1
        self._energy, self._volume = _Pace(readings.modulus_wh), _Pace(readings.modulus_l)

    def grow(self, refused: int, anchor: int) -> None:
        """Take in a refused reading."""
        first = max(int(self._begin[refused]), anchor + 1)
        if not _is_long(self._readings.read_at_s, first, refused):
            return
        if self._first != first:
            self._first, self._last = first, first - 1
            self._energy, self._volume = _Pace(self._readings.modulus_wh), _Pace(self._readings.modulus_l)
        for index in range(self._last + 1, refused + 1):
            at_s = int(self._readings.read_at_s[index])
            self._energy.take(int(self._readings.energy_wh[index]), at_s)
            self._volume.take(int(self._readings.volume_l[index]), at_s)
        self._last = refused

    def forget(self) -> None:
        """Begin anew, since the meter itself was read again."""
        self._first = self._last = -1

    def ties(self, position: int) -> Bool:
        """Tell which of the next readings are the other meter's: (up to LOOKAHEAD,)."""
        window = slice(position, min(position + LOOKAHEAD, len(self._begin)))
        if self._first < 0:
            return np.zeros(window.stop - position, bool)
        readings, at_s = self._readings, self._readings.read_at_s[window]
        energy = self._energy.excess(readings.energy_wh[window], at_s)
        volume = self._volume.excess(readings.volume_l[window], at_s)
        return (energy <= readings.tolerance_wh[window]) & (volume <= LITRES_TOLERANCE)


class _Pace:
    """How fast a register has risen from one reading of a run to the next, kept so that a long run costs no more."""

    def __init__(self, modulus: Int64) -> None:
        self._modulus = int(modulus[0])
        self._count = self._risen = self._most_m_per_s = 0
        self._first_s = self._last_s = self._last = 0

    def take(self, register: int, at_s: int) -> None:
        """Take in the run's next reading; one that is UNKNOWN says nothing."""
        if register == UNKNOWN:
            return
        if self._count == 0:
            self._first_s = at_s
        else:
            risen = register - self._last
            risen = risen % self._modulus if self._modulus else risen
            self._risen += risen
            self._most_m_per_s = max(self._most_m_per_s, 1_000 * risen // (at_s - self._last_s))
        self._last, self._last_s = register, at_s
        self._count += 1

    def excess(self, ahead: Int64, ahead_s: Int64) -> Int64:
        """Give by how much more than is ordinary registers rise from the run's end; 0 where that is not known.

        (w,) registers and instants; a fall is beyond all bounds.
        """
        if self._count < 2:
            return np.zeros(len(ahead), np.int64)
        mean_m_per_s = 1_000 * self._risen // (self._last_s - self._first_s)
        ordinary_m_per_s = min(
            ORDINARY_TIMES_MEAN * mean_m_per_s, ORDINARY_TIMES_MOST * self._most_m_per_s, NO_METER_M_PER_S
        )
        is_known = ahead != UNKNOWN
        rises = np.where(is_known, ahead, self._last) - self._last
        rises = rises % self._modulus if self._modulus else rises
        beyond = rises - ordinary_m_per_s * (ahead_s - self._last_s) // 1_000
        return np.where(is_known, np.where(rises < 0, BEYOND_BOUNDS, beyond), 0)


def _run_begins(follow: Bool, size: int) -> Int64:
    """Give of each reading where the run begins in which each follows the one before. follow: (n - 1,)."""
    begins = np.append(True, ~follow)[:size]
    return np.maximum.accumulate(np.where(begins, np.arange(size), 0))


def _run_ends(follow: Bool, size: int) -> Int64:
    """Give of each reading where that run ends."""
    ends = np.append(~follow, True)[-size:]
    return np.minimum.accumulate(np.where(ends, np.arange(size), size)[::-1])[::-1]


def _is_long(read_at_s: Int64, first: int, last: int) -> bool:
    return last - first + 1 >= RUN_READINGS and bool(read_at_s[last] - read_at_s[first] >= RUN_LASTS_S)


def _unbroken_until(breaks: Int64, anchor: int, size: int) -> int:
    """Give the end of the stretch in which each reading follows the one before and so do all it looks ahead to."""
    next_break = int(breaks[np.searchsorted(breaks, max(anchor, 0))])
    return min(next_break - LOOKAHEAD + 2, size)


def _is_next_link(readings: Candidates, anchor: int, position: int, tied: Bool) -> bool:
    """Tell whether a reading begins the longest chain among the next ones; of equally long ones the earliest does.

    tied: which of the next readings cannot be links, being another meter's.
    """
    window = np.arange(position, position + len(tied))
    fits = ~tied
    if anchor >= 0 and fits.any():
        fits &= follows(readings, np.full(len(window), anchor), window)
    if not fits[0]:
        return False
    earlier, later = _pairs(len(window))
    linked = np.zeros((len(window), len(window)), bool)
    linked[earlier, later] = follows(readings, window[earlier], window[later])
    length = np.ones(len(window), np.int64)
    for index in range(len(window) - 2, -1, -1):
        length[index] += np.max(length, where=linked[index], initial=0)
    return int(np.argmax(np.where(fits, length, 0))) == 0


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
