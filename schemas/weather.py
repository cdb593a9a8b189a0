"""Outdoor temperature by station. Producers: weather importers by way of ingest's API; ingest for the daily means."""

from datetime import date
from typing import Annotated, ClassVar

from pydantic import AwareDatetime, Field

from schemas.event import Event, Part
from schemas.values import StationId


class HourlyTemperature(Part):
    """The mean temperature of one hour."""

    starts_at: AwareDatetime
    celsius: Annotated[float, Field(ge=-80, le=60, allow_inf_nan=False)]


class OutdoorTemperatureObserved(Event):
    """Hourly temperatures that a station observed, in any order.

    Of two values of one hour an approved one counts before one that is not, then the one recorded later.
    """

    name: ClassVar[str] = "outdoor-temperature"

    station_id: StationId
    recorded_at: AwareDatetime
    values: tuple[HourlyTemperature, ...]
    approved: bool = False
    """Whether the observer has approved all of the values, as with SMHI's quality G."""


class DailyTemperatureChanged(Event):
    """A station's mean temperature of one local day, new or corrected."""

    name: ClassVar[str] = "daily-temperature"

    station_id: StationId
    day: date
    mean_c: float | None
    hours: int
    revision: int
