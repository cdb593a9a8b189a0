"""Price lists as dated, versioned data. Producer: contracts.

A version of a price list is never edited. It counts until the next firm one begins, or its own period ends; of two that
begin on the same day the newer one counts.
"""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, ClassVar

from pydantic import Field, model_validator

from schemas.event import Event
from schemas.expanded_price_lists import expanded
from schemas.price_list_terms import PowerMethod as PowerMethod
from schemas.price_list_terms import PriceListStatus as PriceListStatus
from schemas.price_list_terms import PriceListTerms
from schemas.short_price_lists import ShortPriceList
from schemas.values import PriceListId


class PriceList(PriceListTerms):
    """One version of a price list."""

    price_list_id: Annotated[PriceListId, Field(alias="price_list_id")]
    version: Annotated[int, Field(ge=1)]

    @model_validator(mode="before")
    @classmethod
    def _expand_what_is_in_short(cls, given: Any) -> Any:
        # Version 1 of the event was a price list in short.
        if not isinstance(given, Mapping) or "components" not in given:
            return given
        identity = {name: given[name] for name in ("price_list_id", "version")}
        short = {name: value for name, value in given.items() if name in ShortPriceList.model_fields}
        return dict(expanded(ShortPriceList.model_validate(short))) | identity


class PriceListChanged(Event):
    """A price list whole: every version of it, oldest first.

    Consumers apply a message only where `version`, the highest in it, is above what they have.
    """

    name: ClassVar[str] = "price-lists-changed"
    schema_version: ClassVar[int] = 4

    price_list_id: PriceListId
    version: int
    versions: tuple[PriceList, ...]

    def in_force(self, day: date) -> PriceList | None:
        """Give the firm version whose prices count on a day, or None where there is none."""
        begun = (one for one in self.versions if one.is_firm and one.valid_period.from_including <= day)
        last = max(begun, key=lambda one: (one.valid_period.from_including, one.version), default=None)
        return last if last is not None and day < last.valid_period.to_excluding else None
