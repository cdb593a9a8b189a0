"""How a year's energy falls on its months where nothing is known but the year: by category, or by degree days."""

from datetime import date
from enum import StrEnum
from typing import Annotated, NamedTuple

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from schemas.facilities import Category
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


class Profile(BaseModel):
    """A category's year. hours: what a kW of subscription power takes in a normal year, in kWh."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    month_shares: Twelve
    hours: Annotated[int, Field(gt=0, le=8_760)]


class EnergyProfiles(BaseModel):
    """The utility's own data: January first in each twelve."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str
    normal_degree_days: Twelve
    categories: dict[Category, Profile]


class Split(NamedTuple):
    """A year's energy by month."""

    kwh: Int64
    by: SplitBy


def by_month(profiles: EnergyProfiles, kwh: int, category: Category | None, months: tuple[date, ...]) -> Split:
    """Part a year's energy over months; whole kWh that sum to it."""
    profile = profiles.categories.get(category) if category else None
    if profile is not None:
        return Split(spread(kwh, _in_order(profile.month_shares, months)), SplitBy.CATEGORY)
    degree_days = _in_order(profiles.normal_degree_days, months)
    days = days_in(months)
    weights = EVEN_SHARE * days / days.sum() + (1 - EVEN_SHARE) * degree_days / degree_days.sum()
    return Split(spread(kwh, weights), SplitBy.DEGREE_DAYS)


def _in_order(january_first: Twelve, months: tuple[date, ...]) -> Float64:
    return np.array([january_first[month.month - 1] for month in months[:-1]])
