"""A person is told in plain words what to write instead, whatever is wrong with a document or parameter."""

from collections.abc import Iterator
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from schemas.price_list_terms import PriceListTerms
from schemas.short_price_lists import ShortPriceList
from services.alerts.api import RuleDocument, SuggestionRequest
from services.billing import api as billing
from services.common.faults import PATTERN_WORDS, reason, without_consequences
from services.contracts.core import documents as contracts
from services.contracts.determinations_api import DeterminationRequest
from services.contracts.power_runs_api import ApprovalRequest, RunRequest
from services.ingest.core import documents as ingest
from services.ingest.core import edits
from services.ingest.explaining_api import Month
from services.permissions.api import GrantDocument, LinkRequest, LogIn, Person

DOCUMENTS: list[type[BaseModel]] = [
    contracts.Network,
    contracts.Facility,
    contracts.MeteringPoint,
    contracts.Customer,
    contracts.Contract,
    contracts.ContractRow,
    DeterminationRequest,
    RunRequest,
    ApprovalRequest,
    PriceListTerms,
    ShortPriceList,
    ingest.Source,
    ingest.Station,
    ingest.Meter,
    ingest.MeterRow,
    ingest.Temperatures,
    edits.Correct,
    edits.Settle,
    edits.Replay,
    Person,
    GrantDocument,
    LinkRequest,
    LogIn,
    RuleDocument,
    SuggestionRequest,
]
PARAMETERS: list[Any] = [Month, billing.Month, billing.Year, billing.Limit, billing.Before, billing.After]
UNSHOWN = "never-shown"
WHOLES: list[Any] = [None, UNSHOWN, [], {}, {UNSHOWN: UNSHOWN}]
ODD = [None, True, "", " ", "a b", UNSHOWN, f"{UNSHOWN}@", "x" * 1000, "tab\there", "-1", "1.5", "1e40", -1, 0.5, 1e30]
ODD_DAYS = ["2026-02-30", "2026-01-05T07:00:00", "1900-01-01", "2100-01-01", "1900-01-01T00:00:00Z", 12]
ODD_PARTS = [[], [UNSHOWN], {}, {UNSHOWN: 1}, [{}], [{UNSHOWN: UNSHOWN}], [{"type": UNSHOWN}], [{"type": "powerPrice"}]]
OF_PYDANTIC = ("Input ", "input", "String ", "Field ", "Value ", "Extra ", "Decimal ", "Datetime ", "should ", "valid ")


def faults_of(kind: type[BaseModel], document: Any) -> list[Any]:
    try:
        kind.model_validate(document)
    except ValidationError as error:
        return list(error.errors())
    return []


def all_faults() -> Iterator[Any]:
    for kind in DOCUMENTS:
        for document in WHOLES:
            if kind is not ingest.MeterRow or isinstance(document, dict):  # Lines of a file are always named fields.
                yield from faults_of(kind, document)
        for name in kind.model_fields:
            for odd in (*ODD, *ODD_DAYS, *ODD_PARTS):
                if kind is not ingest.MeterRow or isinstance(odd, str):
                    yield from faults_of(kind, {name: odd})


def test_no_fault_of_our_documents_is_told_in_pydantics_words_or_with_the_value() -> None:
    told = {(fault["type"], reason(fault)) for fault in all_faults()}
    assert {kind for kind, _ in told} >= {
        *("missing", "extra_forbidden", "string_type", "string_pattern_mismatch", "string_too_long", "enum"),
        *(
            "literal_error",
            "int_type",
            "float_type",
            "decimal_parsing",
            "bool_type",
            "date_from_datetime_parsing",
            "uuid_parsing",
        ),
        *("timezone_aware", "greater_than", "less_than_equal", "tuple_type", "model_type", "union_tag_invalid"),
    }
    assert [one for one in sorted(told) if any(word in one[1] for word in (*OF_PYDANTIC, UNSHOWN, "^"))] == []


def patterns(schema: Any) -> Iterator[str]:
    for value in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        yield from patterns(value)
    if isinstance(schema, dict) and isinstance(schema.get("pattern"), str):
        yield schema["pattern"]


