"""Telegrams and readings from a broker of MQTT: each message is a delivery, acknowledged once that is kept."""

import asyncio
import hashlib
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import aiomqtt
from aiokafka.errors import KafkaError
from aiomqtt import Message, MqttError, Topic
from psycopg import OperationalError
from psycopg_pool import PoolTimeout

from schemas.event import JSON
from services.common import logs
from services.common.health import Progress
from services.common.process import unless_stopped
from services.ingest import metrics
from services.ingest.receiving import BrokerAwayError, Receiver
from services.ingest.settings import MqttSettings
from services.ingest.store.deliveries import Source
from services.ingest.understanding import TELEGRAMS, UPLINK

log = logs.get_logger()

QOS = 1
FIRST_REFUSAL = 128
"""From here on the code by which a broker answers a subscription is a refusal."""
AT_ONCE = 16
"""Messages that are taken in side by side; brokers send about twenty before they wait for an acknowledgement."""
BEAT_S = 5.0
MOST_TOPIC_SHOWN = 200
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 30.0
AWAY = (BrokerAwayError, KafkaError, OperationalError, PoolTimeout, TimeoutError)
"""What passes by itself: the message is taken in again until it is kept."""
NAMES = {JSON: "readings", TELEGRAMS: "telegrams", UPLINK: "uplink"}


class LateClient(aiomqtt.Client):
    """A client that acknowledges a message when it is told to; aiomqtt would do so as soon as it has it."""

    def __init__(self, hostname: str, **how: Any) -> None:
        super().__init__(hostname, **how)
        self._client.manual_ack_set(True)

    def acknowledge(self, message: Message) -> None:
        """Tell the broker that a message need not come again."""
        self._client.ack(message.mid, message.qos)


