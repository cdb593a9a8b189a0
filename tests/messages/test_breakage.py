"""A published version only gains optional fields; every other change of it is refused, whoever it would break."""

import copy
from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal

import pyarrow as pa
import pytest
from pydantic import BaseModel, Field, create_model

from schemas.batches import RecordBatches
from schemas.breakage import Document, breakages
from schemas.documents import document, documents
from schemas.event import Event

TOLD_TO_PEOPLE = {"$schema", "$id", "title", "description"}


class Named(Event):
    name: ClassVar[str] = "meter-exchanged"


class Part(BaseModel):
    serial: str
    place: str | None = None


class PartOfAnotherName(BaseModel):
    """The same on the wire."""

    serial: str
    place: str | None = None


class PartWithMore(Part):
    fitter: str | None = None


class PartThatDemandsMore(Part):
    fitter: str


class PartThatIsLess(BaseModel):
    serial: str


FIELDS: dict[str, Any] = {
    "point_id": (int, ...),
    "medium": (Literal["heat", "cooling"], ...),
    "kw": (Annotated[Decimal, Field(ge=0)], ...),
    "hours": (Annotated[int, Field(ge=0, le=25)], ...),
    "cause": (Annotated[str, Field(max_length=60)], ...),
    "note": (str | None, None),
    "unit": (str, "kWh"),
    "parts": (tuple[Part, ...], ...),
}


def schema(fields: dict[str, Any]) -> Document:
    return document(create_model("MeterExchanged", __base__=Named, **fields))


def refused(**changed: Any) -> list[str]:
    """Tell what is refused where fields are changed, added, or gone (None)."""
    today = {name: field for name, field in (FIELDS | changed).items() if field is not None}
    return breakages(schema(FIELDS), schema(today))


def test_a_new_optional_field_is_allowed() -> None:
    assert refused(fitter=(str | None, None)) == []


def test_a_new_optional_field_of_a_part_is_allowed() -> None:
    assert refused(parts=(tuple[PartWithMore, ...], ...)) == []


def test_another_class_name_or_docstring_is_allowed() -> None:
    assert refused(parts=(tuple[PartOfAnotherName, ...], ...)) == []


def test_another_order_of_the_fields_is_allowed() -> None:
    assert breakages(schema(FIELDS), schema(dict(reversed(FIELDS.items())))) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"note": None}, ".note is gone"),
        ({"point_id": None}, ".point_id is gone"),
        ({"fitter": (str, ...)}, ".fitter is new and required"),
        ({"note": (str | None, ...)}, ".note was optional and is required"),
        ({"cause": (Annotated[str, Field(max_length=60)], "")}, ".cause was required and is optional"),
        ({"point_id": (str, ...)}, ".point_id: type was integer and is string"),
        ({"point_id": (int | None, ...)}, ".point_id: anyOf was of 0 kinds and is of 2"),
        ({"medium": (Literal["heat"], ...)}, ".medium: enum was ['heat', 'cooling'] and is not there"),
        ({"medium": (Literal["heat", "cooling", "steam"], ...)}, "and is ['heat', 'cooling', 'steam']"),
        ({"kw": (Annotated[Decimal, Field(gt=0)], ...)}, ".kw: x-minimum was 0 and is not there"),
        ({"kw": (Annotated[Decimal, Field(ge=0, le=9)], ...)}, ".kw: x-maximum was not there and is 9"),
        ({"hours": (Annotated[int, Field(ge=0, le=24)], ...)}, ".hours: maximum was 25 and is 24"),
        ({"hours": (Annotated[int, Field(ge=0, le=26)], ...)}, ".hours: maximum was 25 and is 26"),
        ({"cause": (Annotated[str, Field(max_length=50)], ...)}, ".cause: maxLength was 60 and is 50"),
        ({"unit": (str, "MWh")}, ".unit: default was kWh and is MWh"),
        ({"parts": (Part, ...)}, ".parts: type was array and is object"),
        ({"parts": (tuple[PartThatDemandsMore, ...], ...)}, ".parts[].fitter is new and required"),
        ({"parts": (tuple[PartThatIsLess, ...], ...)}, ".parts[].place is gone"),
    ],
)
def test_whatever_else_changes_is_refused(change: dict[str, Any], words: str) -> None:
    assert any(words in what for what in refused(**change)), refused(**change)


