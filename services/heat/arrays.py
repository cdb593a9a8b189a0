"""The array types of the kernel, and how series of several metering points lie in one array."""

from typing import Any

import numpy as np
import numpy.typing as npt

Int8 = npt.NDArray[np.int8]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Int16 = npt.NDArray[np.int16]
Float64 = npt.NDArray[np.float64]
Bool = npt.NDArray[np.bool_]

UNKNOWN = -(2**63)
"""Stands for "not known" in an array of registers or energies; no meter can show it."""

TIME_BITS = 34
"""Seconds since 1970 fit in 34 bits until the year 2514, which leaves 29 bits for the owner."""


def owner_time_key(owner: Int64, at_s: Int64) -> Int64:
    """Join owner (>= 0, < 2**29) and time into one number that sorts by owner, then time."""
    return (owner << TIME_BITS) | at_s


def run_starts(values: npt.NDArray[Any]) -> Int64:
    """Give the index at which each run of equal neighbours begins; (n,) in, (runs,) out."""
    if len(values) == 0:
        return np.zeros(0, np.int64)
    return np.flatnonzero(np.concatenate(([True], values[1:] != values[:-1])))


def counted_up(first: Int64, counts: Int64) -> Int64:
    """Lay the ranges first[i], first[i]+1, ... of counts[i] numbers end to end."""
    offsets = np.repeat(first - (np.cumsum(counts) - counts), counts)
    return offsets + np.arange(len(offsets), dtype=np.int64)


def difference(later: Int64, earlier: Int64) -> Int64:
    """Subtract where both are known; UNKNOWN elsewhere."""
    known = (later != UNKNOWN) & (earlier != UNKNOWN)
    return np.where(known, np.where(known, later, 0) - np.where(known, earlier, 0), UNKNOWN)


def values_at(keys: Int64, values: Float64, wanted: Int64) -> Float64:
    """Look values up by sorted keys: (k,) both; of each wanted key (w,) its value, NaN where there is none."""
    if len(keys) == 0:
        return np.full(len(wanted), np.nan)
    at = np.searchsorted(keys, wanted).clip(0, len(keys) - 1)
    return np.where(keys[at] == wanted, values[at], np.nan)
