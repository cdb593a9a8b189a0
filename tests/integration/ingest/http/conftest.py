"""One running API and worker for all tests of the folder, and for no others: the worker would judge their spans."""

from collections.abc import Iterator

import pytest

from deploy.local.services import INGEST_API, ingest_worker
from deploy.local.stack import Stack
from tests.integration.ingest.http.door import Door
from tests.running import running


@pytest.fixture(scope="package")
def door(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    folder = tmp_path_factory.mktemp("ingest")
    logs = {"api": folder / "api.log", "worker": folder / "worker.log"}
    with (
        running(stack, INGEST_API, logs["api"]) as staff,
        running(stack, ingest_worker(1), logs["worker"]),
    ):
        yield Door(stack, staff, logs)
