"""The loop that all services share: take a batch, store it with its position, announce it, commit it."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from time import time
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import (
    CommitFailedError,
    IllegalStateError,
    KafkaError,
    NoOffsetForPartitionError,
    OffsetOutOfRangeError,
)
from aiokafka.structs import ConsumerRecord

from schemas.event import CORRELATION_HEADER, header
from schemas.topics import Topic
from services.common import logs, metrics, process, proof
from services.common.health import Progress
from services.common.identities import Identities
from services.common.kafka import FETCH_WAIT_MS, Outgoing, cluster_id, send_all
from services.common.positions import Advance, LostPartitionError, Positions
from services.common.postgres import Database, Transaction
from services.common.proof import MessagesGoneError
from services.common.waiting import Waiting

log = logs.get_logger()

Item = TypeVar("Item")
Record: TypeAlias = ConsumerRecord
Shares: TypeAlias = AsyncIterator[Iterable[Outgoing]]

SESSION_TIMEOUT_MS = 10_000
IDLE_WAIT_MS = 1_000
LEAVE_TIMEOUT_S = 3.0
UNSOUGHT_WAIT_S = 0.05
METADATA_AGE_MS = 10_000
"""So soon a topic is found that was gone and is there again: whoever has no partition left is told by nothing else."""
POLLED_WITHIN_MS = 5_000
"""The broker answers an idle consumer twenty times a second; what it said longer ago is not known any more."""
LONGEST_ERROR = 2_000
"""Bytes of an error's text in a header."""
MAX_IDS_LOGGED = 100


class UndecodableError(Exception):
    """A message whose bytes say nothing; it goes to the dead-letter topic with this text."""


class PartlyUndecodableError(UndecodableError):
    """A message of which a part says nothing: `rest` is stored, and the message kept whole with this text."""

    def __init__(self, text: str, rest: Any) -> None:
        super().__init__(text)
        self.rest = rest


class Handlers(Protocol[Item]):
    """What a service does with the messages of its topics."""

    def decode(self, record: Record) -> Item:
        """Read one message. Raises UndecodableError, and PartlyUndecodableError where a part of it can be used."""

    async def store(self, tx: Transaction, items: Sequence[Item]) -> Iterable[Outgoing]:
        """Store what follows from the items and give what others must hear of it."""

    async def announcements(self, tx: Transaction, items: Sequence[Item]) -> Iterable[Outgoing] | Shares:
        """Give what others must hear of items that are stored already, from the rows as they stand now.

        So an announcement that was lost in a crash is made in full when the batch comes again. What may be too much
        for the memory is given in shares: each is sent before the next one is read.
        """


@dataclass(frozen=True)
class Source:
    """Where a loop reads: a consumer group over topics, and how much it takes at once.

    A loop takes up to max_records messages, and more as long as all are together smaller than enough_bytes, about as
    many as fill these: many small messages make one transaction, and a few large ones do not fill the memory.
    """

    bootstrap: str
    group: str
    schema: str
    topics: Sequence[Topic]
    max_records: int = 500
    enough_bytes: int = 1_572_864
    max_partition_bytes: int = 262_144


