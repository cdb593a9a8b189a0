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


def names(carries: type[Event] | RecordBatches) -> list[str]:
    """Give the names of the examples of the version that is written today."""
    return sorted(path.stem for path in (FOLDER / carries.schema_id()).glob("*.json"))


def text(carries: type[Event] | RecordBatches, name: str) -> Any:
    """Give an example as the JSON in its file; record batches as a list of rows."""
    return json.loads((FOLDER / carries.schema_id() / f"{name}.json").read_text(encoding="utf-8"))


def event(kind: type[AnyEvent], name: str) -> AnyEvent:
    """Give an example as an event."""
    return kind.from_bytes(json.dumps(text(kind, name)).encode())


def record_batch(batches: RecordBatches, name: str) -> pa.RecordBatch:
    """Give an example as a record batch."""
    rows = text(batches, name)
    columns = [pa.array([_read(field.type)(row[field.name]) for row in rows], field.type) for field in batches.columns]
    return pa.RecordBatch.from_arrays(columns, schema=batches.columns)


def message(carries: type[Event] | RecordBatches, name: str) -> bytes:
    """Give an example as the value of a message."""
    if isinstance(carries, RecordBatches):
        return stream(record_batch(carries, name))
    return json.dumps(text(carries, name)).encode()


def _read(kind: pa.DataType) -> Callable[[Any], Any]:
    if pa.types.is_timestamp(kind):
        return lambda value: None if value is None else datetime.fromisoformat(value)
    if pa.types.is_date(kind):
        return lambda value: None if value is None else date.fromisoformat(value)
    return lambda value: value
