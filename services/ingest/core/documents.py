"""What staff systems put: sources, stations, meters with where they sat, and observed temperatures."""

import re
from collections.abc import Collection, Sequence
from datetime import date, datetime
from itertools import pairwise
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from schemas.values import Key
from schemas.weather import HourlyTemperature
from services.ingest.core.form import is_within_calendar
from services.ingest.core.places import Place
from services.ingest.core.readings import HIGHEST_RANK
from services.ingest.core.vee.rules import Rule, bits_of, rules_of

_WRITTEN_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}.*", re.ASCII)


def _written_out(given: Any) -> Any:
    # A bare number would be taken for seconds since 1970, a date for its midnight.
    if isinstance(given, datetime) or (isinstance(given, str) and _WRITTEN_TIME.fullmatch(given)):
        return given
    raise ValueError("write the time as in 2026-01-05T07:00:00+01:00")


def _within_calendar(moment: datetime) -> datetime:
    if not is_within_calendar(moment):
        raise ValueError("give a time from 1990-01-02 to 2060-12-31")
    return moment


def _rules(labels: tuple[str, ...]) -> tuple[str, ...]:
    known = [rule.label for rule in Rule]
    if not set(labels) <= set(known):
        raise ValueError(f"there are the rules {', '.join(known)}")
    # In one order, so that a document that says the same is the same.
    return rules_of(bits_of(labels))


Moment = Annotated[AwareDatetime, AfterValidator(_within_calendar), BeforeValidator(_written_out)]
MomentOfAnyYear = Annotated[AwareDatetime, BeforeValidator(_written_out)]
Text = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
Register = Annotated[int, Field(ge=0, le=10**15, strict=True)]
Modulus = Annotated[int, Field(ge=0, le=10**15, strict=True)]
Resolution = Annotated[int, Field(gt=0, le=10**9, strict=True)]
RulesOff = Annotated[tuple[str, ...], Field(max_length=20), AfterValidator(_rules)]


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Source(_Document):
    """Who sends readings: a head-end, or a file's importer.

    rank: of two versions of a reading the one from the source with the higher rank counts. serials: the meters it
    may speak of, None for any. key_sha256: of a key that the source made itself; without it the service makes one
    when the source is new, or when renew_key asks for it.
    """

    kind: Literal["live", "bulk"] = "live"
    rank: Annotated[int, Field(ge=0, le=HIGHEST_RANK, strict=True)] = 10
    state: Literal["active", "revoked"] = "active"
    serials: Annotated[tuple[Key, ...], Field(max_length=100_000)] | None = None
    key_sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = None
    renew_key: Annotated[bool, Field(strict=True)] = False


class Station(_Document):
    """A weather station; what is left out stays as it was.

    latitude, longitude: where it stands. neighbours: whose hours stand in for missing ones, the first that knows an
    hour. degree_day_base_c: the daily mean below which degree days count.
    """

    name: Text
    latitude: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)] | None = None
    longitude: Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)] | None = None
    neighbours: Annotated[tuple[Key, ...], Field(max_length=3)] | None = None
    degree_day_base_c: Annotated[float, Field(ge=0, le=30, allow_inf_nan=False)] | None = None

    @model_validator(mode="after")
    def _names_a_place_whole(self) -> Self:
        if (self.latitude is None) != (self.longitude is None):
            raise ValueError("give latitude and longitude, or neither")
        return self

    @property
    def place(self) -> Place | None:
        """Where the station stands; None where the document does not say."""
        if self.latitude is None or self.longitude is None:
            return None
        return Place(self.latitude, self.longitude)


def _month(given: Any) -> Any:
    if isinstance(given, str) and re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", given, re.ASCII):
        return f"{given}-01"
    raise ValueError("write the month as in 2026-01")


class MonthFactor(_Document):
    """What the weather-dependent part of a month's energy is multiplied by: normal by actual, as of an energy index."""

    month: Annotated[date, BeforeValidator(_month)]
    factor: Annotated[float, Field(gt=0, le=100, allow_inf_nan=False, strict=True)]


DegreeDays = Annotated[float, Field(ge=0, le=2_000, allow_inf_nan=False)]


class NormalYear(_Document):
    """A normal year that somebody else made: degree days from January to December, or factors of single months."""

    source: Text
    degree_days: Annotated[tuple[DegreeDays, ...], Field(min_length=12, max_length=12)] | None = None
    factors: Annotated[tuple[MonthFactor, ...], Field(max_length=1_200)] = ()

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.degree_days is None and not self.factors:
            raise ValueError("give degree_days of twelve months, or factors of months")
        if len({one.month for one in self.factors}) < len(self.factors):
            raise ValueError("each month has one factor")
        return self