def test_every_pattern_of_ours_has_words() -> None:
    of_documents = {one for kind in DOCUMENTS for one in patterns(kind.model_json_schema())}
    of_parameters = {one for kind in PARAMETERS for one in patterns(TypeAdapter(kind).json_schema())}
    # Those of decimals are pydantic's own, and a decimal that does not fit is told of as a number.
    assert {one for one in of_documents | of_parameters if not one.startswith("^(?!^[-+.]*$)")} == set(PATTERN_WORDS)


FACILITY = {"name": "Villa Ek", "address": "Ekvägen 1", "category": "small_house", "network_id": "north"}
CONTRACT_ROW = {"customer_number": "C1", "metering_point": "P1", "valid_from": "2026-01-01", "price_list_id": "bas"}
RULE = {"point_id": 1, "quantity": "power"}


@pytest.mark.parametrize(
    ("kind", "document", "field", "words"),
    [
        (contracts.Facility, FACILITY | {"name": 7}, "name", "write a text, in quotation marks"),
        (contracts.Facility, FACILITY | {"name": " "}, "name", "it must not be empty"),
        (contracts.Facility, FACILITY | {"name": "x" * 201}, "name", "write at most 200 characters"),
        (contracts.Facility, FACILITY | {"category": "castle"}, "category", "write 'small_house', "),
        (contracts.Facility, FACILITY | {"network_id": "a b"}, "network_id", "write 1 to 40 letters, digits, dots, "),
        (contracts.Facility, FACILITY | {"colour": "red"}, "colour", "there is no such field; leave it out"),
        (contracts.Facility, {"name": "Villa Ek"}, "address", "it must be given"),
        (contracts.ContractRow, CONTRACT_ROW | {"valid_from": "1 May"}, "valid_from", "write a day as in 2026-01-31"),
        (
            contracts.ContractRow,
            CONTRACT_ROW | {"valid_from": "1989-12-31"},
            "valid_from",
            "it must be 1990-01-01 or later",
        ),
        (contracts.ContractRow, CONTRACT_ROW | {"kw": "ten"}, "kw", "write a number, as in 12.5"),
        (contracts.ContractRow, CONTRACT_ROW | {"kw": "9.125"}, "kw", "write at most 2 decimals"),
        (contracts.ContractRow, CONTRACT_ROW | {"kw": "1000001"}, "kw", "it must be 1000000 or less"),
        (contracts.Contract, {"terms": []}, "terms", "it must not be empty"),
        (DeterminationRequest, {"metering_point": "P1", "winter": "2019"}, "winter", "write a winter as its two years"),
        (ingest.Meter, {"modulus_wh": "1000"}, "modulus_wh", "write a whole number, as in 12"),
        (ingest.Source, {"renew_key": "yes"}, "renew_key", "write true or false, without quotation marks"),
        (RuleDocument, RULE | {"summer_limit": float("nan")}, "summer_limit", "write a number, as in 12.5"),
        (RuleDocument, RULE | {"user_id": "anna"}, "user_id", "write an id (UUID) as in "),
        (Person, {"name": "Anna", "email": "anna"}, "email", "write one e-mail address, as in "),
    ],
)
def test_a_fault_says_what_to_write_instead(kind: type[BaseModel], document: Any, field: str, words: str) -> None:
    told = {str(fault["loc"][0]): reason(fault) for fault in faults_of(kind, document)}
    assert told[field].startswith(words)


def test_a_rare_fault_is_told_in_pydantics_words() -> None:
    with pytest.raises(ValidationError) as raised:
        TypeAdapter(bytes).validate_python(12)
    assert reason(raised.value.errors()[0]) == "Input should be a valid bytes"


class Rooms(BaseModel):
    """A list that must not be empty, of numbers."""

    areas: Annotated[tuple[int, ...], Field(min_length=1)]


@pytest.mark.parametrize(
    ("areas", "kinds"), [(["x"], ["int_parsing"]), ([], ["too_short"]), (["x", "y"], ["int_parsing", "int_parsing"])]
)
def test_a_list_is_empty_only_where_nothing_was_written_in_it(areas: list[str], kinds: list[str]) -> None:
    found = without_consequences(faults_of(Rooms, {"areas": areas}))
    assert [fault["type"] for fault in found] == kinds
