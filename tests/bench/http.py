"""Readings over HTTP until they are acknowledged: 202, with the broker's word for each."""

import json
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from typing import Any

import httpx

from deploy.local import folder
from deploy.local.folder import ROOT
from deploy.local.services import INGEST_API
from deploy.local.stack import Stack
from schemas.event import ARROW, JSON
from tests.bench.figures import Figure
from tests.bench.programs import own_stack, program, service, wait_until

SECONDS = 10
CONNECTIONS = 8
LEAST_PER_S = {JSON: 50_000, ARROW: 150_000}
READINGS_A_POST = {JSON: 1_000, ARROW: 5_000}


def http_json() -> Iterator[Figure]:
    """Measure lists of 1,000 readings as JSON."""
    yield from _measured("json", JSON, "FastAPI and pydantic, straight to Kafka")


def http_arrow() -> Iterator[Figure]:
    """Measure record batches of 5,000 readings."""
    yield from _measured("arrow", ARROW, "FastAPI, unread to Kafka")


def _measured(figure: str, content_type: str, other: str) -> Iterator[Figure]:
    with own_stack() as stack:
        with service(stack, INGEST_API):
            rate = _rate(f"{api_address(stack)}/v1/readings", source_key(stack), content_type)
        others_rate = _rate_of_bare_api(stack, figure, content_type)
    yield Figure(figure, rate, "readings/s", "least", LEAST_PER_S[content_type])
    yield Figure(figure, rate, "readings/s", other, others_rate)


def api_address(stack: Stack) -> str:
    """Give the address of a stack's ingest API."""
    return f"http://127.0.0.1:{stack.port(INGEST_API.http)}"


def source_key(stack: Stack, kind: str = "live") -> str:
    """Register a source of readings of a kind; gives its key."""
    headers = {"Authorization": f"Bearer {stack.integration_key}"}
    answer = httpx.put(
        f"{api_address(stack)}/v1/sources/bench-{kind}", json={"kind": kind, "rank": 10}, headers=headers
    )
    answer.raise_for_status()
    return str(answer.json()["key"])


def _rate_of_bare_api(stack: Stack, path: str, content_type: str) -> float:
    port = folder.free_port()
    command = [sys.executable, "-m", "tests.bench.bare_api", stack.kafka.bootstrap, str(port)]
    address = f"http://127.0.0.1:{port}"
    with program(command, {}, stack.log("bare_api")):
        wait_until(partial(_answers, address), "the bare API did not start")
        return _rate(f"{address}/{path}", "none", content_type)


def _answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/ready").is_success
    except httpx.TransportError:
        return False


def _rate(address: str, key: str, content_type: str) -> float:
    arguments = [address, key, content_type, READINGS_A_POST[content_type], CONNECTIONS, SECONDS]
    command = [sys.executable, "-m", "tests.bench.load", *map(str, arguments)]
    sent: dict[str, Any] = json.loads(subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout)
    return float(sent["readings"] / sent["seconds"])
