"""Profiles: what a kind of file looks like, as data."""

import re
import tomllib
from collections import Counter
from collections.abc import Sequence
from enum import StrEnum
from fractions import Fraction
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainValidator, ValidationError, model_validator

from services.common.faults import reason
from services.ingest.sources.instants import check_format
from services.ingest.sources.zones import fixed_offset_s

REGISTER_UNITS: dict[str, dict[str, Fraction]] = {
    "energy_wh": {
        "Wh": Fraction(1),
        "kWh": Fraction(1_000),
        "MWh": Fraction(1_000_000),
        "GJ": Fraction(10**9, 3_600),
    },
    "volume_l": {"l": Fraction(1), "m3": Fraction(1_000)},
    "forward_lc": {"l*C": Fraction(1), "m3*C": Fraction(1_000)},
    "return_lc": {"l*C": Fraction(1), "m3*C": Fraction(1_000)},
}
"""Per register: how many of the field's own unit one of the file's is. The field is whole; what lies below is cut."""

SAMPLE_UNITS: dict[str, dict[str, Fraction]] = {
    "flow_l_per_h": {"l/h": Fraction(1), "m3/h": Fraction(1_000)},
    "power_w": {"W": Fraction(1), "kW": Fraction(1_000)},
    "supply_c": {"C": Fraction(1)},
    "return_c": {"C": Fraction(1)},
    "celsius": {"C": Fraction(1)},
}
UNITS = REGISTER_UNITS | SAMPLE_UNITS


LAST_COLUMN = 10_000
MOST_FAULTS_TOLD = 10

_TABLE = "write a table, as in [time], with its keys below it"
_WORDS_OF_TOML = {
    "missing": "it is missing; add it",
    "extra_forbidden": "there is no such key; remove it, or look for a slip of the pen",
    "model_type": _TABLE,
    "model_attributes_type": _TABLE,
}
"""Where a profile's words are others than those of a JSON document."""


class ProfileError(Exception):
    """A profile that cannot be used; the text names the key and what to do."""


class Kind(StrEnum):
    """What the lines of a file are."""

    READINGS = "readings"
    WEATHER = "weather"


class ClockChange(StrEnum):
    """What is done with the hour that the autumn's clock shows twice, where times are local and have no offset."""

    BY_ORDER = "by_order"
    REFUSE = "refuse"


class Stamped(StrEnum):
    """Which end of its hour a mean temperature's time names."""

    BEGIN = "begin"
    END = "end"


def _known_zone(name: str) -> str:
    if fixed_offset_s(name) is None:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError("write UTC, an offset such as +01:00, or a zone such as Europe/Stockholm") from error
    return name


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _place(given: object) -> str | int:
    is_number = isinstance(given, int) and not isinstance(given, bool) and 1 <= given <= LAST_COLUMN
    if not is_number and not (isinstance(given, str) and given):
        raise ValueError(
            "write the column's name in quotation marks or, in a file without a header, its number,"
            f" from 1 to {LAST_COLUMN}"
        )
    return given  # type: ignore[return-value]


Place = Annotated[str | int, PlainValidator(_place)]
"""A column: its name in the header or, in a file without one, its number from 1."""


class Column(_Part):
    """A column that a file must have, unless it is optional."""

    column: Place
    optional: bool = False


class TimeColumn(Column):
    """A column of instants. format: `iso`, `unix` (seconds since 1970) or like `%d/%m/%Y %H:%M`.

    zone: what times without an offset mean; without a zone each must carry its offset.
    """

    format: Annotated[str, AfterValidator(check_format)] = "iso"
    zone: Annotated[str, AfterValidator(_known_zone)] | None = None
    clock_change: ClockChange = ClockChange.REFUSE
    stamped: Stamped = Stamped.BEGIN


