"""Suggestions: rules for a metering point from its own history."""

from typing import NamedTuple

import numpy as np

from schemas.alerts import Direction, Quantity
from services.alerts.core.rules import Series

HOURS_NEEDED = 14 * 24
POWER_MARGIN = 1.3
RETURN_MARGIN_C = 5.0


class Suggestion(NamedTuple):
    """Limits for one quantity, in C or kW; None for a season with under 14 days of measured hours."""

    quantity: Quantity
    direction: Direction
    summer_limit: float | None
    winter_limit: float | None
    hysteresis: float
    minimum_values: int


def suggestions(power: Series, return_temperature: Series) -> list[Suggestion]:
    """Suggest limits that the point's own history would hardly ever have passed.

    Hourly power: 1.3 times the season's 99th percentile hour, back at 90 % of it. Return temperature: 5 C above
    the season's 99th percentile, for three hours in a row. power, return_temperature: measured hours.
    """
    found = []
    summer, winter = (_percentile(power, is_winter) for is_winter in (False, True))
    if summer is not None or winter is not None:
        limits = [None if one is None else round(POWER_MARGIN * one, 1) for one in (summer, winter)]
        hysteresis = round(0.1 * min(one for one in limits if one is not None), 2)
        found.append(Suggestion(Quantity.HOURLY_POWER, Direction.ABOVE, limits[0], limits[1], hysteresis, 1))
    summer, winter = (_percentile(return_temperature, is_winter) for is_winter in (False, True))
    if summer is not None or winter is not None:
        limits = [None if one is None else round(one + RETURN_MARGIN_C, 1) for one in (summer, winter)]
        found.append(Suggestion(Quantity.RETURN_TEMPERATURE, Direction.ABOVE, limits[0], limits[1], 2.0, 3))
    return found


def _percentile(series: Series, is_winter: bool) -> float | None:
    values = series.values[series.is_winter == is_winter]
    return float(np.percentile(values, 99)) if len(values) >= HOURS_NEEDED else None
