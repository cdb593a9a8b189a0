"""Which tariffs the public may ask for: firm price lists, each version on the days that it counts, under its own ids.

The draft has no field for a status, so a reader could not tell a forecast, a ceiling or a draft from what is decided:
none of them is given as a tariff. Forecast rates are given as such, as rates alone.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from schemas.price_list_terms import PriceListStatus, PriceListTerms
from schemas.short_price_lists import ShortPriceList
from schemas.tariffs import CalendarPattern, DateInterval, Tariff
from services.contracts.core.tariff_spans import GROUPS, Component, cut, left_of, renamed

UNNAMED = tuple(ShortPriceList.model_fields[name].default for name in ("company_name", "company_org_no"))
"""Whose a list in short is where it does not say: the operator's own."""
NEVER = datetime.fromtimestamp(0, UTC)


class Operator(NamedTuple):
    """Whose prices these are."""

    name: str
    organisation_number: str


class Version(NamedTuple):
    """One version of a price list, and when it was put."""

    price_list_id: str
    version: int
    recorded_at: datetime
    terms: PriceListTerms


class Withdrawn(NamedTuple):
    """From when on no contract is on a price list any more, and when that was said."""

    price_list_id: str
    withdrawn_on: date
    announced_at: datetime


class Given(NamedTuple):
    """A tariff as it is given: on days on which nothing newer counts in its place."""

    tariff: Tariff
    version: Version
    up_to_kw: Decimal | None

    @property
    def span(self) -> DateInterval:
        """The days on which it counts."""
        return self.tariff.valid_period

    @property
    def is_public(self) -> bool:
        """False where a component is a customer's own."""
        fixed, efficiency = self.tariff.fixed_price.components, self.tariff.efficiency_price.components
        return all(one.type == "public" for one in fixed) and all(one.type == "public" for one in efficiency)

    @property
    def calendar_patterns(self) -> tuple[CalendarPattern, ...]:
        """The days that its hours may name."""
        return self.version.terms.calendar_patterns


