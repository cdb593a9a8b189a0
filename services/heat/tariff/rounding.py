"""From exact amounts to öre and from registers to kWh: each figure is rounded once, half up."""

from fractions import Fraction
from typing import Any

import numpy as np

from services.heat.arrays import Int64

ORE_PER_KRONA = 100
MICRO_PER_ORE = 10_000
"""Arrays hold prices in millionths of a krona."""
WH_PER_KWH = 1000
FITS = 2**61
"""Twice as much, and a divisor beside it, is still a number of 64 bits."""


def half_up(exact: Fraction) -> int:
    """Round to a whole number, a half away from zero, so that a credit is its charge with the sign turned."""
    whole = (2 * abs(exact.numerator) + exact.denominator) // (2 * exact.denominator)
    return whole if exact >= 0 else -whole


def product(one: Any, other: Any) -> Any:
    """Multiply whole numbers: (n,) of int64, or of Python's own where 64 bits might not hold what comes out."""
    if _largest(one) * _largest(other) < FITS:
        return one * other
    return one.astype(object) * other.astype(object)


def quotient(dividend: Any, divisor: Int64 | int) -> Int64:
    """Divide whole numbers, rounded as `half_up` does: (n,) of int64, or of Python's own, to int64."""
    whole = (2 * np.abs(dividend) + divisor) // (2 * divisor)
    return np.where(dividend >= 0, whole, -whole).astype(np.int64)


def _largest(numbers: Any) -> int:
    # Both ends, since of the least of 64 bits there is no absolute value.
    return max(int(numbers.max()), -int(numbers.min())) if len(numbers) else 0


def to_ore(kronor: Fraction) -> int:
    """Round an amount to whole öre. Source: domain rules, "rounded half up to the öre"."""
    return half_up(kronor * ORE_PER_KRONA)


def whole_kwh(register_wh: int) -> int:
    """Read a running register as invoices print it, in whole kWh."""
    return half_up(Fraction(register_wh, WH_PER_KWH))
