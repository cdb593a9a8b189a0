"""Where a local stack keeps its state, and as whom its parts run."""

import hashlib
import json
import os
import pwd
import random
import shutil
import socket
import stat
from collections.abc import Collection
from pathlib import Path
from typing import Any, NamedTuple


class StackError(Exception):
    """Something on this machine keeps the stack from running; the text says what, and what to do."""


class Account(NamedTuple):
    """The user that PostgreSQL runs as, since it refuses to run as root."""

    uid: int
    gid: int


ROOT = Path(__file__).resolve().parents[2]
UNPRIVILEGED_USER = "nobody"
MINIMUM_FREE_BYTES = 1_000_000_000
PORTS = "20000-29999"
"""Below what systems give to outgoing connections, which would otherwise take a port of ours while we are stopped."""


def home() -> Path:
    """Give the state folder: KULVERT_HOME, else .kulvert in the project's folder."""
    return Path(os.environ.get("KULVERT_HOME", ROOT / ".kulvert")).resolve()


def cache() -> Path:
    """Give the folder of downloaded Kafka jars, shared by all stacks: KULVERT_CACHE, else .kulvert/cache."""
    return Path(os.environ.get("KULVERT_CACHE", ROOT / ".kulvert" / "cache")).resolve()


def unprivileged() -> Account | None:
    """Give the account for PostgreSQL where we are root, else None: then it runs as we do."""
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam(UNPRIVILEGED_USER)
    except KeyError as missing:
        raise StackError(
            f"PostgreSQL will not run as root, and this machine has no user '{UNPRIVILEGED_USER}':"
            " make that user, or run as an ordinary one"
        ) from missing
    return Account(entry.pw_uid, entry.pw_gid)


def place_for_others(wanted: Path) -> Path:
    """Give `wanted`, or, where another user could not reach it (below /root), a folder of its own in /var/tmp."""
    if os.geteuid() != 0 or all(_may_enter(parent) for parent in wanted.parents if parent.exists()):
        return wanted
    return Path("/var/tmp") / f"kulvert-{hashlib.sha256(str(wanted).encode()).hexdigest()[:12]}"  # noqa: S108


def _may_enter(folder: Path) -> bool:
    return bool(folder.stat().st_mode & stat.S_IXOTH)


def make(folder: Path) -> None:
    """Make a stack's folder, unless it is there. Raises StackError where that cannot be, or it cannot be written to."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unusable(folder, error.strerror) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise _unusable(folder, "this user may not write to it")


def _unusable(folder: Path, why: str | None) -> StackError:
    return StackError(f"{folder} cannot hold the stack ({why}): name another folder with KULVERT_HOME")


def check_space(folder: Path) -> None:
    """Make sure that there is room to start. Raises StackError."""
    free = shutil.disk_usage(folder).free
    if free < MINIMUM_FREE_BYTES:
        raise StackError(f"{folder} has {free // 1_000_000} MB left and the stack needs 1,000 MB: free some disk space")


def free_port(taken: Collection[int] = ()) -> int:
    """Give a port that nobody listens on at this moment, and that is none of those `taken`.

    One of KULVERT_LOCAL_PORTS, such as 20000-29999, which it is where that is not set. Raises StackError.
    """
    named = os.environ.get("KULVERT_LOCAL_PORTS", PORTS)
    first, _, last = named.partition("-")
    try:
        ports = range(int(first), int(last) + 1)
    except ValueError as error:
        raise StackError(f"KULVERT_LOCAL_PORTS is {named!r}: write it as {PORTS}") from error
    # By chance, since two stacks that choose at once would both take the first.
    for port in random.sample(ports, len(ports)):
        if port not in taken and is_free(port):
            return port
    raise StackError(f"no port of {named} is free: name others with KULVERT_LOCAL_PORTS")


def is_free(port: int) -> bool:
    """Tell whether nobody listens on a port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def write_secret(path: Path, value: dict[str, Any]) -> None:
    """Write a JSON file that only its owner may read, at once or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".new")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(value, indent=1))
    draft.replace(path)
