"""The energy price: so much for each MWh, by season."""

from decimal import Decimal
from fractions import Fraction

from services.heat.tariff.rounding import to_ore, whole_kwh

KWH_PER_MWH = 1000


def energy_kwh(register_from_wh: int, register_to_wh: int) -> int:
    """Give the energy between two local midnights as the difference of what the register shows there, in kWh.

    Rounding the readings and not their difference makes the parts of a month sum to the month, and the months to
    what the meter shows.
    """
    return whole_kwh(register_to_wh) - whole_kwh(register_from_wh)


def energy_ore(kwh: int, price_per_mwh: Decimal) -> int:
    """Price an energy. kwh: whole kWh, which is MWh with three decimals. price_per_mwh: kr. Returns öre."""
    return to_ore(Fraction(kwh, KWH_PER_MWH) * Fraction(price_per_mwh))
