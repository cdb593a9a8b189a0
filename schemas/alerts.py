"""Alerts: a customer's figure went out of bounds, and came back. Producer: alerts."""

from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime

from schemas.event import Event
from schemas.values import PointId, UserId


class Quantity(StrEnum):
    """What a rule watches. The first two are judged by the hour, the others by the local day."""

    RETURN_TEMPERATURE = "return_temperature"
    HOURLY_POWER = "hourly_power"
    DAILY_MEAN_POWER = "daily_mean_power"
    WEIGHTED_RETURN_TEMPERATURE = "weighted_return_temperature"


class Direction(StrEnum):
    """On which side of the limit a value is out of bounds."""

    ABOVE = "above"
    BELOW = "below"


class Happening(StrEnum):
    """What happened to an episode."""

    OPENED = "opened"
    ACKNOWLEDGED = "acknowledged"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


class AlertChanged(Event):
    """An episode of a rule opened, was acknowledged, closed, or was withdrawn because the readings were corrected.

    user_id: whose rule it is; None for one that the utility set up. Temperatures in C, powers in kW. An
    episode closes again only where a correction had reopened it; nothing else is told twice.
    """

    name: ClassVar[str] = "alerts"

    episode_id: UUID
    rule_id: UUID
    point_id: PointId
    user_id: UserId | None
    happening: Happening
    quantity: Quantity
    direction: Direction
    opened_at: AwareDatetime
    closed_at: AwareDatetime | None
    extreme: float
    limit_value: float
