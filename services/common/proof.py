"""Proof that a stored position still means the same messages: the last stored one is where it was."""

import asyncio
import zlib
from collections.abc import Mapping

from aiokafka import TopicPartition

from services.common.kafka import read, reader
from services.common.positions import Place

PROOF_WAIT_S = 20.0
TO_DO = (
    "they were deleted before they were stored here, or the topic was made anew. Nothing is skipped by itself: send"
    " again what is missing, then delete the partition's row of stored_position and the group's committed offset"
)


class MessagesGoneError(Exception):
    """Kafka no longer has, or does not have yet, the message at which a partition was to go on."""

    def __init__(self, places: Mapping[TopicPartition, int]) -> None:
        named = ", ".join(f"{tp.topic}/{tp.partition}/{offset}" for tp, offset in places.items())
        super().__init__(f"the messages from {named} on are not in Kafka: {TO_DO}")


class PutBackError(Exception):
    """The database has stored less than Kafka was told that it has."""

    def __init__(self, places: Mapping[TopicPartition, tuple[int, int]]) -> None:
        named = ", ".join(f"{tp.topic}/{tp.partition} up to {has} of {had}" for tp, (has, had) in places.items())
        super().__init__(
            f"the database has stored {named}: it was put back from a backup. Stop all services and say so before they"
            " go on, with `kulvert restored` or python -m deploy.restored; docs/operating.md says what follows"
        )


def check_not_put_back(stored: Mapping[TopicPartition, int], told: Mapping[TopicPartition, int | None]) -> None:
    """Hold what is stored of each partition against what Kafka was told, which is never more. Raises PutBackError."""
    less = {tp: (stored.get(tp, 0), had) for tp, had in told.items() if had is not None and had > stored.get(tp, 0)}
    if less:
        raise PutBackError(less)


def crc(value: bytes | None) -> int:
    """Give the crc32 of a message's value, by which it is known again."""
    return zlib.crc32(value or b"")


async def check(bootstrap: str, places: Mapping[TopicPartition, Place]) -> None:
    """Hold each place against the message before it, where that is known and still in Kafka.

    A topic made anew counts its offsets from 0 again, so a place in it may lie in front of other messages, or
    behind all. Raises MessagesGoneError then, and TimeoutError where the broker does not answer in time.
    """
    known = {tp: place for tp, place in places.items() if place.last_value_crc is not None}
    if not known:
        return
    async with asyncio.timeout(PROOF_WAIT_S), reader(bootstrap) as consumer:
        ends = await consumer.end_offsets(list(known))
        missing = {tp: place.next_offset for tp, place in known.items() if place.next_offset > ends[tp]}
        if missing:
            raise MessagesGoneError(missing)
        beginnings = await consumer.beginning_offsets(list(known))
        kept = {tp: place for tp, place in known.items() if place.next_offset > beginnings[tp]}
        spans = {tp: (place.next_offset - 1, place.next_offset) for tp, place in kept.items()}
        found = {(one.topic, one.partition, one.offset): crc(one.value) for one in await read(consumer, spans)}
    # What retention or compaction has taken away meanwhile says nothing.
    others = {
        tp: place.next_offset
        for tp, place in kept.items()
        if found.get((*tp, place.next_offset - 1), place.last_value_crc) != place.last_value_crc
    }
    if others:
        raise MessagesGoneError(others)
