"""What is wrong with a message is told in words: which field, and what to write instead."""

import json
from collections.abc import Iterator
from copy import copy
from typing import Any

import pyarrow as pa
import pytest
from aiokafka.structs import ConsumerRecord

from schemas.batches import RecordBatches
from schemas.contracts import ContractChanged
from schemas.event import Event
from schemas.facilities import FacilityChanged
from schemas.grants import GrantsChanged
from schemas.power import DAILY_POWER_BATCHES, HOURLY_POWER_BATCHES
from schemas.price_lists import PriceListChanged
from schemas.readings import ReadingRefused
from schemas.topics import TOPICS
from schemas.weather import OutdoorTemperatureObserved
from services.common.consume import UndecodableError
from services.common.received import read_event, read_table
from tests import examples
from tests.builders import stream

EVENTS = [topic.carries for topic in TOPICS if not isinstance(topic.carries, RecordBatches)]
OF_LIBRARIES = (
    "Input",
    "input",
    "String ",
    "Field ",
    "Value ",
    "Extra ",
    "should ",
    "valid ",
    "Invalid",
    "Expected",
    "^",
)
ODD = [None, True, "", "x", -1, 0.5, 1e30, [], [1], {}, {"x": 1}, "2026-02-30", "2026-01-01T00:00:00", "x" * 300]

Place = tuple[str | int, ...]


def record(value: bytes) -> ConsumerRecord:
    return ConsumerRecord("any", 0, 0, 0, 1, None, value, None, 0, 0, ())


def said_of_event(kind: type[Event], value: bytes) -> str:
    """Give what is said of a message, nothing where it can be read."""
    try:
        read_event(record(value), kind)
    except UndecodableError as error:
        return str(error)
    return ""


def changed(document: Any, place: Place, value: Any) -> Any:
    """Give a document with another value at one place, or without it where the value is ...."""
    # Only what leads to the place is copied: of a long document that is little.
    other = copy(document)
    node = other
    for key in place[:-1]:
        node[key] = copy(node[key])
        node = node[key]
    if value is ...:
        del node[place[-1]]
    else:
        node[place[-1]] = value
    return other


def places(node: Any, above: Place = ()) -> Iterator[Place]:
    named = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, below in named:
        yield (*above, key)
        yield from places(below, (*above, key))


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.name)
def test_nothing_that_is_wrong_with_an_event_is_told_in_a_librarys_words(kind: type[Event]) -> None:
    said = set()
    for name in examples.names(kind):
        document = examples.text(kind, name)
        for place in places(document):
            for odd in (*ODD, ...):
                said.add(said_of_event(kind, json.dumps(changed(document, place, odd)).encode()))
        said |= {said_of_event(kind, json.dumps(whole).encode()) for whole in ODD}
    assert len(said) > 3
    assert [one for one in sorted(said) if any(word in one for word in OF_LIBRARIES)] == []


@pytest.mark.parametrize(
    ("kind", "name", "place", "value", "words"),
    [
        (ContractChanged, "until_the_sale", ("contract_number",), ..., "contract_number: it must be given"),
        (ContractChanged, "until_the_sale", ("version",), "two", "version: write a whole number, as in 12"),
        (ContractChanged, "until_the_sale", ("version",), 1.5, "version: write a whole number, as in 12"),
        (ContractChanged, "until_the_sale", ("terms",), {}, "terms: write a list, in square brackets"),
        (ContractChanged, "until_the_sale", ("powers", 0), 9, "powers.0: write an object with named fields, in braces"),
        (ContractChanged, "until_the_sale", ("powers", 0, "kw"), "-1", "powers.0.kw: it must be 0 or more"),
        (ContractChanged, "until_the_sale", ("powers", 0, "kw"), "ten", "powers.0.kw: write a number, as in 12.5"),
        (
            ContractChanged,
            "until_the_sale",
            ("terms", 0, "valid_from"),
            "2026-02-30",
            "terms.0.valid_from: write a day as in 2026-01-31",
        ),
        (ContractChanged, "until_the_sale", ("customer_id",), "C-1", "customer_id: write an id (UUID) as in "),
        (FacilityChanged, "house_without_points", ("category",), "castle", "category: write 'small_house', 'apart"),
        (GrantsChanged, "two_people", ("grants", 0, "level"), 7, "grants.0.level: write 'read', 'full' or"),
        (ReadingRefused, "resolved", ("read_at",), "2026-01-05T07:00:00", "read_at: write the time as in 2026-"),
        (ReadingRefused, "resolved", ("resolved",), "sometimes", "resolved: write true or false"),
        (
            OutdoorTemperatureObserved,
            "cold_night",
            ("values", 0, "celsius"),
            61,
            "values.0.celsius: it must be 60 or less",
        ),
        (
            PriceListChanged,
            "two_versions",
            ("versions", 0, "extension", "medium"),
            "steam",
            "versions.0.extension.medium: write 'heat' or 'cooling'",
        ),
    ],
)
def test_a_fault_of_an_event_names_the_field_and_what_to_write(
    kind: type[Event], name: str, place: Place, value: Any, words: str
) -> None:
    document = changed(examples.text(kind, name), place, value)
    assert said_of_event(kind, json.dumps(document).encode()).startswith(f"not what {kind.name} carries: {words}")


