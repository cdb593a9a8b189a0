"""Chosen by the customer: nothing is measured, and what a month's highest hour exceeds the choice by is the overrun."""

from decimal import Decimal

from services.heat.power_methods.measurement import Days, DaysInUse, Measurement, Method, Reason, Statistic
from services.heat.power_methods.periods import twelve_months


def measure(days: Days) -> list[Measurement]:
    """Say that a power that was chosen is not measured."""
    return [Measurement(Reason.POWER_IS_CHOSEN)] * len(days.power)


def overrun_kw(highest_hour_wh: int, chosen_kw: Decimal) -> Decimal:
    """Give by how much a month's highest hour exceeds the chosen power, at a Wh; 0 where it does not.

    Source: domain.md, "a month's highest hour above the chosen kW costs an overrun price per kW".
    """
    return max(Decimal(highest_hour_wh).scaleb(-3) - chosen_kw, Decimal(0))


METHOD = Method("customer_chosen", Statistic.NOTHING, DaysInUse.ALL, twelve_months, measure)
