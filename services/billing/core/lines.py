"""A part of a month as the lines of an invoice."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from schemas.price_lists import Component, EnergyPrice, FixedPrice
from services.billing.core.parts import Part
from services.heat.tariff.energy import energy_ore
from services.heat.tariff.fixed import fixed_ore
from services.heat.tariff.power import power_ore
from services.heat.tariff.year_share import days_of_year


class Charge(StrEnum):
    """What a line is for. The value is stored and never renamed."""

    ENERGY = "energy"
    POWER = "power"
    FIXED = "fixed"


@dataclass(frozen=True, slots=True)
class Line:
    """One line: (quantity × price + fixed_price) × days / year_days, in whole öre, excluding VAT.

    fixed_price: the band's fixed part, kr a year, of a power line. days and year_days: None for energy, which is
    not billed by time. label: the season of an energy line.
    """

    part: Part
    component: Charge
    label: str
    quantity: Decimal
    unit: str
    price: Decimal
    fixed_price: Decimal
    days: int | None
    year_days: int | None
    amount_ore: int


def lines(part: Part, kwh: int) -> list[Line]:
    """Price a part: a line for each component of its price list, energy first. Components of a kind add up."""
    return sorted(
        (line for component in part.price_list.components for line in _lines(part, component, kwh)),
        key=lambda line: list(Charge).index(line.component),
    )


def _lines(part: Part, component: Component, kwh: int) -> Iterator[Line]:
    by_time = (part.days, days_of_year(part.first.year))
    if isinstance(component, EnergyPrice):
        # A part lies within one month, and a season is made of whole months.
        season = component.season_of(part.first.month)
        mwh = Decimal(kwh).scaleb(-3)  # Keeps its three decimals, also where they are zeros.
        amount = energy_ore(kwh, season.price_per_mwh)
        price = season.price_per_mwh
        yield Line(part, Charge.ENERGY, season.name, mwh, "MWh", price, Decimal(0), None, None, amount)
    elif isinstance(component, FixedPrice):
        amount = fixed_ore(component.amount_per_year, part.first, part.end)
        price = component.amount_per_year
        yield Line(part, Charge.FIXED, "", Decimal(1), "year", price, Decimal(0), *by_time, amount)
    elif part.power is not None:
        band = component.band_of(part.power.kw)
        rate, fixed, kw = band.per_kw_year, band.fixed_per_year, part.power.kw
        amount = power_ore(fixed, rate, kw, part.first, part.end)
        yield Line(part, Charge.POWER, "", kw, "kW", rate, fixed, *by_time, amount)
