"""What staff systems put: one document per object, whole, under the number that the utility gave it."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    field_validator,
    model_validator,
)

from schemas.contracts import ENTERED, ENTERED_ENERGY
from schemas.facilities import Category
from schemas.identity_numbers import identity_number
from schemas.price_list_terms import BaseLoad
from schemas.values import Activity, Key, Medium

Text = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
EARLIEST, LATEST = date(1990, 1, 1), date(2060, 12, 31)
Day = Annotated[date, Field(ge=EARLIEST, le=LATEST)]


class CustomerKind(StrEnum):
    """Decides how far back corrections reach and what may be shown."""

    CONSUMER = "consumer"
    BUSINESS = "business"


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Network(_Document):
    """A district heating or cooling network.

    ..._target_delta_t_c: by how many °C heat's water is to be cooled and cooling's warmed. What flows beyond that is
    excess flow.
    """

    name: Text
    heat_target_delta_t_c: Annotated[Decimal, Field(ge=5, le=80, max_digits=3, decimal_places=1)] = Decimal(45)
    cooling_target_delta_t_c: Annotated[Decimal, Field(ge=1, le=20, max_digits=3, decimal_places=1)] = Decimal(8)

    @property
    def targets_c(self) -> tuple[Decimal, Decimal]:
        """Both targets, for heat and for cooling."""
        return self.heat_target_delta_t_c, self.cooling_target_delta_t_c


class Facility(_Document):
    """A building, or what else is heated or cooled, at one address.

    base_load: what covers most of its heat over the year, which decides what price lists it may choose.
    """

    name: Text
    address: Text
    area: Text | None = None
    category: Category
    activity: Activity = Activity.SEVEN_DAY
    base_load: BaseLoad = BaseLoad.DISTRICT_HEATING
    network_id: Key


class MeteringPoint(_Document):
    """Where heat or cooling is handed over. maximum_kw: what it can plausibly reach, where that is known."""

    facility_number: Key
    medium: Medium = Medium.HEAT
    station_id: Key | None = None
    maximum_kw: Annotated[int, Field(gt=0, le=1_000_000)] | None = None


def _checked(number: SecretStr) -> SecretStr:
    return SecretStr(identity_number(number.get_secret_value()))


class Customer(_Document):
    """Who pays. identity_number: a personal or organisation number, sealed on arrival and never given out."""

    kind: CustomerKind
    name: Text
    address: Text
    email: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$", max_length=254)] | None = None
    identity_number: Annotated[SecretStr, AfterValidator(_checked)] | None = None


class Term(_Document):
    """The price list that counts from a day on."""

    valid_from: Day
    price_list_id: Key


Quantity = Annotated[Decimal, Field(ge=0, le=1_000_000, decimal_places=2, allow_inf_nan=False)]


class EnteredPower(_Document):
    """A subscription power that staff entered, counting from a day on; or the MWh of a normal year.

    Which of both is what the price list measures: mwh where its bands are of the yearly energy.
    """

    valid_from: Day
    kw: Quantity | None = None
    mwh: Quantity | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.kw is None) == (self.mwh is None):
            raise ValueError("write either kw or, for a price list by yearly energy, mwh")
        return self

    @property
    def amount(self) -> Decimal | None:
        """The kW, or the MWh."""
        return self.kw if self.mwh is None else self.mwh

    @property
    def method(self) -> str:
        """What it is stored and told as."""
        return ENTERED if self.mwh is None else ENTERED_ENERGY


class Option(_Document):
    """An option of the price list that the customer has chosen; valid_to is the first day that no longer counts."""

    reference: Key
    valid_from: Day
    valid_to: Day | None = None

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.valid_to is not None and self.valid_to <= self.valid_from:
            raise ValueError("valid_to must be after valid_from")
        return self


Kronor = Annotated[Decimal, Field(ge=0, le=1_000_000, decimal_places=6, allow_inf_nan=False)]
Percent = Annotated[Decimal, Field(gt=0, le=100, decimal_places=1, allow_inf_nan=False)]


class _OtherPrices(_Document):
    name: Text
    valid_to: Day
    energy_per_mwh: Kronor | None = None
    discount_percent: Percent | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.energy_per_mwh is None) == (self.discount_percent is None):
            raise ValueError("an agreement has either energy_per_mwh or discount_percent")
        return self


class PriceAgreement(_OtherPrices):
    """Other prices than the list's for some days: one of energy, kr per MWh excluding VAT, or so much off."""

    valid_from: Day

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.valid_to <= self.valid_from:
            raise ValueError("valid_to must be after valid_from")
        return self


class OfferedAgreement(_OtherPrices):
    """A price agreement that begins with its offer."""


def in_order(options: Iterable[Option]) -> tuple[Option, ...]:
    """Give options in the order in which they are stored, so that the same ones are the same document."""
    return tuple(sorted(options, key=lambda one: (one.valid_from, one.reference)))


def _agreements_in_order(agreements: Iterable[PriceAgreement]) -> tuple[PriceAgreement, ...]:
    return tuple(sorted(agreements, key=lambda one: one.valid_from))


