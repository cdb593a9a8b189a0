"""Price lists as dated, versioned data. Producer: contracts.

The names follow the Swedish draft standard for district heating tariffs: fixedPrice, energyPrice, powerPrice.
What the draft leaves to prose is said here in fields of our own: all bands of a list in one document, and that
fixed part, rate and yearly amount are per year, billed by days of the part / days of the year.
Prices are excluding VAT and are written as strings, so that no reader turns them into floats.
"""

from datetime import date
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise
from typing import Annotated, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from schemas.event import Event
from schemas.values import PriceListId

Price = Annotated[Decimal, Field(ge=-1_000_000_000, le=1_000_000_000, decimal_places=6, allow_inf_nan=False)]
Month = Annotated[int, Field(ge=1, le=12)]
MONTHS = set(range(1, 13))


class PriceListStatus(StrEnum):
    """How far a price list can be relied upon; only a firm one is billed."""

    DRAFT = "draft"
    FIRM = "firm"
    CAP = "cap"
    FORECAST = "forecast"


class PowerMethod(StrEnum):
    """How subscription power is measured; each is one file of services/heat/power_methods."""

    MINUS_FIVE = "minus_five"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FixedPrice(_Part):
    """A yearly amount, whatever is used."""

    type: Literal["fixedPrice"] = "fixedPrice"
    amount_per_year: Price


class Season(_Part):
    """Months of the year in which a MWh has one price."""

    name: Annotated[str, Field(min_length=1, max_length=60)]
    months: Annotated[tuple[Month, ...], Field(min_length=1)]
    price_per_mwh: Price


class EnergyPrice(_Part):
    """A price per MWh by season: one, two, three or twelve of them, each month in exactly one."""

    type: Literal["energyPrice"] = "energyPrice"
    seasons: Annotated[tuple[Season, ...], Field(min_length=1, max_length=12)]

    @model_validator(mode="after")
    def _each_month_once(self) -> Self:
        named = [month for season in self.seasons for month in season.months]
        if len(named) != len(MONTHS) or set(named) != MONTHS:
            raise ValueError("the seasons must name each month from 1 to 12 exactly once")
        return self

    def season_of(self, month: int) -> Season:
        """Give the season that a month (1 to 12) belongs to."""
        return next(season for season in self.seasons if month in season.months)


class PowerBand(_Part):
    """A span of subscription power: from_kw < kW <= to_kw; without to_kw it has no upper end."""

    from_kw: Annotated[Decimal, Field(ge=0)]
    to_kw: Annotated[Decimal, Field(gt=0)] | None
    fixed_per_year: Price
    per_kw_year: Price


class MonthDay(_Part):
    """A day of every year. 29 February would be missing in most years and is refused."""

    month: Month
    day: Annotated[int, Field(ge=1, le=31)]

    @model_validator(mode="after")
    def _exists_every_year(self) -> Self:
        date(2001, self.month, self.day)  # Raises ValueError in a year without a leap day.
        return self


class PowerPrice(_Part):
    """A yearly fixed part and a rate per kW, both of the band that the subscription power falls in.

    changes_on: the day of the year from which a newly measured power counts; without it the first of the month
    after it was approved.
    """

    type: Literal["powerPrice"] = "powerPrice"
    method: PowerMethod = PowerMethod.MINUS_FIVE
    bands: Annotated[tuple[PowerBand, ...], Field(min_length=1, max_length=50)]
    changes_on: MonthDay | None = None

    @model_validator(mode="after")
    def _bands_meet(self) -> Self:
        if self.bands[0].from_kw != 0 or self.bands[-1].to_kw is not None:
            raise ValueError("the first band must begin at 0 kW and the last have no upper end")
        for lower, upper in pairwise(self.bands):
            if lower.to_kw != upper.from_kw or upper.from_kw <= lower.from_kw:
                raise ValueError(f"the band that begins at {upper.from_kw} kW must begin where the one before ends")
        return self

    def band_of(self, kw: Decimal) -> PowerBand:
        """Give the band that a subscription power falls in; a limit belongs to the band below it."""
        return next(band for band in self.bands if band.to_kw is None or kw <= band.to_kw)


Component = Annotated[FixedPrice | EnergyPrice | PowerPrice, Field(discriminator="type")]


class PriceListTerms(_Part):
    """What a price list says, as a utility writes it down; without its identity and version."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    valid_from: date
    status: PriceListStatus = PriceListStatus.FIRM
    currency: Literal["SEK"] = "SEK"
    vat_percent: Annotated[Decimal, Field(ge=0, le=100)] = Decimal(25)
    components: Annotated[tuple[Component, ...], Field(min_length=1, max_length=50)]

    @property
    def power_price(self) -> PowerPrice | None:
        """The power price, or None where the list has none."""
        return next((part for part in self.components if isinstance(part, PowerPrice)), None)


class PriceList(PriceListTerms):
    """One version of a price list. Its prices count from `valid_from` until the next version's."""

    price_list_id: PriceListId
    version: Annotated[int, Field(ge=1)]


class PriceListChanged(Event):
    """A price list whole: every version of it, oldest first.

    Of two versions with the same `valid_from` the higher one counts. Consumers apply a message only where
    `version`, the highest in it, is above what they have.
    """

    name: ClassVar[str] = "price-lists-changed"

    price_list_id: PriceListId
    version: int
    versions: tuple[PriceList, ...]

    def in_force(self, day: date) -> PriceList | None:
        """Give the firm version whose prices count on a day, or None before the first."""
        begun = [one for one in self.versions if one.valid_from <= day and one.status is PriceListStatus.FIRM]
        return max(begun, key=lambda one: (one.valid_from, one.version), default=None)
