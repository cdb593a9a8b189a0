"""Another meter's readings among those of a metering point: what hangs together, but not with what was accepted."""

import numpy as np

from services.heat.arrays import UNKNOWN, Bool, Int64
from services.ingest.core.candidates import LITRES_TOLERANCE, LOOKAHEAD
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

    def has(self, index: int) -> bool:
        """Tell whether a reading is the other meter's, too."""
        if self._first < 0:
            return False
        readings, at_s = self._readings, int(self._readings.read_at_s[index])
        tolerance_wh = int(readings.tolerance_wh[index])
        return self._energy.is_ordinary(int(readings.energy_wh[index]), at_s, tolerance_wh) and (
            self._volume.is_ordinary(int(readings.volume_l[index]), at_s, LITRES_TOLERANCE)
        )

    def ties(self, position: int) -> Bool:
        """Tell which of the next readings are the other meter's: (up to LOOKAHEAD,)."""
        window = range(position, min(position + LOOKAHEAD, self._series.end))
        return np.array([self.has(index) for index in window])


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

    def is_ordinary(self, ahead: int, ahead_s: int, tolerance: int) -> bool:
        """Tell whether a register rises from the run's end by no more than is ordinary; so does one that is UNKNOWN."""
        if self._count < 2 or ahead == UNKNOWN:
            return True
        mean_m_per_s = 1_000 * self._risen // (self._last_s - self._first_s)
        ordinary_m_per_s = min(ORDINARY_TIMES_MEAN * mean_m_per_s, ORDINARY_TIMES_MOST * self._most_m_per_s)
        risen = ahead - self._last
        risen = risen % self._modulus if self._modulus else risen
        return 0 <= risen <= ordinary_m_per_s * (ahead_s - self._last_s) // 1_000 + tolerance


def is_long(read_at_s: Int64, first: int, last: int) -> bool:
    """Tell whether readings that hang together are a meter's own history."""
    return last - first + 1 >= RUN_READINGS and bool(read_at_s[last] - read_at_s[first] >= RUN_LASTS_S)
