"""Tariffs as the Swedish draft standard writes them: District Heating Tariff API 0.1.0, under its own names.

Every document is closed, as the draft's are. What the draft leaves unsaid is read as docs/price-lists.md says. Amounts
are decimals: numbers where the interface answers, strings in our own events, so that no reader makes floats of them.
"""

from datetime import date, time
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

Amount = Annotated[Decimal, Field(ge=-1_000_000_000, le=1_000_000_000, decimal_places=6, allow_inf_nan=False)]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Text = Annotated[str, Field(max_length=4_000)]
Reference = Annotated[str, Field(min_length=1, max_length=100)]
Product = Annotated[str, Field(min_length=1, max_length=200)]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Duration = Annotated[str, Field(pattern=r"^P([0-9]+[YMWD])*([0-9]+[YMWD]|T([0-9]+[HMS])+)$")]
TimeZone = Annotated[str, Field(pattern=r"^[A-Za-z_+-]+(/[A-Za-z0-9_+-]+){0,2}$", max_length=60)]

OrganisationNumber = Annotated[str, Field(pattern=r"^[0-9]{6}-?[0-9]{4}$")]

MAIN = "main"
"""The reference that a component has where nothing else is said, and that functions name it by."""


class Closed(BaseModel):
    """A document of the draft: nothing is added to it, and null is no value."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, validate_by_name=True, serialize_by_alias=True
    )


class DateInterval(Closed):
    """Local days from one on, up to another that does not count."""

    from_including: date
    to_excluding: date

    @model_validator(mode="after")
    def _has_days(self) -> Self:
        if self.to_excluding <= self.from_including:
            raise ValueError("toExcluding must be after fromIncluding; the day of toExcluding does not count")
        return self


class CalendarPatternReferences(Closed):
    """Which days a period is active on: without include every day; exclude beats include."""

    include: tuple[Reference, ...] = ()
    exclude: tuple[Reference, ...] = ()


class ActivePeriod(Closed):
    """Local hours of the days that are meant; 00:00:00 as the end is the day's end, both equal are the whole day."""

    from_including: time
    to_excluding: time
    calendar_pattern_references: CalendarPatternReferences


class RecurringPeriod(Closed):
    """When within its validity a component is active, again and again."""

    reference: Reference = MAIN
    frequency: Duration
    active_periods: tuple[ActivePeriod, ...]


class CalendarPattern(Closed):
    """Days by weekday, 1 being Monday, or by date."""

    reference: Reference
    frequency: Duration
    days: tuple[Annotated[int, Field(ge=1, le=7)], ...] | None = None
    dates: tuple[date, ...] | None = None


class Price(Closed):
    """An amount with and without value added tax."""

    price_ex_vat: Amount
    price_inc_vat: Amount
    currency: Currency


class SpotPriceSettings(Closed):
    """What a market's price is multiplied by."""

    multiplier: Amount
    currency: Currency


class PeakIdentificationSettings(Closed):
    """How the peak is found that a power price counts: a mean over peakDuration, the highest of them averaged."""

    peak_function: Annotated[str, Field(min_length=1, max_length=200)] = "peak(main)"
    peak_identification_period: Duration
    peak_duration: Duration
    number_of_peaks_for_average_calculation: Annotated[int, Field(ge=1, le=1_000)]


class ReferenceSource(StrEnum):
    """What a return temperature, or a flow, is held against."""

    FIXED = "fixed"
    SYSTEM_AVERAGE = "systemAverage"


class ReturnTemperatureSettings(Closed):
    """What a return temperature is held against, both being means over the same period."""

    reference_source: ReferenceSource = ReferenceSource.SYSTEM_AVERAGE
    fixed_reference_temperature: Annotated[Decimal, Field(ge=-50, le=200)] | None = None
    measurement_period: Duration


class _Component(Closed):
    id: UUID
    name: Name
    description: Text | None = None
    reference: Reference = MAIN
    valid_period: DateInterval


class FixedComponent(_Component):
    """An amount for each `pricedPeriod`, whatever is used."""

    type: Literal["public", "specific"] = "public"
    price: Price
    priced_period: Duration


class EnergyComponent(_Component):
    """A rate for heat; `spot` is a market's price, which the document does not have."""

    type: Literal["fixed", "spot"] = "fixed"
    price: Price | None = None
    unit: Annotated[str, Field(min_length=1, max_length=20)]
    recurring_periods: tuple[RecurringPeriod, ...] | None = None
    spot_price_settings: SpotPriceSettings | None = None


class PowerComponent(_Component):
    """A rate for kW; `dynamic` ones stand at another address."""

    type: Literal["peak", "dynamic"] = "peak"
    price: Price | None = None
    unit: Annotated[str, Field(min_length=1, max_length=20)] | None = None
    recurring_periods: tuple[RecurringPeriod, ...] | None = None
    url: Annotated[str, Field(min_length=1, max_length=2_000)] | None = None
    peak_identification_settings: PeakIdentificationSettings | None = None


class MeasurementMethod(StrEnum):
    """What an efficiency price counts."""

    VOLUME = "volume"
    RETURN_TEMPERATURE = "returnTemperature"


class EfficiencyComponent(_Component):
    """A rate for how well the heat is used: by the volume that it took, or by the temperature that it left with."""

    type: Literal["public", "specific"] = "public"
    price: Price | None = None
    unit: Annotated[str, Field(min_length=1, max_length=20)]
    recurring_periods: tuple[RecurringPeriod, ...] | None = None
    measurement_method: MeasurementMethod = MeasurementMethod.VOLUME
    return_temperature_settings: ReturnTemperatureSettings | None = None


class CostFunction(StrEnum):
    """What a group of components costs, in the draft's words; there are these five, and no others are understood."""

    FIXED = "sum(price(c))"
    ENERGY = "sum(energy(c)*price(c))"
    POWER = "sum(peak(c)*price(c))"
    VOLUME = "sum(volume(c)*price(c))"
    RETURN_TEMPERATURE = "sum(energy(c)*temperatureDeviation(c)*price(c))"


class _Group(Closed):
    id: UUID
    name: Name
    description: Text | None = None
    cost_function: CostFunction


class FixedPrice(_Group):
    """What is paid whatever is used."""

    components: Annotated[tuple[FixedComponent, ...], Field(max_length=500)]


class EnergyPrice(_Group):
    """What heat costs."""

    components: Annotated[tuple[EnergyComponent, ...], Field(max_length=500)]


class PowerPrice(_Group):
    """What power costs; a tariff without has no components."""

    components: Annotated[tuple[PowerComponent, ...], Field(max_length=500)]


class EfficiencyPrice(_Group):
    """What flow or return temperature cost; a tariff without has no components."""

    components: Annotated[tuple[EfficiencyComponent, ...], Field(max_length=500)]


class Tariff(Closed):
    """One product of a price list, and so one band of power, in one version."""

    id: UUID
    name: Name
    description: Text | None = None
    published: AwareDatetime
    time_zone: TimeZone
    valid_period: DateInterval
    company_name: Name
    company_org_no: OrganisationNumber
    product: Product
    direction: Literal["consumption", "production"] = "consumption"
    billing_period: Duration
    fixed_price: FixedPrice
    energy_price: EnergyPrice
    power_price: PowerPrice
    efficiency_price: EfficiencyPrice
