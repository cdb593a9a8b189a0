"""While Kafka or PostgreSQL is away the door says so and keeps nothing, and it works again as soon as they do."""

import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from deploy.local.processes import reap
from deploy.local.services import INGEST_API, Service, ingest_worker
from deploy.local.stack import Stack
from tests.builders import Points
from tests.integration.ingest.http.door import AT, Sender
from tests.running import running

BACK_WITHIN_S = 40


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack whose parts may be taken away from nobody else."""
    made = Stack(tmp_path_factory.mktemp("own"))
    made.start()
    yield made
    made.remove()
    reap()


@pytest.fixture(scope="module")
def staff(own: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with running(own, INGEST_API, tmp_path_factory.mktemp("away") / "api.log") as client:
        client.timeout = httpx.Timeout(30)
        yield client


@pytest.fixture(scope="module")
def sender(staff: httpx.Client) -> Sender:
    return Sender(staff, "head-end")


def kill(own: Stack, name: str) -> None:
    process = own.process(name)
    assert process is not None
    process.stop(20, signal.SIGKILL if name == "kafka" else signal.SIGINT)
    reap()


def until_taken(sender: Sender, body: list[dict[str, Any]], key: str) -> httpx.Response:
    """Send the same delivery again and again, as a head-end would."""
    deadline = time.monotonic() + BACK_WITHIN_S
    while (answer := sender.post(body, Idempotency_Key=key)).status_code != httpx.codes.ACCEPTED:
        assert answer.status_code == httpx.codes.SERVICE_UNAVAILABLE, answer.text
        assert time.monotonic() < deadline, answer.text
        time.sleep(0.5)
    return answer


@pytest.mark.parametrize(("part", "code"), [("kafka", "broker_away"), ("postgres", "database_away")])
def test_what_cannot_be_acknowledged_is_not_taken(
    own: Stack, staff: httpx.Client, sender: Sender, part: str, code: str
) -> None:
    points = Points(own)
    body = [{"metering_point": f"MP-{points.add()[0]}", "read_at": AT, "energy_wh": 1}]
    assert sender.post(body).status_code == httpx.codes.ACCEPTED
    key = uuid4().hex
    kill(own, part)
    began = time.monotonic()
    answer = sender.post(body, Idempotency_Key=key)
    assert (answer.status_code, answer.json()["code"]) == (503, code)
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.headers["content-type"] == "application/problem+json"
    assert time.monotonic() - began < 15
    own.start_part(part)
    assert points.rows("SELECT count(*) FROM ingest.delivery WHERE idempotency_key = %s", [key]) == [(0,)]
    taken = until_taken(sender, body, key)
    again = sender.post(body, Idempotency_Key=key)
    assert again.json() == taken.json()
    assert points.rows("SELECT count(*) FROM ingest.delivery WHERE idempotency_key = %s", [key]) == [(1,)]


def test_staff_systems_are_told_that_the_database_is_away(own: Stack, staff: httpx.Client) -> None:
    kill(own, "postgres")
    for answer in (staff.put("/v1/stations/s", json={"name": "S"}), staff.get("/v1/meters/m")):
        assert (answer.status_code, answer.json()["code"]) == (503, "database_away")
        assert answer.headers["Retry-After"]
    own.start_part("postgres")
    deadline = time.monotonic() + BACK_WITHIN_S
    while staff.put("/v1/stations/s", json={"name": "S"}).status_code == httpx.codes.SERVICE_UNAVAILABLE:
        assert time.monotonic() < deadline
        time.sleep(0.5)
    assert staff.put("/v1/stations/s", json={"name": "S"}).json()["result"] == "unchanged"


def test_readings_that_a_meter_frees_while_no_worker_runs_are_on_their_way_until_one_does(
    own: Stack, staff: httpx.Client, sender: Sender, tmp_path: Path
) -> None:
    points, serial = Points(own), uuid4().hex[:12]
    point = points.add()[0]
    held = "SELECT count(*) FROM ingest.held_reading WHERE serial = %s"
    with running(own, ingest_worker(1), tmp_path / "first.log"):
        answer = sender.post([{"serial": serial, "read_at": AT, "energy_wh": 7}])
        assert sender.judged(answer)["verdicts"] == {"unknown_meter": 1}
    place = {"metering_point": f"MP-{point}", "installed_at": "2023-01-01T00:00:00Z"}
    assert staff.put(f"/v1/meters/{serial}", json={"installations": [place]}).status_code == httpx.codes.CREATED
    assert points.rows(held, [serial]) == [(0,)]
    assert points.rows("SELECT count(*) FROM ingest.outbox WHERE topic = 'meter-readings'") == [(1,)]
    with running(own, ingest_worker(1), tmp_path / "second.log"):
        assert sender.judged(answer)["verdicts"] == {"accepted": 1}
    assert points.rows("SELECT energy_wh, verdict FROM ingest.reading WHERE point_id = %s", [point]) == [(7, 1)]


def test_a_bulk_source_waits_while_the_worker_is_behind_and_a_live_one_need_not(
    own: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KULVERT_BULK_BACKLOG_SECONDS", "0")
    point = f"MP-{Points(own).add()[0]}"
    body = [{"metering_point": point, "read_at": AT, "energy_wh": 1}]
    # No worker runs on this stack, so whatever is sent waits.
    with running(own, Service("ingest_behind", "services.ingest", ("api",)), tmp_path / "api.log") as staff:
        bulk, live = Sender(staff, "files", kind="bulk"), Sender(staff, "meters")
        assert live.post(body).status_code == httpx.codes.ACCEPTED
        deadline = time.monotonic() + BACK_WITHIN_S
        while (answer := bulk.post(body)).status_code == httpx.codes.ACCEPTED:
            assert time.monotonic() < deadline
            time.sleep(0.2)
        assert (answer.status_code, answer.json()["code"]) == (429, "worker_behind")
        assert int(answer.headers["Retry-After"]) > 0
        assert live.post(body).status_code == httpx.codes.ACCEPTED
