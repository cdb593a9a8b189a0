"""A message says what it is and in which version; a service reads its own and older ones, and never a newer one."""

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from aiokafka.structs import ConsumerRecord
from hypothesis import given
from hypothesis import strategies as st

from schemas.batches import RecordBatches
from schemas.contracts import ContractChanged
from schemas.event import Event, header, require_schema
from schemas.power import DAILY_POWER_BATCHES, HOURLY_POWER_BATCHES
from schemas.price_lists import PriceListChanged
from schemas.topics import CONTRACTS_CHANGED, DAILY_POWER, HOURLY_POWER, PRICE_LISTS_CHANGED, Topic
from services.alerts.decode import days_touched, hours_touched
from services.billing.handlers import Handlers as BillingHandlers
from services.common.consume import UndecodableError
from services.common.received import read_event
from services.permissions.handlers import ContractHandlers
from tests import examples
from tests.builders import stream

STOCKHOLM = ZoneInfo("Europe/Stockholm")

Headers = list[tuple[str, Any]]


class Exchanged(Event):
    name: ClassVar[str] = "meter-exchanged"
    schema_version: ClassVar[int] = 3


def headers(text: str) -> Headers:
    return [("correlation-id", b"1"), ("schema", text.encode())]


@pytest.mark.parametrize("version", [1, 2, 3])
def test_a_message_of_this_version_or_an_older_one_is_read(version: int) -> None:
    assert require_schema(headers(f"meter-exchanged/{version}"), Exchanged) == version


@pytest.mark.parametrize("given_headers", [None, [], [("other", b"x")], [("schema", None)]])
def test_a_message_that_does_not_say_is_of_version_1(given_headers: Headers | None) -> None:
    assert require_schema(given_headers, Exchanged) == 1


@pytest.mark.parametrize("version", ["4", "99", "999999"])
def test_a_message_of_a_newer_version_is_refused_and_says_what_to_do(version: str) -> None:
    with pytest.raises(ValueError, match=r"up to version 3; bring the service up to date"):
        require_schema(headers(f"meter-exchanged/{version}"), Exchanged)


def test_a_message_of_another_event_is_refused() -> None:
    with pytest.raises(ValueError, match="the message is 'invoices/1', and 'meter-exchanged' was expected here"):
        require_schema(headers("invoices/1"), Exchanged)


@pytest.mark.parametrize(
    "text", ["", "meter-exchanged", "meter-exchanged/", "/1", "meter-exchanged/0", "meter-exchanged/-1",
             "meter-exchanged/01", "meter-exchanged/1.0", "meter-exchanged/1 ", "meter-exchanged/\u0661", "a/b/1"]
)  # fmt: skip
def test_a_header_that_is_no_name_and_version_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="it must be a name and a version, as in 'meter-exchanged/1'"):
        require_schema(headers(text), Exchanged)


@given(value=st.binary(max_size=300))
def test_no_bytes_in_the_header_do_other_than_be_read_or_refused(value: bytes) -> None:
    with suppress(ValueError):
        assert require_schema([("schema", value)], Exchanged) in (1, 2, 3)


def test_a_long_header_is_not_repeated_in_full() -> None:
    with pytest.raises(ValueError, match="x") as refused:
        require_schema(headers("x" * 100_000), Exchanged)
    assert len(str(refused.value)) < 300


def test_a_header_without_a_value_counts_as_absent() -> None:
    assert header([("correlation-id", None), ("correlation-id", b"7")], "correlation-id") == "7"


def record(topic: Topic, value: bytes | None, given_headers: Headers) -> ConsumerRecord:
    return ConsumerRecord(topic.name, 0, 0, 0, 1, None, value, None, 0, 0, tuple(given_headers))


def billing(message: ConsumerRecord) -> Any:
    return BillingHandlers().decode(message)


def permissions(message: ConsumerRecord) -> Any:
    return ContractHandlers(STOCKHOLM).decode(message)


def alerts_by_day(message: ConsumerRecord) -> Any:
    return days_touched(message, STOCKHOLM)


Decode = Callable[[ConsumerRecord], Any]
DECODERS = pytest.mark.parametrize(
    ("decode", "topic"),
    [
        pytest.param(permissions, CONTRACTS_CHANGED, id="permissions, contracts"),
        pytest.param(billing, CONTRACTS_CHANGED, id="billing, contracts"),
        pytest.param(billing, PRICE_LISTS_CHANGED, id="billing, price lists"),
        pytest.param(billing, DAILY_POWER, id="billing, days"),
        pytest.param(hours_touched, HOURLY_POWER, id="alerts, hours"),
        pytest.param(alerts_by_day, DAILY_POWER, id="alerts, days"),
    ],
)


