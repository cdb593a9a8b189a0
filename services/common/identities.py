"""The identities of topics: by its identity, not by its name, a topic is told from one that was made anew."""

import asyncio
from collections.abc import Collection
from io import BytesIO
from uuid import UUID

from aiokafka import AIOKafkaProducer
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError, NodeNotReadyError
from aiokafka.protocol.abstract import AbstractType
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import Boolean, CompactArray, CompactString, Int16, Int32, Schema, TaggedFields

ANSWER_WAIT_S = 20.0
ASK_AGAIN_S = 0.2
NO_ID = UUID(int=0)


class Identities:
    """Topics as they were when they were noted. Asked on a producer's own connection.

    A question takes a third of a millisecond, so it can be asked for every batch. It is repeated while no broker
    answers.
    """

    def __init__(self, producer: AIOKafkaProducer) -> None:
        self._producer = producer
        self._noted: dict[str, UUID] = {}

    async def note(self, names: Collection[str]) -> None:
        """Note the topics that these names mean now. Raises TimeoutError where no broker answers in time."""
        async with asyncio.timeout(ANSWER_WAIT_S):
            self._noted = await _topic_ids(self._producer.client, names)

    async def made_anew(self, wait_s: float = ANSWER_WAIT_S) -> list[str]:
        """Name the noted topics that are others now; one that is gone is none. Raises TimeoutError likewise."""
        noted = self._noted
        async with asyncio.timeout(wait_s):
            found = await _topic_ids(self._producer.client, noted)
        return sorted(name for name, known in noted.items() if found.get(name, known) != known)


async def _topic_ids(client: AIOKafkaClient, names: Collection[str]) -> dict[str, UUID]:
    while True:
        try:
            return await _ask(client, names)
        except KafkaError:
            await asyncio.sleep(ASK_AGAIN_S)


async def _ask(client: AIOKafkaClient, names: Collection[str]) -> dict[str, UUID]:
    node = client.get_random_node()
    if node is None:
        raise NodeNotReadyError("no broker is known")
    answer = await client.send(node, _Metadata(names))
    return {name: topic_id for error, name, topic_id, *_ in answer.topics if not error}


class _Uuid(AbstractType[UUID]):
    @classmethod
    def encode(cls, value: UUID) -> bytes:
        return value.bytes

    @classmethod
    def decode(cls, data: BytesIO) -> UUID:
        return UUID(bytes=data.read(16))


class _Answer(Response):
    """Kafka's answer Metadata, version 12; aiokafka's own, up to version 5, has no identities."""

    API_KEY = 3
    API_VERSION = 12
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "brokers",
            CompactArray(
                ("node_id", Int32),
                ("host", CompactString()),
                ("port", Int32),
                ("rack", CompactString()),
                ("tags", TaggedFields),
            ),
        ),
        ("cluster_id", CompactString()),
        ("controller_id", Int32),
        (
            "topics",
            CompactArray(
                ("error_code", Int16),
                ("name", CompactString()),
                ("topic_id", _Uuid),
                ("is_internal", Boolean),
                (
                    "partitions",
                    CompactArray(
                        ("error_code", Int16),
                        ("partition", Int32),
                        ("leader", Int32),
                        ("leader_epoch", Int32),
                        ("replicas", CompactArray(Int32)),
                        ("in_sync_replicas", CompactArray(Int32)),
                        ("offline_replicas", CompactArray(Int32)),
                        ("tags", TaggedFields),
                    ),
                ),
                ("authorized_operations", Int32),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class _Question(RequestStruct):
    """Kafka's request Metadata, version 12."""

    FLEXIBLE_VERSION = True
    API_KEY = 3
    API_VERSION = 12
    RESPONSE_TYPE = _Answer
    SCHEMA = Schema(
        ("topics", CompactArray(("topic_id", _Uuid), ("name", CompactString()), ("tags", TaggedFields))),
        ("allow_auto_topic_creation", Boolean),
        ("include_topic_authorized_operations", Boolean),
        ("tags", TaggedFields),
    )


class _Metadata(Request[_Question]):
    API_KEY = 3

    def __init__(self, names: Collection[str]) -> None:
        self._names = names

    def build(self, request_struct_class: type[_Question]) -> _Question:
        return request_struct_class([(NO_ID, name, {}) for name in self._names], False, False, {})