class Installation(_Document):
    """Where a meter sat: from its first instant up to, but without, its removal (None: it still sits there).

    start, stop: its registers when it was put up and taken down, in Wh and litres; without them nothing counts as
    used between the old meter's last reading and the new one's first.
    """

    metering_point: Key
    installed_at: Moment
    removed_at: Moment | None = None
    start_wh: Register | None = None
    stop_wh: Register | None = None
    start_l: Register | None = None
    stop_l: Register | None = None

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.removed_at is not None and self.removed_at <= self.installed_at:
            raise ValueError("removed_at must lie after installed_at")
        return self

    def beside(self, known: "Sequence[Installation]", columns: Collection[str]) -> "Installation":
        """Give this installation, of a file with these columns, with what is known of it in all that they leave out.

        known: where the meter sat. Raises ValidationError where the two do not go together.
        """
        same = (
            one for one in known if (one.metering_point, one.installed_at) == (self.metering_point, self.installed_at)
        )
        return Installation(**_said(self, next(same, self), columns))


def _said(now: BaseModel, before: BaseModel, columns: Collection[str]) -> dict[str, Any]:
    return {name: getattr(now if name in columns else before, name) for name in type(now).model_fields}


class Meter(_Document):
    """A meter whole: what its registers can do, and everywhere it ever sat, oldest first.

    modulus: where a register starts again from zero, 0 for never; resolution: its smallest step; rules_off: which rules
    do not flag what it shows; smoothing: whether each day's energy is spread as evenly as its steps allow.
    """

    modulus_wh: Modulus = 0
    modulus_l: Modulus = 0
    resolution_wh: Resolution = 1000
    rules_off: RulesOff = ()
    smoothing: Annotated[bool, Field(strict=True)] = False
    installations: Annotated[tuple[Installation, ...], Field(max_length=100)] = ()

    @model_validator(mode="after")
    def _notes_what_it_can_show(self) -> Self:
        for place in self.installations:
            for noted, modulus in (
                (place.start_wh, self.modulus_wh),
                (place.stop_wh, self.modulus_wh),
                (place.start_l, self.modulus_l),
                (place.stop_l, self.modulus_l),
            ):
                if noted is not None and 0 < modulus <= noted:
                    raise ValueError(f"a register of {noted} is more than a meter with the modulus {modulus} shows")
        return self

    @model_validator(mode="after")
    def _sits_in_one_place_at_a_time(self) -> Self:
        for earlier, later in pairwise(self.installations):
            if earlier.removed_at is None or earlier.removed_at > later.installed_at:
                raise ValueError(
                    f"the meter sits at {earlier.metering_point} and {later.metering_point} at once:"
                    " list installations oldest first, each removed before the next"
                )
        return self

    def beside(self, known: "Meter", columns: Collection[str]) -> "Meter":
        """Give this meter, of a file that has these columns, with what is known of it in all that they do not say.

        Raises ValidationError where the two do not go together.
        """
        return Meter(**_said(self, known, {*columns, "installations"}))


class MeterRow(Installation):
    """A line of a meters file: a meter's registers, and one place where it sat."""

    modulus_wh: Modulus = 0
    modulus_l: Modulus = 0
    resolution_wh: Resolution = 1000
    rules_off: RulesOff = ()
    smoothing: bool = False

    @model_validator(mode="before")
    @classmethod
    def _everything_is_text(cls, given: dict[str, str]) -> dict[str, Any]:
        # The fields themselves take no text, since over HTTP "12" is a mistake.
        read = {name: _number(text) if name in _NUMBERS else text for name, text in given.items()}
        return read | ({"rules_off": tuple(given["rules_off"].split())} if "rules_off" in given else {})

    def meter(self, installations: tuple[Installation, ...]) -> Meter:
        """Give the meter of this line with all its lines' installations."""
        return Meter(
            modulus_wh=self.modulus_wh,
            modulus_l=self.modulus_l,
            resolution_wh=self.resolution_wh,
            rules_off=self.rules_off,
            smoothing=self.smoothing,
            installations=installations,
        )

    def installation(self) -> Installation:
        """Give where the meter sat by this line."""
        return Installation(**self.model_dump(include=set(Installation.model_fields)))


_NUMBERS = set(MeterRow.model_fields) - {"metering_point", "installed_at", "removed_at", "rules_off", "smoothing"}


def _number(text: str) -> str | int:
    return int(text) if re.fullmatch(r"[0-9]{1,16}", text) else text


class ObservedHour(HourlyTemperature):
    """The mean temperature of one hour, as staff systems send it."""

    model_config = ConfigDict(extra="forbid")

    starts_at: MomentOfAnyYear
    celsius: Annotated[float, Field(ge=-80, le=60, allow_inf_nan=False, strict=True)]


class Temperatures(_Document):
    """Hourly means that a station observed, each an ObservedHour, read one by one.

    recorded_at: when they were recorded; without it before any that says so. approved: whether the observer has
    approved them all.
    """

    station_id: Key
    recorded_at: Moment | None = None
    approved: Annotated[bool, Field(strict=True)] = False
    values: Annotated[tuple[Any, ...], Field(min_length=1, max_length=10_000)]
