"""The power price: a fixed part and a rate per kW, both yearly, of the band that the power falls in."""

from services.heat.arrays import Int64
from services.heat.tariff.rounding import MICRO_PER_ORE, product, quotient

CENTI = 100


def power_ore(yearly: Int64, price: Int64, centi_kw: Int64, days: Int64, year_days: Int64) -> Int64:
    """Price powers over spans of days.

    yearly, price: (n,) micro-kr and micro-kr per kW. centi_kw: (n,) hundredths of a kW. Fixed part and rate are one
    amount, rounded once: rounded apart, twelve months of 80 kW cost three öre more than the year.
    """
    per_year = product(price, centi_kw) + yearly * CENTI
    return quotient(product(per_year, days), year_days * CENTI * MICRO_PER_ORE)


def overrun_ore(centi_kw: Int64, price: Int64) -> Int64:
    """Price what a month's highest hour was above the chosen power. price: (n,) micro-kr per kW."""
    return quotient(product(centi_kw, price), CENTI * MICRO_PER_ORE)
