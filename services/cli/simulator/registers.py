"""Running registers of the whole fleet: what a perfect meter would show at every instant."""

from typing import NamedTuple

import numpy as np

from services.cli.simulator.substations import Water
from services.heat.arrays import Float64, Int64
from services.heat.hour_marks import HOUR_S

WH, LITRES, FORWARD, RETURN = range(4)
"""The registers by their place in the last axis."""


class Registers(NamedTuple):
    """Registers at the full hours of a period, never falling; between two hours they rise evenly."""

    begin_s: int
    marks: Int64
    """(p, h + 1, 4): Wh, l, forward and return litre-degrees."""

    def at(self, point: Int64, at_s: Int64) -> Int64:
        """Read registers off at any instants: (n,) metering points and seconds in, (n, 4) out."""
        hour, past_s = np.divmod(at_s - self.begin_s, HOUR_S)
        before = self.marks[point, hour]
        after = self.marks[point, np.minimum(hour + 1, self.marks.shape[1] - 1)]
        return before + (after - before) * past_s[:, None] // HOUR_S

    def hours(self, from_s: int, to_s: int) -> Int64:
        """Give what each hour added, (p, hours, 4), from an hour mark to another."""
        first, last = (from_s - self.begin_s) // HOUR_S, (to_s - self.begin_s) // HOUR_S
        return np.diff(self.marks[:, first : last + 1], axis=1)


def counted(power_w: Float64, water: Water) -> Int64:
    """Count heat and water up from zero: (p, h) each in, (p, h + 1, 4) out.

    Each register is rounded as a running sum, so no rounding ever adds up.
    """
    flows = (power_w, water.litres, water.litres * water.supply_c, water.litres * water.return_c)
    grown = np.zeros((*power_w.shape[:1], power_w.shape[1] + 1, len(flows)), np.int64)
    for register, flow in enumerate(flows):
        grown[:, 1:, register] = np.rint(np.cumsum(flow, axis=1))
    return grown


def started(grown: Int64, start_wh: Int64) -> Int64:
    """Let registers begin at so many Wh each, and the others in proportion: (p, h + 1, 4) and (p,) in."""
    per_wh = grown[:, -1] / np.maximum(grown[:, -1, WH], 1)[:, None]
    start = np.rint(per_wh * start_wh[:, None]).astype(np.int64)
    start[:, WH] = start_wh
    return grown + start[:, None, :]
