"""The system that is harmed, and an undisturbed run of the same traffic to compare with."""

import os
import sys
from collections.abc import Iterator

import pytest

from tests.faults import outcome
from tests.faults.outcome import Rows
from tests.faults.runs import Run
from tests.faults.system import System

WORKERS = 2
TELL_WITHIN_HOURS = 1_000_000
"""So that alerts about the past are told, too."""


def seeds() -> list[int]:
    """Give the seeds to run: SEED=7, or SEEDS=1-10, else 1."""
    if one := os.environ.get("SEED"):
        return [int(one)]
    first, _, last = os.environ.get("SEEDS", "1").partition("-")
    return list(range(int(first), int(last or first) + 1))


@pytest.fixture(scope="session", params=seeds(), ids="seed-{}".format)
def seed(request: pytest.FixtureRequest) -> int:
    """What draws the traffic and the faults."""
    sys.stdout.write(f"seed {request.param}\n")
    return int(request.param)


@pytest.fixture(scope="package")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """The whole system with two ingest workers; gone with its setting before the tests of other folders begin."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KULVERT_TELL_WITHIN_HOURS", str(TELL_WITHIN_HOURS))
        own = System(tmp_path_factory.mktemp("faults"), WORKERS)
        own.start()
        yield own
        own.remove()


@pytest.fixture(scope="package")
def calm(system: System, seed: int) -> dict[str, Rows]:
    """What becomes of a seed's traffic when nothing is harmed."""
    run = Run(system, f"calm{seed}", seed)
    run.undisturbed()
    return outcome.tables(system, run.town.name)
