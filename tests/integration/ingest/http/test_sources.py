"""Sources and their deliveries: who may send what, which version counts, and what comes twice."""

import hashlib
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any
from uuid import uuid4

import httpx
import pytest

from deploy.local.services import Service
from deploy.local.stack import Stack
from schemas.topics import HOURLY_POWER
from tests.integration.ingest.http.door import AT, JSON, Door, Sender, new_serial
from tests.running import running


def one(point: str, energy_wh: int = 1, **more: Any) -> list[dict[str, Any]]:
    return [{"metering_point": point, "read_at": AT, "energy_wh": energy_wh} | more]


def test_without_a_key_or_with_an_unknown_one_nothing_is_taken(door: Door) -> None:
    address = f"{door.staff.base_url}/v1/readings"
    for header in ({}, {"Authorization": "Basic abc"}, {"Authorization": "Bearer"}):
        answer = httpx.post(address, json=one("a"), headers=header)
        assert (answer.status_code, answer.json()["code"]) == (401, "key_missing")
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    for key in ("wrong", door.sender.key[:-1], door.stack.integration_key, "' OR 1=1 --", "é" * 50):
        answer = httpx.post(address, json=one("a"), headers={b"Authorization": f"Bearer {key}".encode()})
        assert (answer.status_code, answer.json()["code"]) == (401, "key_unknown")


def test_a_source_s_key_is_not_the_key_of_staff_systems(door: Door) -> None:
    key = {"Authorization": f"Bearer {door.sender.key}"}
    for method, path in (("PUT", "/v1/sources/a"), ("PUT", "/v1/meters/a"), ("GET", "/v1/meters/a"),
                         ("PUT", "/v1/stations/a"), ("POST", "/v1/import/meters"),
                         ("POST", "/v1/outdoor-temperatures")):  # fmt: skip
        answer = httpx.request(method, f"{door.staff.base_url}{path}", headers=key, json={})
        # A document that does not fit may be told of first; either way nothing is done.
        assert answer.status_code in (401, 422), (path, answer.text)
        answer = httpx.request(method, f"{door.staff.base_url}{path}", headers=key, json=_fitting(path))
        assert (answer.status_code, answer.json()["code"]) == (401, "key_unknown"), path


def _fitting(path: str) -> dict[str, Any]:
    if path == "/v1/stations/a":
        return {"name": "a"}
    if path == "/v1/outdoor-temperatures":
        return {"station_id": "a", "values": [{"starts_at": AT, "celsius": 1}]}
    return {}


def test_revoking_a_source_counts_from_the_next_request_on(door: Door) -> None:
    sender, point = door.new_sender(), door.point()
    assert sender.post(one(point)).status_code == 202
    revoked = door.staff.put(f"/v1/sources/{sender.name}", json={"state": "revoked", "rank": 10})
    assert (revoked.status_code, revoked.json()["result"]) == (200, "changed")
    answer = sender.post(one(point, 2))
    assert (answer.status_code, answer.json()["code"]) == (403, "key_revoked")
    assert door.staff.put(f"/v1/sources/{sender.name}", json={"rank": 10}).json()["key"] is None
    assert sender.post(one(point, 2)).status_code == 202


def test_a_renewed_key_ends_the_old_one(door: Door) -> None:
    sender, point = door.new_sender(), door.point()
    old = sender.key
    sender.key = door.staff.put(f"/v1/sources/{sender.name}", json={"renew_key": True}).json()["key"]
    assert sender.post(one(point)).status_code == 202
    sender.key = old
    assert sender.post(one(point)).json()["code"] == "key_unknown"


def test_putting_the_same_source_again_changes_nothing_and_shows_no_key(door: Door) -> None:
    sender = door.new_sender(serials=["a", "b"])
    again = door.staff.put(f"/v1/sources/{sender.name}", json={"kind": "live", "rank": 10, "serials": ["a", "b"]})
    assert (again.status_code, again.json()) == (200, {"name": sender.name, "result": "unchanged", "key": None})


