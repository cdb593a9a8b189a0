"""What every level of tests stands on: one real Kafka and PostgreSQL for the whole run, and the real data."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from deploy.local.processes import reap
from deploy.local.stack import Stack
from tests.running import cannot_run

ROOT = Path(__file__).resolve().parents[1]

# How long an example takes says nothing about the law where the machine does other work beside.
settings.register_profile("kulvert", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("kulvert")


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack of its own for this run, so that a demo beside it is not disturbed."""
    own = Stack(tmp_path_factory.mktemp("stack"))
    own.start()
    yield own
    own.remove()
    reap()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real material beside the project; its tests cannot run without it, and in CI must."""
    folder = Path(os.environ.get("KULVERT_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        cannot_run(f"the real test data is not there: put it in {folder}, or name its folder in KULVERT_SHARED_DATA")
    return folder
