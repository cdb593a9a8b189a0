"""The alerts service as customers and the gateway meet it, on a real Kafka and PostgreSQL."""

import asyncio
import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
import pyarrow as pa
import pytest

from deploy.local.folder import ROOT
from deploy.local.stack import Stack
from schemas.alerts import AlertChanged
from schemas.batches import RecordBatches
from schemas.power import DAILY_POWER_BATCHES, HOURLY_POWER_BATCHES
from schemas.topics import ALERTS
from services.common.kafka import Outgoing, send_all, start_producer
from tests import examples
from tests.builders import stream
from tests.integration.looking import TIMEOUT_S, records, rows, wait_for

MEASURED, ESTIMATED = 1, 3
NOW = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
RECENT = NOW - timedelta(hours=30)
LONG_AGO = datetime(2019, 1, 7, tzinfo=UTC)


class Service:
    """The running service, to be killed and started again."""

    def __init__(self, stack: Stack, log: Path) -> None:
        self.stack = stack
        self.log = log
        self.environment = os.environ | stack.environment("alerts", "alerts_http", "alerts_metrics")

    def start(self) -> None:
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "services.alerts"], cwd=ROOT, env=self.environment, stdout=output, stderr=output
            )
        address = f"http://127.0.0.1:{self.stack.port('alerts_metrics')}/readyz"
        wait_for(lambda: self.process.poll() is not None or is_ready(address), self.log)
        assert self.process.poll() is None, self.log.read_text()

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)


