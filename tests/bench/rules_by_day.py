"""The rules for spikes and physics as one writes them first: one day after the other."""

from collections.abc import Iterator

import numpy as np

from services.heat.arrays import UNKNOWN, Bool
from services.heat.days import HourRows
from services.heat.hour_marks import MEASURED
from services.ingest.core.vee.laid_out import WholeDays
from services.ingest.core.vee.rules import Rule

Found = set[tuple[int, int, int]]
"""Of each flag the metering point, the hour's beginning and the rule."""


def flags_by_day(hours: HourRows, days: WholeDays, resolution_wh: int) -> Found:
    """Look at each whole day by itself."""
    found: Found = set()
    for first, count in zip(days.first.tolist(), days.counts.tolist(), strict=True):
        day = HourRows._make(column[first : first + count] for column in hours)
        for rule, is_flagged in _rules(day, resolution_wh):
            found.update((int(day.owner[at]), int(day.starts_s[at]), rule) for at in np.flatnonzero(is_flagged))
    return found


def _rules(day: HourRows, resolution_wh: int) -> Iterator[tuple[Rule, Bool]]:
    is_measured = day.quality == MEASURED
    yield Rule.SPIKE, _is_spike(day, is_measured, resolution_wh)
    if day.forward_lc[0] != UNKNOWN:
        cooled_lc = (day.forward_lc - day.return_lc).astype(np.float64)
        yield Rule.COUNTERS_DISAGREE, is_measured & _is_outside(day, cooled_lc, np.float64(2_000), resolution_wh)
        return
    cooling_c = (day.supply_centi_c - day.return_centi_c) / 100
    cooled_lc = day.volume_l * cooling_c
    margin_lc = 0.2 * np.abs(cooled_lc) + 10 * np.abs(cooling_c)
    yield Rule.AGAINST_PHYSICS, is_measured & _is_outside(day, cooled_lc, margin_lc, resolution_wh)


def _is_spike(day: HourRows, is_measured: Bool, resolution_wh: int) -> Bool:
    in_order = np.sort(day.energy_wh[is_measured])
    if len(in_order) < 3:
        return np.zeros(len(is_measured), bool)
    rise = in_order[-1] - in_order[-3]
    if rise <= 1.8 * in_order[-3] or rise <= 3 * resolution_wh:
        return np.zeros(len(is_measured), bool)
    return is_measured & (day.energy_wh == in_order[-1])


def _is_outside(day: HourRows, cooled_lc: np.ndarray, margin_lc: np.ndarray | np.float64, resolution_wh: int) -> Bool:
    is_too_much = day.energy_wh - resolution_wh > 1.4 * np.maximum(0, cooled_lc + margin_lc)
    return is_too_much | (day.energy_wh + resolution_wh < 0.9 * (cooled_lc - margin_lc))
