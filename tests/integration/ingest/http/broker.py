"""A broker of MQTT as a process of its own: mosquitto where it is installed, else amqtt."""

import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import paho.mqtt.publish

from deploy.local import folder

STARTED_WITHIN_S = 20

MOSQUITTO = """
listener {port} 127.0.0.1
allow_anonymous true
persistence true
persistence_location {folder}/
"""


class Broker:
    """A broker that can be killed and started again on the same port."""

    def __init__(self, home: Path) -> None:
        self.port = folder.free_port(())
        self._home = home
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        mosquitto = shutil.which("mosquitto")
        config = self._home / "broker.conf"
        config.write_text(MOSQUITTO.format(port=self.port, folder=self._home))
        amqtt = [sys.executable, "-m", "tests.integration.ingest.http.amqtt_broker", str(self.port)]
        command = [mosquitto, "-c", str(config)] if mosquitto else amqtt
        log = self._home / "broker.log"
        with log.open("ab") as output:
            self._process = subprocess.Popen(command, cwd=folder.ROOT, stdout=output, stderr=output)
        deadline = time.monotonic() + STARTED_WITHIN_S
        while not self._answers():
            assert self._process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True

    def kill(self) -> None:
        """End it at once, whatever it is at."""
        if self._process:
            self._process.kill()
            self._process.wait()

    def publish(self, topic: str, payload: bytes | str) -> None:
        """Send a message, and wait until the broker has it."""
        paho.mqtt.publish.single(
            topic,
            payload,
            qos=1,
            hostname="127.0.0.1",
            port=self.port,
            auth={"username": "gateway", "password": "any"},
        )