@pytest.fixture(scope="module")
def service(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    running = Service(stack, tmp_path_factory.mktemp("alerts") / "alerts.log")
    with psycopg.connect(stack.admin_dsn) as connection:
        connection.execute("SELECT ingest.ensure_partitions(%s, %s)", [LONG_AGO, LONG_AGO + timedelta(days=60)])
        connection.execute("SELECT ingest.ensure_partitions(%s, %s)", [NOW - timedelta(days=90), NOW])
    running.start()
    yield running
    running.process.terminate()
    assert running.process.wait(30) == 0, running.log.read_text()


@pytest.fixture(scope="module")
def api(stack: Stack, service: Service) -> Iterator[httpx.Client]:
    base = f"http://127.0.0.1:{stack.port('alerts_http')}"
    with httpx.Client(base_url=base, headers={"Authorization": f"Bearer {stack.integration_key}"}) as client:
        yield client


def is_ready(address: str) -> bool:
    try:
        return httpx.get(address).status_code == 200
    except httpx.TransportError:
        return False


def new_point(stack: Stack) -> int:
    """A metering point of a facility of its own."""
    network, facility, number = f"n-{uuid4().hex[:8]}", uuid4(), f"P-{uuid4().hex[:10]}"
    with psycopg.connect(stack.admin_dsn) as connection:
        connection.execute("INSERT INTO contracts.network (network_id, name) VALUES (%s, 'N')", [network])
        connection.execute(
            "INSERT INTO contracts.facility (facility_id, facility_number, name, address, area, category, activity,"
            " network_id) VALUES (%s, %s, 'F', 'A', 'A', 'small_house', 'seven_day', %s)",
            [facility, number, network],
        )
        row = connection.execute(
            "INSERT INTO contracts.metering_point (number, facility_id, medium) VALUES (%s, %s, 'heat')"
            " RETURNING point_id",
            [number, facility],
        ).fetchone()
    assert row is not None
    return int(row[0])


def new_person(
    stack: Stack, point: int, since: datetime, until: datetime | None = None, level: str = "read"
) -> tuple[UUID, str]:
    """A person who may look at a point from then to then, with a session."""
    person, token = uuid4(), uuid4().hex
    digest = hashlib.sha256(token.encode()).digest()
    with psycopg.connect(stack.admin_dsn) as connection:
        connection.execute(
            "INSERT INTO permissions.person (user_id, user_name, name) VALUES (%s, %s, 'P')", [person, person.hex]
        )
        connection.execute(
            "INSERT INTO permissions.session (token_hash, user_id, assurance, expires_at)"
            " VALUES (%s, %s, 'local', now() + interval '1 hour')",
            [digest, person],
        )
        connection.execute(
            "INSERT INTO permissions.visible_period (user_id, point_id, valid_from, valid_to, level)"
            " VALUES (%s, %s, %s, %s, %s)",
            [person, point, since, until or datetime(2100, 1, 1, tzinfo=UTC), level],
        )
    return person, token


def store_hours(
    stack: Stack, point: int, since: datetime, kw: Mapping[int, float], quality: int = MEASURED, return_c: int = 40
) -> None:
    """Store what ingest would have stored: hours by their distance from `since`."""
    with psycopg.connect(stack.admin_dsn) as connection:
        connection.cursor().executemany(
            "INSERT INTO ingest.hour (point_id, starts_at, energy_wh, return_centi_c, start_quality, end_quality,"
            " revision) VALUES (%s, %s, %s, %s, %s, %s, 1) ON CONFLICT (point_id, starts_at) DO UPDATE"
            " SET energy_wh = excluded.energy_wh, end_quality = excluded.end_quality",
            [
                (point, since + timedelta(hours=hour), int(one * 1000), return_c * 100, MEASURED, quality)
                for hour, one in kw.items()
            ],
        )


def tell_hours(stack: Stack, point: int, since: datetime, hours: list[int]) -> None:
    first, _ = examples.rows(HOURLY_POWER_BATCHES, "a_night")
    told = [first | {"point_id": point, "starts_at": since + timedelta(hours=hour)} for hour in hours]
    send(stack, HOURLY_POWER_BATCHES, told)


def send(stack: Stack, batches: RecordBatches, told: list[dict[str, Any]]) -> None:
    batch = pa.RecordBatch.from_pylist(told, schema=batches.columns)
    send_bytes(stack, batches.name, stream(batch), told[0]["point_id"] % 12)


def send_bytes(stack: Stack, topic: str, value: bytes, partition: int = 0) -> None:
    async def produce() -> None:
        producer = await start_producer(stack.kafka.bootstrap)
        try:
            await send_all(producer, [Outgoing(topic, value, partition=partition)])
        finally:
            await producer.stop()

    asyncio.run(produce())


def put_rule(api: httpx.Client, point: int, **changes: Any) -> str:
    rule_id = str(uuid4())
    document = {
        "point_id": point, "quantity": "hourly_power", "winter_limit": 10, "summer_limit": 10, "hysteresis": 2,
    }  # fmt: skip
    answer = api.put(f"/v1/rules/{rule_id}", json=document | changes)
    assert (answer.status_code, answer.json()) == (201, {"result": "created", "rule_id": rule_id})
    return rule_id


def stood(stack: Stack, rule_id: str) -> list[tuple[Any, ...]]:
    return rows(
        stack,
        "SELECT opened_at, closed_at, extreme, state, told FROM alerts.episode WHERE rule_id = %s ORDER BY opened_at",
        UUID(rule_id),
    )


def told(stack: Stack, rule_id: str) -> list[tuple[Any, ...]]:
    return rows(
        stack,
        "SELECT recipient_id, step FROM alerts.message JOIN alerts.episode ON episode_id = cause_id"
        " WHERE rule_id = %s ORDER BY at, step DESC",
        UUID(rule_id),
    )


def heard(stack: Stack, rule_id: str) -> list[str]:
    """All that the topic tells of a rule."""
    wait_for(lambda: rows(stack, "SELECT count(*) FROM alerts.outbox") == [(0,)])
    events = [AlertChanged.from_bytes(one.value) for one in records(stack, ALERTS)]
    return [str(event.happening) for event in events if str(event.rule_id) == rule_id]


def test_the_service_makes_its_folder_only_where_it_is_told_to(service: Service) -> None:
    assert Path(service.environment["KULVERT_STREAM_FOLDER"]).is_dir()
    assert not (ROOT / "alerts-data").exists()


def test_an_alert_is_told_once_and_its_end_once(stack: Stack, api: httpx.Client) -> None:
    point = new_point(stack)
    person, _ = new_person(stack, point, RECENT - timedelta(days=5))
    rule = put_rule(api, point, user_id=str(person))
    store_hours(stack, point, RECENT, {0: 5, 1: 12, 2: 14})
    for _ in range(2):
        tell_hours(stack, point, RECENT, [0, 1, 2])
    wait_for(lambda: [row[3] for row in stood(stack, rule)] == ["open"])
    store_hours(stack, point, RECENT, {3: 11, 4: 7})
    for _ in range(2):
        tell_hours(stack, point, RECENT, [3, 4])
    wait_for(lambda: [row[3] for row in stood(stack, rule)] == ["closed"])
    assert stood(stack, rule)[0][:3] == (RECENT + timedelta(hours=1), RECENT + timedelta(hours=4), 14.0)
    assert heard(stack, rule) == ["opened", "closed"]
    assert told(stack, rule) == [(person, "opened"), (person, "closed")]


def test_a_backfill_stores_its_alerts_and_tells_nobody(stack: Stack, api: httpx.Client) -> None:
    point = new_point(stack)
    person, _ = new_person(stack, point, LONG_AGO - timedelta(days=5))
    rule = put_rule(api, point, user_id=str(person))
    store_hours(stack, point, LONG_AGO, {0: 5, 1: 12, 2: 5, 700: 12})
    tell_hours(stack, point, LONG_AGO, [0, 1, 2])
    tell_hours(stack, point, LONG_AGO, [700])
    wait_for(lambda: [row[3:] for row in stood(stack, rule)] == [("closed", False), ("open", False)])
    assert (told(stack, rule), heard(stack, rule)) == ([], [])


def test_a_corrected_reading_withdraws_an_alert(stack: Stack, api: httpx.Client) -> None:
    point = new_point(stack)
    person, _ = new_person(stack, point, RECENT - timedelta(days=5))
    rule = put_rule(api, point, user_id=str(person))
    store_hours(stack, point, RECENT, {0: 5, 1: 12, 2: 5})
    tell_hours(stack, point, RECENT, [0, 1, 2])
    wait_for(lambda: [row[3] for row in stood(stack, rule)] == ["closed"])
    store_hours(stack, point, RECENT, {1: 6})
    tell_hours(stack, point, RECENT, [1])
    wait_for(lambda: [row[3] for row in stood(stack, rule)] == ["withdrawn"])
    assert heard(stack, rule) == ["opened", "closed", "withdrawn"]
    assert {step for _, step in told(stack, rule)} == {"opened", "closed", "withdrawn"}


def test_estimates_neither_open_nor_close(stack: Stack, api: httpx.Client) -> None:
    point = new_point(stack)
    rule = put_rule(api, point)
    store_hours(stack, point, RECENT, {0: 12})
    store_hours(stack, point, RECENT, {1: 1}, ESTIMATED)
    store_hours(stack, point, RECENT - timedelta(hours=5), {0: 50}, ESTIMATED)
    tell_hours(stack, point, RECENT, [-5, 0, 1])
    wait_for(lambda: [row[:2] for row in stood(stack, rule)] == [(RECENT, None)])


def test_daily_mean_power_is_judged_by_the_day(stack: Stack, api: httpx.Client) -> None:
    point = new_point(stack)
    rule = put_rule(api, point, quantity="daily_mean_power")
    with psycopg.connect(stack.admin_dsn) as connection:
        connection.cursor().executemany(
            "INSERT INTO ingest.day (point_id, day, energy_wh, hours_expected, hours_present, hours_measured,"
            " is_measured, energy_return_wh_centi_c, energy_with_return_wh, quality, revision)"
            " VALUES (%s, %s, %s, 24, 24, 24, true, 0, 0, 1, 1)",
            [(point, date(2019, 1, 8), 24 * 5_000), (point, date(2019, 1, 9), 24 * 12_000)],
        )
    whole, *_ = examples.rows(DAILY_POWER_BATCHES, "days_of_23_24_and_25_hours")
    send(stack, DAILY_POWER_BATCHES, [whole | {"point_id": point, "day": date(2019, 1, 9)}])
    midnight = datetime(2019, 1, 8, 23, tzinfo=UTC)
    wait_for(lambda: [row[:3] for row in stood(stack, rule)] == [(midnight, None, 12.0)])


def test_a_person_sees_and_acknowledges_his_own_alerts_only(stack: Stack, api: httpx.Client) -> None:
    point = new_point(stack)
    _, owner = new_person(stack, point, RECENT - timedelta(days=5))
    _, stranger = new_person(stack, new_point(stack), RECENT - timedelta(days=5))
    store_hours(stack, point, RECENT, {0: 12})
    rule, document = (
        str(uuid4()),
        {"point_id": point, "quantity": "hourly_power", "winter_limit": 10, "summer_limit": 10},
    )
    with httpx.Client(base_url=api.base_url) as visitor:
        refused = visitor.put(f"/v1/rules/{rule}", json=document, headers={"Kulvert-Session": stranger})
        assert (refused.status_code, refused.json()["code"]) == (404, "unknown_point")
        session = {"Kulvert-Session": owner}
        assert visitor.put(f"/v1/rules/{rule}", json=document, headers=session).status_code == 201
        assert visitor.get(f"/v1/rules/{rule}", headers=session).json()["winter_limit"] == 10
        assert len(visitor.get("/v1/rules", params={"point_id": point}, headers=session).json()["rules"]) == 1
        assert visitor.get(f"/v1/rules/{rule}", headers={"Kulvert-Session": stranger}).status_code == 404
        # A new rule judges what is stored already.
        episode = rows(stack, "SELECT episode_id FROM alerts.episode WHERE rule_id = %s", UUID(rule))[0][0]
        place = f"/v1/episodes/{episode}/acknowledge"
        assert visitor.post(place, headers={"Kulvert-Session": stranger}).status_code == 404
        assert visitor.post(place, headers=session).json() == {"result": "acknowledged"}
        assert visitor.post(place, headers=session).json() == {"result": "unchanged"}
        assert visitor.post(place, headers={"Kulvert-Session": "gone"}).status_code == 401
    assert heard(stack, rule) == ["opened", "acknowledged"]
    for token, count in ((owner, 1), (stranger, 0), ("", 0)):
        assert seen_by(stack, token, rule) == [count, count]


def test_everybodys_alert_is_acknowledged_with_full_access_only(stack: Stack, api: httpx.Client) -> None:
    point = new_point(stack)
    store_hours(stack, point, RECENT, {0: 12})
    rule = uuid4()
    document = {"point_id": point, "quantity": "hourly_power", "winter_limit": 10, "summer_limit": 10}
    assert api.put(f"/v1/rules/{rule}", json=document).status_code == 201
    episode = rows(stack, "SELECT episode_id FROM alerts.episode WHERE rule_id = %s", rule)[0][0]
    place = f"/v1/episodes/{episode}/acknowledge"
    _, looks = new_person(stack, point, RECENT - timedelta(days=5))
    _, acts = new_person(stack, point, RECENT - timedelta(days=5), level="full")
    with httpx.Client(base_url=api.base_url) as visitor:
        refused = visitor.post(place, headers={"Kulvert-Session": looks})
        assert (refused.status_code, refused.json()["code"]) == (403, "only_looks")
        assert visitor.post(place, headers={"Kulvert-Session": acts}).json() == {"result": "acknowledged"}


def seen_by(stack: Stack, token: str, rule: str) -> list[int]:
    found = []
    with psycopg.connect(stack.dsn("gateway")) as connection:
        connection.execute("SELECT set_config('kulvert.session_token', %s, true)", [token])
        for view in ("rule", "episode"):
            query = f"SELECT count(*) FROM alerts_v1.{view} WHERE rule_id = %s"
            row = connection.execute(query.encode(), [UUID(rule)]).fetchone()
            found.append(row[0] if row else -1)
    return found


def test_who_may_no_longer_look_is_not_told(stack: Stack, api: httpx.Client) -> None:
    point = new_point(stack)
    person, _ = new_person(stack, point, RECENT - timedelta(days=5), until=NOW - timedelta(hours=2))
    rule = put_rule(api, point, user_id=str(person))
    store_hours(stack, point, RECENT, {0: 12})
    tell_hours(stack, point, RECENT, [0])
    wait_for(lambda: len(stood(stack, rule)) == 1)
    assert told(stack, rule) == []


def test_rules_are_suggested_from_a_points_own_winter(stack: Stack, api: httpx.Client) -> None:
    point, empty = new_point(stack), new_point(stack)
    store_hours(stack, point, LONG_AGO, dict.fromkeys(range(400), 8.0))
    for _ in range(2):
        answer = api.post("/v1/rules/suggested", json={"points": [point, empty]}).json()
        assert answer["without_history"] == [empty]
        assert [(one["quantity"], one["winter_limit"], one["summer_limit"]) for one in answer["rules"]] == [
            ("hourly_power", 10.4, None),
            ("return_temperature", 45.0, None),
        ]
    assert len(api.get("/v1/rules", params={"point_id": point}).json()["rules"]) == 2


def test_a_message_that_says_nothing_goes_to_the_dead_letters(stack: Stack, api: httpx.Client) -> None:
    point = new_point(stack)
    rule = put_rule(api, point)
    send_bytes(stack, "hourly-power", b"nonsense", point % 12)
    store_hours(stack, point, RECENT, {0: 12})
    tell_hours(stack, point, RECENT, [0])
    wait_for(lambda: len(stood(stack, rule)) == 1)


def test_a_kill_in_the_middle_loses_nothing_and_tells_nothing_twice(
    stack: Stack, api: httpx.Client, service: Service
) -> None:
    points = [new_point(stack) for _ in range(6)]
    person = {point: new_person(stack, point, RECENT - timedelta(days=5))[0] for point in points}
    rule = {point: put_rule(api, point, user_id=str(person[point])) for point in points}
    for hour in range(12):
        for point in points:
            store_hours(stack, point, RECENT, {hour: 12 if hour % 4 in (1, 2) else 5})
            tell_hours(stack, point, RECENT, [hour])
        if hour in (3, 6, 9):
            service.kill()
            service.start()
    expected = [(RECENT + timedelta(hours=at), RECENT + timedelta(hours=at + 2)) for at in (1, 5, 9)]
    for point in points:
        wait_for(lambda own=rule[point]: [row[:2] for row in stood(stack, own)] == expected, service.log)  # type: ignore[misc]
        assert sorted(heard(stack, rule[point])) == ["closed"] * 3 + ["opened"] * 3
        assert sorted(step for _, step in told(stack, rule[point])) == ["closed"] * 3 + ["opened"] * 3


def test_a_batch_that_fails_ends_the_process_and_comes_again(stack: Stack, api: httpx.Client, service: Service) -> None:
    point = new_point(stack)
    rule = put_rule(api, point)
    store_hours(stack, point, RECENT, {0: 12})
    with psycopg.connect(stack.admin_dsn) as connection:
        connection.execute("ALTER TABLE alerts.episode RENAME TO episode_away")
    tell_hours(stack, point, RECENT, [0])
    assert service.process.wait(TIMEOUT_S) == 1
    with psycopg.connect(stack.admin_dsn) as connection:
        connection.execute("ALTER TABLE alerts.episode_away RENAME TO episode")
    service.start()
    wait_for(lambda: len(stood(stack, rule)) == 1, service.log)
    assert heard(stack, rule) == ["opened"]