class ValueColumn(Column):
    """A column of numbers. sentinels: numbers, as the file writes them, that stand for "no value"."""

    field: str
    unit: str
    sentinels: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _field_and_unit_fit(self) -> Self:
        if self.field not in UNITS:
            raise ValueError(f"there is no field '{self.field}'; there are {', '.join(UNITS)}")
        if self.unit not in UNITS[self.field]:
            raise ValueError(f"{self.field} cannot be given in '{self.unit}'; use {', '.join(UNITS[self.field])}")
        return self

    @property
    def factor(self) -> Fraction:
        """How many of the field's own unit one of the file's is."""
        return UNITS[self.field][self.unit]


class Profile(_Part):
    """What a kind of file looks like. Columns that the profile does not name are ignored."""

    kind: Kind
    encoding: Literal["utf-8", "windows-1252"] = "utf-8"
    delimiter: Literal[",", ";", "\t", "|"]
    decimal: Literal[".", ","] = "."
    thousands: Literal["", " ", ".", ",", "'"] = ""
    header: bool = True
    time: TimeColumn
    recorded_at: TimeColumn | None = None
    serial: Column | None = None
    metering_point: Column | None = None
    withdrawn: Column | None = None
    values: Annotated[tuple[ValueColumn, ...], Field(min_length=1)]

    @property
    def columns(self) -> list[Column]:
        """Every column that the profile names."""
        others = (self.recorded_at, self.serial, self.metering_point, self.withdrawn)
        return [self.time, *(one for one in others if one is not None), *self.values]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.thousands == self.decimal:
            raise ValueError("thousands and decimal are the same character; numbers could not be told apart")
        wrong = [one.column for one in self.columns if isinstance(one.column, str) != self.header]
        if wrong:
            how = "names, since the file has a header" if self.header else "numbers from 1, since it has no header"
            raise ValueError(f"give columns as {how}: {', '.join(map(str, wrong))}")
        self._check_twice("column", Counter(str(one.column) for one in self.columns))
        self._check_twice("field", Counter(one.field for one in self.values))
        self._check_kind({one.field for one in self.values})
        return self

    @staticmethod
    def _check_twice(what: str, counts: Counter[str]) -> None:
        twice = [name for name, count in counts.items() if count > 1]
        if twice:
            raise ValueError(f"each {what} may be named once: {', '.join(twice)}")

    def _check_kind(self, fields: set[str]) -> None:
        if self.kind is Kind.WEATHER:
            of_readings = (self.recorded_at, self.serial, self.metering_point, self.withdrawn)
            if fields != {"celsius"} or any(one is not None for one in of_readings):
                raise ValueError("a weather file has a time and one value, celsius, and nothing else")
        elif "energy_wh" not in fields or "celsius" in fields or self.time.stamped is not Stamped.BEGIN:
            raise ValueError("a file of readings needs a value energy_wh, and has neither celsius nor stamped")


def profile(text: str, name: str) -> Profile:
    """Read a profile. Raises ProfileError, which names every key that is wrong."""
    try:
        return Profile.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ProfileError(f"profile {name} is not TOML: {_slip(str(error))}") from error
    except ValidationError as error:
        faults = [_words(fault) for fault in error.errors(include_input=False, include_url=False)]
        more = len(faults) - MOST_FAULTS_TOLD
        told = "; ".join(faults[:MOST_FAULTS_TOLD]) + (f"; and {more} more" if more > 0 else "")
        raise ProfileError(f"profile {name}: {told}") from error


def _slip(of_parser: str) -> str:
    place = re.search(r"at line (\d+), column (\d+)", of_parser)
    where = f"line {place[1]}, column {place[2]}" if place else "its end"
    return f'look at {where}; each key stands once, as in kind = "readings", and each table\'s name in brackets'


def _words(fault: Any) -> str:
    where = _where(fault["loc"])
    if fault["loc"] == ("values",) and fault["type"] == "tuple_type":
        words = "write each value as a table of its own, below [[values]]"
    else:
        words = _WORDS_OF_TOML.get(fault["type"]) or reason(fault)
    return f"{where}: {words}" if where else words


def _where(place: Sequence[str | int]) -> str:
    """Name a key as a person looks for it: the second of [[values]] is values 2."""
    parts = [f" {part + 1}" if isinstance(part, int) else f".{part}" for part in place]
    return "".join(parts).removeprefix(".")
