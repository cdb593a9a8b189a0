"""The words that every event shares: identities, media, qualities."""

from enum import StrEnum
from typing import NewType
from uuid import UUID

PointId = NewType("PointId", int)
FacilityId = NewType("FacilityId", UUID)
CustomerId = NewType("CustomerId", UUID)
ContractId = NewType("ContractId", UUID)
UserId = NewType("UserId", UUID)
DeliveryId = NewType("DeliveryId", UUID)
InvoiceId = NewType("InvoiceId", UUID)
DeterminationId = NewType("DeterminationId", UUID)
NetworkId = NewType("NetworkId", str)
StationId = NewType("StationId", str)
PriceListId = NewType("PriceListId", str)


class Medium(StrEnum):
    """What a metering point delivers."""

    HEAT = "heat"
    COOLING = "cooling"


class Activity(StrEnum):
    """The days on which a facility is in use; decides which days its subscription power rests on."""

    SEVEN_DAY = "seven_day"
    WEEKDAY = "weekday"


class Quality(StrEnum):
    """How well an hour is known, by the distance between the readings around each of its two marks."""

    MEASURED = "measured"
    INTERPOLATED = "interpolated"
    ESTIMATED = "estimated"
    MANUAL = "manual"