class Catalogue:
    """All that was ever decided, from all versions of all price lists."""

    def __init__(
        self, versions: Sequence[Version], withdrawn: Sequence[Withdrawn], operator: Operator, zone: ZoneInfo
    ) -> None:
        self._operator, self.zone = operator, zone
        self._announced = [one.announced_at for one in withdrawn]
        self._gone = {
            one.price_list_id: DateInterval(from_including=one.withdrawn_on, to_excluding=date.max) for one in withdrawn
        }
        self._taken: set[UUID] = set()
        by_time = sorted(versions, key=lambda one: (one.recorded_at, one.price_list_id, one.version))
        self.decided, self._replaced = self._pieces(by_time, PriceListStatus.FIRM)
        self.forecast, _ = self._pieces(by_time, PriceListStatus.FORECAST)

    def public(self, today: date) -> list[Given]:
        """Give what counts today or on a day to come, the bands of a price list by rising power."""
        current = [one for one in self.decided if one.is_public and one.span.to_excluding > today]
        return sorted(current, key=lambda one: (one.version.price_list_id, one.span.from_including))

    def with_id(self, tariff_id: UUID) -> Given | None:
        """Find any public tariff that was ever decided."""
        return self._by_id.get(tariff_id)

    def component(self, component_id: UUID) -> tuple[Given, str, Component] | None:
        """Find a component that counts or counted, with its tariff and the name of its group."""
        return self._components.get(component_id)

    def of_facility(self, price_list_id: str, in_force: Decimal | None, unit: str | None, day: date) -> Given | None:
        """Find the tariff that a contract has on a day: of several bands that of its power, which ends its band.

        in_force: in kW or, where bands are of the yearly energy, MWh, as `unit` says. Where each month is billed by its
        own power there is none of several bands: that of a day is known once its month is over.
        """
        bands = [
            one
            for one in self.decided
            if one.version.price_list_id == price_list_id and one.span.from_including <= day < one.span.to_excluding
        ]
        if len(bands) < 2:
            return bands[0] if bands else None
        terms = bands[0].version.terms
        is_by_energy = terms.is_by_yearly_energy
        if in_force is None or terms.is_by_months_peaks or (unit == "MWh") != is_by_energy:
            return None
        return next((one for one in bands if one.up_to_kw is None or in_force <= one.up_to_kw), None)

    def last_changed(self, today: date) -> datetime:
        """Say when what the public is given last changed: by what was put or withdrawn, or by a version that ended."""
        public = [one for one in self.decided if one.is_public]
        put = [one.version.recorded_at for one in public]
        ended = [self.midnight(one.span.to_excluding) for one in public if one.span.to_excluding <= today]
        return self.local(max([*put, *ended, *self._announced], default=NEVER))

    def midnight(self, day: date) -> datetime:
        """Give the beginning of a day."""
        return datetime.combine(day, time(), self.zone)

    def local(self, at: datetime) -> datetime:
        """Write a time as the draft has it: with an offset and without fractions of seconds."""
        return at.astimezone(self.zone).replace(microsecond=0)

    @cached_property
    def _by_id(self) -> dict[UUID, Given]:
        return {one.tariff.id: one for one in (*self.decided, *self._replaced) if one.is_public}

    @cached_property
    def _components(self) -> dict[UUID, tuple[Given, str, Component]]:
        return {
            component.id: (given, group, component)
            for given in self.decided
            if given.is_public
            for group in GROUPS
            for component in getattr(given.tariff, group).components
        }

    def _pieces(self, versions: Sequence[Version], status: PriceListStatus) -> tuple[list[Given], list[Given]]:
        """Give the tariffs of that status on the days that they count, and those that count on no day any more."""
        counting: list[Given] = []
        replaced: list[Given] = []
        ours = [one for one in versions if one.terms.extension.status is status]
        for version in ours:
            newer = [_from(one.terms.valid_period) for one in ours if _counts_before(one, version)]
            gone = [self._gone[version.price_list_id]] if version.price_list_id in self._gone else []
            # What is taken of its days is always the end of them.
            span = next(iter(left_of(version.terms.valid_period, [*newer, *gone])), None)
            for tariff, up_to_kw in version.terms.bands():
                given = self._given(self._told_apart(tariff, version), span or tariff.valid_period)
                (counting if span else replaced).append(Given(given, version, up_to_kw))
        return counting, replaced

    def _told_apart(self, tariff: Tariff, version: Version) -> Tariff:
        """Give a tariff under its own id, or under another where that was given to something else already."""
        is_taken = tariff.id in self._taken
        named = renamed(tariff, f"{version.price_list_id}/{version.version}") if is_taken else tariff
        self._taken.add(named.id)
        return named

    def _given(self, tariff: Tariff, span: DateInterval) -> Tariff:
        """Give a tariff on the days that it counts, under its company's name and by local time."""
        said = {**dict(self._named(tariff)), "published": self.local(tariff.published)}
        return cut(tariff, span).model_copy(update=said)

    def _named(self, tariff: Tariff) -> Iterator[tuple[str, str]]:
        if (tariff.company_name, tariff.company_org_no) == UNNAMED:
            yield "company_name", self._operator.name
            yield "company_org_no", self._operator.organisation_number


def _from(period: DateInterval) -> DateInterval:
    """Give all days from the beginning of a period on: what it takes the place of does not come back after it."""
    return DateInterval(from_including=period.from_including, to_excluding=date.max)


def _counts_before(one: Version, other: Version) -> bool:
    """Tell whether a version counts in another's place on the days that both hold."""
    if one.price_list_id != other.price_list_id:
        return False
    begins, other_begins = one.terms.valid_period.from_including, other.terms.valid_period.from_including
    return (begins, one.version) > (other_begins, other.version)
