"""A utility whose database is put back to a copy, while Kafka goes on from where it was."""

import asyncio
import signal
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pyarrow as pa
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from deploy import places
from deploy.local.services import BILLING, CONTRACTS, PERMISSIONS, Service, ingest_worker
from deploy.local.stack import Stack
from deploy.places import GROUPS, Group
from deploy.restored import restored
from schemas.batches import RecordBatches
from schemas.event import Event
from schemas.power import DAILY_POWER_BATCHES, HOURLY_POWER_BATCHES
from schemas.topics import DAILY_POWER, DAILY_TEMPERATURE, HOURLY_POWER, Topic
from schemas.weather import DailyTemperatureChanged
from services.common.kafka import Outgoing, arrow_message, outgoing, send_all, start_producer
from tests import examples
from tests.integration import looking
from tests.integration.contracts_house import House, put
from tests.running import running

SERVICES = (CONTRACTS, PERMISSIONS, BILLING, ingest_worker(1))
HOUR = datetime(2017, 1, 10, 11, tzinfo=UTC)
BROKER_TIMEOUT_S = 20.0
FIGURE_OF: dict[str, object] = {HOURLY_POWER.name: HOUR, DAILY_POWER.name: HOUR.date()}
COPIES = (
    ("SELECT contract_id, version FROM contracts.contract", "SELECT contract_id, version FROM billing.contract"),
    (
        "SELECT contract_id, version FROM contracts.contract",
        "SELECT contract_id, version FROM permissions.contract_period",
    ),
    (
        "SELECT point_id, number, version FROM contracts.metering_point JOIN contracts.facility USING (facility_id)",
        "SELECT point_id, number, version FROM ingest.point",
    ),
    (
        "SELECT price_list_id, version FROM contracts.price_list",
        "SELECT price_list_id, version FROM billing.price_list",
    ),
)
"""What an owner has, and what somebody's copy of it has."""


