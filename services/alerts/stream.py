"""The Faust app: agents that take what is new of hourly and daily power, and let nothing be skipped."""

import asyncio
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import faust
from aiokafka import AIOKafkaProducer
from faust.types import EventT

from schemas.alerts import Quantity
from schemas.event import CORRELATION_HEADER, header
from schemas.topics import DAILY_POWER, HOURLY_POWER, Topic
from schemas.values import PointId
from services.alerts.core.rules import BY_THE_HOUR
from services.alerts.decode import days_touched, hours_touched, together
from services.alerts.handlers import Judge
from services.alerts.judging import Touched
from services.alerts.settings import AlertsSettings
from services.common import logs, metrics
from services.common.consume import METADATA_AGE_MS, SESSION_TIMEOUT_MS, UndecodableError, dead_letter, found_by
from services.common.health import Progress
from services.common.identities import ANSWER_WAIT_S, Identities
from services.common.kafka import Outgoing, send_all
from services.common.postgres import Database
from services.common.received import Received
from services.common.waiting import Waiting

log = logs.get_logger()

LOOK_EVERY_S = 1.0
BY_THE_DAY = frozenset(Quantity) - BY_THE_HOUR
Decode = Callable[[Received], dict[PointId, Touched]]


class Stream:
    """Faust without its tables: batches are judged and stored in one transaction, and acknowledged after it.

    An agent that raises inside noack_take is started again but handles nothing more, so any exception ends the
    whole process; the supervisor starts it again and the batch comes again. Whoever lost a partition meanwhile
    does no harm: what he stores follows from the stored figures alone.
    """

    def __init__(
        self, settings: AlertsSettings, judge: Judge, database: Database, producer: AIOKafkaProducer, pulse: Progress
    ) -> None:
        self._settings = settings
        self._judge = judge
        self._database = database
        self._producer = producer
        self._pulse = pulse
        self._identities = Identities(producer)
        self._app = faust.App(
            "alerts",
            broker=f"kafka://{settings.kafka_bootstrap}",
            store="memory://",
            datadir=settings.stream_folder,
            value_serializer="raw",
            key_serializer="raw",
            # The first start takes what is there already; "latest" would skip it.
            consumer_auto_offset_reset="earliest",
            consumer_metadata_max_age_ms=METADATA_AGE_MS,
            broker_session_timeout=SESSION_TIMEOUT_MS / 1000,
            broker_heartbeat_interval=SESSION_TIMEOUT_MS / 1000 / 3,
            broker_commit_interval=1.0,
            topic_disable_leader=True,
            topic_allow_declare=False,
            web_enabled=False,
            autodiscover=False,
        )
        self._waiting = {topic.name: Waiting(topic.name) for topic in (HOURLY_POWER, DAILY_POWER)}
        self._listen(HOURLY_POWER, hours_touched, sorted(BY_THE_HOUR))
        self._listen(DAILY_POWER, lambda message: days_touched(message, settings.zone), sorted(BY_THE_DAY))

    async def run(self, stop: asyncio.Event) -> None:
        """Take what comes until told to stop."""
        self._app.loop = asyncio.get_running_loop()
        await self._identities.note(self._waiting)
        await self._app.start()
        try:
            while not stop.is_set():
                self._look()
                with suppress(TimeoutError):
                    await self._end_where_made_anew(LOOK_EVERY_S)
                await _wait(stop, LOOK_EVERY_S)
        finally:
            await self._app.stop()

    def _listen(self, topic: Topic, decode: Decode, quantities: Sequence[Quantity]) -> None:
        source = self._app.topic(topic.name, value_type=bytes, value_serializer="raw", key_serializer="raw")

        async def agent(stream: Any) -> None:  # Faust's own type for it lacks noack_take.
            async for events in stream.noack_take(self._settings.batch_messages, within=self._settings.batch_wait_s):
                try:
                    await self._handle(topic, decode, quantities, events)
                    for event in events:
                        await stream.ack(event)
                except Exception:
                    log.exception("batch_failed", topic=topic.name, messages=len(events))
                    os._exit(1)

        self._app.agent(source, name=f"alerts.{topic.name}")(agent)

    async def _end_where_made_anew(self, wait_s: float = ANSWER_WAIT_S) -> None:
        """End the process where a topic is another than at its start, under the same name.

        Faust is told nothing, and would go on at its place among the new messages. What was acknowledged of the old
        ones it may have committed for the new topic, so first the group is put back to the beginning.
        """
        anew = await self._identities.made_anew(wait_s)
        if anew:
            log.error("topic_made_anew", topics=anew)
            consumer: Any = self._app.consumer  # Its type leaves out how it commits.
            await consumer._commit({tp: 0 for tp in consumer.assignment() if tp.topic in anew})
            os._exit(1)

    async def _handle(
        self, topic: Topic, decode: Decode, quantities: Sequence[Quantity], events: Sequence[EventT[Any]]
    ) -> None:
        await self._end_where_made_anew()
        # One transaction has one id to be found by: its first message's.
        logs.bind_correlation(header(events[0].message.headers, CORRELATION_HEADER))
        self._waiting[topic.name].taken(min(event.message.timestamp for event in events))
        messages: list[dict[PointId, Touched]] = []
        dead: list[Outgoing] = []
        for event in events:
            try:
                messages.append(decode(event.message))
            except UndecodableError as error:
                dead.append(dead_letter(event.message, error))
        await send_all(self._producer, dead)
        touched = together(messages)
        if touched:
            with metrics.BATCH_SECONDS.labels(topic.name).time():
                async with self._database.transaction() as tx:
                    await self._judge.figures(tx, touched, quantities, datetime.now(UTC))
        metrics.MESSAGES_CONSUMED.labels(topic.name).inc(len(events))
        log.info("messages_stored", topic=topic.name, **found_by(event.message.headers for event in events))
        self._pulse.beat()

    def _look(self) -> None:
        """Count waiting as progress only where nothing waits: a stalled agent has messages it does not take."""
        consumer: Any = self._app.consumer  # Its type leaves out what it has committed.
        partitions = consumer.assignment()
        behind = {
            tp.topic for tp in partitions if (consumer.highwater(tp) or 0) > (consumer._committed_offset.get(tp) or 0)
        }
        for name, waiting in self._waiting.items():
            if not partitions or name not in behind:
                waiting.nothing_taken(is_level=bool(partitions))
        if partitions and not behind:
            self._pulse.beat()


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
