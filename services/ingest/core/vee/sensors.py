"""Temperature sensors that tell nothing: the same value all day long, or a return warmer than the supply."""

import numpy as np

from services.heat.arrays import UNKNOWN, Bool, Int64
from services.ingest.core.vee.laid_out import DayHours

STEPS, LEAST_WH = 3, 1_000
"""So many steps of the register must be used, and so much, for heat to have been given off."""
HOURS = 20
"""A sensor stands still where it shows one value over so many hours of a day."""
WARMER_CENTI_C = 100
WHOLE_DEGREE_CENTI_C = 100
"""A meter that shows whole degrees shows the same one for long."""


def is_dead_sensor(days: DayHours) -> Bool:
    """Flag hours in use with a supply or return temperature that no living sensor would show; (d, 25)."""
    in_use = days.is_measured & (days.energy_wh > np.maximum(LEAST_WH, STEPS * days.resolution_wh)[:, None])
    is_still = (_stands_still(days.supply_centi_c, in_use) | _stands_still(days.return_centi_c, in_use))[:, None]
    return in_use & (is_still | _is_inverted(days))


def _stands_still(centi_c: Int64, in_use: Bool) -> Bool:
    """Tell of which days the sensor shows one value, to the hundredth of a degree, while power rises and falls."""
    is_known = in_use & (centi_c != UNKNOWN)
    lowest = np.where(is_known, centi_c, np.iinfo(np.int64).max).min(axis=1)
    highest = np.where(is_known, centi_c, np.iinfo(np.int64).min).max(axis=1)
    return (is_known.sum(axis=1) >= HOURS) & (lowest == highest) & (lowest % WHOLE_DEGREE_CENTI_C != 0)


def _is_inverted(days: DayHours) -> Bool:
    is_known = (days.supply_centi_c != UNKNOWN) & (days.return_centi_c != UNKNOWN)
    warmer = np.where(is_known, days.return_centi_c - days.supply_centi_c, 0)
    return np.where(days.is_cooling[:, None], -warmer, warmer) > WARMER_CENTI_C
