"""Rules that the utility sets up for metering points from their own history."""

from collections.abc import Sequence
from uuid import UUID, uuid5

from schemas.alerts import Quantity
from schemas.values import PointId
from services.alerts.core.rules import Rule
from services.alerts.core.series import Calendar, hourly_series
from services.alerts.core.suggestions import suggestions
from services.alerts.judging import EVERYTHING
from services.alerts.store import figures
from services.common.postgres import Transaction

SUGGESTED = UUID("6a2f0c52-5c36-5a7e-9a43-8f1d6f5e2b10")
"""The namespace of suggested rules, so that suggesting again changes the same rules."""


async def rules_for(tx: Transaction, points: Sequence[PointId], calendar: Calendar) -> list[Rule]:
    """Suggest rules for points; a point without enough measured hours gets none."""
    loaded = await figures.hours(tx, dict.fromkeys(points, EVERYTHING))
    return [
        Rule(
            uuid5(SUGGESTED, f"{point}/{one.quantity}"),
            point,
            None,
            one.quantity,
            one.direction,
            one.summer_limit,
            one.winter_limit,
            one.hysteresis,
            one.minimum_values,
        )
        for point, hours in loaded.items()
        for one in suggestions(
            hourly_series(Quantity.HOURLY_POWER, hours, calendar),
            hourly_series(Quantity.RETURN_TEMPERATURE, hours, calendar),
        )
    ]
