"""What comes by MQTT is a delivery like any other: kept once, whoever dies meanwhile, and never asked for again."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from deploy.local import supervisor
from deploy.local.services import INGEST_MQTT
from tests.integration.ingest.http.broker import Broker
from tests.integration.ingest.http.door import JUDGED_WITHIN_S, Door
from tests.integration.ingest.http.telegram_senders import (
    AT,
    installed,
    item,
    new_digits,
    new_eui,
    put_device,
    standard,
    until_accepted,
)
from tests.telegrams import address, chirp_stack, things_stack, wired

TAKEN = "SELECT count(*) FROM ingest.reading WHERE point_id = %s"


class Listener:
    """The process that listens, killed and started as the tests need it."""

    def __init__(self, door: Door, broker: Broker, log: Path) -> None:
        self._door = door
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None
        self._settings = {
            "KULVERT_MQTT_HOST": "127.0.0.1",
            "KULVERT_MQTT_PORT": str(broker.port),
            "KULVERT_MQTT_USER": "kulvert",
            "KULVERT_MQTT_PASSWORD": "any",
            "KULVERT_MQTT_SOURCE": door.sender.name,
        }

    def start(self) -> None:
        environment = os.environ | supervisor.settings_for(self._door.stack, INGEST_MQTT) | self._settings
        command = [sys.executable, "-m", INGEST_MQTT.module, *INGEST_MQTT.arguments]
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(
                command, cwd=self._log.parent, env=environment, stdout=output, stderr=output
            )
        self.until_ready()

    def until_ready(self) -> None:
        deadline = time.monotonic() + JUDGED_WITHIN_S
        while not supervisor.is_ready(self._door.stack, INGEST_MQTT):
            assert time.monotonic() < deadline, self._log.read_text()
            time.sleep(0.1)

    def end(self, how: int) -> int:
        assert self._process is not None
        self._process.send_signal(how)
        return self._process.wait(20)


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    made = Broker(tmp_path_factory.mktemp("broker"))
    made.start()
    yield made
    made.kill()


@pytest.fixture(scope="module")
def listener(door: Door, broker: Broker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Listener]:
    made = Listener(door, broker, tmp_path_factory.mktemp("listener") / "mqtt.log")
    made.start()
    yield made
    assert made.end(signal.SIGTERM) == 0


def uplink(digits: str, eui: str, counter: int) -> bytes:
    return chirp_stack(standard(digits), counter, eui=eui, time=(AT + timedelta(hours=counter)).isoformat())


@pytest.mark.parametrize("network", ["ChirpStack", "The Things Stack"])
def test_uplinks_end_as_readings(door: Door, broker: Broker, listener: Listener, network: str) -> None:
    digits, eui = new_digits(), new_eui()
    point_id = installed(door, digits)
    put_device(door, eui, digits)
    if network == "ChirpStack":
        broker.publish(f"application/7/device/{eui}/event/up", chirp_stack(standard(digits), eui=eui))
    else:
        broker.publish(f"v3/utility@ttn/devices/{eui}/up", things_stack(standard(digits), eui=eui))
    until_accepted(door, point_id, [(AT, 9_818_000)])


def test_frames_and_readings_have_topics_of_their_own(door: Door, broker: Broker, listener: Listener) -> None:
    digits = new_digits()
    point_id = installed(door, digits)
    reading = {"serial": digits, "read_at": (AT - timedelta(hours=1)).isoformat(), "energy_wh": 2_850_000_000}
    broker.publish("kulvert/telegrams", json.dumps(item(wired(who=address(digits)))))
    broker.publish("kulvert/readings", json.dumps(reading))
    until_accepted(door, point_id, [(AT - timedelta(hours=1), 2_850_000_000), (AT, 2_850_427_000)])


@pytest.mark.parametrize(
    ("topic", "payload", "code"),
    [
        ("kulvert/readings", "{MARK", "not_json"),
        ("kulvert/telegrams", b"\xff\xfe", "not_utf8"),
        ("application/7/device/0/event/up", '["MARK"]', "not_an_uplink"),
        ("application/7/device/0/event/up", "", "not_json"),
    ],
)
def test_poison_is_kept_by_name_and_comes_no_more(
    door: Door, broker: Broker, listener: Listener, topic: str, payload: str | bytes, code: str
) -> None:
    mark = uuid4().hex
    text = payload.replace("MARK", mark) if isinstance(payload, str) else payload
    known = "SELECT coalesce(max(held_id), 0) FROM ingest.held_reading"
    ((before,),) = door.rows(known)
    broker.publish(topic, text)
    door.until("SELECT reading->>'code' FROM ingest.held_reading WHERE held_id > %s", [(code,)], before)
    digits = new_digits()
    point_id = installed(door, digits)
    broker.publish("kulvert/telegrams", json.dumps(item(wired(who=address(digits)))))
    until_accepted(door, point_id, [(AT, 2_850_427_000)])
    assert door.rows("SELECT count(*) FROM ingest.held_reading WHERE held_id > %s", before) == [(1,)]


def test_the_same_message_is_the_same_delivery(door: Door, broker: Broker, listener: Listener) -> None:
    digits, eui = new_digits(), new_eui()
    point_id = installed(door, digits)
    put_device(door, eui, digits)
    for counter in (1, 1, 1, 2):
        broker.publish(f"application/7/device/{eui}/event/up", uplink(digits, eui, counter))
    door.until(TAKEN, [(2,)], point_id)
    assert door.rows("SELECT count(*) FROM ingest.held_reading WHERE serial = %s", digits) == [(0,)]


def test_what_a_killed_listener_had_not_kept_comes_again(door: Door, broker: Broker, listener: Listener) -> None:
    digits, eui = new_digits(), new_eui()
    point_id = installed(door, digits)
    put_device(door, eui, digits)
    with psycopg.connect(door.stack.admin_dsn) as connection:
        # Nothing can be kept, so nothing may be acknowledged.
        connection.execute("LOCK TABLE ingest.delivery_payload IN SHARE MODE")
        for counter in (1, 2, 3):
            broker.publish(f"application/7/device/{eui}/event/up", uplink(digits, eui, counter))
        waiting = "SELECT count(*) > 0 FROM pg_locks WHERE NOT granted"
        door.until(waiting, [(True,)])
        listener.end(signal.SIGKILL)
    # While nobody listens the broker keeps what comes.
    broker.publish(f"application/7/device/{eui}/event/up", uplink(digits, eui, 4))
    listener.start()
    door.until(TAKEN, [(4,)], point_id)
    assert door.rows("SELECT count(*) FROM ingest.held_reading WHERE serial = %s", digits) == [(0,)]


def test_a_broker_that_was_killed_is_listened_to_again(door: Door, broker: Broker, listener: Listener) -> None:
    broker.kill()
    deadline = time.monotonic() + JUDGED_WITHIN_S
    while supervisor.is_ready(door.stack, INGEST_MQTT):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    broker.start()
    listener.until_ready()
    digits = new_digits()
    point_id = installed(door, digits)
    broker.publish("kulvert/telegrams", json.dumps(item(wired(who=address(digits)))))
    until_accepted(door, point_id, [(AT, 2_850_427_000)])
