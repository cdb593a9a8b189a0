"""Who may see and do what for a customer. Producer: permissions."""

from enum import StrEnum
from typing import ClassVar

from schemas.event import Event, Part
from schemas.values import CustomerId, PointId, UserId


class Level(StrEnum):
    """How much a person may do for a customer, least first."""

    READ = "read"
    FULL = "full"
    ADMINISTRATOR = "administrator"


class Grant(Part):
    """One person's grant. points: the only metering points it is for, None for all of the customer's."""

    user_id: UserId
    level: Level
    points: tuple[PointId, ...] | None = None


class GrantsChanged(Event):
    """All grants that a customer has given, whole; who is not named has none.

    Consumers apply a message only where `version` is above what they have of that customer.
    """

    name: ClassVar[str] = "grants-changed"

    customer_id: CustomerId
    version: int
    grants: tuple[Grant, ...]
