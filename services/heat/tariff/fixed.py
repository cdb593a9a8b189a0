"""The fixed price: an amount for each year or month, whatever is used."""

from services.heat.arrays import Int64
from services.heat.tariff.rounding import MICRO_PER_ORE, product, quotient


def fixed_ore(price: Int64, days: Int64, of_days: Int64) -> Int64:
    """Price spans of days. price: (n,) micro-kr for the year or month that has `of_days`, (n,), of which `days` count.

    So twelve months always make one year, and the parts of a month one month.
    """
    return quotient(product(price, days), of_days * MICRO_PER_ORE)
