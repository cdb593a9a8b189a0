"""Facilities and their metering points. Producer: contracts."""

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from schemas.event import Event, Part
from schemas.values import Activity, FacilityId, Medium, NetworkId, PointId, StationId


class Category(StrEnum):
    """What kind of building a facility is; decides what a meter there can plausibly show."""

    SMALL_HOUSE = "small_house"
    APARTMENTS = "apartments"
    PREMISES = "premises"
    INDUSTRY = "industry"
    PUBLIC = "public"


class FacilityPoint(Part):
    """A metering point of a facility. maximum_kw is what it can plausibly reach: its own, else its category's.

    target_delta_t_c: by how many °C its network wants the water cooled or, for cooling, warmed. Messages from before
    that was a setting have none; then it is 45 for heat and 8 for cooling.
    """

    point_id: PointId
    number: str
    medium: Medium
    station_id: StationId | None
    maximum_kw: Annotated[int, Field(gt=0)]
    target_delta_t_c: Annotated[float, Field(gt=0, le=100)] | None = None


class FacilityChanged(Event):
    """A facility whole, with all its metering points.

    Consumers apply a message only where `version` is above what they have of that facility.
    """

    name: ClassVar[str] = "facilities-changed"

    facility_id: FacilityId
    version: int
    facility_number: str
    facility_name: str
    network_id: NetworkId
    area: str | None
    category: Category
    activity: Activity
    points: tuple[FacilityPoint, ...]
