"""The power price: a fixed part and a rate per kW, both yearly, of the band that the power falls in."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

from services.heat.tariff.rounding import to_ore
from services.heat.tariff.year_share import year_share


def power_ore(fixed_per_year: Decimal, per_kw_year: Decimal, kw: Decimal, first: date, end: date) -> int:
    """Price a subscription power over the days from `first` up to, not including, `end`.

    fixed_per_year: kr. per_kw_year: kr per kW. Returns öre. Fixed part and rate are one amount, rounded once:
    rounded apart, twelve months of 80 kW cost three öre more than the year.
    """
    per_year = Fraction(fixed_per_year) + Fraction(per_kw_year) * Fraction(kw)
    return to_ore(per_year * year_share(first, end))
