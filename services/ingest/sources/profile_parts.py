"""The parts of a profile: columns of times, names and figures, and how their values are written."""

import re
import unicodedata
from enum import StrEnum
from fractions import Fraction
from typing import Annotated, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainValidator, model_validator

from services.ingest.sources.instants import OWN_FORMS, check_format
from services.ingest.sources.template import check_names, names_of
from services.ingest.sources.zones import LONGEST_ZONE, fixed_offset_s

REGISTER_UNITS: dict[str, dict[str, Fraction]] = {
    "energy_wh": {
        "Wh": Fraction(1),
        "kWh": Fraction(1_000),
        "MWh": Fraction(1_000_000),
        "MJ": Fraction(10**6, 3_600),
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


def spelling(unit: str) -> str:
    """Give a unit as it is told from others, however a program writes it: `KWH`, `m³`, `°C`."""
    return unit.casefold().replace("³", "3").replace("°", "").replace(" ", "")


LAST_COLUMN = 10_000


class ClockChange(StrEnum):
    """What is done with the hour that the autumn's clock shows twice, where times are local and have no offset."""

    BY_ORDER = "by_order"
    BY_COUNTER = "by_counter"
    BY_MARK = "by_mark"
    REFUSE = "refuse"


class Stamped(StrEnum):
    """Which end of its hour, or of its day, a time names."""

    BEGIN = "begin"
    END = "end"


FROM_HEADER = ("serial", "metering_point", "quantity", "unit", "clock", "count", "time")
"""What the header's cells of a wide file can say."""


def in_braces(name: str) -> str:
    """Give the column that what a header says becomes, as `{serial}`."""
    return f"{{{name}}}"


VALUE = in_braces("value")
"""The column that the figures of a wide file become."""
_OF_HEADER = frozenset(map(in_braces, (*FROM_HEADER, "value")))


def is_from_header(place: "Place") -> bool:
    """Tell a column that stands in no file: one that the cells of a wide file and their header become."""
    return place in _OF_HEADER


def _known_zone(name: str) -> str:
    if fixed_offset_s(name) is None:
        try:
            # Looked up as a package by each of its parts, so that a name of hundreds would end in a RecursionError.
            ZoneInfo(name[:LONGEST_ZONE])
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError("write UTC, an offset such as +01:00, or a zone such as Europe/Stockholm") from error
    return name


Zone = Annotated[str, AfterValidator(_known_zone)]


class Part(BaseModel):
    """A table of a profile; a key that it does not know is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def name_of(field: str) -> str:
    """Give a column's name by which the profile's and the file's are held together: what looks the same is the same.

    A line break, a space that does not break and several spaces are one; a letter and the dots above it are one letter;
    characters without width, which come with what is copied from web pages, are none.
    """
    if field.isascii():
        return " ".join(field.split())
    seen = "".join(letter for letter in field if unicodedata.category(letter) != "Cf")
    return " ".join(unicodedata.normalize("NFC", seen).split())


def _place(given: object) -> str | int:
    if isinstance(given, str) and name_of(given):
        return name_of(given)
    if not isinstance(given, int) or isinstance(given, bool) or not 1 <= given <= LAST_COLUMN:
        raise ValueError(
            "write the column's name in quotation marks or, in a file without a header, its number,"
            f" from 1 to {LAST_COLUMN}"
        )
    return given


Place = Annotated[str | int, PlainValidator(_place)]
"""A column: its name in the header or, in a file without one, its number from 1."""


class Column(Part):
    """A column that a file must have, unless it is optional."""

    column: Place
    optional: bool = False


Mark = Annotated[str, Field(min_length=1, max_length=20)]


class TimeColumn(Column):
    """A column of instants. format: `iso`, `unix`, `unix_ms`, `excel` (days) or like `%d/%m/%Y %H:%M`.

    clock_column: where the time of day stands, if in a column of its own; format is then of both, with a space between.
    zone: what times without an offset mean; without a zone each must carry its offset.
    zone_column: where each line names its own; zones: what the texts there mean that are neither an offset nor a place.
    counter_column: the meter's own hour counter, for clock_change `by_counter`.
    marks: what stands at a time of summer and what at one of normal time, for `by_mark`: A and B, CEST and CET. They
    stand in the time itself, or in mark_column.
    day_ends_at_24: whether `24:00` is the end of the day it is written with.
    """

    clock_column: Place | None = None
    format: Annotated[str, AfterValidator(check_format)] = "iso"
    zone: Zone | None = None
    zone_column: Place | None = None
    zones: dict[str, Zone] = Field(default_factory=dict)
    clock_change: ClockChange = ClockChange.REFUSE
    counter_column: Place | None = None
    marks: Annotated[tuple[Mark, ...], Field(min_length=2, max_length=2)] | None = None
    mark_column: Place | None = None
    day_ends_at_24: bool = False
    stamped: Stamped | None = None

    @model_validator(mode="after")
    def _counter_is_there(self) -> Self:
        if (self.clock_change is ClockChange.BY_COUNTER) != (self.counter_column is not None):
            raise ValueError("clock_change = 'by_counter' and counter_column, the meter's hour counter, go together")
        return self

    @model_validator(mode="after")
    def _zones_have_a_column(self) -> Self:
        if self.zones and self.zone_column is None:
            raise ValueError("zones says what the texts of zone_column mean; name that column")
        return self

    @model_validator(mode="after")
    def _marks_are_there(self) -> Self:
        if (self.clock_change is ClockChange.BY_MARK) != (self.marks is not None):
            raise ValueError("clock_change = 'by_mark' and marks, those of summer and of normal time, go together")
        if self.mark_column is not None and self.marks is None:
            raise ValueError("mark_column goes with clock_change = 'by_mark' and marks")
        if self.marks is not None and len(set(self.marks)) == 1:
            raise ValueError("marks: write that of summer and that of normal time, which is another")
        if self.marks is not None and self.mark_column is None and any(re.search("[0-9]", one) for one in self.marks):
            raise ValueError("marks that stand in the time itself have no digits; or name their column: mark_column")
        return self

    @model_validator(mode="after")
    def _both_columns_have_a_form(self) -> Self:
        if self.clock_column is not None and not all(self.forms):
            raise ValueError("clock_column: write the format of both columns, as in %Y-%m-%d %H:%M, or iso")
        return self

    @model_validator(mode="after")
    def _an_hours_end_has_an_hour(self) -> Self:
        if self.is_day and self.stamped is Stamped.END:
            raise ValueError("stamped = 'end' numbers hours, and the format has none; for days write 'begin'")
        return self

    @property
    def is_day(self) -> bool:
        """Tell whether the times are dates alone."""
        return self.format not in OWN_FORMS and not any(hour in self.format for hour in ("%H", "%I"))

    @property
    def forms(self) -> tuple[str, str]:
        """Give the form of the date and that of the time of day; the latter is empty where a format has none."""
        if self.format in OWN_FORMS:
            return ("%Y-%m-%d", "%H:%M:%S") if self.format == "iso" else ("", "")
        date_form, *clock_form = re.split(r" (?=%[HI])", self.format, maxsplit=1)
        return date_form, "".join(clock_form)

    @property
    def places(self) -> list[Place]:
        """Every column of the file that the time is made of."""
        others = (self.clock_column, self.counter_column, self.mark_column, self.zone_column)
        return [self.column, *(one for one in others if one is not None)]


class Only(Part):
    """Which lines of a file are read: those that have one of these texts in a column."""

    column: Place
    equals: Annotated[tuple[str, ...], Field(min_length=1)]


class ExportedAt(Part):
    """How the file's name writes when it was exported: a time as a TimeColumn's, in a zone."""

    format: Annotated[str, AfterValidator(check_format)]
    zone: Zone


MOST_HEADER_LINES = 10


def lines_of_header(given: object) -> tuple[str, ...]:
    """Give the templates of a header, top down: of one line, which may be written alone, or of several."""
    lines = tuple(given) if isinstance(given, list | tuple) else (given,)
    texts = tuple(line for line in lines if isinstance(line, str) and line)
    if not 1 <= len(texts) == len(lines) <= MOST_HEADER_LINES:
        raise ValueError(
            "write what the header says or, where it has several lines, that of each in a list, top down, as in"
            ' ["{serial}", "{quantity}"]; "*" for a line that does not matter'
        )
    return texts


def _check_header_cells(given: object) -> tuple[str, ...]:
    lines = lines_of_header(given)
    template = " ".join(lines)
    check_names(template, FROM_HEADER, "{serial} {quantity} or {clock}:00")
    named = set(names_of(template))
    if named <= {"quantity", "unit"}:
        raise ValueError("a file with a column for each quantity is no wide one; name each column in its [[values]]")
    if len(named & {"clock", "count", "time"}) > 1:
        raise ValueError("write one of {clock}, {count} and {time}: the time of day, the day's hour or the whole time")
    return lines


class Wide(Part):
    """A file with a figure of each line in each of many columns, one for each hour, meter or time.

    header: what their header says, line by line. without: columns that would be taken for such and are none, as a
    total; one text of theirs is enough.
    """

    header: Annotated[tuple[str, ...], PlainValidator(_check_header_cells)]
    without: Annotated[tuple[str, ...], AfterValidator(lambda texts: tuple(map(name_of, texts)))] = ()

    @property
    def names(self) -> list[str]:
        """What a header's cells say."""
        return names_of(" ".join(self.header))

    @property
    def written(self) -> str:
        """The header as it is told in words."""
        return " above ".join(self.header)


class ValueColumn(Column):
    """A column of numbers. sentinels: numbers, as the file writes them, that stand for "no value".

    equals: which texts in the column of quantities mean this figure, where a file has a line for each.
    unit: that of every line; else unit_column says where each line names its own.
    modulus: where the register rolls over to zero, as this file gives it. resolution: the step that a register is cut
    to. Both are numbers as the file writes them, in the column's unit.
    """

    field: str
    equals: tuple[str, ...] = ()
    unit: str | None = None
    unit_column: Place | None = None
    sentinels: tuple[str, ...] = ()
    modulus: str | None = None
    resolution: str | None = None

    @model_validator(mode="after")
    def _field_and_unit_fit(self) -> Self:
        if self.field not in UNITS:
            raise ValueError(
                f"there is no field '{self.field}'; there are {', '.join(UNITS)}. Energy and volume are the meter's"
                " registers: what was used in each hour is not taken"
            )
        if (self.unit is None) == (self.unit_column is None):
            raise ValueError(
                "write unit, that of every line, or unit_column, where each line names its own; one of the two"
            )
        if self.unit is not None and self.unit not in UNITS[self.field]:
            raise ValueError(f"{self.field} cannot be given in '{self.unit}'; use {', '.join(UNITS[self.field])}")
        if self.modulus or self.resolution:
            self._check_register()
        return self

    def _check_register(self) -> None:
        if self.field not in REGISTER_UNITS:
            raise ValueError(f"{self.field} is no register, and has neither modulus nor resolution")
        if self.unit_column is not None:
            raise ValueError("modulus and resolution are in the column's one unit; with unit_column leave them out")

    @property
    def factor(self) -> Fraction:
        """How many of the field's own unit one of the file's is, where every line has the same."""
        return UNITS[self.field][str(self.unit)]

    def factor_of(self, spelled: str) -> Fraction | None:
        """Say the same of a unit as `spelling` gives it; None for one that this field cannot be given in."""
        return {spelling(unit): factor for unit, factor in UNITS[self.field].items()}.get(spelled)


Values = Annotated[tuple[ValueColumn, ...], Field(min_length=1)]
