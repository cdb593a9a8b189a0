"""Energy against volume and cooling: water carries 1.13 to 1.18 kWh per cubic metre and degree."""

import numpy as np

from services.heat.arrays import UNKNOWN, Bool, Float64
from services.ingest.core.vee.laid_out import DayHours

LEAST_WH_PER_LC, MOST_WH_PER_LC = 0.9, 1.4
"""Per litre and degree in Wh, which is per cubic metre and degree in kWh. Source: domain.md, VEE rule 3."""
INTEGRAL_STEP_LC = 1_000
"""Meters show the integrals of volume and temperature in whole cubic metre degrees."""
VOLUME_STEP_L = 10
SAMPLE_ERROR = 0.2
"""By how much the cooling at a moment misses its mean over the hour; on a real substation power does by more."""


def counters_disagree(days: DayHours) -> Bool:
    """Flag hours whose energy is not what the meter's own integrals E8 and E9 make of it; (d, 25).

    Each register may be a step off at both ends of the hour: what that can explain is not flagged.
    """
    is_known = days.is_measured & (days.forward_lc != UNKNOWN) & (days.return_lc != UNKNOWN)
    cooled_lc = np.where(is_known, days.forward_lc - days.return_lc, 0).astype(np.float64)
    return is_known & _is_outside(days, cooled_lc, np.full(cooled_lc.shape, 2.0 * INTEGRAL_STEP_LC))


def is_against_physics(days: DayHours) -> Bool:
    """Flag hours whose energy is not what volume, supply and return temperature make of it; (d, 25).

    For meters without integrals. The temperatures are samples, hence the margin beside the registers' steps.
    """
    has_integrals = (days.forward_lc != UNKNOWN) & (days.return_lc != UNKNOWN)
    is_known = days.is_measured & ~has_integrals & (days.volume_l != UNKNOWN)
    is_known &= (days.supply_centi_c != UNKNOWN) & (days.return_centi_c != UNKNOWN)
    cooling_c = np.where(is_known, days.supply_centi_c - days.return_centi_c, 0) / 100
    litres = np.where(is_known, days.volume_l, 0)
    cooled_lc = litres * cooling_c
    margin_lc = SAMPLE_ERROR * np.abs(cooled_lc) + VOLUME_STEP_L * np.abs(cooling_c)
    return is_known & _is_outside(days, cooled_lc, margin_lc)


def _is_outside(days: DayHours, cooled_lc: Float64, margin_lc: Float64) -> Bool:
    cooled_lc = np.where(days.is_cooling[:, None], -cooled_lc, cooled_lc)
    step_wh = days.resolution_wh[:, None]
    is_too_much = days.energy_wh - step_wh > MOST_WH_PER_LC * np.maximum(0.0, cooled_lc + margin_lc)
    is_too_little = days.energy_wh + step_wh < LEAST_WH_PER_LC * (cooled_lc - margin_lc)
    return is_too_much | is_too_little