@pytest.mark.parametrize(
    ("value", "where"),
    [
        (b"", " at line 1, column 0"),
        (b'{"version":\n 1,', " at line 2, column 3"),
        (b"\xff\xfe", " at line 1, column 1"),
    ],
)
def test_what_is_no_json_is_told_with_its_place(value: bytes, where: str) -> None:
    said = said_of_event(ContractChanged, value)
    assert (
        said
        == f"not what contracts-changed carries: the whole: this is not JSON{where}; write one JSON object, in UTF-8"
    )


def test_of_many_faults_five_are_told_and_the_others_counted() -> None:
    said = said_of_event(ContractChanged, b"{}")
    assert said.count("it must be given") == 5
    assert said.endswith("; and 3 more")


HOURS = examples.record_batch(HOURLY_POWER_BATCHES, "a_night")


def hours_with(**columns: pa.Array) -> bytes:
    named = {name: HOURS.column(name) for name in HOURS.schema.names} | columns
    return stream(pa.RecordBatch.from_pydict(named))


def said_of_table(batches: RecordBatches, value: bytes) -> str:
    with pytest.raises(UndecodableError) as refused:
        read_table(record(value), batches)
    said = str(refused.value)
    assert [word for word in OF_LIBRARIES if word in said] == []
    return said.removeprefix(f"not what {batches.name} carries: ")


def many(value: Any, kind: pa.DataType | None = None) -> pa.Array:
    return pa.array([value] * HOURS.num_rows, kind)


@pytest.mark.parametrize(
    ("column", "words"),
    [
        (many("4711 and more"), "point_id: write it as int32; a value of what is there, string, does not fit"),
        (many(2**40), "point_id: write it as int32; a value of what is there, int64, does not fit"),
        (many({"x": 1}), "point_id: write it as int32; a value of what is there, struct<x: int64>, does not fit"),
        (many(None, pa.int32()), "point_id: it must be given in every row"),
    ],
)
def test_a_fault_of_a_record_batch_names_the_column_and_what_to_write(column: pa.Array, words: str) -> None:
    assert said_of_table(HOURLY_POWER_BATCHES, hours_with(point_id=column)) == words


def test_every_column_that_is_missing_or_there_twice_is_named() -> None:
    days = examples.record_batch(DAILY_POWER_BATCHES, "a_day_undone").drop_columns(["day", "energy_wh"])
    missing = "day: the column is missing; energy_wh: the column is missing"
    assert said_of_table(DAILY_POWER_BATCHES, stream(days)) == missing
    twice = HOURS.append_column(HOURS.schema.field("revision"), HOURS.column("revision"))
    assert said_of_table(HOURLY_POWER_BATCHES, stream(twice)) == "revision: the column is there twice; leave one out"


@pytest.mark.parametrize("value", [b"", b"noise", b"\xff\xff\xff\xff" * 20, hours_with()[:200]])
def test_what_is_no_arrow_stream_is_told_as_that(value: bytes) -> None:
    words = ("this is no Arrow stream, or a part of one; send the whole of", "there are no rows; send at least one")
    assert said_of_table(HOURLY_POWER_BATCHES, value).startswith(words)