class Listening:
    """Listens to the broker until told to stop, and comes back to it whenever it went away.

    The session is the broker's to keep: what comes while nobody listens, and what was not acknowledged, comes then.
    """

    def __init__(self, receiver: Receiver, settings: MqttSettings, pulse: Progress) -> None:
        self._receiver = receiver
        self._settings = settings
        self._pulse = pulse
        self._forms = forms_of(settings)
        self._is_listening = False
        self._waiting = 0

    async def is_listening(self) -> bool:
        """Tell whether the broker's messages are subscribed to; for a readiness check."""
        return self._is_listening

    async def is_keeping(self) -> bool:
        """Tell whether no message waits that could not be kept at once, as where its source is missing or revoked."""
        return not self._waiting

    async def run(self, stop: asyncio.Event) -> None:
        """Work until told to stop."""
        await unless_stopped(stop, self._listen_for_ever())

    async def _listen_for_ever(self) -> None:
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                await self._listen()
            except (MqttError, OSError) as error:
                # Known by whether it was listening: a broker that refuses the password is not asked twice a second.
                pause_s = FIRST_PAUSE_S if self._is_listening else min(2 * pause_s, LONGEST_PAUSE_S)
                log.warning("mqtt_broker_away", reason=f"{type(error).__name__}: {error}", pause_s=pause_s)
            finally:
                self._is_listening = False
                metrics.MQTT_CONNECTED.set(0)
            self._pulse.beat()
            await asyncio.sleep(pause_s)

    async def _listen(self) -> None:
        async with self._client() as client:
            # Beside what comes at once: a broker may wait for the acknowledgement of that before it answers.
            subscribing = asyncio.ensure_future(self._subscribe(client))
            arriving = asyncio.ensure_future(anext(client.messages))
            try:
                while True:
                    # Not cancelled where nothing came: a message that just arrives must not get lost.
                    await asyncio.wait({arriving}, timeout=BEAT_S)
                    self._pulse.beat()
                    if subscribing.done():
                        subscribing.result()
                    if arriving.done():
                        await self._take(client, arriving.result())
                        arriving = asyncio.ensure_future(anext(client.messages))
            finally:
                subscribing.cancel()
                arriving.cancel()

    async def _subscribe(self, client: LateClient) -> None:
        granted = await client.subscribe([(topic, QOS) for topic in self._forms])
        answers = [one if isinstance(one, int) else one.value for one in granted]
        refused = [topic for topic, one in zip(self._forms, answers, strict=True) if one >= FIRST_REFUSAL]
        if refused:
            raise MqttError(f"the broker does not let us have {', '.join(refused)}")
        self._is_listening = True
        metrics.MQTT_CONNECTED.set(1)
        log.info("mqtt_listening", topics=sorted(self._forms))

    async def _take(self, client: LateClient, first: Message) -> None:
        """Take in a message and those that wait behind it, then acknowledge them in the order in which they came."""
        messages = [first]
        while len(client.messages) and len(messages) < AT_ONCE:
            messages.append(await anext(client.messages))
        async with asyncio.TaskGroup() as group:
            for message in messages:
                group.create_task(self._keep(message))
        for message in messages:
            client.acknowledge(message)

    async def _keep(self, message: Message) -> None:
        """Take a message in, however long Kafka or PostgreSQL is away."""
        form = self._form_of(message.topic)
        if form is None:
            # The broker keeps the session, and with it what an earlier start of this process subscribed to.
            log.warning("mqtt_topic_not_ours", topic=message.topic.value[:MOST_TOPIC_SHOWN])
            metrics.MQTT_MESSAGES.labels("not_ours").inc()
            return
        if not await self._is_kept(message, form):
            with self._waits():
                await self._keep_later(message, form)

    async def _keep_later(self, message: Message, form: str) -> None:
        pause_s = FIRST_PAUSE_S
        while True:
            self._pulse.beat()
            await asyncio.sleep(pause_s)
            if await self._is_kept(message, form):
                return
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    @contextmanager
    def _waits(self) -> Iterator[None]:
        self._waiting += 1
        metrics.MQTT_WAITING.set(self._waiting)
        try:
            yield
        finally:
            self._waiting -= 1
            metrics.MQTT_WAITING.set(self._waiting)

    async def _is_kept(self, message: Message, form: str) -> bool:
        logs.bind_correlation(None)
        try:
            source = await self._source()
            if source is None:
                return False
            await self._receive(source, message, form)
        except AWAY as error:
            log.warning("mqtt_message_waits", reason=type(error).__name__)
            return False
        return True

    async def _source(self) -> Source | None:
        source = await self._receiver.source_named(self._settings.mqtt_source)
        if source is None or source.state == "revoked":
            log.warning("mqtt_source_missing", source=self._settings.mqtt_source)
            return None
        return source

    async def _receive(self, source: Source, message: Message, form: str) -> None:
        whole = message.payload if isinstance(message.payload, bytes) else str(message.payload or "").encode()
        body = whole[: self._settings.max_body_bytes]
        # A message that comes again is the same delivery, whoever died before it was acknowledged. One that is read
        # otherwise since the settings changed, as a retained one, is another.
        told = b"\n".join([message.topic.value.encode(), form.encode(), body])
        key = f"mqtt-{hashlib.sha256(told).hexdigest()}"
        await self._receiver.receive(source, form, body, key, keeps_unreadable=True)
        metrics.MQTT_MESSAGES.labels(NAMES[form]).inc()
        metrics.MQTT_NEWEST_MESSAGE_SECONDS.set(time.time())

    def _form_of(self, topic: Topic) -> str | None:
        return next((form for pattern, form in self._forms.items() if topic.matches(pattern)), None)

    def _client(self) -> LateClient:
        settings = self._settings
        password = settings.mqtt_password
        return LateClient(
            settings.mqtt_host,
            port=settings.mqtt_port,
            username=settings.mqtt_user,
            password=password.get_secret_value() if password else None,
            identifier=settings.mqtt_client_id,
            clean_session=False,
            tls_context=_trusting(settings.mqtt_ca_file) if settings.mqtt_tls else None,
        )


def _trusting(ca_file: str | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        # Python's own words do not name the file.
        raise OSError(f"KULVERT_MQTT_CA_FILE {ca_file}: {error}") from error


def forms_of(settings: MqttSettings) -> Mapping[str, str]:
    """Give how the messages of each pattern of topics are written."""
    given = {
        UPLINK: settings.mqtt_uplink_topics,
        TELEGRAMS: settings.mqtt_telegram_topics,
        JSON: settings.mqtt_reading_topics,
    }
    return {
        pattern.strip(): form for form, patterns in given.items() for pattern in patterns.split(",") if pattern.strip()
    }
