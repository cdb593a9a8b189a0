"""From a message to what its topic carries. What does not fit is told in words, for the dead-letter topic."""

import re
from collections.abc import Iterator
from typing import Any, Protocol, TypeVar

import pyarrow as pa
from pydantic import ValidationError

from schemas.batches import RecordBatches
from schemas.event import Event, require_schema
from services.common.consume import UndecodableError
from services.common.faults import reason, without_consequences

AnyEvent = TypeVar("AnyEvent", bound=Event)

FAULTS_TOLD = 5
LONGEST_TYPE = 60

_MISREAD = (pa.ArrowException, OSError, ValueError, LookupError)
"""What pyarrow raises for bytes that are no stream, and for columns that are not as they should be."""


class Received(Protocol):
    """A message as aiokafka or Faust gives it."""

    @property
    def headers(self) -> Any:
        """Pairs of name and bytes."""

    @property
    def value(self) -> Any:
        """The bytes of what it carries."""


def read_event(message: Received, kind: type[AnyEvent]) -> AnyEvent:
    """Read an event. Raises UndecodableError where it is another, newer than this code, or does not fit."""
    try:
        require_schema(message.headers, kind)
        return kind.from_bytes(message.value or b"")
    except ValidationError as error:
        raise _other(kind.name, _faults(error)) from error
    except ValueError as error:
        raise UndecodableError(str(error)) from error


def read_table(message: Received, batches: RecordBatches, columns: list[str] | None = None) -> pa.Table:
    """Read the named columns of a record batch, or all that we know, in the types of their schema.

    Columns that a newer writer added are left out. Raises UndecodableError, for a message without rows too: an
    Arrow stream that is cut off before its batch reads as a whole one without any.
    """
    known = batches.columns
    wanted = known if columns is None else pa.schema([known.field(name) for name in columns])
    try:
        require_schema(message.headers, batches)
    except ValueError as error:
        raise UndecodableError(str(error)) from error
    table = _read_stream(message.value or b"", batches)
    if faults := list(_faults_of_header(table.schema, wanted)):
        raise _other(batches.name, _told(faults))
    selected = table.select(wanted.names)
    try:
        # What comes from outside can say more rows than its buffers hold; reading on would leave the process's memory.
        selected.validate(full=True)
    except _MISREAD as error:
        raise _other(batches.name, "its bytes hold other rows than it says; write the stream again") from error
    try:
        return selected.cast(wanted).combine_chunks()
    except _MISREAD as error:
        raise _other(batches.name, _told(list(_misfits(selected, wanted)))) from error


def _read_stream(value: bytes, batches: RecordBatches) -> pa.Table:
    try:
        with pa.ipc.open_stream(value) as stream:
            table = stream.read_all()
    except _MISREAD as error:
        words = "this is no Arrow stream, or a part of one; send the whole of what an Arrow stream writer wrote"
        raise _other(batches.name, words) from error
    if table.num_rows == 0:
        raise _other(batches.name, "there are no rows; send at least one, and the stream to its end")
    return table


def _faults_of_header(given: pa.Schema, wanted: pa.Schema) -> Iterator[str]:
    for name in wanted.names:
        count = given.names.count(name)
        if count != 1:
            yield f"{name}: " + ("the column is there twice; leave one out" if count else "the column is missing")


def _misfits(table: pa.Table, wanted: pa.Schema) -> Iterator[str]:
    for field in wanted:
        column = table.column(field.name)
        if column.null_count and not field.nullable:
            yield f"{field.name}: it must be given in every row"
        elif not _fits(column, field.type):
            there = str(column.type)[:LONGEST_TYPE]
            yield f"{field.name}: write it as {field.type}; a value of what is there, {there}, does not fit"


def _fits(column: pa.ChunkedArray, kind: pa.DataType) -> bool:
    try:
        column.cast(kind)
    except _MISREAD:
        return False
    return True


def _other(name: str, words: str) -> UndecodableError:
    return UndecodableError(f"not what {name} carries: {words}")


def _faults(error: ValidationError) -> str:
    faults = without_consequences(error.errors(include_input=False, include_url=False))
    return _told([f"{'.'.join(map(str, fault['loc'])) or 'the whole'}: {_reason(fault)}" for fault in faults])


def _reason(fault: Any) -> str:
    if fault["type"] != "json_invalid":
        return reason(fault)
    place = re.search(r"line (\d+) column (\d+)", fault["msg"])
    where = f" at line {place[1]}, column {place[2]}" if place else ""
    return f"this is not JSON{where}; write one JSON object, in UTF-8"


def _told(faults: list[str]) -> str:
    more = len(faults) - FAULTS_TOLD
    return "; ".join(faults[:FAULTS_TOLD]) + (f"; and {more} more" if more > 0 else "")
