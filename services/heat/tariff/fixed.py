"""The fixed price: a yearly amount, whatever is used."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

from services.heat.tariff.rounding import to_ore
from services.heat.tariff.year_share import year_share


def fixed_ore(amount_per_year: Decimal, first: date, end: date) -> int:
    """Price the days from `first` up to, not including, `end`. amount_per_year: kr, excluding VAT. Returns öre."""
    return to_ore(Fraction(amount_per_year) * year_share(first, end))
