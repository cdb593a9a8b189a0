"""An hour far above all others of its day."""

import numpy as np

from services.heat.arrays import Bool
from services.ingest.core.vee.laid_out import DayHours

MOST_PER_CENT = 180
STEPS = 3
"""A rise by so few steps of the register is what its resolution makes of nothing."""


def is_spike(days: DayHours) -> Bool:
    """Flag a day's highest hour where (highest - third highest) / third highest is above 180 %; (d, 25).

    Only measured hours count, and there must be three. Summing to the register does not excuse it.
    Source: California Public Utilities Commission, Direct Access Standards for Metering and Meter Data, spike check.
    """
    measured_wh = np.where(days.is_measured, days.energy_wh, -1)
    third, _, highest = np.partition(measured_wh, (-3, -2, -1), axis=1)[:, -3:].T
    rise = highest - third
    is_high = (third >= 0) & (rise * 100 > MOST_PER_CENT * third) & (rise > STEPS * days.resolution_wh)
    return is_high[:, None] & (measured_wh == highest[:, None])
