"""What every level of tests stands on: one real Kafka and PostgreSQL for each process of the run, and the real data."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from deploy.local.processes import reap
from deploy.local.stack import PREFERRED_PORTS, Stack
from tests import side_by_side
from tests.ending import end_on_sigterm_as_on_ctrl_c
from tests.running import cannot_run

ROOT = Path(__file__).resolve().parents[1]

# How long an example takes says nothing about the law where the machine does other work beside.
settings.register_profile("kulvert", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("kulvert")


def pytest_configure(config: pytest.Config) -> None:
    """Keep the portal's usual port from all stacks of this run, and give each process ports of its own.

    Two stacks that start at once would both choose the same.
    """
    if hasattr(config, "workerinput"):
        end_on_sigterm_as_on_ctrl_c(has_workers=False)
        os.environ["KULVERT_LOCAL_PORTS"] = side_by_side.ports_of(config.workerinput["workerid"])
        return
    end_on_sigterm_as_on_ctrl_c(has_workers=bool(config.getoption("tx", None)))
    taken = socket.socket()
    try:
        taken.bind(("127.0.0.1", PREFERRED_PORTS["gateway_http"]))
        taken.listen()
    except OSError:
        pass  # A demo beside has it, which does as well.
    config.add_cleanup(taken.close)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Order the tests as they are shared out between processes."""
    side_by_side.put_longest_first(items)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> side_by_side.Sharing:
    """Share the tests out."""
    return side_by_side.scheduler(config, log)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack of its own for this process, so that a demo beside it is not disturbed."""
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
