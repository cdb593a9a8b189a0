"""Supply and return temperature of hours, from the meter's own integrals or from samples."""

import numpy as np

from services.heat.arrays import UNKNOWN, Float64, Int64, owner_time_key, run_starts
from services.heat.hour_marks import HOUR_S

COLDEST_CENTI_C, HOTTEST_CENTI_C = -2_000, 25_000
"""Beyond these no water in a heating or cooling network ever is: a fault of the integral or a dead sensor's -39.9 C."""


def flow_weighted_centi_c(integral_lc: Int64, volume_l: Int64) -> Int64:
    """Divide the rise of the E8 or E9 integral by the volume: an hour's true flow-weighted temperature.

    (h,) litre-degrees and litres in, hundredths of a degree out, rounded half up; UNKNOWN without flow or
    where the result is no temperature that water in a network can have.
    """
    known = (integral_lc != UNKNOWN) & (volume_l != UNKNOWN) & (volume_l > 0)
    litres = np.where(known, volume_l, 1)
    centi_c = (200 * np.where(known, integral_lc, 0) + litres) // (2 * litres)
    return np.where(known & (centi_c >= COLDEST_CENTI_C) & (centi_c <= HOTTEST_CENTI_C), centi_c, UNKNOWN)


def sampled_centi_c(
    owner: Int64,
    read_at_s: Int64,
    volume_l: Int64,
    sample_c: Float64,
    hour_owner: Int64,
    hour_starts_s: Int64,
) -> Int64:
    """Average the samples of each hour, weighted by the volume since the reading before.

    owner, read_at_s, volume_l, sample_c: (n,) readings sorted by owner and time, NaN where there is no sample.
    hour_owner, hour_starts_s: (h,) sorted alike. A reading on the hour belongs to the hour it ends. Without
    any flow in the hour its samples count alike. A sample that no water can have is left out, so that a dead
    sensor does not spoil the others. Returns (h,) hundredths of a degree or UNKNOWN.
    """
    result = np.full(len(hour_owner), UNKNOWN, np.int64)
    is_plausible = (sample_c * 100 >= COLDEST_CENTI_C) & (sample_c * 100 <= HOTTEST_CENTI_C)
    if len(hour_owner) == 0 or not is_plausible.any():
        return result
    rise = np.diff(volume_l, prepend=volume_l[:1])
    rise[run_starts(owner)] = 0
    known = (volume_l != UNKNOWN) & (np.roll(volume_l, 1) != UNKNOWN)
    weight = np.where(known & (rise > 0), rise, 0).astype(np.float64)
    ends_s = -(-read_at_s // HOUR_S) * HOUR_S
    hour = np.searchsorted(owner_time_key(hour_owner, hour_starts_s), owner_time_key(owner, ends_s - HOUR_S)).clip(
        0, len(hour_owner) - 1
    )
    inside = (hour_owner[hour] == owner) & (hour_starts_s[hour] == ends_s - HOUR_S) & is_plausible
    hour, weight, sample = hour[inside], weight[inside], sample_c[inside]
    size = len(hour_owner)
    flow = np.bincount(hour, weight, size)
    count = np.bincount(hour, minlength=size)
    weighted = np.bincount(hour, weight * sample, size)
    plain = np.bincount(hour, sample, size)
    mean = np.where(flow > 0, weighted / np.where(flow > 0, flow, 1), plain / count.clip(1))
    return np.where(count > 0, np.floor(mean * 100 + 0.5).astype(np.int64), result)
