"""An hour without any use and then one with that of two: a register that came an hour late."""

import numpy as np

from services.heat.arrays import Bool
from services.ingest.core.vee.laid_out import DayHours

STEPS = 3
"""What is used around must be so many steps of the register, or its resolution alone explains the pattern."""
LEAST_TENTHS, MOST_TENTHS = 16, 26
"""How many tenths of the mean of the hours around the doubled hour has."""
ZEROS_AT_MOST = 2
"""A day with more of them stands still now and then."""


def is_false_peak(days: DayHours) -> Bool:
    """Flag both hours of a missing and a doubled one; (d, 25).

    The hour before and the one behind tell what is used at that time of the day. Both hours are measured, since the
    readings around them are on the hour: only the register's course gives it away.
    """
    result = np.zeros(days.energy_wh.shape, bool)
    before, missing, doubled, behind = (days.energy_wh[:, place : 22 + place] for place in range(4))
    measured = np.logical_and.reduce([days.is_measured[:, place : 22 + place] for place in range(4)])
    least = STEPS * days.resolution_wh[:, None]
    around = before + behind
    found = measured & (missing == 0) & (before >= least) & (behind >= least)
    found &= (20 * doubled >= LEAST_TENTHS * around) & (20 * doubled <= MOST_TENTHS * around)
    is_steady = (days.is_measured & (days.energy_wh == 0)).sum(axis=1) <= ZEROS_AT_MOST
    found &= is_steady[:, None]
    result[:, 1:23] |= found
    result[:, 2:24] |= found
    return result
