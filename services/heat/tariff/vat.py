"""Value added tax, on an invoice's sum and not line by line."""

from decimal import Decimal
from fractions import Fraction

from services.heat.tariff.rounding import half_up

PERCENT = 100


def vat_ore(net_ore: int, vat_percent: Decimal) -> int:
    """Give the VAT on a sum of öre, in öre."""
    return half_up(Fraction(net_ore) * Fraction(vat_percent) / PERCENT)
