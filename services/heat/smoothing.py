"""Hours of a register that is shown in coarse steps: the smoothest course that the steps allow."""

import numpy as np

from services.heat.arrays import Bool, Int64
from services.heat.hour_marks import interpolated

LARGE_STEPS = 3
"""An hour of so many steps is known to a third at worst, and its day's highest one may set a subscription power."""


def smoothed_wh(energy_wh: Int64, counts: Int64, step_wh: Int64) -> Int64:
    """Spread the energy of days over their hours as evenly as the register allows.

    energy_wh: (d, h) whole Wh, never negative, of which the first counts[d] are the day's. step_wh: (d,) in which the
    register is shown. At each hour mark the smoothed register strays from the shown one by less than a step. At both
    ends of the day it does not at all, so days keep their sums; nor around an hour of LARGE_STEPS or more, which stays
    as it is: little of it is due to the steps, and a peak must not be worn down. Of all such courses the shortest is
    taken (a taut string), its marks rounded half up.
    Returns (d, h). Source: domain.md, VEE; P. L. Davies and A. Kovac, Local extremes, runs, strings and
    multiresolution, Annals of Statistics 29 (2001).
    """
    shown = np.concatenate((np.zeros((len(counts), 1), np.int64), energy_wh.cumsum(axis=1)), axis=1)
    place = np.arange(shown.shape[1])
    is_large = energy_wh >= LARGE_STEPS * step_wh[:, None]
    is_free = (place > 0) & (place < counts[:, None])
    is_free[:, :-1] &= ~is_large
    is_free[:, 1:] &= ~is_large
    slack = np.where(is_free, (step_wh - 1).clip(0)[:, None], 0)
    knots, is_knot = _taut(shown - slack, shown + slack, counts)
    marks = _between_knots(np.where(place <= counts[:, None], knots, shown), is_knot | (place > counts[:, None]))
    return np.diff(marks, axis=1)


def _taut(lower: Int64, upper: Int64, counts: Int64) -> tuple[Int64, Bool]:
    """Find where the shortest course between two bounds bends; (d, h + 1) of its heights there, and where that is.

    The bounds meet at the first mark and at that of counts[d]. From each knot the course goes on straight as long as
    no bound is in its way; it bends at the mark which left the least room before one was.
    """
    days, width = lower.shape
    place = np.arange(width)
    heights, is_knot = np.zeros_like(lower), np.zeros(lower.shape, bool)
    is_knot[:, 0] = True
    open_days, knot = np.arange(days), np.zeros(days, np.int64)
    while len(open_days):
        ahead = (place > knot[:, None]) & (place <= counts[open_days][:, None])
        since = np.where(ahead, place - knot[:, None], 1)
        height = heights[open_days, knot][:, None]
        least = np.maximum.accumulate(np.where(ahead, (lower[open_days] - height) / since, -np.inf), axis=1)
        most = np.minimum.accumulate(np.where(ahead, (upper[open_days] - height) / since, np.inf), axis=1)
        is_blocked = least > most
        first = np.where(is_blocked.any(axis=1), is_blocked.argmax(axis=1), counts[open_days])
        row = np.arange(len(open_days))
        # Blocked from below it bends where the upper bound was lowest before, else where the lower was highest.
        from_below = least[row, first] > least[row, first - 1]
        by_upper = most[row, first - 1][:, None] == most
        by_lower = least[row, first - 1][:, None] == least
        bend = np.where(from_below, by_upper.argmax(axis=1), by_lower.argmax(axis=1))
        knot = np.where(is_blocked.any(axis=1), bend, counts[open_days])
        bound = np.where(from_below[:, None], upper[open_days], lower[open_days])
        heights[open_days, knot] = bound[row, knot]
        is_knot[open_days, knot] = True
        goes_on = knot < counts[open_days]
        open_days, knot = open_days[goes_on], knot[goes_on]
    return heights, is_knot


def _between_knots(heights: Int64, is_knot: Bool) -> Int64:
    """Let marks rise evenly between the knots around them, rounded half up; (d, h + 1)."""
    place = np.broadcast_to(np.arange(heights.shape[1]), heights.shape)
    before = np.maximum.accumulate(np.where(is_knot, place, 0), axis=1)
    after = np.minimum.accumulate(np.where(is_knot, place, heights.shape[1])[:, ::-1], axis=1)[:, ::-1]
    row = np.arange(len(heights))[:, None]
    return interpolated(heights[row, before], heights[row, after], place - before, after - before)
