"""The examples of `schemas/examples/`, for every level of tests: what a topic carries, small, realistic and fictive."""

import json
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa

from schemas.batches import RecordBatches
from schemas.event import Event
from tests.builders import stream

FOLDER = Path(__file__).resolve().parents[1] / "schemas" / "examples"

AnyEvent = TypeVar("AnyEvent", bound=Event)


def versions(carries: type[Event] | RecordBatches) -> list[int]:
    """Give the published versions that have examples, which is all of them."""
    return sorted(int(path.name) for path in (FOLDER / carries.name).iterdir())


def names(carries: type[Event] | RecordBatches, version: int | None = None) -> list[str]:
    """Give the names of the examples of a version, of the one that is written today where none is said."""
    return sorted(path.stem for path in _folder(carries, version).glob("*.json"))


def text(carries: type[Event] | RecordBatches, name: str, version: int | None = None) -> Any:
    """Give an example as the JSON in its file; record batches as a list of rows."""
    return json.loads((_folder(carries, version) / f"{name}.json").read_text(encoding="utf-8"))


def event(kind: type[AnyEvent], name: str, **other: Any) -> AnyEvent:
    """Give an example as an event, with other values for what a test is about."""
    return kind.from_bytes(json.dumps(text(kind, name)).encode()).model_copy(update=other)


def rows(batches: RecordBatches, name: str) -> list[dict[str, Any]]:
    """Give an example as rows with the values of Python, for a test to change what it is about."""
    return list(record_batch(batches, name).to_pylist())


def record_batch(batches: RecordBatches, name: str, version: int | None = None) -> pa.RecordBatch:
    """Give an example as a record batch, with the columns that its version has."""
    found = text(batches, name, version)
    columns = pa.schema([field for field in batches.columns if field.name in found[0]])
    values = [pa.array([_read(field.type)(row[field.name]) for row in found], field.type) for field in columns]
    return pa.RecordBatch.from_arrays(values, schema=columns)


def message(carries: type[Event] | RecordBatches, name: str, version: int | None = None) -> bytes:
    """Give an example as the value of a message."""
    if isinstance(carries, RecordBatches):
        return stream(record_batch(carries, name, version))
    return json.dumps(text(carries, name, version)).encode()


def _folder(carries: type[Event] | RecordBatches, version: int | None) -> Path:
    return FOLDER / carries.name / str(version or carries.schema_version)


def _read(kind: pa.DataType) -> Callable[[Any], Any]:
    if pa.types.is_timestamp(kind):
        return lambda value: None if value is None else datetime.fromisoformat(value)
    if pa.types.is_date(kind):
        return lambda value: None if value is None else date.fromisoformat(value)
    return lambda value: value
