"""What may be asked of the tariff interface: ids, days and times read strictly, and what a question leaves out."""

import re
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, Self
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from services.contracts.core.tariff_prices import Window

FIRST_YEAR, LAST_YEAR = 1900, 2199
DAYS_AHEAD = 7
"""So far prices are given where no end is asked for; what is not decided by then is forecast."""

UUID_PATTERN = r"^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$"
_DAY = "(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_HOUR = "([01][0-9]|2[0-3]):[0-5][0-9]"
DATE_PATTERN = f"^{_DAY}$"
TIME_PATTERN = f"^{_DAY}T{_HOUR}:[0-5][0-9](Z|[+-]{_HOUR})$"
YEARS = f"of {FIRST_YEAR} to {LAST_YEAR}"


def _uuid(given: Any) -> UUID:
    if not re.fullmatch(UUID_PATTERN, str(given)):
        raise ValueError("write an id (UUID) as in 3f2504e0-4f89-41d3-9a0c-0305e82c3301")
    return UUID(str(given))


def _day(given: Any) -> date:
    try:
        if re.fullmatch(DATE_PATTERN, str(given)):
            return date.fromisoformat(str(given))
    except ValueError:
        pass  # As 2026-02-30, which is written well and is no day.
    raise ValueError(f"write a day as in 2026-01-31, {YEARS}")


def _moment(given: Any) -> datetime:
    try:
        if re.fullmatch(TIME_PATTERN, str(given)):
            return datetime.fromisoformat(str(given))
    except ValueError:
        pass
    raise ValueError(
        f"write a time with its offset as in 2026-01-31T00:00:00Z or 2026-01-31T00:00:00+01:00, {YEARS};"
        " the + stands as %2B in an address"
    )


Id = Annotated[UUID, BeforeValidator(_uuid)]
Day = Annotated[date, BeforeValidator(_day)]
Moment = Annotated[datetime, BeforeValidator(_moment)]


class PricesQuestion(BaseModel):
    """Which rates, and when. A component is asked for before a product, a day before a span."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel)

    component_id: Id | None = None
    product: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    date: Day | None = None
    from_including: Moment | None = None
    to_excluding: Moment | None = None

    @model_validator(mode="after")
    def _asks_for_something(self) -> Self:
        if self.component_id is None and self.product is None:
            raise ValueError("give componentId or product")
        return self

    def window(self, today: Day, zone: ZoneInfo) -> Window:
        """Give the times that are meant. Raises ValueError where there is none between the two."""
        if self.date is not None:
            return Window(_midnight(self.date, zone), _midnight(self.date + timedelta(days=1), zone))
        start = self.from_including or _midnight(today, zone)
        end = self.to_excluding or start.astimezone(zone) + timedelta(days=DAYS_AHEAD)
        if end <= start:
            raise ValueError("toExcluding must be after fromIncluding, which is today where it is not given")
        return Window(start, end)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone)
