"""How the suite is shared out where several processes run it side by side, each with a stack of its own."""

from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

TOGETHER = (
    "tests/faults/",
    "tests/browser/",
    "tests/integration/contracts/tariff_api/",
    "tests/integration/files/",
    "tests/integration/ingest/http/",
)
"""Folders whose tests share what runs for them: one process starts it, and runs them all."""

ALONE = (
    "tests/faults/test_positions.py",
    "tests/faults/test_power_run.py",
    "tests/integration/ingest/http/test_away.py",
)
"""Files in those folders whose tests have what they need to themselves."""

LONGEST_FIRST = ("tests/faults/", "tests/integration/", "tests/browser/", "tests/messages/")
"""What takes long begins first, so that no process is left alone with it at the end."""


PORTS_OF_A_PROCESS = 1_600


def ports_of(process: str) -> str:
    """Give the ports of a process's stacks, gw0 the first: chosen from the same, some are the same now and then."""
    first = 20_000 + int(process.removeprefix("gw")) % 6 * PORTS_OF_A_PROCESS
    return f"{first}-{first + PORTS_OF_A_PROCESS - 1}"


def unit(nodeid: str) -> str:
    """Name what a test is run together with: its folder's tests where they share what runs, else its file's."""
    file = nodeid.partition("::")[0]
    if file in ALONE:
        return file
    return next((folder for folder in TOGETHER if file.startswith(folder)), file)


class Sharing(LoadScopeScheduling):
    """Gives each process the next unit as soon as it is nearly through with the one before."""

    def _split_scope(self, nodeid: str) -> str:
        return unit(nodeid)


def put_longest_first(items: list[pytest.Item]) -> None:
    """Put the tests in the order in which they are shared out; those of one unit stay together."""

    def place(item: pytest.Item) -> int:
        begins = [item.nodeid.startswith(prefix) for prefix in LONGEST_FIRST]
        return begins.index(True) if any(begins) else len(begins)

    items.sort(key=place)


def scheduler(config: pytest.Config, log: Any) -> Sharing:
    """Make what xdist asks for the next tests."""
    # Its own order, the most tests first, says nothing about how long they take.
    config.option.loadscopereorder = False
    return Sharing(config, log)
