"""Supply and return temperature of hours, from the meter's own integrals or from samples."""

from typing import NamedTuple

import numpy as np

from services.heat.arrays import UNKNOWN, Float64, Int64, difference, owner_time_key, run_starts
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


class Placed(NamedTuple):
    """Where samples belong: (n,) readings each, and how many hours there are."""

    hour: Int64
    """Index of the hour that a reading lies in, -1 where that hour is not asked for."""
    litres: Float64
    """What flowed since the reading before; 0 where that is not known."""
    hours: int


def placed_in_hours(owner: Int64, read_at_s: Int64, volume_l: Int64, hour_owner: Int64, hour_starts_s: Int64) -> Placed:
    """Find the hour of each reading, and what it weighs there.

    owner, read_at_s, volume_l: (n,) readings sorted by owner and time. hour_owner, hour_starts_s: (h,) sorted alike.
    A reading on the hour belongs to the hour it ends.
    """
    litres = difference(volume_l, np.roll(volume_l, 1)).clip(0)
    litres[run_starts(owner)] = 0
    starts_s = -(-read_at_s // HOUR_S) * HOUR_S - HOUR_S
    keys, wanted = owner_time_key(hour_owner, hour_starts_s), owner_time_key(owner, starts_s)
    hour = np.searchsorted(keys, wanted)
    is_there = np.append(keys, -1)[hour] == wanted
    return Placed(np.where(is_there, hour, -1), litres.astype(np.float64), len(keys))


def sampled_centi_c(placed: Placed, sample_c: Float64) -> Int64:
    """Average the samples of each hour, weighted by the volume since the reading before.

    sample_c: (n,), NaN where there is no sample. Without any flow in the hour its samples count alike. A sample that no
    water can have is left out, so that a dead sensor does not spoil the others. Returns (h,) hundredths of a degree or
    UNKNOWN.
    """
    counts = (placed.hour >= 0) & (sample_c >= COLDEST_CENTI_C / 100) & (sample_c <= HOTTEST_CENTI_C / 100)
    hour, litres, sample = placed.hour[counts], placed.litres[counts], sample_c[counts]
    count = np.bincount(hour, minlength=placed.hours)
    flow = np.bincount(hour, litres, placed.hours)
    flowing = np.bincount(hour, litres * sample, placed.hours) / np.where(flow > 0, flow, 1)
    mean = np.where(flow > 0, flowing, np.bincount(hour, sample, placed.hours) / count.clip(1))
    return np.where(count > 0, np.floor(mean * 100 + 0.5).astype(np.int64), UNKNOWN)