@DECODERS
def test_each_service_reads_the_examples_of_its_topics(decode: Decode, topic: Topic) -> None:
    for name in examples.names(topic.carries):
        message = examples.message(topic.carries, name)
        plain = decode(record(topic, message, []))
        assert plain == decode(record(topic, message, headers(topic.carries.schema_id())))
        assert plain == decode(record(topic, newer(topic, message), headers(topic.carries.schema_id())))


def newer(topic: Topic, message: bytes) -> bytes:
    """Write a message as the next optional field or column makes it."""
    if not isinstance(topic.carries, RecordBatches):
        return json.dumps(json.loads(message) | {"of_a_later_version": "x"}).encode()
    with pa.ipc.open_stream(message) as batches:
        (batch,) = list(batches)
    return stream(batch.append_column("of_a_later_version", pa.array(["x"] * batch.num_rows)))


@DECODERS
@pytest.mark.parametrize("text", ["{name}/99", "other-event/1", "{name}"])
def test_each_service_refuses_what_is_newer_or_something_else(decode: Decode, topic: Topic, text: str) -> None:
    message = examples.message(topic.carries, examples.names(topic.carries)[0])
    with pytest.raises(UndecodableError, match=r"the message is|the header schema is"):
        decode(record(topic, message, headers(text.format(name=topic.carries.name))))


@DECODERS
@given(value=st.binary(max_size=200))
def test_noise_is_refused_by_each_service_and_ends_none(decode: Decode, topic: Topic, value: bytes) -> None:
    with pytest.raises(UndecodableError):
        decode(record(topic, value, []))


@DECODERS
def test_a_message_without_a_value_is_refused(decode: Decode, topic: Topic) -> None:
    with pytest.raises(UndecodableError):
        decode(record(topic, None, []))


@DECODERS
def test_a_message_that_is_cut_off_anywhere_is_refused(decode: Decode, topic: Topic) -> None:
    message = examples.message(topic.carries, examples.names(topic.carries)[0])
    # An Arrow stream may lack its end mark, and JSON its closing line.
    for length in range(0, len(message) - 8, 7):
        with pytest.raises(UndecodableError):
            decode(record(topic, message[:length], []))


def hours_with_points(column: pa.Array) -> ConsumerRecord:
    batch = examples.record_batch(HOURLY_POWER_BATCHES, "an_hour_undone")
    fields = {name: batch.column(name) for name in batch.schema.names} | {"point_id": column}
    return record(HOURLY_POWER, stream(pa.RecordBatch.from_pydict(fields)), [])


@pytest.mark.parametrize("column", [pa.array([{"x": 1}]), pa.array([None], pa.int32()), pa.array([2**40])])
def test_a_column_that_does_not_fit_is_refused_and_ends_no_process(column: pa.Array) -> None:
    with pytest.raises(UndecodableError):
        hours_touched(hours_with_points(column))


def test_a_column_of_a_wider_type_is_read_where_its_values_fit() -> None:
    assert list(hours_touched(hours_with_points(pa.array([4711], pa.int64())))) == [4711]


@pytest.mark.parametrize(("decode", "topic"), [(hours_touched, HOURLY_POWER), (alerts_by_day, DAILY_POWER)])
def test_a_message_without_rows_is_refused(decode: Decode, topic: Topic) -> None:
    batch = examples.record_batch(topic.carries, examples.names(topic.carries)[0])  # type: ignore[arg-type]
    with pytest.raises(UndecodableError, match="there are no rows"):
        decode(record(topic, stream(batch.slice(0, 0)), []))


def test_what_is_missing_or_wrong_is_told_by_place_and_without_the_value() -> None:
    text = examples.text(ContractChanged, "until_the_sale")
    text["customer_id"], text["terms"][1]["valid_from"] = "800101-1234", None
    with pytest.raises(UndecodableError) as refused:
        read_event(record(CONTRACTS_CHANGED, json.dumps(text).encode(), []), ContractChanged)
    assert "customer_id: " in str(refused.value)
    assert "terms.1.valid_from: " in str(refused.value)
    assert "800101-1234" not in str(refused.value)


def test_a_column_that_is_missing_is_named() -> None:
    days = examples.record_batch(DAILY_POWER_BATCHES, "a_day_undone").drop_columns(["day"])
    with pytest.raises(UndecodableError, match="not what daily-power carries: day: the column is missing"):
        billing(record(DAILY_POWER, stream(days), []))


def test_unknown_fields_within_a_price_list_do_not_stop_billing() -> None:
    text = examples.text(PriceListChanged, "two_versions")
    text["versions"][0]["tariffs"][0]["energyPrice"]["components"][0]["price"]["green"] = True
    assert billing(record(PRICE_LISTS_CHANGED, json.dumps(text).encode(), [])) == examples.event(
        PriceListChanged, "two_versions"
    )