def test_a_source_may_bring_its_own_key_and_nobody_may_bring_another_s(door: Door) -> None:
    key = uuid4().hex
    digest = hashlib.sha256(key.encode()).hexdigest()
    name, other = f"own-{uuid4().hex[:8]}", f"thief-{uuid4().hex[:8]}"
    assert door.staff.put(f"/v1/sources/{name}", json={"key_sha256": digest}).json()["key"] is None
    answer = httpx.post(
        f"{door.staff.base_url}/v1/readings", json=one(door.point()), headers={"Authorization": f"Bearer {key}"}
    )
    assert answer.status_code == 202
    taken = door.staff.put(f"/v1/sources/{other}", json={"key_sha256": digest})
    assert (taken.status_code, taken.json()["code"]) == (409, "key_is_taken")
    assert digest not in taken.text
    assert door.rows("SELECT count(*) FROM ingest.source WHERE name = %s", other) == [(0,)]


@pytest.mark.parametrize(
    "document",
    [
        *({"rank": rank} for rank in ("10", True, 101, -1, 1.5)),
        {"kind": "file"},
        {"renew_key": "yes"},
        *({"serials": serials} for serials in ("a", ["a b"], [1])),
        {"key_sha256": "ab"},
        {"level": "full"},
        {"source_id": "4a1c"},
    ],
)
def test_a_source_s_document_is_taken_exactly(door: Door, document: dict[str, Any]) -> None:
    answer = door.staff.put(f"/v1/sources/strict-{uuid4().hex[:8]}", json=document)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


def test_keys_stand_nowhere_in_clear(door: Door) -> None:
    sender = door.new_sender()
    sender.post(one(door.point()))
    logged = "".join(path.read_text() for path in door.logs.values())
    for secret in (sender.key, door.stack.integration_key):
        assert secret not in logged
    stored = door.rows("SELECT key_hash FROM ingest.source WHERE name = %s", sender.name)
    assert stored == [(hashlib.sha256(sender.key.encode()).hexdigest(),)]


def test_a_source_speaks_only_of_its_own_meters(door: Door) -> None:
    mine, other, point = new_serial(), new_serial(), door.point()
    sender = door.new_sender(serials=[mine])
    items = [
        {"serial": mine, "read_at": AT, "energy_wh": 1},
        {"serial": other, "read_at": AT, "energy_wh": 1},
        *one(point),
    ]
    answer = sender.post(items)
    assert [(entry["item"], entry["code"]) for entry in answer.json()["refused"]] == [
        (1, "not_allowed_for_source"),
        (2, "not_allowed_for_source"),
    ]
    assert answer.json()["taken"] == 1


def test_a_source_cannot_push_out_a_reading_of_a_point_where_its_meter_does_not_sit(door: Door) -> None:
    mine, victim, point, home = new_serial(), new_serial(), door.point(), door.point()
    for serial, place in ((mine, home), (victim, point)):
        meter = {"installations": [{"metering_point": place, "installed_at": "2023-01-01T00:00:00Z"}]}
        assert door.staff.put(f"/v1/meters/{serial}", json=meter).status_code == 201
    door.sender.judged(door.sender.post([{"serial": victim, "read_at": AT, "energy_wh": 1000}]))
    thief = door.new_sender(serials=[mine], rank=100)
    for lie in ({"energy_wh": 5}, {"energy_wh": 1000, "withdrawn": True}):
        thief.judged(thief.post([{"serial": mine, "metering_point": point, "read_at": AT} | lie]))
    assert door.rows(
        "SELECT energy_wh, verdict FROM ingest.reading JOIN ingest.point USING (point_id) WHERE number = %s"
        " ORDER BY verdict LIMIT 1", point
    ) == [(1000, 1)]  # fmt: skip


def test_of_two_versions_the_one_from_the_source_of_higher_rank_counts_whenever_it_comes(door: Door) -> None:
    low, high = door.new_sender(rank=5), door.new_sender(rank=50)
    counted = (
        "SELECT energy_wh FROM ingest.reading JOIN ingest.point USING (point_id) WHERE number = %s AND verdict = 1"
    )
    for order in ((low, high), (high, low)):
        point = door.point()
        for sender in order:
            later = "2024-01-11T00:00:00Z" if sender is low else "2024-01-10T00:00:00Z"
            sender.judged(sender.post(one(point, 100 if sender is low else 200, recorded_at=later)))
        assert door.rows(counted, point) == [(200,)]


