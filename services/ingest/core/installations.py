"""Which meter sat where and when, and what its registers can do."""

from typing import NamedTuple

import numpy as np

from services.heat.arrays import Bool, Int64, owner_time_key
from services.ingest.core.candidates import DEFAULT_RESOLUTION_WH

NEVER_S = 2**33
"""The end of an installation that has none yet."""


class Installations(NamedTuple):
    """Meters at metering points: (n,) each, sorted by metering point and installation time, never overlapping."""

    point_id: Int64
    meter_id: Int64
    installed_s: Int64
    removed_s: Int64
    start_wh: Int64
    stop_wh: Int64
    start_l: Int64
    stop_l: Int64
    modulus_wh: Int64
    modulus_l: Int64
    resolution_wh: Int64
    rules_off: Int64
    """Which rules do not flag what the meter shows, a bit for each."""
    smoothing: Int64
    """1 where each day's energy is spread as evenly as the steps of the register allow."""


class Terms(NamedTuple):
    """What holds for each reading: (n,) each."""

    segment: Int64
    """Index of the installation; -1 at a point without any meter, -2 where none, or another, was installed."""
    modulus_wh: Int64
    modulus_l: Int64
    tolerance_wh: Int64
    maximum_w: Int64

    def take(self, which: Int64 | Bool) -> "Terms":
        """Pick rows by index or mask."""
        return Terms._make(column[which] for column in self)


NO_METER = -1
NOT_INSTALLED = -2


def terms(installations: Installations, point_id: Int64, meter_id: Int64, at_s: Int64, maximum_w: Int64) -> Terms:
    """Find the installation behind each reading, and the terms on which it is judged.

    A metering point that no meter was ever registered for takes readings by its number all the same, but not those
    that name a meter: that one sits elsewhere, or nowhere.
    An installation holds from its first instant up to, but without, its removal.
    """
    count = len(installations.point_id)
    if count == 0:
        nothing = np.zeros(len(point_id), np.int64)
        segment = np.where(meter_id > 0, NOT_INSTALLED, NO_METER)
        return Terms(segment, nothing, nothing, nothing + DEFAULT_RESOLUTION_WH, maximum_w)
    index, fits = _installed(installations, point_id, at_s)
    fits &= (meter_id == 0) | (installations.meter_id[index] == meter_id)
    has_meter = np.isin(point_id, installations.point_id) | (meter_id > 0)
    segment = np.where(fits, index, np.where(has_meter, NOT_INSTALLED, NO_METER))
    resolution_wh = np.where(fits, installations.resolution_wh[index], 0)
    return Terms(
        segment,
        np.where(fits, installations.modulus_wh[index], 0),
        np.where(fits, installations.modulus_l[index], 0),
        np.where(resolution_wh > 0, resolution_wh, DEFAULT_RESOLUTION_WH),
        maximum_w,
    )


def rules_off_at(installations: Installations, point_id: Int64, at_s: Int64) -> Int64:
    """Give which rules do not flag what the meter that sat there shows; (n,), no bit where none did."""
    if len(installations.point_id) == 0:
        return np.zeros(len(point_id), np.int64)
    index, fits = _installed(installations, point_id, at_s)
    return np.where(fits, installations.rules_off[index], 0)


def smoothing_at(installations: Installations, point_id: Int64, at_s: Int64) -> tuple[Int64, Bool]:
    """Give in which steps the meter that sat there shows its register, and whether they are to be smoothed; (n,)."""
    index, fits = _installed(installations, point_id, at_s)
    return installations.resolution_wh[index], fits & (installations.smoothing[index] > 0)


def begins_anew(installations: Installations, meter_id: Int64, at_s: Int64) -> Bool:
    """Tell for meters and instants whether the meter begins to sit somewhere just then; (n,), False for no meter."""
    begun = owner_time_key(installations.meter_id, installations.installed_s)
    return np.isin(owner_time_key(meter_id, at_s), begun)


def _installed(installations: Installations, point_id: Int64, at_s: Int64) -> tuple[Int64, Bool]:
    """Find the installation at each metering point and instant; its index, and where there is one."""
    keys = owner_time_key(installations.point_id, installations.installed_s)
    found = np.searchsorted(keys, owner_time_key(point_id, at_s), side="right") - 1
    index = found.clip(0)
    return index, (found >= 0) & (installations.point_id[index] == point_id) & (at_s < installations.removed_s[index])
