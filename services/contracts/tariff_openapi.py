"""The OpenAPI document of the tariff interface, made of the documents that it answers with."""

from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue, models_json_schema
from pydantic_core import core_schema

from services.contracts.core.tariff_answers import (
    API_VERSION,
    InfoResponse,
    PricesResponse,
    ProblemDetails,
    TariffResponse,
    TariffsResponse,
    TariffsSearchRequest,
    TariffsSearchResponse,
)
from services.contracts.core.tariff_questions import DATE_PATTERN, TIME_PATTERN, UUID_PATTERN

ANSWERS = (InfoResponse, TariffsResponse, TariffResponse, TariffsSearchResponse, PricesResponse, ProblemDetails)
REF = "#/components/schemas/{model}"
JSON = "application/json"
ERRORS = {
    400: "The request does not fit.",
    401: "There is no token, or it is not known.",
    403: "One of the facilities is not one's own.",
    404: "There is no such thing.",
    405: "Nothing is done with that method here.",
    408: "The body took too long.",
    413: "The body is too large.",
    415: "The body is not application/json.",
    429: "Too many requests from one address; see Retry-After.",
    501: "This is not offered here.",
    503: "It cannot be answered now; see Retry-After.",
}
EVERYWHERE = (400, 405, 429, 501, 503)
OF_BODIES = (408, 413, 415)
QUERY: dict[str, tuple[dict[str, Any], str]] = {
    "componentId": ({"type": "string", "format": "uuid", "pattern": UUID_PATTERN}, "A price component."),
    "product": (
        {"type": "string", "minLength": 1, "maxLength": 200},
        "A product, for its energy's price; needed where componentId is not given, which counts before it.",
    ),
    "date": ({"type": "string", "format": "date", "pattern": DATE_PATTERN}, "A day; counts before a span."),
    "fromIncluding": (
        {"type": "string", "format": "date-time", "pattern": TIME_PATTERN},
        "From when on; today where it is not given.",
    ),
    "toExcluding": (
        {"type": "string", "format": "date-time", "pattern": TIME_PATTERN},
        "Up to when; seven days later where it is not given.",
    ),
}


class _AsAnswered(GenerateJsonSchema):
    """What is answered: decimals are numbers, and what is not known is left out, never null."""

    def decimal_schema(self, schema: core_schema.DecimalSchema) -> JsonSchemaValue:
        limits = {"minimum": schema.get("ge"), "maximum": schema.get("le")}
        return {"type": "number", **{name: float(limit) for name, limit in limits.items() if limit is not None}}

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def field_is_required(
        self,
        field: core_schema.ModelField | core_schema.DataclassField | core_schema.TypedDictField,
        total: bool,  # noqa: ARG002 - pydantic's own signature
    ) -> bool:
        inner = field["schema"]
        return inner["type"] != "default" or inner.get("default") is not None


def document(prefix: str) -> dict[str, Any]:
    """Give the document of an interface that answers below a prefix."""
    modes: list[tuple[type[Any], JsonSchemaMode]] = [(one, "serialization") for one in ANSWERS]
    modes.append((TariffsSearchRequest, "validation"))
    _, schemas = models_json_schema(modes, schema_generator=_AsAnswered, ref_template=REF)
    return {
        "openapi": "3.1.0",
        "info": {"title": "District Heating Tariff API", "version": API_VERSION},
        "servers": [{"url": prefix}],
        "paths": _paths(),
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {"BearerAuth": {"type": "http", "scheme": "bearer"}},
        },
    }


def _paths() -> dict[str, Any]:
    tariff_id = _parameter("path", "id", {"type": "string", "format": "uuid", "pattern": UUID_PATTERN}, "Its id.")
    query = [_parameter("query", name, schema, words) for name, (schema, words) in QUERY.items()]
    search = _operation("SearchTariffs", TariffsSearchResponse, (401, 403, 404, *OF_BODIES)) | {
        "security": [{"BearerAuth": []}],
        "requestBody": {"required": True, "content": _content(TariffsSearchRequest)},
    }
    return {
        "/info": {"get": _operation("GetInfo", InfoResponse)},
        "/tariffs": {"get": _operation("GetTariffs", TariffsResponse)},
        "/tariffs/{id}": {"get": _operation("GetTariffById", TariffResponse, (404,)) | {"parameters": [tariff_id]}},
        "/tariffs/search": {"post": search},
        "/prices": {"get": _operation("GetPrices", PricesResponse, (404,)) | {"parameters": query}},
    }


def _operation(name: str, answer: type[Any], errors: tuple[int, ...] = ()) -> dict[str, Any]:
    refused = {
        str(status): {"description": ERRORS[status], "content": _content(ProblemDetails)}
        for status in sorted((*EVERYWHERE, *errors))
    }
    said = (answer.__doc__ or "").strip()
    return {"operationId": name, "responses": {"200": {"description": said, "content": _content(answer)}, **refused}}


def _content(model: type[Any]) -> dict[str, Any]:
    return {JSON: {"schema": {"$ref": REF.format(model=model.__name__)}}}


def _parameter(where: str, name: str, schema: dict[str, Any], words: str) -> dict[str, Any]:
    return {"name": name, "in": where, "required": where == "path", "description": words, "schema": schema}
