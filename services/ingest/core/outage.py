"""Zeros that come in while a meter is without power, told from those of a meter that begins to count."""

import numpy as np

from services.heat.arrays import UNKNOWN, Bool, counted_up, run_starts
from services.ingest.core.candidates import LOOKAHEAD, Candidates, follows


def outage_zeros(readings: Candidates) -> Bool:
    """Tell which readings are an outage's zeros: every register at zero, where that is no place for it to be.

    readings: the (n,) candidates of the chain. Zeros are in their place where the series begins with them, a rollover
    leads to them, or the first behind them that goes on from either does not go on from what was before; and one of
    those behind goes on from them. A run of zeros is judged as one, by the reading before it and the `LOOKAHEAD` ones
    behind it that show more; at the end of a series only a beginning or a rollover explains it.
    Source: domain.md, Readings: "0 in an outage".
    """
    is_zero = readings.energy_wh == 0
    result = np.zeros(len(is_zero), bool)
    # Most windows have none, and of them no volume need be looked at.
    if not is_zero.any():
        return result
    is_zero &= (readings.volume_l == 0) | (readings.volume_l == UNKNOWN)
    if not is_zero.any():
        return result
    begins = run_starts(readings.series * 2 + is_zero)
    counts = np.diff(np.append(begins, len(is_zero)))
    begins, counts = begins[is_zero[begins]], counts[is_zero[begins]]
    last, before = begins + counts - 1, (begins - 1).clip(0)
    has_before = (begins > 0) & (readings.series[before] == readings.series[begins])
    is_explained = ~has_before | follows(readings, before, begins)
    more = np.flatnonzero(~is_zero)
    next_more = np.searchsorted(more, last)
    has_behind, is_decided, goes_on_from_zero, goes_on_from_before = (np.zeros(len(begins), bool) for _ in range(4))
    for ahead in range(min(LOOKAHEAD, len(more))):
        behind = more[(next_more + ahead).clip(0, len(more) - 1)]
        is_there = (next_more + ahead < len(more)) & (readings.series[behind] == readings.series[last])
        has_behind |= is_there
        from_zero = is_there & follows(readings, last, behind)
        from_before = is_there & has_before & follows(readings, before, behind)
        goes_on_from_before |= from_before & ~is_decided
        is_decided |= from_zero | from_before
        goes_on_from_zero |= from_zero
    in_place = np.where(has_behind, goes_on_from_zero & (is_explained | ~goes_on_from_before), is_explained)
    result[counted_up(begins, counts)] = np.repeat(~in_place, counts)
    return result