def test_a_default_beside_a_known_class_is_compared_at_each_place() -> None:
    one = {"first": (Part, Part(serial="1")), "second": (Part, Part(serial="1"))}
    other = one | {"second": (Part, Part(serial="2"))}
    (what,) = breakages(schema(one), schema(other))
    assert what.startswith(".second: default was")


def places(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Give the way to every leaf and every key that machines read."""
    if isinstance(node, dict):
        is_names = bool(path) and path[-1] in ("properties", "$defs")
        for key, value in node.items():
            if is_names or key not in TOLD_TO_PEOPLE:
                yield from places(value, (*path, key))
                if key not in ("$defs", "properties") and path[-1:] != ("$defs",):
                    yield (*path, key)
    elif isinstance(node, list):
        for number, value in enumerate(node):
            yield from places(value, (*path, number))
    elif path:
        yield path


@pytest.mark.parametrize("schema_id", documents())
def test_no_cut_or_edit_of_a_published_schema_goes_unnoticed(schema_id: str) -> None:
    published = documents()[schema_id]
    for path in places(published):
        for edit in (_cut, _write_over):
            today = copy.deepcopy(published)
            holder = today
            for key in path[:-1]:
                holder = holder[key]
            edit(holder, path[-1])
            assert breakages(published, today), (path, edit.__name__)


def _cut(holder: Any, key: Any) -> None:
    del holder[key]


def _write_over(holder: Any, key: Any) -> None:
    if isinstance(holder[key], dict):
        holder[key] = {"type": "null"}
    elif isinstance(holder[key], list):
        holder[key] = [] if holder[key] else ["edited"]
    elif key != "$ref":
        holder[key] = "edited"
    else:
        del holder[key]


COLUMNS = [
    pa.field("point_id", pa.int32(), nullable=False),
    pa.field("starts_at", pa.timestamp("s", "UTC"), nullable=False),
    pa.field("energy_wh", pa.int64()),
]


def columns(*fields: pa.Field) -> Document:
    return document(RecordBatches("hourly-energy", 1, pa.schema(fields), "Hours."))


def test_a_new_last_column_that_may_be_null_is_allowed() -> None:
    assert breakages(columns(*COLUMNS), columns(*COLUMNS, pa.field("volume_l", pa.int64()))) == []


@pytest.mark.parametrize(
    ("today", "words"),
    [
        (COLUMNS[:2], "the column energy_wh is gone"),
        ([*COLUMNS, pa.field("volume_l", pa.int64(), nullable=False)], "volume_l is new and may not be null"),
        ([pa.field("volume_l", pa.int64()), *COLUMNS], "new columns come last"),
        ([COLUMNS[1], COLUMNS[0], COLUMNS[2]], "new columns come last"),
        ([pa.field("point_id", pa.int64(), nullable=False), *COLUMNS[1:]], "type was int32 and is int64"),
        ([COLUMNS[0], pa.field("starts_at", pa.timestamp("ms", "UTC"), nullable=False), COLUMNS[2]], "timestamp[ms"),
        ([*COLUMNS[:2], pa.field("energy_wh", pa.int64(), nullable=False)], "nullable was True and is False"),
        ([pa.field("point_id", pa.int32()), *COLUMNS[1:]], "nullable was False and is True"),
    ],
)
def test_whatever_else_changes_of_the_columns_is_refused(today: list[pa.Field], words: str) -> None:
    assert words in breakages(columns(*COLUMNS), columns(*today))[0]
