"""Events and record batches as documents that other languages read: JSON Schema, or a list of columns."""

from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from schemas.batches import RecordBatches
from schemas.breakage import Document
from schemas.event import ARROW, Event
from schemas.topics import TOPICS

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_DECIMAL_LIMITS = {
    "ge": "x-minimum",
    "gt": "x-exclusive-minimum",
    "le": "x-maximum",
    "lt": "x-exclusive-maximum",
    "max_digits": "x-digits",
    "decimal_places": "x-decimal-places",
}


def documents() -> dict[str, Document]:
    """Give the document of everything that a topic carries, by schema id."""
    return {topic.carries.schema_id(): document(topic.carries) for topic in TOPICS}


def document(carries: type[Event] | RecordBatches) -> Document:
    """Describe an event as JSON Schema, record batches by their columns."""
    return _columns(carries) if isinstance(carries, RecordBatches) else _json_schema(carries)


def _json_schema(event: type[Event]) -> Document:
    # The mode is what is written, not what is accepted: a decimal is a string on the wire, never a number.
    made = event.model_json_schema(mode="serialization", schema_generator=_Published)
    return {"$schema": DIALECT, "$id": event.schema_id(), **made}


def _columns(batches: RecordBatches) -> Document:
    return {
        "$id": batches.schema_id(),
        "title": batches.name,
        "description": batches.description,
        "contentMediaType": ARROW,
        "columns": [
            {"name": field.name, "type": str(field.type), "nullable": field.nullable} for field in batches.columns
        ],
    }


class _Published(GenerateJsonSchema):
    """Pydantic's JSON Schema, with the limits of decimals, and open to fields that a later writer adds."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002
        """Leave out titles that only repeat the field's name."""
        return False

    def decimal_schema(self, schema: core_schema.DecimalSchema) -> JsonSchemaValue:
        """Write a decimal's limits beside it; JSON Schema has none for numbers written as strings."""
        limits = {name: str(schema[limit]) for limit, name in _DECIMAL_LIMITS.items() if limit in schema}  # type: ignore[literal-required]
        return {"type": "string", "format": "decimal", **limits}

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        """Never forbid unknown fields: a consumer must ignore what a newer version adds."""
        made = super().model_schema(schema)
        made.pop("additionalProperties", None)
        return made

    def tagged_union_schema(self, schema: core_schema.TaggedUnionSchema) -> JsonSchemaValue:
        """Leave out the discriminator, which is a word of OpenAPI's; the constant in each kind says the same."""
        made = super().tagged_union_schema(schema)
        made.pop("discriminator", None)
        return made