class Loop(Generic[Item]):
    """One consumer and the transaction that stores what it takes.

    An error ends the process and the same batch comes again after the restart; nothing is skipped. What is
    stored already is only announced again. Whoever has lost a partition meanwhile is fenced by the position.
    """

    def __init__(
        self,
        source: Source,
        handlers: Handlers[Item],
        database: Database,
        producer: AIOKafkaProducer,
        pulse: Progress,
    ) -> None:
        self._source = source
        self._handlers = handlers
        self._database = database
        self._producer = producer
        self._pulse = pulse
        self._waiting = Waiting(self._label)
        self._stored: dict[TopicPartition, int] = {}
        self._identities = Identities(producer)
        self._is_placed = False
        self._was_placed = False
        self._failure: Exception | None = None
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=source.bootstrap,
            group_id=source.group,
            enable_auto_commit=False,
            metadata_max_age_ms=METADATA_AGE_MS,
            # "latest" would skip silently what was trimmed; the start of each partition is sought explicitly.
            auto_offset_reset="none",
            session_timeout_ms=SESSION_TIMEOUT_MS,
            max_partition_fetch_bytes=source.max_partition_bytes,
            fetch_max_wait_ms=FETCH_WAIT_MS,
        )

    async def run(self, stop: asyncio.Event) -> None:
        """Take batches until told to stop. Raises whatever goes wrong, for the process to end and come again."""
        self._positions = Positions(self._source.schema, await cluster_id(self._source.bootstrap))
        names = [topic.name for topic in self._source.topics]
        async with self._database.transaction() as tx:
            await self._positions.check_cluster(tx, names)
        self._consumer.subscribe(names, listener=_Assigned(self))
        try:
            # Its first joining waits for members that died, and a process that is told to end cannot.
            await process.unless_stopped(stop, self._consumer.start())
            while not stop.is_set():
                self._pulse.beat()
                await self._round()
        finally:
            await self._leave()

    async def _leave(self) -> None:
        try:
            async with asyncio.timeout(LEAVE_TIMEOUT_S):
                await self._consumer.stop()
        except TimeoutError:
            # Still joining, which waits for members that died: the group finds out by itself that we are gone, too.
            log.warning("group_not_left", group=self._source.group)

    async def resume(self, partitions: Iterable[TopicPartition]) -> None:
        """Seek to where each partition goes on: at what was announced, never past what was stored.

        Raises MessagesGoneError where a stored place is none in this topic, and PutBackError where less is stored than
        was announced.
        """
        wanted = list(partitions)
        # Before anything is read of them: where one is made anew from now on, the next round finds it another.
        await self._identities.note({tp.topic for tp in wanted})
        announced = {tp: await self._consumer.committed(tp) for tp in wanted}
        unknown = [tp for tp in wanted if announced[tp] is None]
        beginnings = await self._consumer.beginning_offsets(unknown) if unknown else {}
        async with self._database.transaction() as tx:
            places = await self._positions.load(tx, [(tp.topic, tp.partition) for tp in wanted])
            stored = {tp: places[tp.topic, tp.partition] for tp in wanted if (tp.topic, tp.partition) in places}
            offsets = {tp: place.next_offset for tp, place in stored.items()}
            proof.check_not_put_back(offsets, announced)
            starts = {tp: _start(offsets.get(tp), announced[tp], beginnings.get(tp, 0)) for tp in wanted}
            # Only where there is none: writing would wait for a worker that stands still in its transaction.
            new = {(tp.topic, tp.partition): start for tp, start in starts.items() if tp not in stored}
            await self._positions.begin(tx, new)
        await proof.check(self._source.bootstrap, stored)
        for tp, start in starts.items():
            if tp in self._consumer.assignment():
                self._consumer.seek(tp, start)
                self._stored[tp] = offsets.get(tp, start)
        self._is_placed = self._was_placed = True

    async def has_begun(self) -> bool:
        """Tell whether it was ever let into its group and knows where to go on; before, it takes nothing."""
        return self._was_placed

    def fail(self, failure: Exception) -> None:
        """End with the next round. For what goes wrong where raising would only be logged."""
        self._failure = failure

    def forget(self, partitions: Iterable[TopicPartition]) -> None:
        """Take nothing more of partitions that were given to others, until they are sought again."""
        self._is_placed = False
        for tp in partitions:
            self._stored.pop(tp, None)

    async def _round(self) -> None:
        if self._failure:
            raise self._failure
        taken = await self._take()
        if not taken:
            self._waiting.nothing_taken(await self._is_level())
            return
        self._waiting.taken(min(records[0].timestamp for records in taken.values()) / 1000)
        try:
            with metrics.BATCH_SECONDS.labels(self._label).time():
                await self._handle(taken)
        except LostPartitionError as lost:
            metrics.PARTITIONS_LOST.inc()
            log.warning("partition_lost", reason=str(lost))
            await self.resume(self._consumer.assignment())

    async def _take(self) -> dict[TopicPartition, list[Record]]:
        try:
            taken = await self._enough()
        except NoOffsetForPartitionError:
            # Fetching begins beside the listener that seeks; a partition never committed is a moment without a place.
            await asyncio.sleep(UNSOUGHT_WAIT_S)
            return {}
        except OffsetOutOfRangeError as error:
            raise MessagesGoneError(error.args[0]) from error
        if self._is_placed and await self._is_made_anew(has_taken=bool(taken)):
            log.warning("topic_made_anew", topic=self._label)
            await self.resume(self._consumer.assignment())
            return {}
        # What was fetched before its partition was sought comes again: the seek takes the consumer back.
        return {tp: records for tp, records in taken.items() if tp in self._stored}

    async def _is_made_anew(self, *, has_taken: bool) -> bool:
        """Tell whether a topic is another than where its places were found, under the same name.

        The consumer is not told: it goes on at its place among the new messages, once there are as many. So what was
        taken is stored only where the topic is still the same after it was taken.
        """
        if has_taken:
            return bool(await self._identities.made_anew())
        try:
            return bool(await self._identities.made_anew(IDLE_WAIT_MS / 1000))
        except TimeoutError:
            return False  # The next round asks again.

    async def _enough(self) -> dict[TopicPartition, list[Record]]:
        """Wait for messages, and take more for as long as some lie ready and all are small."""
        taken: dict[TopicPartition, list[Record]] = {}
        size, wait_ms, most = 0, IDLE_WAIT_MS, self._source.max_records
        while size < self._source.enough_bytes:
            try:
                more = await self._consumer.getmany(timeout_ms=wait_ms, max_records=most)
            except KafkaError:
                if not taken:
                    raise
                return taken  # The next round meets it again, once these are stored.
            if not more:
                return taken
            for tp, records in more.items():
                # A partition sought anew meanwhile gives again what was taken of it.
                before = [record for record in taken.get(tp, ()) if record.offset < records[0].offset]
                taken[tp] = [*before, *records]
                size += sum(len(record.value or b"") for record in records)
            wait_ms = 0
            mean_bytes = max(1, size // sum(map(len, taken.values())))
            most = max(1, min(self._source.max_records, (self._source.enough_bytes - size) // mean_bytes))
        return taken

    async def _handle(self, taken: dict[TopicPartition, list[Record]]) -> None:
        # One transaction has one id to be found by: its first message's.
        first = next(iter(taken.values()))[0]
        logs.bind_correlation(header(first.headers, CORRELATION_HEADER))
        dead: list[Outgoing] = []
        fresh: list[Item] = []
        again: list[Item] = []
        for tp, records in taken.items():
            for record in records:
                is_fresh = record.offset >= self._stored[tp]
                items = fresh if is_fresh else again
                try:
                    items.append(self._handlers.decode(record))
                except UndecodableError as error:
                    dead += [dead_letter(record, error)] if is_fresh else []
                    items += [error.rest] if isinstance(error, PartlyUndecodableError) else []
        ends = {tp: records[-1].offset + 1 for tp, records in taken.items()}
        steps = [
            Advance(tp.topic, tp.partition, self._stored[tp], end, proof.crc(taken[tp][-1].value))
            for tp, end in ends.items()
            if end > self._stored[tp]
        ]
        async with self._database.transaction() as tx:
            if steps:
                # First of all: it locks the position, so a worker that lost the partition stops here.
                await self._positions.advance(tx, steps)
            # Before the commit, or a crash after it could lose them: what is stored already is not kept aside again.
            await send_all(self._producer, dead)
            announcements = list(await self._handlers.store(tx, fresh)) if fresh else []
        self._stored.update({tp: max(end, self._stored[tp]) for tp, end in ends.items() if tp in self._stored})
        await send_all(self._producer, announcements)
        if again:
            await self._tell_again(again)
        await self._commit(ends)
        for tp, records in taken.items():
            metrics.MESSAGES_CONSUMED.labels(tp.topic).inc(len(records))
        log.info(
            "messages_stored",
            topic=self._label,
            **found_by(one.headers for records in taken.values() for one in records),
        )

    async def _tell_again(self, items: Sequence[Item]) -> None:
        # After the fresh ones are committed: what is read here is told of at once, and must stand.
        async with self._database.transaction() as tx:
            announcements = await self._handlers.announcements(tx, items)
            if not isinstance(announcements, AsyncIterator):
                await send_all(self._producer, announcements)
                return
            async for share in announcements:
                await send_all(self._producer, share)
                self._pulse.beat()

    async def _commit(self, ends: dict[TopicPartition, int]) -> None:
        # Each partition alone: a joint commit with one lost partition commits none of them.
        for tp, end in ends.items():
            try:
                await self._consumer.commit({tp: end})
            except (CommitFailedError, IllegalStateError):
                # Given to another meanwhile, who finds the batch stored and announces it once more.
                log.warning("partition_given_away", topic=tp.topic, partition=tp.partition)

    async def _is_level(self) -> bool:
        """Tell whether it is known that nothing waits: the group has given out places, and the broker spoke lately."""
        if not self._is_placed:
            return False
        for tp in self._consumer.assignment():
            polled_ms = self._consumer.last_poll_timestamp(tp)
            if tp not in self._stored or polled_ms is None or time() * 1000 - polled_ms > POLLED_WITHIN_MS:
                return False
            if self._consumer.highwater(tp) > await self._consumer.position(tp):
                return False
        return True

    @property
    def _label(self) -> str:
        return "+".join(topic.name for topic in self._source.topics)


def dead_letter(record: Any, error: UndecodableError) -> Outgoing:
    """Count an undecodable message, as aiokafka or Faust gives it; gives the one that keeps it with its error."""
    metrics.DEAD_LETTERS.labels(record.topic).inc()
    log.error("message_undecodable", topic=record.topic, partition=record.partition, offset=record.offset)
    where = f"{record.topic}/{record.partition}/{record.offset}"
    headers = [*(record.headers or ()), ("error", str(error).encode()[:LONGEST_ERROR]), ("came-from", where.encode())]
    return Outgoing(f"{record.topic}.dead", record.value, record.key, headers=headers)


def _start(stored: int | None, announced: int | None, beginning: int) -> int:
    # A first batch may have been stored by a process that died before it told of it.
    told = beginning if announced is None else announced
    return told if stored is None else min(stored, told)


def found_by(headers: Iterable[Any]) -> dict[str, Any]:
    """Say for the log how many messages were handled together, and the ids that they are found by, 100 at most."""
    ids = [header(one, CORRELATION_HEADER) for one in headers]
    return {"messages": len(ids), "correlation_ids": sorted({one for one in ids if one})[:MAX_IDS_LOGGED]}


class _Assigned(ConsumerRebalanceListener):
    """Seeks each time the group hands out partitions anew."""

    def __init__(self, loop: Loop[Any]) -> None:
        self._loop = loop

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """Forget where they stood; what was stored is fenced by its position."""
        self._loop.forget(revoked)

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """Find where each partition goes on before the first message is taken."""
        try:
            await self._loop.resume(assigned)
        except Exception as failure:  # noqa: BLE001 - the consumer would log it, and take nothing for ever
            self._loop.fail(failure)
