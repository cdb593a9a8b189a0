"""Where the consumers of a database that was put back go on: at what it has stored, not at what Kafka was told."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import CommitFailedError

from schemas.topics import (
    CONTRACTS_CHANGED,
    DAILY_POWER,
    FACILITIES_CHANGED,
    HOURLY_POWER,
    METER_READINGS,
    OUTDOOR_TEMPERATURE,
    PRICE_LISTS_CHANGED,
    Topic,
)
from services.common import proof
from services.common.kafka import cluster_id, group_is_loaded
from services.common.positions import Positions
from services.common.postgres import Database

LEFT_WITHIN_S = 30.0
"""So long Kafka may take to find that a service which was killed has left its group."""
LOOK_AGAIN_S = 0.5


class ServicesRunError(Exception):
    """A service runs: what it does meanwhile would be of the old epoch."""


@dataclass(frozen=True)
class Group:
    """A consumer group, and the schema that its positions are stored in; None where Kafka alone keeps its place."""

    name: str
    schema: str | None
    topics: tuple[Topic, ...]


GROUPS = (
    *(
        Group(f"ingest-{one.name}", "ingest", (one,))
        for one in (METER_READINGS, OUTDOOR_TEMPERATURE, FACILITIES_CHANGED)
    ),
    Group("billing", "billing", (CONTRACTS_CHANGED, PRICE_LISTS_CHANGED, DAILY_POWER)),
    Group("permissions", "permissions", (CONTRACTS_CHANGED,)),
    Group("alerts", None, (HOURLY_POWER, DAILY_POWER)),
)


def check(admin_url: str, bootstrap: str) -> None:
    """Let nothing start on a database that was put back before that is said. Raises PutBackError.

    The services that take messages find it themselves; the others would give versions of the old epoch meanwhile.
    """
    asyncio.run(_check(admin_url, bootstrap))


async def _check(admin_url: str, bootstrap: str) -> None:
    database = Database(admin_url, 1, 1)
    await database.open()
    try:
        await _hold_against_kafka(database, bootstrap)
    finally:
        await database.close()


async def _hold_against_kafka(database: Database, bootstrap: str) -> None:
    this_cluster = await cluster_id(bootstrap)
    for group in (one for one in GROUPS if one.schema):
        async with member(bootstrap, group) as consumer:
            # Before what is stored is read, or a service that runs could go on between the two.
            told = {tp: await consumer.committed(tp) for tp in _partitions(group)}
        proof.check_not_put_back(await _stored(database, group, _partitions(group), this_cluster), told)


async def go_back(database: Database, bootstrap: str) -> list[str]:
    """Set each group back to what is stored; gives in sentences what comes again, and what cannot.

    A group without stored positions begins anew, since what it made of the messages was put back too. Raises
    ServicesRunError where a group still has members.
    """
    this_cluster = await cluster_id(bootstrap)
    again: dict[str, int] = {}
    gone: list[str] = []
    for group in GROUPS:
        async with member(bootstrap, group) as consumer:
            partitions = _partitions(group)
            beginnings = await consumer.beginning_offsets(partitions)
            stored = await _stored(database, group, partitions, this_cluster)
            places = {tp: stored.get(tp, beginnings[tp]) for tp in partitions}
            for tp in partitions:
                known = await consumer.committed(tp) or 0
                again[tp.topic] = again.get(tp.topic, 0) + max(0, known - max(places[tp], beginnings[tp]))
                if places[tp] < beginnings[tp]:
                    gone.append(f"{tp.topic}/{tp.partition} from {places[tp]} up to {beginnings[tp]}")
            await _commit(consumer, group, places)
    return [
        *_sentence(
            "Messages that the services take again", [f"{topic} {count}" for topic, count in again.items() if count]
        ),
        *_sentence("Messages that are not in Kafka any more; have what they told sent again", gone),
    ]


@asynccontextmanager
async def member(bootstrap: str, group: Group) -> AsyncIterator[AIOKafkaConsumer]:
    """Give a consumer that has a group's partitions, without joining it, once the broker knows the group's places."""
    await group_is_loaded(bootstrap, group.name)
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, group_id=group.name, enable_auto_commit=False)
    await consumer.start()
    try:
        consumer.assign(_partitions(group))
        yield consumer
    finally:
        await consumer.stop()


def _partitions(group: Group) -> list[TopicPartition]:
    return [TopicPartition(topic.name, number) for topic in group.topics for number in range(topic.partitions)]


async def _stored(
    database: Database, group: Group, partitions: Iterable[TopicPartition], this_cluster: str
) -> dict[TopicPartition, int]:
    if group.schema is None:
        return {}
    async with database.transaction() as tx:
        places = await Positions(group.schema, this_cluster).load(tx, [(tp.topic, tp.partition) for tp in partitions])
    return {TopicPartition(*key): place.next_offset for key, place in places.items()}


async def _commit(consumer: AIOKafkaConsumer, group: Group, places: Mapping[TopicPartition, int]) -> None:
    deadline = time.monotonic() + LEFT_WITHIN_S
    while True:
        try:
            return await consumer.commit(dict(places))
        except CommitFailedError as error:
            if time.monotonic() > deadline:
                raise ServicesRunError(f"a service still reads as {group.name}: stop it, then do this again") from error
            await asyncio.sleep(LOOK_AGAIN_S)


def _sentence(words: str, things: list[str]) -> list[str]:
    return [f"{words}: {', '.join(things)}."] if things else []
