"""Another meter's readings among those of a metering point: what hangs together, but not with what was accepted."""

import numpy as np

from services.heat.arrays import UNKNOWN, Bool, Int64
from services.ingest.core.candidates import LOOKAHEAD
from services.ingest.core.chains import Chains, Series

RUN_LASTS_S = 48 * 3600
RUN_READINGS = 3
"""How long readings must hang together, and how many they must be, to be a meter's own history and no mistake.

Shorter, a day that a head-end sends a second time as the next one would be taken for another meter.
"""
ORDINARY_TIMES_MEAN, ORDINARY_TIMES_MOST = 20, 3
"""How many times as much as they did on average, and at most, such readings may rise from one to the next.

Less than what lies between a block of them that is sent again and the meter itself.
"""
LITRES_TOLERANCE = 1_000
"""Of a volume that is shown in whole cubic metres."""
BEYOND_BOUNDS = 2**62
NO_METER_M_PER_S = 2**28
"""A gigawatt, so that products of it and any time between readings fit into 64 bits."""


class Rival:
    """The refused readings behind the last accepted one that hang together so long that another meter must be there.

    Once they do, nothing that goes on from them is accepted, be it as high as the meter before would be by now: what
    the new meter counted is not the old one's. What rises from them by far more than they ever did is the old meter
    again, after a block of old readings that was sent a second time, or a volume that was wrong for a while.
    """

    def __init__(self, chains: Chains, series: Series) -> None:
        self._chains, self._readings, self._series = chains, chains.readings, series
        self._first = self._last = -1

    def grow(self, refused: int, anchor: int) -> None:
        """Take in a refused reading behind the last accepted one."""
        first = max(self._chains.run_begin(refused, self._series), anchor + 1)
        if not is_long(self._readings.read_at_s, first, refused):
            return
        if self._first != first:
            self._first, self._last = first, first - 1
            self._energy, self._volume = self._pace(self._readings.modulus_wh), self._pace(self._readings.modulus_l)
        for index in range(self._last + 1, refused + 1):
            at_s = int(self._readings.read_at_s[index])
            self._energy.take(int(self._readings.energy_wh[index]), at_s)
            self._volume.take(int(self._readings.volume_l[index]), at_s)
        self._last = refused

    def _pace(self, modulus: Int64) -> "_Pace":
        return _Pace(int(modulus[self._series.start]))

    def forget(self) -> None:
        """Begin anew, since the meter itself was read again."""
        self._first = self._last = -1

    def ties(self, position: int) -> Bool:
        """Tell which of the next readings are the other meter's: (up to LOOKAHEAD,)."""
        window = slice(position, min(position + LOOKAHEAD, self._series.end))
        if self._first < 0:
            return np.zeros(window.stop - position, bool)
        readings, at_s = self._readings, self._readings.read_at_s[window]
        energy = self._energy.excess(readings.energy_wh[window], at_s)
        volume = self._volume.excess(readings.volume_l[window], at_s)
        return (energy <= readings.tolerance_wh[window]) & (volume <= LITRES_TOLERANCE)


class _Pace:
    """How fast a register has risen from one reading of a run to the next, kept so that a long run costs no more."""

    def __init__(self, modulus: int) -> None:
        self._modulus = modulus
        self._count = self._risen = self._most_m_per_s = 0
        self._first_s = self._last_s = self._last = 0

    def take(self, register: int, at_s: int) -> None:
        """Take in the run's next reading; one that is UNKNOWN says nothing."""
        if register == UNKNOWN:
            return
        if self._count == 0:
            self._first_s = at_s
        else:
            risen = register - self._last
            risen = risen % self._modulus if self._modulus else risen
            self._risen += risen
            self._most_m_per_s = max(self._most_m_per_s, 1_000 * risen // (at_s - self._last_s))
        self._last, self._last_s = register, at_s
        self._count += 1

    def excess(self, ahead: Int64, ahead_s: Int64) -> Int64:
        """Give by how much more than is ordinary registers rise from the run's end; 0 where that is not known.

        (w,) registers and instants; a fall is beyond all bounds.
        """
        if self._count < 2:
            return np.zeros(len(ahead), np.int64)
        mean_m_per_s = 1_000 * self._risen // (self._last_s - self._first_s)
        ordinary_m_per_s = min(
            ORDINARY_TIMES_MEAN * mean_m_per_s, ORDINARY_TIMES_MOST * self._most_m_per_s, NO_METER_M_PER_S
        )
        is_known = ahead != UNKNOWN
        rises = np.where(is_known, ahead, self._last) - self._last
        rises = rises % self._modulus if self._modulus else rises
        beyond = rises - ordinary_m_per_s * (ahead_s - self._last_s) // 1_000
        return np.where(is_known, np.where(rises < 0, BEYOND_BOUNDS, beyond), 0)


def is_long(read_at_s: Int64, first: int, last: int) -> bool:
    """Tell whether readings that hang together are a meter's own history."""
    return last - first + 1 >= RUN_READINGS and bool(read_at_s[last] - read_at_s[first] >= RUN_LASTS_S)
