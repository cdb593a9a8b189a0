"""Profiles: what a kind of file looks like, as data."""

import re
import tomllib
from collections import Counter
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, PlainValidator, ValidationError, model_validator

from services.common.faults import reason
from services.ingest.sources.decimals import Style, wholes
from services.ingest.sources.file_name import check_template
from services.ingest.sources.named_by_header import named_by_header
from services.ingest.sources.profile_parts import (
    REGISTER_UNITS,
    VALUE,
    Column,
    ExportedAt,
    Only,
    Part,
    Place,
    TimeColumn,
    ValueColumn,
    Values,
    Wide,
    in_braces,
    is_from_header,
)

MOST_FAULTS_TOLD = 10
MOST_LINES_SKIPPED = 1_000

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


def _sheet(given: object) -> str | int:
    is_number = isinstance(given, int) and not isinstance(given, bool) and given >= 1
    if not is_number and not (isinstance(given, str) and given):
        raise ValueError("write the sheet's name in quotation marks, or its number from 1")
    return given  # type: ignore[return-value]


Sheet = Annotated[str | int, PlainValidator(_sheet)]


class Quantity(Part):
    """The column that says what a line's figure is; what its texts mean say the figures themselves."""

    column: Place


class Profile(Part):
    """What a kind of file looks like. Columns that the profile does not name are ignored.

    delimiter: may be left out where every file is a workbook. sheet: a workbook's, by name or number from 1; else its
    first. skip_lines: how many lines stand above everything else. file_name: how a file's name says whose it is, and
    when it was exported, which exported_at says how to read. only: which lines are read, where a file has others.
    wide: how a header tells whose or of when the figures below it are, where a line has many. quantity: which column
    says what a line's figure is, where each has a line of its own.
    """

    kind: Kind
    encoding: Literal["utf-8", "windows-1252"] = "utf-8"
    delimiter: Literal[",", ";", "\t", "|"] | None = None
    decimal: Literal[".", ","] = "."
    thousands: Literal["", " ", ".", ",", "'"] = ""
    header: bool = True
    skip_lines: Annotated[int, Field(ge=0, le=MOST_LINES_SKIPPED)] = 0
    sheet: Sheet | None = None
    file_name: Annotated[str, AfterValidator(check_template)] | None = None
    exported_at: ExportedAt | None = None
    only: tuple[Only, ...] = ()
    wide: Wide | None = None
    quantity: Quantity | None = None
    time: TimeColumn
    recorded_at: TimeColumn | None = None
    serial: Column | None = None
    metering_point: Column | None = None
    withdrawn: Column | None = None
    values: Values

    @property
    def columns(self) -> list[Column]:
        """Every column that the profile names; one may be there twice, to be read and to choose lines by."""
        return [one for one in self._every if not is_from_header(one.column)]

    @property
    def _every(self) -> list[Column]:
        return [*self._read, *(Column(column=one.column) for one in self.only)]

    @property
    def _read(self) -> list[Column]:
        times = [one for one in (self.time, self.recorded_at) if one is not None]
        others = [one for one in (self.serial, self.metering_point, self.withdrawn) if one is not None]
        parts = [Column(column=place, optional=one.optional) for one in times for place in one.places[1:]]
        values: list[Column] = list(self.values)
        units = [
            Column(column=one.unit_column, optional=one.optional) for one in self.values if one.unit_column is not None
        ]
        if self.quantity is not None:
            others.append(Column(column=self.quantity.column))
            # All figures stand in one column, which a file must have, and most often so do their units.
            values = [Column(column=self.values[0].column)]
            units = list({one.column: one for one in units}.values())
        return [*times, *parts, *others, *values, *units]

    @property
    def style(self) -> Style:
        """How the file writes numbers."""
        return Style(self.decimal, self.thousands)

    @model_validator(mode="before")
    @classmethod
    def _named_by_header(cls, given: Any) -> Any:
        return named_by_header(given)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.thousands == self.decimal:
            raise ValueError("thousands and decimal are the same character; numbers could not be told apart")
        wrong = [one.column for one in self.columns if isinstance(one.column, str) != self.header]
        if wrong:
            how = "names, since the file has a header" if self.header else "numbers from 1, since it has no header"
            raise ValueError(f"give columns as {how}: {', '.join(map(str, wrong))}")
        if self.time.marks is not None and self.kind is Kind.WEATHER:
            raise ValueError("a weather file has no marks; write clock_change = 'by_order' or 'refuse'")
        if self.recorded_at is not None and self.recorded_at.marks is not None:
            raise ValueError("recorded_at has no marks; write clock_change = 'by_order' or 'refuse'")
        if (self.exported_at is not None) != ("{exported_at}" in (self.file_name or "")):
            raise ValueError("exported_at and a file_name with {exported_at} in it go together")
        self._check_shape()
        self._check_twice("column", Counter(str(one.column) for one in self._read))
        self._check_twice("field", Counter(one.field for one in self.values))
        self._check_kind({one.field for one in self.values})
        for one in self.values:
            self._check_numbers(one)
        return self

    def _check_shape(self) -> None:
        texts = Counter(text for one in self.values for text in one.equals)
        if self.quantity is None:
            if texts:
                raise ValueError("equals: name the column of quantities that it is about: [quantity]")
            if self.wide is not None and len(self.values) > 1:
                raise ValueError(
                    "a wide file of several figures names them in its header, {quantity}, or in [quantity]"
                )
        elif not all(one.equals for one in self.values) or len({one.column for one in self.values}) > 1:
            raise ValueError(
                "with [quantity] all values stand in one column, each with equals, its texts in [quantity]"
            )
        self._check_twice("quantity", texts)
        of_header = set(map(in_braces, self.wide.names)) | {VALUE} if self.wide is not None else set()
        strange = {one.column for one in self._every if is_from_header(one.column)} - of_header
        if strange:
            raise ValueError(f"no header says what {', '.join(sorted(map(str, strange)))} is; see header in [wide]")
        if self.wide is not None and not self.header:
            raise ValueError("a wide file has a header, which says what stands below it")
        if self.counts_hours and not (self.time.is_day and self.time.zone):
            raise ValueError("{count} counts the hours of a day: write a format of dates alone, and their zone")

    @property
    def counts_hours(self) -> bool:
        """Tell whether a wide file's columns are the hours of a day, counted through."""
        return self.wide is not None and "count" in self.wide.names

    @staticmethod
    def _check_twice(what: str, counts: Counter[str]) -> None:
        twice = [name for name, count in counts.items() if count > 1]
        if twice:
            raise ValueError(f"each {what} may be named once: {', '.join(twice)}")

    def _check_kind(self, fields: set[str]) -> None:
        if self.kind is Kind.WEATHER:
            of_readings = (self.recorded_at, self.serial, self.metering_point, self.withdrawn, self.file_name)
            of_shapes = (self.wide, self.quantity, self.time.zone_column)
            is_more = any(one is not None for one in (*of_readings, *of_shapes)) or self.only
            if fields != {"celsius"} or is_more:
                raise ValueError("a weather file has a time and one value, celsius, and nothing else")
            if any(one.unit is None for one in self.values):
                raise ValueError("a weather file's values are in one unit; write unit = 'C'")
        elif "energy_wh" not in fields or "celsius" in fields:
            raise ValueError("a file of readings needs a value energy_wh, and has no celsius")

    def _check_numbers(self, value: ValueColumn) -> None:
        """Hold modulus and resolution to being numbers of the file, above zero, of at least one whole unit."""
        for key, text in (("modulus", value.modulus), ("resolution", value.resolution)):
            if text is not None and (value.field not in REGISTER_UNITS or wholes([text], self.style, value.factor) < 1):
                raise ValueError(f"{value.field}: write {key} as the file writes a number, above zero")


def profile(text: str, name: str) -> Profile:
    """Read a profile. Raises ProfileError, which names every key that is wrong."""
    document = _document(text, name)
    try:
        return Profile.model_validate(document)
    except ValidationError as error:
        faults = [_words(fault) for fault in _own(error.errors(include_input=False, include_url=False))]
        more = len(faults) - MOST_FAULTS_TOLD
        told = "; ".join(faults[:MOST_FAULTS_TOLD]) + (f"; and {more} more" if more > 0 else "")
        raise ProfileError(f"profile {name}: {told}") from error


def _document(text: str, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    # Beside its own errors: lists within lists by the hundred, and whole numbers of thousands of digits.
    except (ValueError, RecursionError) as error:
        raise ProfileError(f"profile {name} is not TOML: {_slip(str(error))}") from error


def _own(faults: Sequence[Any]) -> list[Any]:
    """Leave out that there is no value where there is one, and that one is wrong."""
    is_value_wrong = any(fault["loc"][:1] == ("values",) and len(fault["loc"]) > 1 for fault in faults)
    return [fault for fault in faults if not (is_value_wrong and fault["type"] == "too_short")]


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
