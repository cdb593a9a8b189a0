"""Each example is what its schema says, and is read by a service one version behind or ahead."""

import json
from typing import Any

import pyarrow as pa
import pytest
from jsonschema import Draft202012Validator, FormatChecker

from schemas.batches import RecordBatches
from schemas.event import Event
from schemas.export import FOLDER, published
from schemas.topics import TOPICS
from tests import examples

EVENTS = [topic.carries for topic in TOPICS if not isinstance(topic.carries, RecordBatches)]
BATCHES = [topic.carries for topic in TOPICS if isinstance(topic.carries, RecordBatches)]
OF_EVENTS = [pytest.param(kind, name, id=f"{kind.name}/{name}") for kind in EVENTS for name in examples.names(kind)]
OF_BATCHES = [pytest.param(kind, name, id=f"{kind.name}/{name}") for kind in BATCHES for name in examples.names(kind)]


def exported(schema_id: str) -> Any:
    return json.loads((FOLDER / "json" / f"{schema_id}.json").read_text(encoding="utf-8"))


def test_every_published_version_has_an_example_and_every_example_a_version() -> None:
    with_examples = {f"{path.parent.parent.name}/{path.parent.name}" for path in examples.FOLDER.glob("*/*/*.json")}
    assert with_examples == set(published(FOLDER / "json"))


def test_every_example_is_valid_under_the_published_schema_of_its_version() -> None:
    for path in examples.FOLDER.glob("*/*/*.json"):
        schema = exported(f"{path.parent.parent.name}/{path.parent.name}")
        if "columns" not in schema:
            Draft202012Validator.check_schema(schema)
            validator = Draft202012Validator(schema, format_checker=FormatChecker())
            assert list(validator.iter_errors(json.loads(path.read_text(encoding="utf-8")))) == [], path


@pytest.mark.parametrize(("kind", "name"), OF_EVENTS)
def test_an_event_read_and_written_again_is_the_same(kind: type[Event], name: str) -> None:
    assert json.loads(examples.event(kind, name).to_bytes()) == examples.text(kind, name)


@pytest.mark.parametrize(("kind", "name"), OF_EVENTS)
def test_fields_that_a_newer_writer_adds_anywhere_are_ignored(kind: type[Event], name: str) -> None:
    newer = json.dumps(with_more(examples.text(kind, name))).encode()
    assert kind.from_bytes(newer) == examples.event(kind, name)


def with_more(node: Any) -> Any:
    """Add a field of a later version to every object."""
    if isinstance(node, dict):
        return {key: with_more(value) for key, value in node.items()} | {"of_a_later_version": {"kw": "1.5"}}
    return [with_more(one) for one in node] if isinstance(node, list) else node


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.name)
def test_fields_that_an_older_writer_did_not_know_may_be_missing(kind: type[Event]) -> None:
    required = exported(kind.schema_id())["required"]
    for name in examples.names(kind):
        older = {key: value for key, value in examples.text(kind, name).items() if key in required}
        assert kind.from_bytes(json.dumps(older).encode()) is not None


@pytest.mark.parametrize(("batches", "name"), OF_BATCHES)
def test_rows_keep_to_the_published_columns(batches: RecordBatches, name: str) -> None:
    columns = exported(batches.schema_id())["columns"]
    for row in examples.text(batches, name):
        assert list(row) == [column["name"] for column in columns]
        assert [key for column in columns if row[key := column["name"]] is None and not column["nullable"]] == []


@pytest.mark.parametrize(("batches", "name"), OF_BATCHES)
def test_record_batches_read_and_written_again_are_the_same(batches: RecordBatches, name: str) -> None:
    with pa.ipc.open_stream(examples.message(batches, name)) as stream:
        assert stream.schema.equals(batches.columns)
        read = stream.read_all()
    assert read.to_batches()[0].equals(examples.record_batch(batches, name))
    told = [{key: written(value) for key, value in row.items()} for row in read.to_pylist()]
    assert told == examples.text(batches, name)


def written(value: Any) -> Any:
    return value.isoformat().replace("+00:00", "Z") if hasattr(value, "isoformat") else value
