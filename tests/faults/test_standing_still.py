"""PostgreSQL or Kafka stands still without being dead: who asks is told so soon, and may ask again without harm."""

import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from deploy.local.services import BANKID_RP, CONTRACTS, GATEWAY, INGEST_API, Service
from services.cli.stack import READY, STARTING, look
from tests.faults.system import System

TOLD_WITHIN_S = 15.0
"""A question to PostgreSQL may take 10 s, a page's 6 s; the rest is for a machine that is busy."""
READING = {"metering_point": "MP-1", "read_at": "2024-01-10T00:00:00+01:00", "energy_wh": 1}
SERVED = {
    "ingest": httpx.codes.ACCEPTED,
    "contracts": httpx.codes.OK,
    "portal": httpx.codes.SEE_OTHER,
    "log in": httpx.codes.UNPROCESSABLE_ENTITY,
}


class Askers:
    """A head-end, a staff system and two visitors, each with one request that is sent over and over."""

    def __init__(self, system: System) -> None:
        def url(service: Service, path: str) -> str:
            return f"http://127.0.0.1:{system.stack.port(service.http)}{path}"

        staff = {"Authorization": f"Bearer {system.stack.integration_key}"}
        source = {"kind": "live", "rank": 10}
        known = httpx.put(url(INGEST_API, "/v1/sources/still"), headers=staff, json=source).raise_for_status()
        sender = {"Authorization": f"Bearer {known.json()['key']}"}
        visitor = {"Accept-Language": "sv", "Cookie": "kulvert=a-session-that-nobody-has"}
        self.requests = {
            "ingest": httpx.Request("POST", url(INGEST_API, "/v1/readings"), headers=sender, json=[READING]),
            "contracts": httpx.Request("PUT", url(CONTRACTS, "/v1/networks/still"), headers=staff, json={"name": "N"}),
            "portal": httpx.Request("GET", url(GATEWAY, "/start"), headers=visitor),
            "log in": httpx.Request("POST", url(GATEWAY, "/login"), headers=visitor, data={"link": "never-given-" * 3}),
        }
        self.ask()  # From now on the network is known, and putting it changes nothing.

    def ask(self) -> dict[str, httpx.Response]:
        """Let all ask at once, and give what each is answered."""
        with ThreadPoolExecutor() as threads:
            asked = {name: threads.submit(answer, request) for name, request in self.requests.items()}
        return {name: one.result() for name, one in asked.items()}

    def are_served(self) -> bool:
        """Tell whether each gets what it came for."""
        return {name: one.status_code for name, one in self.ask().items()} == SERVED


def answer(request: httpx.Request) -> httpx.Response:
    """Send a request, with far more patience than it should need."""
    with httpx.Client(timeout=60, trust_env=False) as client:
        return client.send(request)


@pytest.fixture(scope="module")
def askers(system: System) -> Askers:
    system.wait_until_ready()
    made = Askers(system)
    assert made.are_served()
    return made


def test_a_postgresql_that_stands_still_is_told_of_within_seconds_and_all_is_served_once_it_goes_on(
    system: System, askers: Askers
) -> None:
    rounds = []
    with system.frozen("postgres"):
        # First on connections that were there before, then without any.
        for _ in range(2):
            began = time.monotonic()
            rounds.append(askers.ask())
            assert time.monotonic() - began < TOLD_WITHIN_S
    for answers in rounds:
        assert {one.status_code for one in answers.values()} == {httpx.codes.SERVICE_UNAVAILABLE}
        for name in ("portal", "log in"):
            assert "försök igen om en stund" in answers[name].text
        for name in ("ingest", "contracts"):
            assert answers[name].json()["code"] == "database_away"
            assert int(answers[name].headers["Retry-After"]) > 0
    system.wait_for(askers.are_served, "everybody is served again")


def test_a_delivery_that_was_told_to_wait_while_postgresql_stood_still_is_taken_once(
    system: System, askers: Askers
) -> None:
    delivery = askers.requests["ingest"]
    delivery.headers["Idempotency-Key"] = key = "sent-while-all-stood-still"
    with system.frozen("postgres"):
        assert answer(delivery).status_code == httpx.codes.SERVICE_UNAVAILABLE
    system.wait_for(lambda: answer(delivery).status_code == httpx.codes.ACCEPTED, "the delivery is taken")
    again = answer(delivery).json()["delivery_id"]
    kept = "SELECT delivery_id::text FROM ingest.delivery WHERE idempotency_key = %s"
    assert system.rows(kept, key) == [(again,)]


def test_a_kafka_that_stands_still_is_told_of_by_whoever_needs_it_and_ends_nobody(system: System) -> None:
    system.wait_until_ready()
    before = {row.name: row.pid for row in look(system.stack)}
    with system.frozen("kafka"):
        states = {row.name: row.state for row in look(system.stack)}
    needless = {"postgres", GATEWAY.name, BANKID_RP.name}
    assert states == {name: READY if name in needless else STARTING for name in before}
    system.wait_until_ready()
    assert {row.name: row.pid for row in look(system.stack) if row.state == READY} == before
