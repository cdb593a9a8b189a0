"""One id from a request through the events to the rows and logs of whoever hears of them."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from aiokafka.structs import ConsumerRecord

from deploy.local.folder import ROOT
from deploy.local.services import CONTRACTS, PERMISSIONS
from deploy.local.stack import Stack
from schemas.event import CORRELATION_HEADER, header
from schemas.topics import CONTRACTS_CHANGED, GRANTS_CHANGED, Topic
from tests.integration.looking import records, rows
from tests.running import running

WAIT_S = 30


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("correlation")


@pytest.fixture(scope="module")
def services(stack: Stack, logs: Path) -> Iterator[tuple[httpx.Client, httpx.Client]]:
    with (
        running(stack, CONTRACTS, logs / "contracts.log") as contracts,
        running(stack, PERMISSIONS, logs / "permissions.log") as permissions,
    ):
        yield contracts, permissions


def put(client: httpx.Client, path: str, document: dict[str, Any], correlation_id: str) -> None:
    answer = client.put(path, json=document, headers={"X-Correlation-Id": correlation_id})
    assert answer.status_code in (200, 201), answer.text
    assert answer.headers["X-Correlation-Id"] == correlation_id


def put_contract(contracts: httpx.Client, tag: str, correlation_id: str) -> None:
    bas = json.loads((ROOT / "services/contracts/price_lists/bas-2018.json").read_text())
    facility = {"name": "Villa Ek", "address": "Ekvägen 1", "category": "small_house", "network_id": f"N{tag}"}
    contract = {
        "customer_number": f"C{tag}",
        "metering_point": f"P{tag}",
        "terms": [{"valid_from": "2018-01-01", "price_list_id": f"L{tag}"}],
    }
    documents: dict[str, dict[str, Any]] = {
        f"networks/N{tag}": {"name": "Aalborg"},
        f"price-lists/L{tag}": bas,
        f"facilities/F{tag}": facility,
        f"metering-points/P{tag}": {"facility_number": f"F{tag}"},
        f"customers/C{tag}": {"kind": "consumer", "name": "Eva Ek", "address": "Ekvägen 1"},
    }
    for path, document in documents.items():
        put(contracts, f"/v1/{path}", document, uuid4().hex)
    put(contracts, f"/v1/contracts/K{tag}", contract, correlation_id)


def lines(log: Path, event: str) -> list[dict[str, Any]]:
    return [line for text in log.read_text().splitlines() if (line := json.loads(text))["event"] == event]


def wait_for_line(log: Path, event: str, correlation_id: str) -> dict[str, Any]:
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline:
        for line in lines(log, event):
            if correlation_id in line["correlation_ids"]:
                return line
        time.sleep(0.1)
    raise AssertionError(f"no line {event} with {correlation_id}: {log.read_text()}")


def ids_on(stack: Stack, topic: Topic, wanted: str) -> list[str | None]:
    """The correlation ids of all that stands on a topic, once the wanted one is there."""

    def ids(found: list[ConsumerRecord]) -> list[str | None]:
        return [header(one.headers, CORRELATION_HEADER) for one in found]

    return ids(records(stack, topic, lambda found: wanted in ids(found)))


def test_the_id_of_a_request_is_in_the_event_and_in_its_consumers_log(
    stack: Stack, services: tuple[httpx.Client, httpx.Client], logs: Path
) -> None:
    contracts, _ = services
    correlation_id = uuid4().hex
    put_contract(contracts, uuid4().hex[:8], correlation_id)
    line = wait_for_line(logs / "permissions.log", "messages_stored", correlation_id)
    assert (line["service"], line["topic"], line["level"]) == ("permissions", "contracts-changed", "info")
    assert ids_on(stack, CONTRACTS_CHANGED, correlation_id).count(correlation_id) == 1


def test_the_id_of_a_grant_is_in_the_audit_trail_and_in_its_event(
    stack: Stack, services: tuple[httpx.Client, httpx.Client]
) -> None:
    contracts, permissions = services
    tag, correlation_id = uuid4().hex[:8], uuid4().hex
    put_contract(contracts, tag, uuid4().hex)
    put(permissions, f"/v1/people/u{tag}", {"name": "Anna"}, uuid4().hex)
    put(permissions, f"/v1/grants/C{tag}/u{tag}", {"level": "read"}, correlation_id)
    assert rows(stack, "SELECT action FROM permissions.audit WHERE correlation_id = %s", correlation_id) == [
        ("granted",)
    ]
    assert ids_on(stack, GRANTS_CHANGED, correlation_id).count(correlation_id) == 1


def test_an_id_that_is_none_is_not_taken_over(services: tuple[httpx.Client, httpx.Client]) -> None:
    contracts, _ = services
    for given in ("x" * 65, "a b", "<script>"):
        answer = contracts.get("/v1/price-lists", headers={"X-Correlation-Id": given})
        assert answer.headers["X-Correlation-Id"] != given
        assert len(answer.headers["X-Correlation-Id"]) == 32
