"""What all events have in common, and how an event becomes the bytes of a message."""

import re
from typing import Any, ClassVar, Protocol, Self

from pydantic import BaseModel, ConfigDict

SCHEMA_HEADER = "schema"
CONTENT_TYPE_HEADER = "content-type"
CORRELATION_HEADER = "correlation-id"
EVENT_ID_HEADER = "event-id"
JSON = "application/json"
ARROW = "application/vnd.apache.arrow.stream"

_SCHEMA_ID = re.compile(r"([a-z][a-z-]*)/([1-9][0-9]{0,5})")
_LONGEST_QUOTE = 100
_FROZEN_AND_OPEN = ConfigDict(frozen=True, extra="ignore")


class Carried(Protocol):
    """What a topic can carry: a kind of event, or record batches of one kind."""

    @property
    def name(self) -> str:
        """Name it as the `schema` header does, before the slash."""

    @property
    def schema_version(self) -> int:
        """Number the version that this code writes, the newest it can read."""


class Part(BaseModel):
    """What several fields of an event belong to; it ignores unknown fields as the event does."""

    model_config = _FROZEN_AND_OPEN


class Event(BaseModel):
    """One fact that happened, frozen; the past tense of a command.

    A published version only gains optional fields; anything else is a new `schema_version`. (A field `version`
    is the version of the object that the event tells of.) Unknown fields are ignored, so that an older consumer
    reads what a newer producer writes.
    """

    model_config = _FROZEN_AND_OPEN

    name: ClassVar[str]
    schema_version: ClassVar[int] = 1

    @classmethod
    def schema_id(cls) -> str:
        """Name the event and its version as the `schema` header does, for example `readings-refused/1`."""
        return f"{cls.name}/{cls.schema_version}"

    def to_bytes(self) -> bytes:
        """Write the event as the UTF-8 JSON of a message's value."""
        return self.model_dump_json().encode()

    @classmethod
    def from_bytes(cls, value: bytes) -> Self:
        """Read a message's value. Raises pydantic.ValidationError where it does not fit the schema."""
        # A part that is also a document people write forbids unknown fields; in an event they are a newer version's.
        return cls.model_validate_json(value, extra="ignore")

    def headers(self, **more: str) -> list[tuple[str, bytes]]:
        """Give the message headers that tell a consumer how to read the value."""
        return [
            (SCHEMA_HEADER, self.schema_id().encode()),
            (CONTENT_TYPE_HEADER, JSON.encode()),
            *((key.replace("_", "-"), text.encode()) for key, text in more.items()),
        ]


def header(headers: Any, name: str) -> str | None:
    """Find one header of a Kafka message, given as pairs of name and bytes; one without a value counts as absent."""
    found = (value for key, value in headers or () if key == name and value is not None)
    return next((value.decode("utf-8", "replace") for value in found), None)


def require_schema(headers: Any, carried: Carried) -> int:
    """Give the version that a message is written in; one without the header is of version 1.

    Raises ValueError where the message says that it is something else, or newer than this code: read as what we
    know, its figures could mean something else.
    """
    text = header(headers, SCHEMA_HEADER)
    if text is None:
        return 1
    written = _SCHEMA_ID.fullmatch(text)
    quoted = text[:_LONGEST_QUOTE]
    if written is None:
        raise ValueError(f"the header schema is {quoted!r}; it must be a name and a version, as in '{carried.name}/1'")
    name, version = written[1], int(written[2])
    if name != carried.name:
        raise ValueError(f"the message is '{quoted}', and '{carried.name}' was expected here")
    if version > carried.schema_version:
        raise ValueError(
            f"the message is '{quoted}', and this service reads '{carried.name}' up to version"
            f" {carried.schema_version}; bring the service up to date, then send the message again"
        )
    return version
