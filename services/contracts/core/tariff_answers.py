"""What the draft tariff interface asks and answers, beside the tariffs themselves."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field

from schemas.tariffs import CalendarPattern, Closed, Currency, Tariff, TimeZone

API_VERSION = "0.1.0"
"""Of the draft that is followed."""
MOST_FACILITIES = 1_000

FacilityId = str
"""Of any form: what no facility is called is refused as another's is."""


class Open(Closed):
    """A document of the draft that others may add fields to."""

    model_config = ConfigDict(extra="ignore")


class InfoResponse(Open):
    """Whose interface it is, and how fresh."""

    name: str = "District Heating Tariff API"
    api_version: str = API_VERSION
    implementation_version: str
    tariff_data_last_updated: datetime
    operator: str
    time_zone: TimeZone


class TariffsResponse(Closed):
    """Every public price that counts today or is decided for days to come."""

    tariffs: tuple[Tariff, ...]
    calendar_patterns: tuple[CalendarPattern, ...]


class TariffResponse(Closed):
    """One tariff, with the days that it names."""

    tariff: Tariff
    calendar_patterns: tuple[CalendarPattern, ...]


class TariffsSearchRequest(Closed):
    """The facilities whose tariffs are asked for, by the utility's own numbers."""

    model_config = ConfigDict(validate_by_name=False, validate_by_alias=True)

    facility_ids: Annotated[tuple[FacilityId, ...], Field(max_length=MOST_FACILITIES)]


class TariffMapping(Closed):
    """The facilities that have a tariff today."""

    tariff_id: UUID
    facility_ids: tuple[FacilityId, ...]


class TariffsSearchResponse(Closed):
    """The tariffs of the facilities that were asked for; their calendar patterns stand with each tariff by id."""

    tariffs: tuple[Tariff, ...]
    mappings: tuple[TariffMapping, ...]


class PriceListEntry(Closed):
    """One rate, for as long as it is the same within what was asked for."""

    start: datetime
    end: datetime
    price_ex_vat: Decimal
    price_inc_vat: Decimal
    created: datetime


class PricesResponse(Open):
    """Rates in order of time: decided ones, and forecast ones where nothing is decided yet."""

    currency: Currency
    unit: str
    actual: tuple[PriceListEntry, ...]
    preview: tuple[PriceListEntry, ...] | None = None


class ProblemDetails(Open):
    """Why there is no answer."""

    status: int
    title: str
    detail: str | None = None
    instance: str | None = None
