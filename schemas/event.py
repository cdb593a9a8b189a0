"""What all events have in common, and how an event becomes the bytes of a message."""

from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict

SCHEMA_HEADER = "schema"
CONTENT_TYPE_HEADER = "content-type"
CORRELATION_HEADER = "correlation-id"
JSON = "application/json"
ARROW = "application/vnd.apache.arrow.stream"


class Event(BaseModel):
    """One fact that happened, frozen; the past tense of a command.

    A published version only gains optional fields; anything else is a new `schema_version`. (A field `version`
    is the version of the object that the event tells of.) Unknown fields are ignored, so that an older consumer
    reads what a newer producer writes.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

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
        return cls.model_validate_json(value)

    def headers(self, **more: str) -> list[tuple[str, bytes]]:
        """Give the message headers that tell a consumer how to read the value."""
        return [
            (SCHEMA_HEADER, self.schema_id().encode()),
            (CONTENT_TYPE_HEADER, JSON.encode()),
            *((key.replace("_", "-"), text.encode()) for key, text in more.items()),
        ]


def header(headers: Any, name: str) -> str | None:
    """Find one header of a Kafka message, given as pairs of name and bytes."""
    return next((value.decode("utf-8", "replace") for key, value in headers or () if key == name), None)
