"""What a price list says: the tariffs of the draft standard, and beside them, in one object, what it lacks."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from schemas.facilities import Category
from schemas.peaks import PEAK_RULES, PeakRule
from schemas.tariffs import (
    CalendarPattern,
    Closed,
    DateInterval,
    Name,
    Price,
    Product,
    Reference,
    ReferenceSource,
    Tariff,
    Text,
)
from schemas.values import Medium

Month = Annotated[int, Field(ge=1, le=12)]
Kilowatts = Annotated[Decimal, Field(ge=0, le=1_000_000, decimal_places=2, allow_inf_nan=False)]


class PriceListStatus(StrEnum):
    """How far a price list can be relied upon; only a firm one is billed."""

    DRAFT = "draft"
    FIRM = "firm"
    CAP = "cap"
    FORECAST = "forecast"


class PowerMethod(StrEnum):
    """How subscription power is measured: see services/heat/power_methods. Those of PEAK_RULES are added by name."""

    _ignore_ = "rule"

    MINUS_FIVE = "minus_five"
    GOTEBORG = "goteborg"
    STOCKHOLM_EXERGI = "stockholm_exergi"
    NORRENERGI = "norrenergi"
    TEKNISKA_VERKEN = "tekniska_verken"
    CATEGORY_NUMBER = "category_number"
    CUSTOMER_CHOSEN = "customer_chosen"
    COOLING_PEAK = "cooling_peak"
    YEARLY_ENERGY = "yearly_energy"
    for rule in PEAK_RULES:
        vars()[rule.upper()] = rule

    @property
    def peaks(self) -> PeakRule | None:
        """The peaks that it takes the mean of, where any number of them can be asked for."""
        return PEAK_RULES.get(self.value)

    @property
    def is_of_month(self) -> bool:
        """True where each month is billed by a power of its own, so that none is in force."""
        return self.peaks is not None and self.peaks.is_of_month


class BaseLoad(StrEnum):
    """What covers most of a building's heat over the year."""

    DISTRICT_HEATING = "district_heating"
    ANOTHER = "another"


class WeightedBy(StrEnum):
    """What the mean return temperature over a month weighs its hours by."""

    ENERGY = "energy"
    FLOW = "flow"


class MonthDay(Closed):
    """A day of every year. 29 February would be missing in most years and is refused."""

    month: Month
    day: Annotated[int, Field(ge=1, le=31)]

    @model_validator(mode="after")
    def _exists_every_year(self) -> Self:
        date(2001, self.month, self.day)  # Raises ValueError in a year without a leap day.
        return self


class Band(Closed):
    """The powers that one tariff is for: fromKw < kW <= toKw; the first from 0 kW, the last without an upper end.

    Where the method is yearly_energy, both are MWh of the normal year.
    """

    product: Product
    from_kw: Kilowatts
    to_kw: Kilowatts | None = None


class VolumeReference(Closed):
    """The flow that a price of the volume holds a facility's against; only what is above or below it counts."""

    reference: Reference
    reference_source: ReferenceSource
    m3_per_mwh: Annotated[Decimal, Field(gt=0, le=1_000, decimal_places=3)] | None = None


class Counts(StrEnum):
    """Which side of its reference an efficiency price counts: what is above is charged, what is below credited."""

    BOTH = "both"
    ABOVE = "above"
    BELOW = "below"


class CountedDeviation(Closed):
    """What an efficiency price, by its reference, counts of a deviation from what it is held against.

    at_most_c: so many °C of a return temperature at most, above and below alike.
    """

    reference: Reference
    counts: Counts = Counts.BOTH
    at_most_c: Annotated[Decimal, Field(gt=0, le=200, decimal_places=2)] | None = None


class PricedPeriod(StrEnum):
    """What a price of power is per, beside the kW; the draft does not say."""

    YEAR = "P1Y"
    MONTH = "P1M"


class UtilisationHours(Closed):
    """The hours that a category's yearly energy is divided by, where its power is read off a category number."""

    category: Category
    hours: Annotated[Decimal, Field(gt=0, le=8_760)]


