"""The efficiency price: for the flow that heat took, or for the temperature that the water left with."""

from services.heat.arrays import Int64
from services.heat.tariff.energy import KWH_PER_MWH
from services.heat.tariff.rounding import MICRO_PER_ORE, product, quotient

ML_PER_L, ML_PER_M3 = 1_000, 1_000_000
CENTI = 100


def volume_ore(litres: Int64, kwh: Int64, against: Int64, price: Int64) -> Int64:
    """Price volumes, or what they are above a reference; below it they are a credit.

    against: (n,) litres per MWh, 0 for the whole volume. price: (n,) micro-kr per m3.
    """
    millilitres = litres * ML_PER_L - product(kwh, against)
    return quotient(product(millilitres, price), ML_PER_M3 * MICRO_PER_ORE)


def return_temperature_ore(kwh: Int64, centi_c: Int64, against: Int64, price: Int64) -> Int64:
    """Price each MWh by how far its return temperature was above a reference; below it is a credit.

    centi_c, against: (n,) hundredths of °C. price: (n,) micro-kr per MWh and °C.
    """
    deviation = product(kwh, centi_c - against)
    return quotient(product(deviation, price), KWH_PER_MWH * CENTI * MICRO_PER_ORE)
