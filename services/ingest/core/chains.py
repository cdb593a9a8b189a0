"""The longest chains around the places where readings do not follow each other: looked at once, for all of them."""

from bisect import bisect_left
from typing import NamedTuple

import numpy as np

from services.heat.arrays import Bool, Int8, Int64
from services.ingest.core.candidates import LOOKAHEAD, Candidates, follows

BLOCK = 8 * LOOKAHEAD
"""How many readings further from a break are looked at together, where readings are refused for long."""


class Series(NamedTuple):
    """Where the readings of one meter lie among all."""

    start: int
    end: int


class _Ahead(NamedTuple):
    """What chosen readings, runs of neighbours, see ahead of them; (k, q) for k places ahead of q readings."""

    rises: Bool
    """Whether the reading 0, 1, ... places ahead follows; some more columns than readings, all False."""
    lengths: Int8
    """How long the longest chain is that begins so many places ahead, within LOOKAHEAD readings."""


class Chains:
    """What is known of the chains around the breaks of all series.

    starts, ends: (n,) of each reading's series. breaks: the readings that the next one of their series does not follow.
    """

    def __init__(self, readings: Candidates, starts: Int64, ends: Int64, breaks: Int64) -> None:
        self.readings = readings
        self._starts, self._ends = starts, ends
        self._breaks: list[int] = breaks.tolist()
        # The first that see a break among those they look ahead to, up to the second behind it, which is asked most.
        near = self._around(breaks, LOOKAHEAD - 2, 2)
        # From the reading before the first of them to the last that one of them looks ahead to.
        seen = self._around(breaks, LOOKAHEAD - 1, LOOKAHEAD + 1)
        ahead = self._ahead_of(seen)
        place = np.searchsorted(seen, near)
        self._near: list[int] = near.tolist()
        self._lengths = ahead.lengths[:, place]
        self._stops: list[int] = near[~self._is_next(near, place, ahead)].tolist()
        self._anchor, self._seen, self._follow = -1, range(0), np.zeros(0, bool)
        self._block, self._block_lengths = range(0), np.zeros((LOOKAHEAD, 0), np.int8)

    def next_stop(self, position: int, series: Series) -> int:
        """Give the first reading from a position on that is not next after the one before it, else the series' end."""
        index = bisect_left(self._stops, position)
        return min(self._stops[index], series.end) if index < len(self._stops) else series.end

    def run_begin(self, position: int, series: Series) -> int:
        """Give where the run begins in which each reading up to this one follows the one before."""
        index = bisect_left(self._breaks, position)
        return max(self._breaks[index - 1] + 1, series.start) if index else series.start

    def run_end(self, position: int, series: Series) -> int:
        """Give the last reading of the run in which each from this one on follows the one before."""
        index = bisect_left(self._breaks, position)
        return min(self._breaks[index], series.end - 1) if index < len(self._breaks) else series.end - 1

    def follows_from(self, anchor: int, position: int) -> bool:
        """Tell whether a reading follows an earlier one of its series."""
        return bool(self._from_anchor(anchor, position, position + 1)[0])

    def is_next_link(self, anchor: int | None, position: int, tied: Bool) -> bool:
        """Tell whether a reading begins the longest chain among the next; of equally long ones the earliest does.

        anchor: the reading that it must follow, if any. tied: which of the next cannot be links, being another meter's.
        """
        fits = ~tied
        if anchor is not None:
            fits &= self._from_anchor(anchor, position, position + len(tied))
        if not fits[0]:
            return False
        lengths = self._lengths_from(position)[: len(tied)]
        return bool(lengths[0] >= lengths[fits].max())

    def _from_anchor(self, anchor: int, first: int, end: int) -> Bool:
        """Tell which readings follow an earlier one, which is asked for long: looked at for many at once."""
        if anchor != self._anchor or first not in self._seen or end - 1 not in self._seen:
            self._anchor = anchor
            self._seen = range(first, min(first + BLOCK + LOOKAHEAD, int(self._ends[anchor])))
            later = np.array(self._seen)
            self._follow = follows(self.readings, np.full(len(later), anchor), later)
        return self._follow[first - self._seen.start : end - self._seen.start]

    def _lengths_from(self, position: int) -> Int8:
        index = bisect_left(self._near, position)
        if index < len(self._near) and self._near[index] == position:
            return self._lengths[:, index]
        if position not in self._block:
            series_end = int(self._ends[position])
            which = np.arange(position, min(position + BLOCK + LOOKAHEAD, series_end))
            self._block = range(position, min(position + BLOCK, series_end))
            self._block_lengths = self._ahead_of(which).lengths
        return self._block_lengths[:, position - self._block.start]

    def _around(self, breaks: Int64, before: int, after: int) -> Int64:
        """Give the readings of the same series from so many before to so many after each break, in order."""
        around = breaks[:, None] + np.arange(-before, after + 1)
        is_same = (around >= self._starts[breaks][:, None]) & (around < self._ends[breaks][:, None])
        chosen = np.zeros(len(self._ends), bool)
        chosen[around[is_same]] = True
        return np.flatnonzero(chosen)

    def _ahead_of(self, which: Int64) -> _Ahead:
        later = which + np.arange(LOOKAHEAD + 1)[:, None]
        is_same = later < self._ends[which]
        later = np.minimum(later, len(self._ends) - 1)
        rises = np.zeros((len(later), len(which) + LOOKAHEAD), bool)
        rises[:, : len(which)] = is_same & follows(self.readings, np.broadcast_to(which, later.shape), later)
        lengths = np.ones((LOOKAHEAD, len(which)), np.int8)
        for place in reversed(range(LOOKAHEAD - 1)):
            beyond = lengths[place + 1 :] * rises[1 : LOOKAHEAD - place, place : place + len(which)]
            lengths[place] += beyond.max(axis=0)
        return _Ahead(rises, lengths)

    def _is_next(self, near: Int64, place: Int64, ahead: _Ahead) -> Bool:
        """Tell of readings whether each begins the longest chain that follows the one before it, or its series."""
        follow_before = ahead.rises[1:, place - 1]
        is_first = near == self._starts[near]
        is_there = near + np.arange(LOOKAHEAD)[:, None] < self._ends[near]
        fits = np.where(is_first, is_there, follow_before)
        lengths = ahead.lengths[:, place]
        is_next: Bool = fits[0] & (lengths[0] >= (fits * lengths).max(axis=0))
        return is_next
