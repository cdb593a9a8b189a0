"""From a message to what its topic carries. What does not fit is told in words, for the dead-letter topic."""

from typing import Any, Protocol, TypeVar

import pyarrow as pa
from pydantic import ValidationError

from schemas.batches import RecordBatches
from schemas.event import Event, require_schema
from services.common.consume import UndecodableError

AnyEvent = TypeVar("AnyEvent", bound=Event)

FAULTS_TOLD = 5


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
        raise UndecodableError(f"not what {kind.name} carries: {_faults(error)}") from error
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
    try:
        with pa.ipc.open_stream(message.value or b"") as stream:
            table = stream.read_all()
        if table.num_rows == 0:
            raise UndecodableError(f"not what {batches.name} carries: there are no rows")
        missing = [name for name in wanted.names if name not in table.schema.names]
        if missing:
            raise UndecodableError(f"not what {batches.name} carries: the columns {', '.join(missing)} are missing")
        selected = table.select(wanted.names)
        # What comes from outside can say more rows than its buffers hold; reading on would leave the process's memory.
        selected.validate(full=True)
        return selected.cast(wanted).combine_chunks()
    except (pa.ArrowException, OSError, ValueError, LookupError) as error:
        raise UndecodableError(f"not what {batches.name} carries: {error}") from error


def _faults(error: ValidationError) -> str:
    faults = error.errors(include_input=False, include_url=False, include_context=False)
    told = [f"{'.'.join(map(str, fault['loc'])) or 'the whole'}: {fault['msg']}" for fault in faults[:FAULTS_TOLD]]
    more = len(faults) - len(told)
    return "; ".join(told) + (f"; and {more} more" if more else "")