class Option(Closed):
    """What customers may choose beside the prices: so much more a year or month, or for each MWh; less if negative."""

    reference: Reference
    name: Name
    description: Text | None = None
    per_year: Price | None = None
    per_month: Price | None = None
    per_mwh: Price | None = None


class Extension(Closed):
    """What the draft standard has no field for.

    categories: whose facilities may choose it, without it all. base_load: whose base load it is for, without it any.
    power_changes_on: from when a newly measured power counts, without it the first of the month after its approval.
    power_priced_period: what a kW is priced by, and the band's fixed part with it.
    bands: one for each tariff where there are several. counted_deviations: of efficiency prices by their reference; of
    others all counts. overrun_per_kw: for each kW of a month's highest hour above the
    power that the customer has chosen. options: what customers may choose beside the prices.
    """

    name: Name
    description: Text | None = None
    status: PriceListStatus = PriceListStatus.FIRM
    medium: Medium = Medium.HEAT
    categories: Annotated[tuple[Category, ...], Field(min_length=1)] | None = None
    base_load: BaseLoad | None = None
    power_method: PowerMethod | None = None
    power_changes_on: MonthDay | None = None
    power_priced_period: PricedPeriod = PricedPeriod.YEAR
    bands: Annotated[tuple[Band, ...], Field(max_length=50)] = ()
    vat_percent: Annotated[Decimal, Field(ge=0, le=100, decimal_places=2)] = Decimal(25)
    return_temperature_weighted_by: WeightedBy = WeightedBy.ENERGY
    volume_references: Annotated[tuple[VolumeReference, ...], Field(max_length=50)] = ()
    counted_deviations: Annotated[tuple[CountedDeviation, ...], Field(max_length=50)] = ()
    overrun_per_kw: Price | None = None
    utilisation_hours: Annotated[tuple[UtilisationHours, ...], Field(max_length=10)] = ()
    options: Annotated[tuple[Option, ...], Field(max_length=50)] = ()


class PriceListTerms(Closed):
    """What a price list says, without its identity and version: a tariff for each band, and what the draft lacks."""

    tariffs: Annotated[tuple[Tariff, ...], Field(min_length=1, max_length=50)]
    calendar_patterns: Annotated[tuple[CalendarPattern, ...], Field(max_length=100)] = ()
    extension: Extension

    @property
    def valid_period(self) -> DateInterval:
        """The days that its prices count on, which are those of each tariff."""
        return self.tariffs[0].valid_period

    @property
    def name(self) -> str:
        """The name that customers know it by."""
        return self.extension.name

    @property
    def has_power_price(self) -> bool:
        """True where it bills power."""
        return any(tariff.power_price.components for tariff in self.tariffs)

    @property
    def is_by_yearly_energy(self) -> bool:
        """True where its bands are of the normal year's MWh."""
        return self.extension.power_method is PowerMethod.YEARLY_ENERGY

    @property
    def is_by_months_peaks(self) -> bool:
        """True where each month is billed by its own peaks."""
        return self.extension.power_method is not None and self.extension.power_method.is_of_month

    @property
    def counts_a_power(self) -> bool:
        """True where a power is priced, or a month's own chooses the band of other prices."""
        return self.has_power_price or (self.is_by_months_peaks and len(self.tariffs) > 1)

    @property
    def needs_power_in_force(self) -> bool:
        """True where a contract on it needs a power in force, or a yearly energy in its place."""
        return (self.has_power_price or self.is_by_yearly_energy) and not self.is_by_months_peaks

    @property
    def vat_percent(self) -> Decimal:
        """The value added tax on all that it bills."""
        return self.extension.vat_percent

    @property
    def is_firm(self) -> bool:
        """True where contracts may be billed by it."""
        return self.extension.status is PriceListStatus.FIRM

    def bands(self) -> Iterator[tuple[Tariff, Decimal | None]]:
        """Give the tariffs, lowest powers first, each with its highest power in kW; None for the last."""
        limits = {band.product: band.to_kw for band in self.extension.bands}
        places = {band.product: place for place, band in enumerate(self.extension.bands)}
        for tariff in sorted(self.tariffs, key=lambda one: places.get(one.product, 0)):
            yield tariff, limits.get(tariff.product)
