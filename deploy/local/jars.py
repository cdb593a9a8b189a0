"""Jars: downloaded once from Maven's repository, and held against the hashes in a lock file.

`python -m deploy.local.jars` writes kafka.lock anew, after KAFKA was changed; with `fetch` it only downloads.
"""

import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from deploy.local import folder
from deploy.local.folder import StackError

Coordinates = Sequence[tuple[str, str, str]]
"""What is wanted, each by group, artifact and version; what it needs comes with it."""

KAFKA = (("org.apache.kafka", "kafka_2.13", "4.1.1"), ("org.slf4j", "slf4j-simple", "1.7.36"))
LOCK = Path(__file__).with_name("kafka.lock")
INTERRUPTED = 130


def jars() -> list[Path]:
    """Give Kafka's jars in the order of the lock. Raises StackError where they cannot be had, or are not those."""
    return locked_jars("kafka", LOCK, KAFKA)


def are_here() -> bool:
    """Tell whether Kafka's jars need no download any more."""
    return all(jar.exists() for jar in _places("kafka", LOCK))


def locked_jars(name: str, lock: Path, wanted: Coordinates) -> list[Path]:
    """Give the jars that a lock file names, in its order, from the cache's folder `name`, else from the repository.

    Raises StackError where they cannot be had, or are not those.
    """
    found = _places(name, lock)
    if all(jar.exists() for jar in found):
        return found
    hashes = _locked(lock)
    place = folder.cache() / name
    place.mkdir(parents=True, exist_ok=True)
    # Each is moved to its place whole and checked, so whatever interrupts this leaves no wrong jar behind.
    with tempfile.TemporaryDirectory(dir=place) as draft:
        for jar in _download(Path(draft), wanted):
            if hashes.get(jar.name) != _sha256(jar):
                raise StackError(f"{jar.name} is not the jar that {lock.name} expects: the download was changed")
            shutil.move(jar, place / jar.name)
    missing = [jar.name for jar in found if not jar.exists()]
    if missing:
        raise StackError(f"Maven's repository gave no {', '.join(missing)}")
    return found


def _places(name: str, lock: Path) -> list[Path]:
    return [folder.cache() / name / jar for jar in _locked(lock)]


def _download(target: Path, wanted: Coordinates) -> list[Path]:
    # jgo wants a runtime folder even where it runs nothing, and warns where the session has none.
    os.environ.setdefault("XDG_RUNTIME_DIR", str(target))
    from jgo.constants import MAVEN_CENTRAL_URL
    from jgo.maven import MavenContext
    from jgo.parse import Coordinate

    # The resolver alone: jgo's environments would fetch a JDK only to sort the jars into modules.
    context = MavenContext(repo_cache=target, remote_repos={"central": MAVEN_CENTRAL_URL})
    asked = [context.create_dependency(Coordinate(*place, scope="compile")) for place in wanted]
    try:
        direct, transitive = context.resolver.resolve(asked)
        needed = [*direct, *(each for each in transitive if each.scope in ("compile", "runtime"))]
        return sorted({each.artifact.resolve() for each in needed})
    except Exception as error:
        raise StackError(
            f"Kafka's jars could not be downloaded ({error}): check that this machine reaches Maven's repository,"
            " then try again"
        ) from error


def _locked(lock: Path) -> dict[str, str]:
    lines = (line.split() for line in lock.read_text().splitlines())
    return {name: sha256 for sha256, name in lines}


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write_lock(lock: Path, wanted: Coordinates) -> None:
    """Write down the name and hash of every jar that is wanted, or needed by one."""
    with tempfile.TemporaryDirectory() as draft:
        found = {jar.name: _sha256(jar) for jar in _download(Path(draft), wanted)}
    lock.write_text("".join(f"{sha256}  {name}\n" for name, sha256 in sorted(found.items())))


def main() -> None:
    """Fetch Kafka's jars, or write their lock anew."""
    try:
        if sys.argv[1:] == ["fetch"]:
            jars()
        else:
            write_lock(LOCK, KAFKA)
    except StackError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
