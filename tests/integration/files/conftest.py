"""What the tests of files stand on: two services, and a metering point with a contract."""

import json
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from deploy.local.folder import ROOT
from deploy.local.services import CONTRACTS, INGEST_API, ingest_worker
from deploy.local.stack import Stack
from tests.integration.kulvert_command import Kulvert
from tests.running import running

WORKER = ingest_worker(1)


@pytest.fixture(scope="package")
def contracts(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with running(stack, CONTRACTS, tmp_path_factory.mktemp("contracts") / "log") as client:
        terms = json.loads((ROOT / "services/contracts/price_lists/bas-2018.json").read_text())
        client.put("/v1/networks/north", json={"name": "North"}).raise_for_status()
        client.put("/v1/price-lists/bas", json=terms).raise_for_status()
        yield client


@pytest.fixture(scope="package")
def ingest_api(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with running(stack, INGEST_API, tmp_path_factory.mktemp("ingest_api") / "log") as client:
        yield client


@pytest.fixture
def worker(stack: Stack, tmp_path: Path) -> Iterator[None]:
    with running(stack, WORKER, tmp_path / "worker.log"):
        yield


@pytest.fixture
def kulvert(stack: Stack, contracts: httpx.Client, ingest_api: httpx.Client, tmp_path: Path) -> Kulvert:
    return Kulvert(stack, tmp_path)


@pytest.fixture
def point(contracts: httpx.Client) -> str:
    """A metering point with a contract, in a facility and at a weather station of its own."""
    tag = uuid4().hex[:8]
    documents = {
        f"facilities/F{tag}": {"name": "H", "address": "A", "category": "small_house", "network_id": "north"},
        f"metering-points/P{tag}": {"facility_number": f"F{tag}", "station_id": f"S{tag}"},
        f"customers/C{tag}": {"kind": "consumer", "name": "N", "address": "A"},
        f"contracts/K{tag}": {
            "customer_number": f"C{tag}",
            "metering_point": f"P{tag}",
            "terms": [{"valid_from": "2018-01-01", "price_list_id": "bas"}],
            "powers": [{"valid_from": "2018-01-01", "kw": "9"}],
        },
    }
    for path, document in documents.items():
        contracts.put(f"/v1/{path}", json=document).raise_for_status()
    return f"P{tag}"
