"""The draft's own documents, written from its text: what every answer is held against."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
from jsonschema import Draft7Validator, FormatChecker

DRAFT = json.loads((Path(__file__).parent / "draft_0_1_0.json").read_text())


def holds(document: Any, name: str) -> Any:
    """Hold a document against the draft's document of that name."""
    schema = {"$ref": f"#/definitions/{name}", **DRAFT}
    faults = [
        f"{fault.json_path}: {fault.message[:200]}"
        for fault in Draft7Validator(schema, format_checker=FormatChecker()).iter_errors(document)
    ]
    assert faults == []
    return document


def answered(answer: httpx.Response, name: str) -> Any:
    """Take an answer's document, held against the draft's, with its numbers to the last digit."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    holds(json.loads(answer.text), name)
    return json.loads(answer.text, parse_float=Decimal, parse_int=Decimal)


def refused(answer: httpx.Response, status: int) -> str:
    """Take what an error says, held against the draft's only form of it."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    problem = holds(answer.json(), "ProblemDetails")
    assert problem["status"] == status
    return " ".join([problem["detail"], *(f"{one['field']}: {one['reason']}" for one in problem.get("errors", []))])
