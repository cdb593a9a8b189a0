"""The ingest service as senders and staff systems meet it: its API and a worker, as processes of their own."""

import asyncio
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from aiokafka import AIOKafkaConsumer, TopicPartition

from deploy.local.stack import Stack
from schemas.event import CORRELATION_HEADER
from schemas.topics import Topic
from tests.builders import Points

JSON = "application/json"
NDJSON = "application/x-ndjson"
ARROW = "application/vnd.apache.arrow.stream"
JUDGED_WITHIN_S = 30
AT = "2024-01-10T00:00:00+01:00"
"""MIDNIGHT_S as senders write it."""


class Sender:
    """A source with its key."""

    def __init__(self, staff: httpx.Client, name: str, **document: Any) -> None:
        self.name = name
        answer = staff.put(f"/v1/sources/{name}", json={"kind": "live", "rank": 10} | document)
        assert answer.status_code == 201, answer.text
        self.key: str = answer.json()["key"]
        self._client = staff

    def post(
        self,
        body: str | bytes | list[dict[str, Any]],
        kind: str = JSON,
        path: str = "/v1/readings",
        client: httpx.Client | None = None,
        **headers: str,
    ) -> httpx.Response:
        """Send a delivery, to another process where a client is given; a list is written as JSON."""
        content: dict[str, Any] = {"json": body} if isinstance(body, list) else {"content": body}
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return (client or self._client).post(
            path, headers={"Authorization": f"Bearer {self.key}", "Content-Type": kind} | names, **content
        )

    def delivery(self, delivery_id: str) -> dict[str, Any]:
        """Give a delivery as its source sees it."""
        answer = self._client.get(f"/v1/deliveries/{delivery_id}", headers={"Authorization": f"Bearer {self.key}"})
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def judged(self, answer: httpx.Response) -> dict[str, Any]:
        """Wait until the worker has judged what was taken of a delivery."""
        assert answer.status_code in (202, 422), answer.text
        deadline = time.monotonic() + JUDGED_WITHIN_S
        while (found := self.delivery(answer.json()["delivery_id"]))["state"] != "judged":
            assert time.monotonic() < deadline, found
            time.sleep(0.05)
        return found


class Door:
    """The running service, with what tests need beside it."""

    def __init__(self, stack: Stack, staff: httpx.Client, logs: dict[str, Path]) -> None:
        self.stack = stack
        self.staff = staff
        self.logs = logs
        self.points = Points(stack)
        self.sender = Sender(staff, f"head-end-{uuid4().hex[:8]}")

    def new_sender(self, **document: Any) -> Sender:
        """Give a source of its own."""
        return Sender(self.staff, f"source-{uuid4().hex[:8]}", **document)

    def point(self) -> str:
        """Give the number of a new metering point."""
        return f"MP-{self.points.add()[0]}"

    def rows(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Look at the tables as an administrator."""
        return self.points.rows(query, parameters)

    def until(self, query: str, wanted: list[tuple[Any, ...]], *parameters: Any) -> None:
        """Wait until a query gives what is wanted."""
        deadline = time.monotonic() + JUDGED_WITHIN_S
        while (found := self.rows(query, *parameters)) != wanted:
            assert time.monotonic() < deadline, found
            time.sleep(0.05)

    def until_told(self, topic: Topic, correlation_id: str) -> None:
        """Wait for a message of a topic that carries an id."""
        asyncio.run(_told(self.stack.kafka.bootstrap, topic, correlation_id))


async def _told(bootstrap: str, topic: Topic, correlation_id: str) -> None:
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap)
    await consumer.start()
    try:
        consumer.assign([TopicPartition(topic.name, number) for number in range(topic.partitions)])
        await consumer.seek_to_beginning()
        async with asyncio.timeout(JUDGED_WITHIN_S):
            async for record in consumer:
                if (CORRELATION_HEADER, correlation_id.encode()) in record.headers:
                    return
    finally:
        await consumer.stop()


def new_serial() -> str:
    """Give a serial that no meter has yet."""
    return f"S-{uuid4().hex[:12]}"


def installation(point: str, installed_at: str = "2023-01-01T00:00:00+01:00", **more: Any) -> dict[str, Any]:
    return {"metering_point": point, "installed_at": installed_at} | more


def put(door: Door, serial: str, *places: dict[str, Any], **registers: Any) -> httpx.Response:
    return door.staff.put(f"/v1/meters/{serial}", json={"installations": places} | registers)


def import_meters(door: Door, text: str | bytes) -> httpx.Response:
    content = text.encode() if isinstance(text, str) else text
    return door.staff.post("/v1/import/meters", content=content, headers={"Content-Type": "text/csv"})
