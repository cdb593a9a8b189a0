"""The power price: a fixed part and a rate per kW, both yearly or monthly, of the band that the power falls in."""

from services.heat.arrays import Int64
from services.heat.tariff.rounding import MICRO_PER_ORE, product, quotient

CENTI = 100


def power_ore(band_fixed: Int64, price: Int64, centi_kw: Int64, days: Int64, of_days: Int64) -> Int64:
    """Price powers over spans of days.

    band_fixed, price: (n,) micro-kr and micro-kr per kW, for the year or month that has `of_days`, of which `days`
    count. centi_kw: (n,) hundredths of a kW. Fixed part and rate are one amount, rounded once: rounded apart, twelve
    months of 80 kW cost three öre more than the year.
    """
    whole = product(price, centi_kw) + band_fixed * CENTI
    return quotient(product(whole, days), of_days * CENTI * MICRO_PER_ORE)


def overrun_ore(centi_kw: Int64, price: Int64) -> Int64:
    """Price what a month's highest hour was above the chosen power. price: (n,) micro-kr per kW."""
    return quotient(product(centi_kw, price), CENTI * MICRO_PER_ORE)
