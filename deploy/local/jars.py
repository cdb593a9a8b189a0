"""Kafka's jars: downloaded once from Maven's repository, and held against the hashes in kafka.lock.

`python -m deploy.local.jars` writes kafka.lock anew, after KAFKA was changed.
"""

import hashlib
import os
import shutil
import tempfile
from pathlib import Path

from deploy.local import folder
from deploy.local.folder import StackError

KAFKA = (("org.apache.kafka", "kafka_2.13", "4.1.1"), ("org.slf4j", "slf4j-simple", "1.7.36"))
LOCK = Path(__file__).with_name("kafka.lock")


def jars() -> list[Path]:
    """Give Kafka's jars in the order of the lock. Raises StackError where they cannot be had, or are not those."""
    wanted = _locked()
    place = folder.cache() / "kafka"
    found = [place / name for name in wanted]
    if all(jar.exists() for jar in found):
        return found
    place.mkdir(parents=True, exist_ok=True)
    # Each is moved to its place whole and checked, so whatever interrupts this leaves no wrong jar behind.
    with tempfile.TemporaryDirectory(dir=place) as draft:
        for jar in _download(Path(draft)):
            if wanted.get(jar.name) != _sha256(jar):
                raise StackError(f"{jar.name} is not the jar that {LOCK.name} expects: the download was changed")
            shutil.move(jar, place / jar.name)
    missing = [jar.name for jar in found if not jar.exists()]
    if missing:
        raise StackError(f"Maven's repository gave no {', '.join(missing)}")
    return found


def _download(target: Path) -> list[Path]:
    # jgo wants a runtime folder even where it runs nothing, and warns where the session has none.
    os.environ.setdefault("XDG_RUNTIME_DIR", str(target))
    from jgo.constants import MAVEN_CENTRAL_URL
    from jgo.maven import MavenContext
    from jgo.parse import Coordinate

    # The resolver alone: jgo's environments would fetch a JDK only to sort the jars into modules.
    context = MavenContext(repo_cache=target, remote_repos={"central": MAVEN_CENTRAL_URL})
    wanted = [context.create_dependency(Coordinate(*place, scope="compile")) for place in KAFKA]
    try:
        direct, transitive = context.resolver.resolve(wanted)
        needed = [*direct, *(each for each in transitive if each.scope in ("compile", "runtime"))]
        return sorted({each.artifact.resolve() for each in needed})
    except Exception as error:
        raise StackError(
            f"Kafka's jars could not be downloaded ({error}): check that this machine reaches Maven's repository,"
            " then try again"
        ) from error


def _locked() -> dict[str, str]:
    lines = (line.split() for line in LOCK.read_text().splitlines())
    return {name: sha256 for sha256, name in lines}


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write_lock() -> None:
    """Write down the name and hash of every jar that Kafka needs."""
    with tempfile.TemporaryDirectory() as draft:
        found = {jar.name: _sha256(jar) for jar in _download(Path(draft))}
    LOCK.write_text("".join(f"{sha256}  {name}\n" for name, sha256 in sorted(found.items())))


if __name__ == "__main__":
    write_lock()
