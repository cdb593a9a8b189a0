"""The efficiency price: for the flow that heat took, or for the temperature that the water left with."""

from typing import NamedTuple

import numpy as np

from services.heat.arrays import Int64
from services.heat.tariff.energy import KWH_PER_MWH
from services.heat.tariff.rounding import MICRO_PER_ORE, product, quotient

ML_PER_L, ML_PER_M3 = 1_000, 1_000_000
CENTI = 100


class Counted(NamedTuple):
    """What counts of deviations: none less than `least`, none more than `most`; (n,) each, least <= 0 <= most."""

    least: Int64
    most: Int64

    def of(self, deviation: Int64) -> Int64:
        """Hold deviations within what counts of them."""
        return np.minimum(np.maximum(deviation, self.least), self.most)


def volume_ore(litres: Int64, kwh: Int64, against: Int64, price: Int64, counted: Counted | None = None) -> Int64:
    """Price volumes, or what they are above a reference; below it they are a credit.

    against: (n,) litres per MWh, 0 for the whole volume. price: (n,) micro-kr per m3. counted: in millilitres; None
    where all counts.
    """
    millilitres = litres * ML_PER_L - product(kwh, against)
    if counted is not None:
        millilitres = counted.of(millilitres)
    return quotient(product(millilitres, price), ML_PER_M3 * MICRO_PER_ORE)


def return_temperature_ore(
    kwh: Int64, centi_c: Int64, against: Int64, price: Int64, counted: Counted | None = None
) -> Int64:
    """Price each MWh by how far its return temperature was above a reference; below it is a credit.

    centi_c, against: (n,) hundredths of °C. price: (n,) micro-kr per MWh and °C. counted: in hundredths of °C; None
    where all counts.
    """
    deviation = centi_c - against if counted is None else counted.of(centi_c - against)
    return quotient(product(product(kwh, deviation), price), KWH_PER_MWH * CENTI * MICRO_PER_ORE)
