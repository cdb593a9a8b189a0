"""From exact amounts to öre and from registers to kWh: each figure is rounded once, half up."""

from fractions import Fraction

ORE_PER_KRONA = 100
WH_PER_KWH = 1000


def half_up(exact: Fraction) -> int:
    """Round to a whole number, a half away from zero, so that a credit is its charge with the sign turned."""
    whole = (2 * abs(exact.numerator) + exact.denominator) // (2 * exact.denominator)
    return whole if exact >= 0 else -whole


def to_ore(kronor: Fraction) -> int:
    """Round an amount to whole öre. Source: domain rules, "rounded half up to the öre"."""
    return half_up(kronor * ORE_PER_KRONA)


def whole_kwh(register_wh: int) -> int:
    """Read a running register as invoices print it, in whole kWh."""
    return half_up(Fraction(register_wh, WH_PER_KWH))
