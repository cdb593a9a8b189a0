"""The words that every event shares: identities, media, qualities."""

from enum import StrEnum
from typing import Annotated, NewType
from uuid import UUID

from pydantic import Field

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

KEY_PATTERN = r"^[A-Za-z0-9ÅÄÖåäö._\-]{1,40}$"
KEY_WORDS = "write 1 to 40 letters, digits, dots, hyphens or underscores, without spaces"
Key = Annotated[str, Field(pattern=KEY_PATTERN)]
"""A number or code that the utility gave one of its objects; it stands in addresses and on invoices."""


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