def test_a_delivery_is_shown_to_its_source_and_to_staff_alone(door: Door) -> None:
    delivery_id = door.sender.post(one(door.point())).json()["delivery_id"]
    assert door.sender.delivery(delivery_id)["source"] == door.sender.name
    assert door.staff.get(f"/v1/deliveries/{delivery_id}").status_code == 200
    other = {"Authorization": f"Bearer {door.new_sender().key}"}
    foreign = door.staff.get(f"/v1/deliveries/{delivery_id}", headers=other)
    unknown = door.staff.get(f"/v1/deliveries/{uuid4()}", headers=other)
    assert (foreign.status_code, foreign.content) == (404, unknown.content)


@pytest.fixture(scope="module")
def addresses(door: Door, stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """Two APIs side by side."""
    log = tmp_path_factory.mktemp("second") / "api.log"
    with ExitStack() as both:
        second = both.enter_context(running(stack, Service("ingest_api_2", "services.ingest", ("api",)), log))
        yield [str(door.staff.base_url), str(second.base_url)]


def test_a_key_sent_twenty_times_at_once_to_two_apis_is_one_delivery(door: Door, addresses: list[str]) -> None:
    point, key = door.point(), uuid4().hex
    headers = {"Authorization": f"Bearer {door.sender.key}", "Idempotency-Key": key, "Content-Type": JSON}
    body = json.dumps([*one(point), {"energy_wh": 1}])

    def post(number: int) -> httpx.Response:
        return httpx.post(f"{addresses[number % 2]}/v1/readings", headers=headers, content=body, timeout=30)

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(post, range(20)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.text for answer in answers}) == 1
    assert door.rows("SELECT count(*) FROM ingest.delivery WHERE idempotency_key = %s", key) == [(1,)]
    found = door.sender.judged(answers[0])
    assert found["verdicts"] == {"accepted": 1}
    assert len(found["refused"]) == 1


@pytest.mark.parametrize("other", ["body", "content type"])
def test_a_key_that_comes_with_another_body_is_refused(door: Door, other: str) -> None:
    key, body = uuid4().hex, json.dumps(one(door.point())[0])
    first = door.sender.post(body, Idempotency_Key=key)
    assert first.status_code == 202
    answer = (
        door.sender.post(json.dumps(one(door.point())[0]), Idempotency_Key=key)
        if other == "body"
        else door.sender.post(body, "application/x-ndjson", Idempotency_Key=key)
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "key_reused")
    assert door.sender.post(body, Idempotency_Key=key).json() == first.json()


def test_two_sources_may_use_the_same_key(door: Door) -> None:
    key, point = uuid4().hex, door.point()
    other: Sender = door.new_sender()
    first, second = (
        sender.post(one(point), Idempotency_Key=key).json()["delivery_id"] for sender in (door.sender, other)
    )
    assert first != second


def test_long_names_that_make_a_message_too_large_are_sent_in_smaller_ones(door: Door) -> None:
    point = door.point()
    items = [
        {"serial": f"{index:06d}" + "🔥" * 34, "metering_point": point, "read_at": AT, "energy_wh": 1}
        for index in range(5000)
    ]
    answer = door.sender.post(items)
    assert (answer.status_code, answer.json()["taken"]) == (202, 5000)
    assert door.sender.judged(answer)["verdicts"] == {"unknown_meter": 5000}


def test_one_id_leads_from_the_request_to_the_rows_the_logs_and_what_others_hear(door: Door) -> None:
    trace, point = f"trace-{uuid4().hex}", door.point()
    items = [*one(point), *one(point, 2, read_at="2024-01-10T01:00:00+01:00")]
    answer = door.sender.post(items, X_Correlation_Id=trace)
    assert answer.headers["X-Correlation-Id"] == trace
    delivery_id = answer.json()["delivery_id"]
    door.sender.judged(answer)
    assert door.rows("SELECT correlation_id FROM ingest.delivery WHERE delivery_id = %s", delivery_id) == [(trace,)]
    door.until_told(HOURLY_POWER, trace)
    (taken,) = [json.loads(line) for line in door.logs["api"].read_text().splitlines() if trace in line]
    assert (taken["event"], taken["delivery_id"]) == ("delivery_taken", delivery_id)
    stored = [json.loads(line) for line in door.logs["worker"].read_text().splitlines() if trace in line]
    assert {line["correlation_id"] for line in stored} == {trace}
