"""On a real broker: what a newer producer writes goes aside with its cause or is read, and stops nobody."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import ConsumerRecord

from deploy.local.services import PERMISSIONS
from deploy.local.stack import Stack
from schemas.contracts import ContractChanged
from schemas.event import SCHEMA_HEADER, header
from schemas.topics import CONTRACTS_CHANGED
from services.common.kafka import Outgoing, send_all, start_producer
from tests import examples
from tests.running import running

TIMEOUT_S = 20
LONG_AGO = {"valid_from": "1990-01-01", "valid_to": "1991-07-01", "price_list_id": "bas-1990"}
"""Before anything that other tests on the same stack bill or look at."""


@pytest.fixture(scope="module")
def following(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The permissions service, which follows contracts-changed."""
    with running(stack, PERMISSIONS, tmp_path_factory.mktemp("permissions") / "log"):
        yield


def contract(contract_id: UUID, **more: Any) -> bytes:
    text = (
        examples.text(ContractChanged, "until_the_sale") | {"contract_id": str(contract_id), "terms": [LONG_AGO]} | more
    )
    return json.dumps(text).encode()


def send(stack: Stack, contract_id: UUID, value: bytes, schema: str) -> None:
    message = Outgoing(
        CONTRACTS_CHANGED.name, value, str(contract_id).encode(), headers=[(SCHEMA_HEADER, schema.encode())]
    )

    async def deliver() -> None:
        producer = await start_producer(stack.kafka.bootstrap)
        try:
            await send_all(producer, [message])
        finally:
            await producer.stop()

    asyncio.run(deliver())


def periods(stack: Stack, contract_id: UUID) -> list[Any]:
    with psycopg.connect(stack.admin_dsn) as connection:
        query = (
            "SELECT (valid_from AT TIME ZONE 'Europe/Stockholm')::date,"
            "       (valid_to AT TIME ZONE 'Europe/Stockholm')::date"
            "  FROM permissions.contract_period WHERE contract_id = %s"
        )
        return connection.execute(query, [contract_id]).fetchall()


def dead_letter(stack: Stack, contract_id: UUID) -> ConsumerRecord:
    async def read() -> ConsumerRecord:
        consumer = AIOKafkaConsumer(bootstrap_servers=stack.kafka.bootstrap, auto_offset_reset="earliest")
        await consumer.start()
        try:
            consumer.assign([TopicPartition(CONTRACTS_CHANGED.dead, 0)])
            async with asyncio.timeout(TIMEOUT_S):
                while True:
                    record = await consumer.getone()
                    if record.key == str(contract_id).encode():
                        return record
        finally:
            await consumer.stop()

    return asyncio.run(read())


def wait_for(is_true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + TIMEOUT_S
    while not is_true():
        assert time.monotonic() < deadline, "did not come true in time"
        time.sleep(0.1)


def test_a_version_of_the_future_goes_to_the_dead_letters_and_the_next_message_is_read(
    stack: Stack, following: None
) -> None:
    future, present = uuid4(), uuid4()
    send(stack, future, contract(future), "contracts-changed/99")
    send(stack, present, contract(present), "contracts-changed/1")
    wait_for(lambda: periods(stack, present) != [])
    assert periods(stack, future) == []
    dead = dead_letter(stack, future)
    assert dead.value == contract(future)
    assert header(dead.headers, SCHEMA_HEADER) == "contracts-changed/99"
    assert "reads 'contracts-changed' up to version 1" in (header(dead.headers, "error") or "")
    assert (header(dead.headers, "came-from") or "").startswith("contracts-changed/")


def test_a_new_optional_field_is_ignored_and_the_rest_is_read(stack: Stack, following: None) -> None:
    contract_id = uuid4()
    send(stack, contract_id, contract(contract_id, deposit={"kr": "500.00"}), "contracts-changed/1")
    wait_for(lambda: periods(stack, contract_id) == [(date(1990, 1, 1), date(1991, 7, 1))])
