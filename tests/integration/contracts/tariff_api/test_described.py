"""The interface does what its OpenAPI document says, whatever it is asked, also what the document does not allow."""

from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import given, settings
from jsonschema import Draft202012Validator
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    positive_data_acceptance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from tests.integration.contracts.tariff_api.draft import DRAFT
from tests.integration.contracts.tariff_api.lists import PriceLists, tariff, today

EXAMPLES = 40
DECLARED = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
    unsupported_method,
]
OPERATIONS = [
    ("/info", "GET"),
    ("/tariffs", "GET"),
    ("/tariffs/{id}", "GET"),
    ("/tariffs/search", "POST"),
    ("/prices", "GET"),
]
WITH_INPUT = OPERATIONS[2:]
"""What can be asked in a way that the document does not allow."""


@pytest.fixture(scope="module")
def described(api: httpx.Client) -> dict[str, Any]:
    return dict(api.get("/tariff-api/openapi.json").json())


def test_the_operations_are_the_drafts(described: dict[str, Any]) -> None:
    named = {
        operation["operationId"]: f"{method.upper()} {path}"
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    }
    assert named == {
        "GetInfo": "GET /info",
        "GetTariffs": "GET /tariffs",
        "GetTariffById": "GET /tariffs/{id}",
        "SearchTariffs": "POST /tariffs/search",
        "GetPrices": "GET /prices",
    }
    assert described["servers"] == [{"url": "/tariff-api"}]


@pytest.mark.parametrize("name", ["Tariff", "PriceListEntry", "InfoResponse", "TariffMapping", "ActivePeriod"])
def test_a_document_is_described_with_the_drafts_fields(described: dict[str, Any], name: str) -> None:
    ours, drafts = described["components"]["schemas"][name], DRAFT["definitions"][name]
    assert set(ours["properties"]) | {"identityProviderUrl"} == set(drafts["properties"]) | {"identityProviderUrl"}
    assert set(drafts["required"]) <= set(ours["required"])


def test_every_schema_is_one(described: dict[str, Any]) -> None:
    for schema in described["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_numbers_are_described_as_numbers_and_nothing_as_null(described: dict[str, Any]) -> None:
    assert described["components"]["schemas"]["Price"]["properties"]["priceExVat"]["type"] == "number"
    assert "null" not in str(described["components"])


@pytest.mark.parametrize(
    ("path", "method", "mode"),
    [(*one, GenerationMode.POSITIVE) for one in OPERATIONS] + [(*one, GenerationMode.NEGATIVE) for one in WITH_INPUT],
)
def test_whatever_is_asked_is_answered_as_described(
    api: httpx.Client, lists: PriceLists, described: dict[str, Any], path: str, method: str, mode: GenerationMode
) -> None:
    lists.put(tariff(lists.product, today().year))
    document = schemathesis.openapi.from_dict(described)
    checks = list(DECLARED)
    # That one of two must be given is nothing that such a document can say.
    if path != "/prices":
        checks.append(positive_data_acceptance)

    @given(case=document[path][method].as_strategy(generation_mode=mode))
    @settings(max_examples=EXAMPLES)
    def ask(case: Any) -> None:
        case.call_and_validate(base_url=f"{api.base_url}/tariff-api", headers=dict(api.headers), checks=checks)

    ask()


def test_whenever_a_known_product_is_asked_for_it_is_answered_as_described(
    api: httpx.Client, lists: PriceLists, described: dict[str, Any]
) -> None:
    lists.put(tariff(lists.product, today().year))
    document = schemathesis.openapi.from_dict(described)

    @given(case=document["/prices"]["GET"].as_strategy(generation_mode=GenerationMode.POSITIVE))
    @settings(max_examples=EXAMPLES)
    def ask(case: Any) -> None:
        case.query = {**(case.query or {}), "product": lists.product}
        case.query.pop("componentId", None)
        answer = case.call(base_url=f"{api.base_url}/tariff-api")
        assert answer.status_code in (200, 400), answer.text
        case.validate_response(answer, checks=[content_type_conformance, response_schema_conformance])

    ask()
