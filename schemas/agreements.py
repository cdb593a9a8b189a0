"""What a contract has beside its price list: options that it offers, and agreements by which its prices are others."""

from datetime import date
from decimal import Decimal
from typing import Annotated, NamedTuple

from pydantic import Field

from schemas.event import Part


class ChosenOption(Part):
    """An option of the price list, from `valid_from` up to, not including, `valid_to` (None: until further notice)."""

    valid_from: date
    valid_to: date | None
    reference: str


class PriceAgreement(Part):
    """Other prices than the price list's for some days: either one price of energy, or so much off.

    energy_per_mwh: kr excluding VAT, in place of every price of energy that the list has. discount_percent: off its
    prices of energy, power and fixed charges; efficiency and overrun stay, since they are there to be acted upon.
    """

    name: str
    valid_from: date
    valid_to: date
    energy_per_mwh: Annotated[Decimal | None, Field(ge=0)] = None
    discount_percent: Annotated[Decimal | None, Field(gt=0, le=100)] = None


class Agreed(NamedTuple):
    """All that a contract ever has beside its price lists."""

    options: tuple[ChosenOption, ...] = ()
    agreements: tuple[PriceAgreement, ...] = ()

    def days(self) -> set[date]:
        """Give the days on which any of it begins or ends."""
        begins = {one.valid_from for one in self.options} | {one.valid_from for one in self.agreements}
        ends = {one.valid_to for one in self.options if one.valid_to} | {one.valid_to for one in self.agreements}
        return begins | ends

    def on(self, day: date) -> "Agreed":
        """Give what counts on a day."""
        return Agreed(
            tuple(one for one in self.options if _counts(one.valid_from, one.valid_to, day)),
            tuple(one for one in self.agreements if _counts(one.valid_from, one.valid_to, day)),
        )

    def says_on(self, day: date) -> tuple[object, ...]:
        """Give what a day is billed by, whenever that began and will end."""
        counting = self.on(day)
        prices = ((one.name, one.energy_per_mwh, one.discount_percent) for one in counting.agreements)
        return *sorted(one.reference for one in counting.options), *prices


AS_LISTED = Agreed()


def _counts(valid_from: date, valid_to: date | None, day: date) -> bool:
    return valid_from <= day and (valid_to is None or day < valid_to)