@dataclass
class Utility:
    """A utility whose database is put back: what runs, and what was before it was lost."""

    stack: Stack
    folder: Path
    services: ExitStack = field(default_factory=ExitStack)
    clients: dict[str, httpx.Client] = field(default_factory=dict)
    houses: dict[str, House] = field(default_factory=dict)
    contract_ids: dict[str, str] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    places: dict[str, dict[tuple[str, int], int]] = field(default_factory=dict)
    stored: dict[str, dict[tuple[str, int], int]] = field(default_factory=dict)

    def start(self) -> None:
        for service in SERVICES:
            log = self.folder / f"{service.name}-{len(list(self.folder.iterdir()))}.log"
            self.clients[service.name] = self.services.enter_context(running(self.stack, service, log))

    def stop(self) -> None:
        self.services.close()

    def of(self, service: Service) -> httpx.Client:
        return self.clients[service.name]

    def rows(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        return looking.rows(self.stack, query, *parameters)

    def run(self, statement: str, *parameters: Any) -> None:
        with psycopg.connect(self.stack.admin_dsn) as connection:
            connection.execute(statement.encode(), parameters)

    def copy_database(self, source: str, target: str) -> None:
        with psycopg.connect(self.stack.postgres.dsn("postgres"), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {target}".encode())
            connection.execute(f"CREATE DATABASE {target} TEMPLATE {source}".encode())

    def restart_broker(self) -> None:
        """End Kafka cleanly and start it again; it takes connections then, and may still be reading its groups."""
        broker = self.stack.process("kafka")
        assert broker is not None
        broker.stop(BROKER_TIMEOUT_S, signal.SIGTERM)
        self.stack.start_part("kafka")

    async def committed(self, group: Group) -> dict[TopicPartition, int]:
        """Give how far a group has committed, by asking the broker that keeps it at once."""
        async with places.member(self.stack.kafka.bootstrap, group) as consumer:
            told = {tp: await consumer.committed(tp) for tp in consumer.assignment()}
        return {tp: offset for tp, offset in told.items() if offset is not None}

    def say_so(self) -> list[str]:
        """Say that the database was put back."""
        said: list[str] = []
        asyncio.run(restored(self.stack.admin_dsn, self.stack.kafka.bootstrap, said.append))
        return said

    def put_contract(self, name: str, **other: Any) -> None:
        number = f"A{self.houses[name].number}"
        answer = put(self.of(CONTRACTS), f"/v1/contracts/{number}", self.houses[name].contract(**other))
        self.contract_ids[name] = answer.json()["contract_id"]

    def give_days(self, name: str, first: date, end: date) -> None:
        """Let a house have whole, measured days."""
        begin = datetime.combine(first, datetime.min.time(), UTC)
        self.run("SELECT ingest.ensure_partitions(%s, %s)", begin, begin + (end - first))
        self.run(
            "INSERT INTO ingest.day (point_id, day, energy_wh, hours_expected, hours_present, hours_measured,"
            " is_measured, energy_return_wh_centi_c, energy_with_return_wh, register_wh, quality, revision)"
            " SELECT %s, day::date, 50000, 24, 24, 24, true, 0, 0, 50000 * (day::date - DATE '2018-01-01' + 1), 1, 1"
            "   FROM generate_series(%s::date, %s::date - 1, interval '1 day') AS day",
            self.houses[name].point_id, first, end,
        )  # fmt: skip

    def close(self, month: date) -> dict[str, Any]:
        report: dict[str, Any] = self.of(BILLING).post(f"/v1/runs/{month:%Y-%m}", timeout=60).json()
        return report

    def grant(self, name: str, user: str, level: str = "full") -> None:
        answer = self.of(PERMISSIONS).put(f"/v1/grants/C{self.houses[name].number}/{user}", json={"level": level})
        assert answer.json()["result"] == "changed"

    def log_in(self, user: str) -> None:
        link = self.of(PERMISSIONS).post("/v1/login-links", json={"user": user}).json()["token"]
        assert self.of(PERMISSIONS).post("/v1/sessions", json={"link_token": link}).status_code == 201

    def numbers(self, place: int) -> str:
        """Give the number of the invoice that was issued as the first, second, ... one."""
        [(year,)] = self.rows("SELECT max(year) FROM billing.number_series")
        return f"{year}-{100_000 + place}"

    def sees(self, user: str) -> set[int]:
        query = "SELECT point_id FROM permissions.visible_period JOIN permissions.person USING (user_id)"
        return {row[0] for row in self.rows(f"{query} WHERE user_name = %s", user)}

    def told(self, topic: Topic, kind: type[Event]) -> tuple[dict[Any, Any], dict[Any, Any]]:
        """Of each key what somebody has who took only newer versions from the first day on, and what the log keeps."""
        heard: dict[Any, Any] = {}
        kept: dict[Any, Any] = {}
        for record in looking.records(self.stack, topic):
            event: Any = kind.from_bytes(record.value)
            kept[record.key] = event
            if record.key not in heard or event.version > heard[record.key].version:
                heard[record.key] = event
        return heard, kept

    def put_figures(self, revision: int, energy_wh: int) -> None:
        """Store an hour, a day and a daily mean of the house that was left alone, and tell of them as ingest does."""
        point_id = self.houses["left"].point_id
        self.run("SELECT ingest.ensure_partitions(%s, %s)", HOUR, HOUR)
        self.run(
            "INSERT INTO ingest.hour (point_id, starts_at, energy_wh, start_quality, end_quality, revision)"
            " VALUES (%s, %s, %s, 1, 1, %s) ON CONFLICT (point_id, starts_at) DO UPDATE"
            " SET energy_wh = excluded.energy_wh, revision = excluded.revision",
            point_id, HOUR, energy_wh, revision,
        )  # fmt: skip
        self.run(
            "INSERT INTO ingest.day (point_id, day, energy_wh, hours_expected, hours_present, hours_measured,"
            " is_measured, energy_return_wh_centi_c, energy_with_return_wh, quality, revision)"
            " VALUES (%s, %s, %s, 24, 24, 24, true, 0, 0, 1, %s) ON CONFLICT (point_id, day) DO UPDATE"
            " SET energy_wh = excluded.energy_wh, revision = excluded.revision",
            point_id, HOUR.date(), energy_wh, revision,
        )  # fmt: skip
        self.run(
            "INSERT INTO ingest.daily_temperature VALUES ('lost', %s, %s, 24, %s) ON CONFLICT (station_id, day)"
            " DO UPDATE SET mean_c = excluded.mean_c, revision = excluded.revision",
            HOUR.date(), 0.5 + revision, revision,
        )  # fmt: skip
        hour, *_ = examples.rows(HOURLY_POWER_BATCHES, "a_night")
        day, *_ = examples.rows(DAILY_POWER_BATCHES, "days_of_23_24_and_25_hours")
        figure = {"point_id": point_id, "energy_wh": energy_wh, "revision": revision}
        mean = examples.event(
            DailyTemperatureChanged, "a_whole_day",
            station_id="lost", day=HOUR.date(), mean_c=0.5 + revision, revision=revision,
        )  # fmt: skip
        self.send(
            _table(HOURLY_POWER, HOURLY_POWER_BATCHES, hour | figure | {"starts_at": HOUR}),
            _table(DAILY_POWER, DAILY_POWER_BATCHES, day | figure | {"day": HOUR.date()}),
            outgoing(DAILY_TEMPERATURE, f"lost:{HOUR.date()}", mean),
        )

    def send(self, *messages: Outgoing) -> None:
        async def run() -> None:
            producer = await start_producer(self.stack.kafka.bootstrap)
            try:
                await send_all(producer, messages)
            finally:
                await producer.stop()

        asyncio.run(run())

    def floor(self) -> int:
        """Give the lowest version of the epoch."""
        [(epoch,)] = self.rows("SELECT epoch FROM installation.restore")
        return int(epoch) << 32

    def note_places(self) -> None:
        """Note where each group goes on, and what is stored of its topics; of alerts nothing is."""
        for group in GROUPS:
            self.places[group.name] = asyncio.run(self._committed(group.name))
            query = "SELECT topic, partition, next_offset FROM {}.stored_position WHERE topic = ANY(%s)"
            names = [topic.name for topic in group.topics]
            stored = self.rows(query.format(group.schema), names) if group.schema else []
            nothing = {(topic.name, number): 0 for topic in group.topics for number in range(topic.partitions)}
            self.stored[group.name] = nothing | {(topic, number): offset for topic, number, offset in stored}

    async def _committed(self, group: str) -> dict[tuple[str, int], int]:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.stack.kafka.bootstrap)
        await admin.start()
        try:
            found = await admin.list_consumer_group_offsets(group)
        finally:
            await admin.close()
        return {(tp.topic, tp.partition): place.offset for tp, place in found.items()}

    def wait_until_level(self) -> None:
        """Wait until every copy has the versions that its owner has."""
        looking.wait_for(lambda: all(set(self.rows(owner)) <= set(self.rows(copy)) for owner, copy in COPIES))


def _table(topic: Topic, batches: RecordBatches, row: dict[str, Any]) -> Outgoing:
    batch = pa.RecordBatch.from_pylist([row], schema=batches.columns)
    return arrow_message(topic, batches.schema_id(), batch, row["point_id"] % topic.partitions, {})
