"""The energy price: so much for each MWh, by season."""

from services.heat.arrays import Int64
from services.heat.tariff.rounding import MICRO_PER_ORE, product, quotient, whole_kwh

KWH_PER_MWH = 1000
KWH_PER_CENTI_MWH = 10


def energy_kwh(register_from_wh: int, register_to_wh: int) -> int:
    """Give the energy between two local midnights as the difference of what the register shows there, in kWh.

    Rounding the readings and not their difference makes the parts of a month sum to the month, and the months to
    what the meter shows.
    """
    return whole_kwh(register_to_wh) - whole_kwh(register_from_wh)


def energy_ore(kwh: Int64, price: Int64) -> Int64:
    """Price energies. kwh: (n,) whole kWh, which is MWh with three decimals. price: (n,) micro-kr per MWh."""
    return quotient(product(kwh, price), KWH_PER_MWH * MICRO_PER_ORE)


def centi_mwh(kwh: Int64) -> Int64:
    """Give years' energies, (n,) whole kWh, as bands of the yearly energy count them: hundredths of a MWh, half up."""
    return quotient(kwh, KWH_PER_CENTI_MWH)
