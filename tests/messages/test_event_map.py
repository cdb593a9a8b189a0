"""The event map names what exists, the code keeps to it, and the AsyncAPI document says the same."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from jsonschema import Draft7Validator

from schemas import topics
from schemas.batches import RecordBatches
from schemas.event import Event
from schemas.export import FOLDER
from schemas.topics import TOPICS, Topic

ROOT = FOLDER.parent
SERVICES = get_args(topics.Service)
MAP = json.loads((FOLDER / "asyncapi.json").read_text(encoding="utf-8"))
BY_NAME = pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)


def test_every_topic_of_the_page_is_in_the_list_once() -> None:
    on_page = [value for value in vars(topics).values() if isinstance(value, Topic)]
    assert sorted(topic.name for topic in on_page) == sorted({topic.name for topic in TOPICS})
    assert len(TOPICS) == len(on_page)


def test_each_event_and_record_batch_travels_on_one_topic() -> None:
    carried = [topic.carries.name for topic in TOPICS]
    assert len(set(carried)) == len(carried)
    events = {event.name for event in Event.__subclasses__() if event.__module__.startswith("schemas.")}
    assert events - set(carried) == set()


def test_the_services_of_the_map_are_those_that_exist() -> None:
    folders = {path.parent.name for path in (ROOT / "services").glob("*/migrations")} | {"gateway"}
    assert set(SERVICES) == folders


@BY_NAME
def test_a_topic_has_a_producer_and_a_consumer(topic: Topic) -> None:
    assert topic.producers
    assert topic.consumers


@BY_NAME
def test_a_key_is_made_of_fields_that_every_event_has(topic: Topic) -> None:
    if isinstance(topic.carries, RecordBatches):
        assert topic.key == "explicit"
    else:
        assert set(re.split(r":| or ", topic.key)) <= set(topic.carries.model_fields)


@BY_NAME
def test_a_compacted_value_says_which_of_two_is_the_later(topic: Topic) -> None:
    if topic.retention == "compact":
        assert not isinstance(topic.carries, RecordBatches)
        assert {"version", "revision"} & set(topic.carries.model_fields)


@BY_NAME
def test_no_event_carries_an_address_or_an_identity_number(topic: Topic) -> None:
    schema = (FOLDER / "json" / f"{topic.carries.schema_id()}.json").read_text(encoding="utf-8")
    names = set(re.findall(r'"(\w+)": \{|"name": "(\w+)"', schema))
    assert [
        name for name in names if re.search("mail|phone|address|personal|identity|organisation", "".join(name))
    ] == []


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_touches_every_topic_that_the_map_gives_it_and_no_other(service: str) -> None:
    own = {name for name, topic in vars(topics).items() if isinstance(topic, Topic) and service in parties(topic)}
    constants = {name for name, value in vars(topics).items() if isinstance(value, Topic)}
    assert touched(ROOT / "services" / service) & constants == own


def parties(topic: Topic) -> set[str]:
    return {*topic.producers, *topic.consumers}


def touched(service: Path) -> set[str]:
    return {
        alias.name
        for path in service.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.module == "schemas.topics"
        for alias in node.names
    }


def test_the_document_is_valid_asyncapi() -> None:
    path = ROOT / "deploy/frontend/node_modules/@asyncapi/specs/schemas/3.0.0.json"
    assert path.exists(), "AsyncAPI's own schema is not there; run: make test"
    schema = json.loads(path.read_text(encoding="utf-8"))
    assert [error.message[:200] for error in Draft7Validator(schema).iter_errors(MAP)] == []


def test_every_reference_of_the_document_leads_somewhere() -> None:
    for reference in references(MAP):
        file, _, way = reference.partition("#")
        target = json.loads((FOLDER / file).read_text(encoding="utf-8")) if file else MAP
        for step in filter(None, way.split("/")):
            target = target[step]
        assert target


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        yield from ([node["$ref"]] if "$ref" in node else [])
        yield from (found for value in node.values() for found in references(value))
    elif isinstance(node, list):
        yield from (found for value in node for found in references(value))


@BY_NAME
def test_the_document_says_of_each_topic_who_sends_and_who_receives_it(topic: Topic) -> None:
    channel = MAP["channels"][topic.name]
    assert channel["address"] == topic.name
    assert channel["bindings"]["kafka"]["partitions"] == topic.partitions
    told = [
        (operation["action"], operation["tags"][0]["name"])
        for operation in MAP["operations"].values()
        if operation["channel"]["$ref"] == f"#/channels/{topic.name}"
    ]
    sends, receives = [("send", name) for name in topic.producers], [("receive", name) for name in topic.consumers]
    assert sorted(told) == sorted(sends + receives)