class Contract(_Document):
    """Who takes heat where, on which price lists, at which powers, and with what beside. It begins with its first term.

    valid_to is the first day that no longer counts; without it the contract runs until further notice. Of agreements
    one counts at a time.
    """

    customer_number: Key
    metering_point: Key
    valid_to: Day | None = None
    terms: Annotated[tuple[Term, ...], Field(min_length=1, max_length=200)]
    powers: Annotated[tuple[EnteredPower, ...], Field(max_length=200)] = ()
    options: Annotated[tuple[Option, ...], Field(max_length=200), AfterValidator(in_order)] = ()
    agreements: Annotated[tuple[PriceAgreement, ...], Field(max_length=200), AfterValidator(_agreements_in_order)] = ()

    # Of fields, not of the whole, so that what is wrong has a place.
    @field_validator("options")
    @classmethod
    def _each_option_once_at_a_time(cls, options: tuple[Option, ...]) -> tuple[Option, ...]:
        by_reference: dict[str, list[Option]] = {}
        for option in options:
            by_reference.setdefault(option.reference, []).append(option)
        for reference, same in by_reference.items():
            if any(one.valid_to is None or later.valid_from < one.valid_to for one, later in pairwise(same)):
                raise ValueError(f"the option '{reference}' must end before it begins again")
        return options

    @field_validator("agreements")
    @classmethod
    def _one_agreement_at_a_time(cls, agreements: tuple[PriceAgreement, ...]) -> tuple[PriceAgreement, ...]:
        if any(later.valid_from < one.valid_to for one, later in pairwise(agreements)):
            raise ValueError("an agreement must end before the next begins")
        return agreements

    @model_validator(mode="after")
    def _nothing_before_it_begins(self) -> Self:
        begins = [one.valid_from for one in self.options] + [one.valid_from for one in self.agreements]
        if begins and min(begins) < self.valid_from:
            raise ValueError("an option or agreement cannot count before the contract begins")
        return self

    @model_validator(mode="after")
    def _dates_in_order(self) -> Self:
        begin = {"terms": [term.valid_from for term in self.terms], "powers": [one.valid_from for one in self.powers]}
        for name, days in begin.items():
            if any(later <= earlier for earlier, later in pairwise(days)):
                raise ValueError(f"the {name} must begin on rising days")
        if self.valid_to is not None and self.valid_to <= self.terms[-1].valid_from:
            raise ValueError("valid_to must be after the day on which the last term begins")
        if self.powers and self.powers[0].valid_from < self.valid_from:
            raise ValueError("a power cannot count before the contract begins")
        return self

    @property
    def valid_from(self) -> date:
        """The contract's first day."""
        return self.terms[0].valid_from


class Withdrawal(_Document):
    """A price list goes: from which day on, and which takes its place, the first that a facility may choose."""

    withdrawn_on: Day
    replaced_by: Annotated[tuple[Key, ...], Field(min_length=1, max_length=10)]
    who: Text
    cause: Text
    dry_run: Annotated[bool, Field(strict=True)] = False


class Offer(_Document):
    """A change of a contract that its customer may sign: another price list, another power, options, an agreement.

    options: in words, which change no price. chosen_options: those of the price list that count from valid_from on, in
    place of all that the contract has; without it these stay. agreement: in place of any that it has from then on.
    """

    contract_number: Key
    price_list_id: Key
    valid_from: Day
    kw: Quantity | None = None
    mwh: Quantity | None = None
    options: Annotated[tuple[Text, ...], Field(max_length=20)] = ()
    chosen_options: Annotated[tuple[Key, ...] | None, Field(max_length=50)] = None
    agreement: OfferedAgreement | None = None
    expires_at: AwareDatetime

    @model_validator(mode="after")
    def _can_be_signed(self) -> Self:
        chosen = self.chosen_options or ()
        if len(set(chosen)) < len(chosen):
            raise ValueError("an option can be chosen once")
        if self.kw is not None and self.mwh is not None:
            raise ValueError("write either kw or, for a price list by yearly energy, mwh")
        if self.agreement is not None and self.agreement.valid_to <= self.valid_from:
            raise ValueError("the agreement must end after the offer begins, on a later valid_to")
        return self


class ContractRow(_Document):
    """A contract as one line of a file: one price list from its beginning, and the power entered for it."""

    customer_number: Key
    metering_point: Key
    valid_from: Day
    valid_to: Day | None = None
    price_list_id: Key
    kw: Quantity | None = None
    mwh: Quantity | None = None

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.valid_to is not None and self.valid_to <= self.valid_from:
            raise ValueError("valid_to must be after valid_from")
        return self

    @model_validator(mode="after")
    def _has_one_quantity(self) -> Self:
        if self.kw is not None and self.mwh is not None:
            raise ValueError("write either kw or, for a price list by yearly energy, mwh")
        return self

    def contract(self) -> Contract:
        """Give the contract that the line describes."""
        is_entered = self.kw is not None or self.mwh is not None
        power = (EnteredPower(valid_from=self.valid_from, kw=self.kw, mwh=self.mwh),) if is_entered else ()
        return Contract(
            customer_number=self.customer_number,
            metering_point=self.metering_point,
            valid_to=self.valid_to,
            terms=(Term(valid_from=self.valid_from, price_list_id=self.price_list_id),),
            powers=power,
        )
