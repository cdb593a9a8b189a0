"""How a year's energy falls on its months where nothing is known but the year.

By category, or by degree days; by a profile of its own where it cools.
"""

from datetime import date
from enum import StrEnum
from typing import Annotated, NamedTuple

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from schemas.facilities import Category
from schemas.values import Medium
from services.contracts.core.year_cost import MONTHS, days_in, spread
from services.heat.arrays import Float64, Int64

EVEN_SHARE = 0.25
"""Of the year, where the category has no profile: hot water and losses; the rest follows the normal degree days."""

Share = Annotated[float, Field(ge=0)]
Twelve = Annotated[tuple[Share, ...], Field(min_length=MONTHS, max_length=MONTHS)]


class SplitBy(StrEnum):
    """What a year's energy was parted by. The value is shown and never renamed."""

    CATEGORY = "category_profile"
    DEGREE_DAYS = "degree_days"
    COOLING = "cooling_profile"
    DAYS = "days"


class Profile(BaseModel):
    """A year of a category, or of cooling. hours: what a kW of subscription power takes in a normal year, in kWh."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    month_shares: Twelve
    hours: Annotated[int, Field(gt=0, le=8_760)]


class EnergyProfiles(BaseModel):
    """The utility's own data: January first in each twelve. cooling: None where it says nothing of it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str
    normal_degree_days: Twelve
    categories: dict[Category, Profile]
    cooling: Profile | None = None

    def of(self, medium: Medium, category: Category | None) -> Profile | None:
        """Give the profile of what is heated or cooled; None where there is none."""
        if medium is Medium.COOLING:
            return self.cooling
        return self.categories.get(category) if category else None


class Split(NamedTuple):
    """A year's energy by month."""

    kwh: Int64
    by: SplitBy


def by_month(
    profiles: EnergyProfiles, kwh: int, category: Category | None, medium: Medium, months: tuple[date, ...]
) -> Split:
    """Part a year's energy over months; whole kWh that sum to it."""
    profile, is_cooling = profiles.of(medium, category), medium is Medium.COOLING
    if profile is not None:
        by = SplitBy.COOLING if is_cooling else SplitBy.CATEGORY
        return Split(spread(kwh, _in_order(profile.month_shares, months)), by)
    days = days_in(months)
    if is_cooling:
        return Split(spread(kwh, days), SplitBy.DAYS)
    degree_days = _in_order(profiles.normal_degree_days, months)
    weights = EVEN_SHARE * days / days.sum() + (1 - EVEN_SHARE) * degree_days / degree_days.sum()
    return Split(spread(kwh, weights), SplitBy.DEGREE_DAYS)


def powers_by_energy(highest_centi_kw: int, split: Split, months: tuple[date, ...]) -> Int64:
    """Give each month a power that is to the highest one's as their energies a day are; (12,) hundredths of a kW."""
    a_day = split.kwh / days_in(months)
    highest = float(a_day.max())
    share = a_day / highest if highest > 0 else np.ones(len(a_day))
    return np.rint(highest_centi_kw * share).astype(np.int64)


def _in_order(january_first: Twelve, months: tuple[date, ...]) -> Float64:
    return np.array([january_first[month.month - 1] for month in months[:-1]])
