"""Long gaps between readings: how what was used in them spreads over their hours."""

from typing import NamedTuple

import numpy as np

from services.heat.arrays import Bool, Float64, Int64, counted_up, owner_time_key

HOUR_S = 3600
SHAPED_FROM_S = 2 * HOUR_S
"""A gap longer than this is shaped; the register rises evenly over a shorter one. Source: domain.md, VEE."""

_SAFE_BITS = 31
"""Of a share of a gap, so that its product with a rest of as many bits fits into 63."""


class Gaps(NamedTuple):
    """Stretches between two readings that follow each other: (g,) each, sorted by owner and from_s."""

    owner: Int64
    from_s: Int64
    to_s: Int64

    def take(self, which: Int64 | Bool) -> "Gaps":
        """Pick gaps by index or mask."""
        return Gaps._make(column[which] for column in self)


class Shapes(NamedTuple):
    """Gaps whose course is known, and what is expected of each of their hours."""

    gaps: Gaps
    first: Int64
    """(g,) where the hour in which each gap begins stands in the arrays below."""
    expected_w: Int64
    """(k,) the power expected of each hour of each gap, 1 or more; a zero behind each gap's last hour."""
    before_ws: Int64
    """(k,) the watt-seconds expected of all hours before."""


_NOTHING = np.zeros(0, np.int64)
NO_SHAPES = Shapes(Gaps(_NOTHING, _NOTHING, _NOTHING), _NOTHING, _NOTHING, _NOTHING)


def long_gaps(owner: Int64, read_at_s: Int64) -> Gaps:
    """Find the gaps of readings that are to be shaped. (n,) sorted by owner and time, one reading an instant."""
    is_long = (owner[1:] == owner[:-1]) & (read_at_s[1:] - read_at_s[:-1] > SHAPED_FROM_S)
    before = np.flatnonzero(is_long)
    return Gaps(owner[before], read_at_s[before], read_at_s[before + 1])


def hours_of_gaps(gaps: Gaps) -> tuple[Int64, Int64]:
    """Lay the hours of all gaps end to end, those that a gap begins and ends in among them.

    Returns of each hour the index of its gap and the second it starts at; (h,) both.
    """
    first = gaps.from_s // HOUR_S
    counts = -(-gaps.to_s // HOUR_S) - first
    return np.repeat(np.arange(len(first)), counts), counted_up(first, counts) * HOUR_S


def shapes_of(gaps: Gaps, expected_kw: Float64) -> Shapes:
    """Give gaps the course of the power that is expected of their hours.

    expected_kw: (h,) of each hour of `hours_of_gaps`; a gap with an hour of NaN has no course and is left out. Powers
    are rounded to whole W, at least 1, so that a register always rises and no float moves a mark.
    """
    gap, _ = hours_of_gaps(gaps)
    is_known = np.bincount(gap, np.isnan(expected_kw), len(gaps.owner)) == 0
    counts = np.bincount(gap, minlength=len(gaps.owner))[is_known]
    first = np.cumsum(counts + 1) - (counts + 1)
    expected_w = np.zeros(int((counts + 1).sum()), np.int64)
    expected_w[counted_up(first, counts)] = np.rint(expected_kw[is_known[gap]] * 1_000).astype(np.int64).clip(1)
    before_ws = np.cumsum(expected_w * HOUR_S) - expected_w * HOUR_S
    return Shapes(gaps.take(is_known), first, expected_w, before_ws)


def courses(shapes: Shapes, owner: Int64, left_s: Int64, at_s: Int64) -> tuple[Bool, Int64, Int64]:
    """Tell of instants how much of their gap's energy is expected to be used by then.

    owner, left_s, at_s: (m,) whose instant it is, when the reading before was taken, and the instant itself.
    Returns (m,) each: whether it lies in a gap with a course, the share used by then, and the whole of it.
    """
    nothing = np.zeros(len(owner), np.int64)
    if len(shapes.gaps.owner) == 0:
        return nothing.astype(bool), nothing, nothing
    keys, wanted = owner_time_key(shapes.gaps.owner, shapes.gaps.from_s), owner_time_key(owner, left_s)
    gap = np.searchsorted(keys, wanted).clip(0, len(keys) - 1)
    inside = np.flatnonzero((keys[gap] == wanted) & (at_s > left_s))
    gap = gap[inside]
    begun_ws = _expected_until(shapes, gap, left_s[inside])
    used = _expected_until(shapes, gap, at_s[inside]) - begun_ws
    whole = _expected_until(shapes, gap, shapes.gaps.to_s[gap]) - begun_ws
    # Scaled alike, so that shares still rise; what is lost is below a two-thousand-millionth of the gap.
    excess = (np.frexp(whole.astype(np.float64))[1] - _SAFE_BITS).clip(0)
    is_inside = nothing.astype(bool)
    is_inside[inside] = True
    shares, wholes = nothing.copy(), nothing.copy()
    shares[inside], wholes[inside] = used >> excess, whole >> excess
    return is_inside, shares, wholes


def _expected_until(shapes: Shapes, gap: Int64, at_s: Int64) -> Int64:
    """Give the watt-seconds before instants of gaps, counted from an instant that is the same for all of a gap."""
    hour = shapes.first[gap] + at_s // HOUR_S - shapes.gaps.from_s[gap] // HOUR_S
    return shapes.before_ws[hour] + shapes.expected_w[hour] * (at_s % HOUR_S)
