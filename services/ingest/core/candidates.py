"""Readings whose registers are held against each other, and whether one may follow another."""

from typing import NamedTuple, TypeAlias

import numpy as np

from services.heat.arrays import UNKNOWN, Bool, Int64

LOOKAHEAD = 24
"""How many readings have a say in whether the first of them is the next in its chain."""
DEFAULT_RESOLUTION_WH = 1_000
LITRES_TOLERANCE = 1_000
"""Of a volume that is shown in whole cubic metres."""
Which: TypeAlias = Int64 | slice


class Candidates(NamedTuple):
    """Readings to be chained: sorted by series and time, one per instant. A series is one meter at one point."""

    series: Int64
    read_at_s: Int64
    energy_wh: Int64
    volume_l: Int64
    modulus_wh: Int64
    """Where the energy register starts again from zero, or 0 where it never does."""
    modulus_l: Int64
    tolerance_wh: Int64
    """How much a register may rise in no time at all: its resolution."""
    maximum_w: Int64
    is_anchor: Bool
    """True where the first reading of a series is known to be accepted, from what lies before it."""

    def take(self, which: Int64 | Bool) -> "Candidates":
        """Pick readings by index or mask."""
        return Candidates._make(column[which] for column in self)


def follows(readings: Candidates, earlier: Which, later: Which) -> Bool:
    """Tell for pairs of readings whether the later one's registers rose plausibly since the earlier one.

    Pairs are given by index, in arrays of one shape or as two slices of one length. A litre for each Wh that the
    highest power would give is water cooled by 0.9 °C, a multiple of what any pipe of that power lets through.
    """
    span_s = readings.read_at_s[later] - readings.read_at_s[earlier]
    most_wh = readings.maximum_w[later] * span_s // 3600
    risen_wh = rise(readings.energy_wh, readings.modulus_wh, earlier, later)
    risen_l = rise(readings.volume_l, readings.modulus_l, earlier, later)
    is_plausible_l = _is_within(risen_l, most_wh + LITRES_TOLERANCE) | ~_has_volumes(readings, earlier, later)
    return _is_within(risen_wh, most_wh + readings.tolerance_wh[later]) & is_plausible_l


def is_rising(readings: Candidates, earlier: Which, later: Which) -> Bool:
    """Tell for pairs of readings whether no register fell, however far it rose."""
    risen_wh = rise(readings.energy_wh, readings.modulus_wh, earlier, later)
    risen_l = rise(readings.volume_l, readings.modulus_l, earlier, later)
    return (risen_wh >= 0) & ((risen_l >= 0) | ~_has_volumes(readings, earlier, later))


def rise(register: Int64, modulus: Int64, earlier: Which, later: Which) -> Int64:
    """Give how far a register rose between pairs of readings, over its rollover where it has one."""
    risen = register[later] - register[earlier]
    turn = modulus[later]
    # Few roll over, and the division is what costs. Without a turn every rise is within one.
    rolls = ~_is_within(risen, turn - 1)
    if rolls.any():
        risen[rolls] %= turn[rolls]
    return risen


def _has_volumes(readings: Candidates, earlier: Which, later: Which) -> Bool:
    """Tell for pairs of readings whether both show a volume."""
    return (readings.volume_l[earlier] != UNKNOWN) & (readings.volume_l[later] != UNKNOWN)


def _is_within(risen: Int64, most: Int64) -> Bool:
    """Tell which rises are neither below zero nor above the most."""
    # By one comparison: without a sign a fall is more than any most, and a most below zero more than any rise.
    return risen.view(np.uint64) <= most.view(np.uint64)
