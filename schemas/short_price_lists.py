"""Price lists in short: seasons by month, bands in a table, counting until the next version does.

The form in which most price lists are printed, and written here without saying everything once for each band and year.
`expanded_price_lists` makes the tariffs of the draft standard of it, which alone are stored and reckoned with. Prices
are excluding VAT, unless the list says that they include it.
"""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from schemas.facilities import Category
from schemas.price_list_terms import (
    BaseLoad,
    Counts,
    Month,
    MonthDay,
    PowerMethod,
    PriceListStatus,
    UtilisationHours,
    WeightedBy,
)
from schemas.tariffs import Amount, Name, OrganisationNumber, Reference, ReferenceSource, Text
from schemas.values import Medium

MONTHS = set(range(1, 13))
LASTS_YEARS = 10
"""How long a list without an end counts: to the end of the tenth year from its beginning on."""


class _Short(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FixedInShort(_Short):
    """An amount for each year, or for each month, whatever is used. name: as invoices call it, else Fast avgift."""

    type: Literal["fixedPrice"] = "fixedPrice"
    name: Annotated[str, Field(min_length=1, max_length=60)] | None = None
    amount_per_year: Amount | None = None
    amount_per_month: Amount | None = None

    @model_validator(mode="after")
    def _says_one_amount(self) -> Self:
        if (self.amount_per_year is None) == (self.amount_per_month is None):
            raise ValueError("write either amount_per_year or amount_per_month")
        return self


def _listed(months: Iterable[int]) -> str:
    return ", ".join(map(str, months))


class Season(_Short):
    """Months of the year in which a MWh has one price."""

    name: Annotated[str, Field(min_length=1, max_length=60)]
    months: Annotated[tuple[Month, ...], Field(min_length=1)]
    price_per_mwh: Amount


class EnergyInShort(_Short):
    """A price per MWh by season: one, two, three or twelve of them, each month in exactly one."""

    type: Literal["energyPrice"] = "energyPrice"
    seasons: Annotated[tuple[Season, ...], Field(min_length=1, max_length=12)]

    @model_validator(mode="after")
    def _each_month_once(self) -> Self:
        named = [month for season in self.seasons for month in season.months]
        lacking = sorted(MONTHS - set(named))
        twice = sorted({month for month in named if named.count(month) > 1})
        if lacking or twice:
            told = f"; none names {_listed(lacking)}" if lacking else ""
            told += f"; named twice: {_listed(twice)}" if twice else ""
            raise ValueError(f"the seasons must name each month from 1 to 12 exactly once{told}")
        return self


class PowerBand(_Short):
    """A span of subscription power: from_kw < kW <= to_kw; without to_kw it has no upper end.

    Priced by the year or by the month, fixed part and rate alike; a fixed part that is left out is none.
    """

    from_kw: Annotated[Decimal, Field(ge=0, le=1_000_000, decimal_places=2)]
    to_kw: Annotated[Decimal, Field(gt=0, le=1_000_000, decimal_places=2)] | None
    fixed_per_year: Amount | None = None
    per_kw_year: Amount | None = None
    fixed_per_month: Amount | None = None
    per_kw_month: Amount | None = None

    @model_validator(mode="after")
    def _says_one_rate(self) -> Self:
        if (self.per_kw_year is None) == (self.per_kw_month is None):
            raise ValueError("write either per_kw_year or per_kw_month")
        if (self.fixed_per_month if self.per_kw_month is None else self.fixed_per_year) is not None:
            raise ValueError("the fixed part is by the year where per_kw_year is, by the month where per_kw_month is")
        return self

    @property
    def low(self) -> Decimal:
        """Where it begins, in kW."""
        return self.from_kw

    @property
    def high(self) -> Decimal | None:
        """Where it ends, in kW; None for no upper end."""
        return self.to_kw

    @property
    def is_monthly(self) -> bool:
        """True where a month costs so much, False where a year does."""
        return self.per_kw_month is not None

    @property
    def fixed(self) -> Decimal:
        """The fixed part, in kr a year or month."""
        return self.fixed_per_year or self.fixed_per_month or Decimal(0)

    @property
    def per_kw(self) -> Decimal:
        """The rate, in kr per kW and year or month."""
        return self.per_kw_year or self.per_kw_month or Decimal(0)


class PowerInShort(_Short):
    """A fixed part and a rate per kW, both of the band that the subscription power falls in.

    months: in which power is billed. changes_on: the day of the year from which a newly measured power counts; without
    it the first of the month after it was approved. overrun_per_kw: for each kW of a month's highest hour above a
    chosen power. utilisation_hours: what a category's yearly energy is divided by, where the method is category_number.
    """

    type: Literal["powerPrice"] = "powerPrice"
    method: PowerMethod = PowerMethod.MINUS_FIVE
    bands: Annotated[tuple[PowerBand, ...], Field(min_length=1, max_length=50)]
    months: Annotated[tuple[Month, ...], Field(min_length=1)] = tuple(sorted(MONTHS))
    changes_on: MonthDay | None = None
    overrun_per_kw: Amount | None = None
    utilisation_hours: Annotated[tuple[UtilisationHours, ...], Field(max_length=10)] = ()

    @model_validator(mode="after")
    def _bands_are_priced_alike(self) -> Self:
        if len({band.is_monthly for band in self.bands}) > 1:
            raise ValueError("all bands are priced by the year, or all by the month")
        return self

    @model_validator(mode="after")
    def _bands_meet(self) -> Self:
        if self.bands[0].from_kw != 0 or self.bands[-1].to_kw is not None:
            raise ValueError("the first band must begin at 0 kW and the last have no upper end")
        for lower, upper in pairwise(self.bands):
            if lower.to_kw != upper.from_kw or upper.from_kw <= lower.from_kw:
                raise ValueError(f"the band that begins at {upper.from_kw} kW must begin where the one before ends")
        return self


class EnergyBand(_Short):
    """A span of the normal year's energy: from_mwh < MWh <= to_mwh; without to_mwh it has no upper end.

    What it costs a year or month, and what each MWh costs in it beside the list's prices of energy.
    """

    from_mwh: Annotated[Decimal, Field(ge=0, le=1_000_000, decimal_places=2)]
    to_mwh: Annotated[Decimal, Field(gt=0, le=1_000_000, decimal_places=2)] | None
    fixed_per_year: Amount | None = None
    fixed_per_month: Amount | None = None
    per_mwh: Amount | None = None

    @model_validator(mode="after")
    def _says_one_fixed_part(self) -> Self:
        if self.fixed_per_year is not None and self.fixed_per_month is not None:
            raise ValueError("write either fixed_per_year or fixed_per_month")
        return self

    @property
    def low(self) -> Decimal:
        """Where it begins, in MWh."""
        return self.from_mwh

    @property
    def high(self) -> Decimal | None:
        """Where it ends, in MWh; None for no upper end."""
        return self.to_mwh


class YearlyEnergyInShort(_Short):
    """Fixed charges, and prices of energy, of the band that the normal year's energy falls in.

    changes_on: the day of the year from which a newly measured energy counts, as of a power.
    """

    type: Literal["yearlyEnergyPrice"] = "yearlyEnergyPrice"
    bands: Annotated[tuple[EnergyBand, ...], Field(min_length=2, max_length=50)]
    changes_on: MonthDay | None = None

    @model_validator(mode="after")
    def _bands_meet(self) -> Self:
        if self.bands[0].from_mwh != 0 or self.bands[-1].to_mwh is not None:
            raise ValueError("the first band must begin at 0 MWh and the last have no upper end")
        for lower, upper in pairwise(self.bands):
            if lower.to_mwh != upper.from_mwh or upper.from_mwh <= lower.from_mwh:
                raise ValueError(f"the band that begins at {upper.from_mwh} MWh must begin where the one before ends")
        return self

    @model_validator(mode="after")
    def _bands_are_priced_alike(self) -> Self:
        for name in ("fixed_per_year", "fixed_per_month", "per_mwh"):
            if len({getattr(band, name) is None for band in self.bands}) > 1:
                raise ValueError(f"{name} is given in some bands; give it in all of them, or in none")
        if all(band.fixed_per_year is band.fixed_per_month is band.per_mwh is None for band in self.bands):
            raise ValueError("give the bands a price: fixed_per_year, fixed_per_month or per_mwh")
        return self


class ReturnTemperatureInShort(_Short):
    """Each MWh costs so much for each °C that its return temperature is above a reference: 40 °C, or the network's.

    counts: above alone is charged, below alone credited, without it both. at_most_c: so many °C count at most.
    """

    type: Literal["returnTemperaturePrice"] = "returnTemperaturePrice"
    months: Annotated[tuple[Month, ...], Field(min_length=1)] = tuple(sorted(MONTHS))
    price_per_mwh_c: Amount
    reference_c: Annotated[Decimal, Field(ge=-50, le=200, decimal_places=2)] | None = None
    weighted_by: WeightedBy = WeightedBy.ENERGY
    counts: Counts = Counts.BOTH
    at_most_c: Annotated[Decimal, Field(gt=0, le=200, decimal_places=2)] | None = None


class VolumeInShort(_Short):
    """Each m3 costs so much: of all, or of what is above so many m3 for each MWh, or above the network's mean of it.

    counts: of what is held against something, above alone is charged, below alone credited, without it both.
    """

    type: Literal["volumePrice"] = "volumePrice"
    months: Annotated[tuple[Month, ...], Field(min_length=1)] = tuple(sorted(MONTHS))
    price_per_m3: Amount
    held_against: ReferenceSource | None = None
    m3_per_mwh: Annotated[Decimal, Field(gt=0, le=1_000, decimal_places=3)] | None = None
    counts: Counts = Counts.BOTH

    @model_validator(mode="after")
    def _says_what_is_fixed(self) -> Self:
        if (self.held_against is ReferenceSource.FIXED) != (self.m3_per_mwh is not None):
            raise ValueError("m3_per_mwh belongs to held_against: fixed, and is needed there")
        if self.counts is not Counts.BOTH and self.held_against is None:
            raise ValueError("counts: above or below belongs to held_against; without it the whole volume is priced")
        return self


Component = Annotated[
    FixedInShort | EnergyInShort | PowerInShort | YearlyEnergyInShort | ReturnTemperatureInShort | VolumeInShort,
    Field(discriminator="type"),
]


class OptionInShort(_Short):
    """What a customer may choose beside the prices: by the year or the month, for each MWh, or both."""

    reference: Reference
    name: Name
    description: Text | None = None
    per_year: Amount | None = None
    per_month: Amount | None = None
    per_mwh: Amount | None = None


class ShortPriceList(_Short):
    """What a price list says, as a utility prints it; without its identity and version.

    valid_to: the first day that it does not count on any more, without it LASTS_YEARS. prices_include_vat: as they are
    printed for households.
    """

    name: Annotated[str, Field(min_length=1, max_length=200)]
    valid_from: date
    valid_to: date | None = None
    status: PriceListStatus = PriceListStatus.FIRM
    currency: Literal["SEK"] = "SEK"
    vat_percent: Annotated[Decimal, Field(ge=0, le=100, decimal_places=2)] = Decimal(25)
    prices_include_vat: bool = False
    medium: Medium = Medium.HEAT
    categories: Annotated[tuple[Category, ...], Field(min_length=1)] | None = None
    base_load: BaseLoad | None = None
    company_name: Annotated[str, Field(min_length=1, max_length=200)] = "Fjärrvärmebolaget"
    company_org_no: OrganisationNumber = "000000-0000"
    components: Annotated[tuple[Component, ...], Field(min_length=1, max_length=50)]
    options: Annotated[tuple[OptionInShort, ...], Field(max_length=50)] = ()

    # Of fields, not of the whole, so that what is wrong has a place.
    @field_validator("valid_to")
    @classmethod
    def _ends_after_it_begins(cls, valid_to: date | None, info: ValidationInfo) -> date | None:
        valid_from = info.data.get("valid_from")
        if valid_to is not None and valid_from is not None and valid_to <= valid_from:
            raise ValueError("it must be after valid_from; it is the first day that does not count any more")
        return valid_to

    @field_validator("components")
    @classmethod
    def _has_one_power_price(cls, components: tuple[Component, ...]) -> tuple[Component, ...]:
        if sum(isinstance(one, PowerInShort) for one in components) > 1:
            raise ValueError("a price list in short has at most one powerPrice; put its bands into one")
        if sum(isinstance(one, PowerInShort | YearlyEnergyInShort) for one in components) > 1:
            raise ValueError("a price list in short has bands of power or of yearly energy once; leave one out")
        return components

    @property
    def end(self) -> date:
        """The first day that it does not count on any more."""
        return self.valid_to or date(self.valid_from.year + LASTS_YEARS, 1, 1)
