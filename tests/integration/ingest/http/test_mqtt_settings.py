"""What the listener to a broker of MQTT does about retained messages, and about settings that are wrong or changed."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from uuid import uuid4

import paho.mqtt.publish
import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict

from deploy.local import supervisor
from deploy.local.services import INGEST_MQTT
from services.common import kafka
from services.common.health import Progress
from services.common.postgres import Database
from services.ingest.mqtt import Listening
from services.ingest.receiving import Receiver
from services.ingest.settings import MqttSettings
from services.ingest.understanding import Understanding
from tests.integration.ingest.http.broker import Broker
from tests.integration.ingest.http.door import Door
from tests.integration.ingest.http.telegram_senders import AT, installed, item, new_digits, until_accepted
from tests.telegrams import address, wired

TRIES, PAUSE_S = 600, 0.05
TAKEN = "SELECT count(*) FROM ingest.reading WHERE point_id = %s"


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    made = Broker(tmp_path_factory.mktemp("broker"))
    made.start()
    yield made
    made.kill()


class Listeners:
    """Starts listeners in this process, each with settings of its own, on the real broker, Kafka and PostgreSQL."""

    def __init__(self, door: Door, broker: Broker, patch: pytest.MonkeyPatch) -> None:
        self._patch = patch
        self._usual = supervisor.settings_for(door.stack, INGEST_MQTT) | {
            "KULVERT_MQTT_HOST": "127.0.0.1",
            "KULVERT_MQTT_PORT": str(broker.port),
            "KULVERT_MQTT_USER": "kulvert",
            "KULVERT_MQTT_SOURCE": door.sender.name,
            "KULVERT_MQTT_CLIENT_ID": f"test-{uuid4().hex}",
        }

    @asynccontextmanager
    async def begun(self, **other: str) -> AsyncIterator[Listening]:
        """Listen for as long as the block lasts; the session is the same each time."""
        with self._patch.context() as patch:
            for name, value in (self._usual | other).items():
                patch.setenv(name, value)
            settings = MqttSettings()
        database = Database(settings.database_url.get_secret_value(), 1, 4)
        await database.open()
        producer = await kafka.start_producer(settings.kafka_bootstrap)
        understanding = Understanding(settings.telegram_key.get_secret_value())
        listening = Listening(Receiver(database, producer, understanding, settings), settings, Progress())
        stop = asyncio.Event()
        running = asyncio.create_task(listening.run(stop))
        try:
            yield listening
        finally:
            stop.set()
            await running
            await producer.stop()
            await database.close()

    @asynccontextmanager
    async def started(self, **other: str) -> AsyncIterator[Listening]:
        """The same, once it has subscribed."""
        async with self.begun(**other) as listening:
            await until(listening.is_listening)
            yield listening


@pytest.fixture
def listeners(door: Door, broker: Broker, monkeypatch: pytest.MonkeyPatch) -> Listeners:
    return Listeners(door, broker, monkeypatch)


async def until(holds: Callable[[], Awaitable[bool]], *, wanted: bool = True) -> None:
    for _ in range(TRIES):
        if await holds() is wanted:
            return
        await asyncio.sleep(PAUSE_S)
    raise AssertionError(f"{holds} is not {wanted} in time")


async def until_logged(logged: list[EventDict], event: str, words: str = "") -> None:
    async def is_logged() -> bool:
        return any(one["event"] == event and words in str(one) for one in logged)

    await until(is_logged)


async def publish(broker: Broker, topic: str, payload: str, *, qos: int = 1, retain: bool = False) -> None:
    await asyncio.to_thread(
        paho.mqtt.publish.single,
        topic,
        payload,
        qos=qos,
        retain=retain,
        hostname="127.0.0.1",
        port=broker.port,
        auth={"username": "gateway", "password": "any"},
    )


def frame_of(digits: str) -> str:
    return json.dumps(item(wired(who=address(digits))))


@pytest.mark.parametrize("qos", [0, 1, 2])
async def test_a_retained_message_is_one_delivery_however_often_it_is_shown(
    door: Door, broker: Broker, listeners: Listeners, qos: int
) -> None:
    digits, topic = new_digits(), f"kulvert/retained/{uuid4().hex}"
    point_id = installed(door, digits)
    await publish(broker, topic, frame_of(digits), qos=qos, retain=True)
    for _ in range(2):
        async with listeners.started(KULVERT_MQTT_TELEGRAM_TOPICS=topic):
            await asyncio.to_thread(until_accepted, door, point_id, [(AT, 2_850_427_000)])
    deliveries = "SELECT count(*) FROM ingest.delivery_payload WHERE read_as->0->>'serial' = %s"
    assert door.rows(deliveries, digits) == [(1,)]


async def test_a_topic_that_means_something_else_now_stops_nobody(
    door: Door, broker: Broker, listeners: Listeners
) -> None:
    """A retained message whose topic was one of readings by mistake: refused as a reading, then taken as a telegram."""
    digits, topic = new_digits(), f"kulvert/moved/{uuid4().hex}"
    point_id = installed(door, digits)
    await publish(broker, topic, frame_of(digits), retain=True)
    ((before,),) = door.rows("SELECT coalesce(max(held_id), 0) FROM ingest.held_reading")
    async with listeners.started(KULVERT_MQTT_READING_TOPICS=topic):
        refused = "SELECT reading->>'code' FROM ingest.held_reading WHERE held_id > %s"
        await asyncio.to_thread(door.until, refused, [("unknown_field",)], before)
    async with listeners.started(KULVERT_MQTT_TELEGRAM_TOPICS=topic):
        await asyncio.to_thread(until_accepted, door, point_id, [(AT, 2_850_427_000)])


async def test_a_topic_of_an_earlier_start_is_told_and_stops_nobody(
    door: Door, broker: Broker, listeners: Listeners
) -> None:
    """The broker keeps the session, and with it what was subscribed to before the settings changed."""
    digits, former = new_digits(), f"kulvert/former/{uuid4().hex}"
    point_id = installed(door, digits)
    async with listeners.started(KULVERT_MQTT_READING_TOPICS=former):
        pass
    with capture_logs() as logged:
        async with listeners.started():
            await publish(broker, former, "{}")
            await until_logged(logged, "mqtt_topic_not_ours", former)
            await publish(broker, "kulvert/telegrams", frame_of(digits))
            await asyncio.to_thread(until_accepted, door, point_id, [(AT, 2_850_427_000)])


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"KULVERT_MQTT_USER": ""}, "uthori"),
        ({"KULVERT_MQTT_TLS": "true", "KULVERT_MQTT_CA_FILE": "no-such-file.pem"}, "no-such-file.pem: "),
        ({"KULVERT_MQTT_HOST": "no-such-host.invalid"}, "ame"),
        # A broker without TLS never answers, and the handshake takes its five seconds.
        ({"KULVERT_MQTT_TLS": "true"}, "ssl"),
    ],
    ids=["log-in", "ca-file", "host", "tls"],
)
async def test_a_broker_that_lets_nobody_in_is_told_and_tried_again(
    listeners: Listeners, wrong: dict[str, str], words: str
) -> None:
    with capture_logs() as logged:
        async with listeners.begun(KULVERT_MQTT_CLIENT_ID=uuid4().hex, **wrong) as listening:
            await until_logged(logged, "mqtt_broker_away", words)
            assert not await listening.is_listening()


async def test_messages_whose_source_nobody_put_wait_and_are_told_of(
    door: Door, broker: Broker, listeners: Listeners
) -> None:
    name, digits = f"mqtt-{uuid4().hex[:8]}", new_digits()
    point_id = installed(door, digits)
    async with listeners.started(KULVERT_MQTT_SOURCE=name) as listening:
        assert await listening.is_keeping()
        await publish(broker, "kulvert/telegrams", frame_of(digits))
        await until(listening.is_keeping, wanted=False)
        assert door.rows(TAKEN, point_id) == [(0,)]
        assert door.staff.put(f"/v1/sources/{name}", json={"kind": "live", "rank": 10}).status_code == 201
        await asyncio.to_thread(until_accepted, door, point_id, [(AT, 2_850_427_000)])
        await until(listening.is_keeping)
