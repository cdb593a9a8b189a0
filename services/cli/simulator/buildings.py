"""The buildings of a town: what they are, how much heat they lose, what they use it for, how well they cool it."""

from dataclasses import dataclass

import numpy as np

from schemas.facilities import Category
from schemas.values import Activity
from services.cli.simulator.chance import Stream, chance

HEATING_KH = 80_000
"""Degree-hours of a year below a balance temperature of 16 C, in this climate."""
DESIGN_C = -18.0
READ_AT_C = -5.0
YEAR_H = 8_766
INERTIA_H = (8, 30, 80)
"""How many hours a light, a medium and a heavy building take to feel a change of weather."""
COOLED_FROM_M2, COOLED_SHARE = 1_500, 0.35
POOR_COOLING_SHARE = 0.15
STATIONS = 2


@dataclass(frozen=True)
class Kind:
    """What buildings of a category have in common. Areas in m2, heat in kWh per m2 and year."""

    share: float
    area_m2: tuple[float, float]
    """Between these lie about two thirds of them."""
    space_kwh_per_m2: float
    tap_kwh_per_m2: float
    circulation: float
    """The share of the hot water's heat that its pipes lose all day."""
    balance_c: float
    area_of_a_household_m2: float
    """Small where many draw water at different times."""
    restlessness: float
    """How much the heating of one hour departs from what the weather asks for."""
    in_use_on_weekdays: float
    """The share of buildings that rest at weekends."""


KINDS = {
    Category.SMALL_HOUSE: Kind(0.45, (110, 190), 88, 20, 0.08, 15.5, 140, 0.07, 0.0),
    Category.APARTMENTS: Kind(0.29, (1_100, 5_500), 98, 27, 0.30, 16.0, 75, 0.04, 0.0),
    Category.PREMISES: Kind(0.15, (900, 6_000), 95, 6, 0.30, 15.0, 400, 0.06, 0.75),
    Category.PUBLIC: Kind(0.08, (1_500, 8_000), 110, 10, 0.30, 16.0, 500, 0.05, 0.80),
    Category.INDUSTRY: Kind(0.03, (2_000, 9_000), 80, 14, 0.20, 14.0, 1_500, 0.08, 0.60),
}


@dataclass(frozen=True)
class Building:
    """One building. All its figures follow from the seed and its own number."""

    number: int
    category: Category
    activity: Activity
    station: int
    area_m2: float
    loss_w_per_c: float
    balance_c: float
    inertia: int
    """Index into INERTIA_H."""
    inertia_share: float
    restlessness: float
    tap_w: float
    households: float
    circulation_w: float
    has_setback: bool
    ventilation_share: float
    """How much more heat is lost while the ventilation runs by day."""
    supply_loss_c: float
    return_c: float
    cools_poorly: bool
    cooling_w_per_c: float
    """0 where the building takes no district cooling."""
    cooling_base_w: float
    cooling_return_c: float

    @property
    def is_cooled(self) -> bool:
        """Tell whether the building takes district cooling too."""
        return self.cooling_w_per_c > 0

    @property
    def design_w(self) -> float:
        """The heat it takes on the coldest day, hot water included."""
        return self._space_w(DESIGN_C) + self.circulation_w + self._tap_peak_w

    @property
    def power_at_minus_five_w(self) -> float:
        """What staff would enter as its first subscription power."""
        return self._space_w(READ_AT_C) + self.circulation_w + self._tap_peak_w

    @property
    def year_wh(self) -> float:
        """The heat it takes in a usual year."""
        return self.loss_w_per_c * HEATING_KH + (self.tap_w + self.circulation_w) * YEAR_H

    @property
    def cooling_design_w(self) -> float:
        """The cold it takes on the hottest day."""
        return self.cooling_w_per_c * 16 + self.cooling_base_w

    @property
    def _tap_peak_w(self) -> float:
        # Where many households draw at different times, the day's highest hour is nearer to the mean.
        return self.tap_w * (2 + 2 / float(np.sqrt(self.households)))

    def _space_w(self, celsius: float) -> float:
        return self.loss_w_per_c * (1 + self.ventilation_share) * (self.balance_c - celsius)


def building(seed: int, number: int) -> Building:
    """Build one building; it does not depend on how many others there are."""
    dice = chance(seed, Stream.BUILDING, number)
    category = _category(float(dice.random()))
    kind = KINDS[category]
    low, high = np.log(kind.area_m2)
    area_m2 = float(np.exp(np.clip(dice.normal((low + high) / 2, (high - low) / 2), low - 0.5, high + 0.5)))
    year_kwh_per_m2 = kind.space_kwh_per_m2 * float(np.exp(dice.normal(0, 0.22)))
    tap_w = kind.tap_kwh_per_m2 * float(np.exp(dice.normal(0, 0.25))) * area_m2 * 1000 / YEAR_H
    rests = bool(dice.random() < kind.in_use_on_weekdays)
    cools_poorly = bool(dice.random() < POOR_COOLING_SHARE)
    is_cooled = bool(dice.random() < COOLED_SHARE) and area_m2 > COOLED_FROM_M2 and kind.in_use_on_weekdays > 0
    return Building(
        number=number,
        category=category,
        activity=Activity.WEEKDAY if rests else Activity.SEVEN_DAY,
        station=number % STATIONS,
        area_m2=round(area_m2),
        loss_w_per_c=year_kwh_per_m2 * area_m2 * 1000 / HEATING_KH,
        balance_c=kind.balance_c + float(dice.normal(0, 0.7)),
        inertia=int(dice.integers(len(INERTIA_H))),
        inertia_share=float(dice.uniform(0.4, 0.8)),
        restlessness=kind.restlessness * float(dice.uniform(0.7, 1.3)),
        tap_w=tap_w * (1 - kind.circulation),
        households=max(area_m2 / kind.area_of_a_household_m2, 1.0),
        circulation_w=tap_w * kind.circulation,
        has_setback=rests and bool(dice.random() < 0.5),
        ventilation_share=float(dice.uniform(0.10, 0.30)) if rests else 0.0,
        supply_loss_c=float(dice.uniform(1, 6)),
        return_c=float(dice.normal(34, 3)) + (float(dice.uniform(9, 16)) if cools_poorly else 0),
        cools_poorly=cools_poorly,
        cooling_w_per_c=float(dice.uniform(1.2, 2.4)) * area_m2 if is_cooled else 0.0,
        cooling_base_w=float(dice.uniform(0.1, 0.6)) * area_m2 if is_cooled else 0.0,
        cooling_return_c=float(dice.normal(14.5, 0.8)) - (2.5 if cools_poorly else 0),
    )


def _category(draw: float) -> Category:
    upper = np.cumsum([kind.share for kind in KINDS.values()])
    return list(KINDS)[min(int(np.searchsorted(upper, draw, side="right")), len(KINDS) - 1)]
