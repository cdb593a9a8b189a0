"""Each service takes each published example of its topics, on a real PostgreSQL, and stores what it says."""

from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from aiokafka.structs import ConsumerRecord
from psycopg import AsyncConnection

from deploy.local.stack import Stack
from schemas.alerts import Quantity
from schemas.contracts import ContractChanged
from schemas.event import SCHEMA_HEADER
from schemas.topics import (
    CONTRACTS_CHANGED,
    DAILY_POWER,
    FACILITIES_CHANGED,
    HOURLY_POWER,
    METER_READINGS,
    OUTDOOR_TEMPERATURE,
    PRICE_LISTS_CHANGED,
    TOPICS,
    Topic,
)
from services.alerts.core.rules import BY_THE_HOUR
from services.alerts.core.series import Calendar
from services.alerts.decode import days_touched, hours_touched
from services.alerts.handlers import Judge
from services.billing.handlers import Handlers as BillingHandlers
from services.common.postgres import Database, Transaction
from services.ingest.core.verdict import Verdict
from services.ingest.facilities import FacilityHandlers
from services.ingest.handlers import ReadingHandlers
from services.ingest.weather import WeatherHandlers
from services.permissions.handlers import ContractHandlers
from tests import examples

STOCKHOLM = ZoneInfo("Europe/Stockholm")
CAME_IN = datetime(2024, 11, 1, tzinfo=UTC)
"""After everything that the examples tell of."""
FUTURE_S = 300
OUTSIDERS = {"head-ends", "weather importers", "exports", "operators", "message senders"}
POINT, NUMBER, SERIAL = 4711, "735 999 100 000 047 11", "71234567"
RULE = UUID(int=4711)


class System:
    """A transaction over the whole system's tables that is undone at its end; a test prepares, a service takes."""

    def __init__(self, tx: Transaction) -> None:
        self.tx = tx

    async def run(self, statement: str, *values: Any) -> None:
        await self.tx.execute("SET LOCAL ROLE NONE")
        await self.tx.execute(statement.encode(), values)

    async def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        await self.tx.execute("SET LOCAL ROLE NONE")
        return await (await self.tx.execute(query.encode(), values)).fetchall()

    async def take(self, service: str, handlers: Any, message: ConsumerRecord) -> list[Any]:
        """Decode, store and announce a message as the service's loop does, with its rights and no others."""
        await self.tx.execute(f"SET LOCAL ROLE {service}".encode())
        item = handlers.decode(message)
        told = list(await handlers.store(self.tx, [item]))
        await handlers.announcements(self.tx, [item])
        return told


@pytest.fixture
async def system(stack: Stack) -> AsyncIterator[System]:
    connect = AsyncConnection.connect(stack.admin_dsn, options="-c timezone=UTC")
    async with await connect as connection, connection.transaction(force_rollback=True):
        yield System(connection)


async def put_point(system: System) -> None:
    """Put the point of the examples, and the meter that hangs there."""
    await system.run("INSERT INTO ingest.point VALUES (%s, %s, 'norra-backa', 'heat', 400, 1)", POINT, NUMBER)
    await system.run("INSERT INTO ingest.point_state (point_id) VALUES (%s)", POINT)
    await system.run(
        "WITH meter AS (INSERT INTO ingest.meter (serial) VALUES (%s) RETURNING meter_id)"
        " INSERT INTO ingest.meter_installation (meter_id, point_id, installed_at)"
        " SELECT meter_id, %s, '2020-01-01Z' FROM meter",
        SERIAL,
        POINT,
    )
    await system.run("UPDATE ingest.reference_version SET version = version + 1")


async def ingest_takes_readings(system: System, stack: Stack, message: ConsumerRecord, name: str) -> None:
    await put_point(system)
    database = Database(stack.dsn("ingest"))
    await database.open()
    try:
        await system.take("ingest", ReadingHandlers(database, STOCKHOLM, FUTURE_S), message)
    finally:
        await database.close()
    query = "SELECT read_at, energy_wh, withdrawn, verdict FROM ingest.reading WHERE point_id = %s ORDER BY 1"
    night = [
        (datetime(2024, 1, 9, 23, tzinfo=UTC), 318_204_000, False, Verdict.ACCEPTED),
        (datetime(2024, 1, 10, 0, tzinfo=UTC), 318_223_000, False, Verdict.ACCEPTED),
        (datetime(2024, 1, 10, 1, 7, tzinfo=UTC), 318_245_000, False, Verdict.ACCEPTED),
    ]
    stored = {"a_night_by_serial": night, "taken_back": [(*night[2][:2], True, Verdict.WITHDRAWN)]}
    assert await system.rows(query, POINT) == stored[name]


async def ingest_takes_temperatures(system: System, stack: Stack, message: ConsumerRecord, name: str) -> None:
    await system.take("ingest", WeatherHandlers(STOCKHOLM, FUTURE_S), message)
    query = "SELECT starts_at, celsius FROM ingest.outdoor_temperature WHERE station_id = 'norra-backa' ORDER BY 1"
    midnight = datetime(2024, 1, 9, 23, tzinfo=UTC)
    cold = [(midnight, pytest.approx(-11.4)), (midnight + timedelta(hours=1), -12.0)]
    assert await system.rows(query) == {"cold_night": cold}[name]


async def ingest_takes_facilities(system: System, stack: Stack, message: ConsumerRecord, name: str) -> None:
    query = "SELECT point_id, number, station_id, medium, maximum_kw, target_delta_t_c, version FROM ingest.point"
    before = set(await system.rows(query))
    await system.take("ingest", FacilityHandlers(), message)
    heat_and_cooling = {
        (POINT, NUMBER, "norra-backa", "heat", 400, None, 3),
        (4712, "735 999 100 000 047 12", "norra-backa", "cooling", 150, None, 3),
    }
    targets = {
        (4714, "735 999 100 000 047 14", "norra-backa", "heat", 400, Decimal(50), 3),
        (4715, "735 999 100 000 047 15", "norra-backa", "cooling", 150, Decimal("7.5"), 3),
    }
    added = {
        "apartments_with_heat_and_cooling": heat_and_cooling,
        "apartments_with_targets": targets,
        "house_without_points": set(),
    }
    assert set(await system.rows(query)) - before == added[name]


async def permissions_takes_contracts(system: System, stack: Stack, message: ConsumerRecord, name: str) -> None:
    await system.take("permissions", ContractHandlers(STOCKHOLM), message)
    event = examples.event(ContractChanged, name)
    query = (
        "SELECT customer_id, point_id, valid_from, nullif(valid_to, 'infinity')"
        " FROM permissions.contract_period WHERE contract_id = %s"
    )
    sold_at = datetime(2024, 6, 30, 22, tzinfo=UTC)
    periods = {
        "until_the_sale": (datetime(2017, 12, 31, 23, tzinfo=UTC), sold_at),
        "since_the_sale_with_a_measured_power": (sold_at, None),
    }
    assert await system.rows(query, event.contract_id) == [(event.customer_id, POINT, *periods[name])]


async def billing_takes_contracts(system: System, stack: Stack, message: ConsumerRecord, name: str) -> None:
    await system.take("billing", BillingHandlers(), message)
    query = (
        "SELECT version, contract_number, point_id, first_day, nullif(end_day, 'infinity'),"
        " (SELECT array_agg(power ->> 'kw') FROM jsonb_array_elements(powers) AS power)"
        " FROM billing.contract WHERE contract_id = %s"
    )
    copies = {
        "until_the_sale": (4, "AV-5001", POINT, date(2018, 1, 1), date(2024, 7, 1), ["64"]),
        "since_the_sale_with_a_measured_power": (2, "AV-5002", POINT, date(2024, 7, 1), None, ["64", "58.7"]),
    }
    assert await system.rows(query, examples.event(ContractChanged, name).contract_id) == [copies[name]]


async def billing_takes_price_lists(system: System, stack: Stack, message: ConsumerRecord, name: str) -> None:
    await system.take("billing", BillingHandlers(), message)
    query = (
        "SELECT price_list_id, version, document -> 'extension' ->> 'status' FROM billing.price_list"
        " WHERE price_list_id IN ('bas-2022', 'bas-2026', 'villa-2026', 'manad-2026') ORDER BY version"
    )
    lists = {
        "two_versions": [("bas-2022", 1, "firm"), ("bas-2022", 2, "firm")],
        "only_a_forecast": [("bas-2026", 1, "forecast")],
        "by_yearly_energy": [("villa-2026", 1, "firm")],
        "by_months_peaks": [("manad-2026", 1, "firm")],
    }
    assert await system.rows(query) == lists[name]


async def billing_takes_days(system: System, stack: Stack, message: ConsumerRecord, name: str) -> None:
    """March and April are billed on registers that the days that are told of have moved since."""
    contract = examples.message(ContractChanged, "until_the_sale")
    await system.take("billing", BillingHandlers(), record(CONTRACTS_CHANGED, 1, contract))
    event = examples.event(ContractChanged, "until_the_sale")
    await put_days(system, {date(2024, 2, 29): 9_000, date(2024, 3, 31): 9_000, date(2024, 4, 30): 9_000})
    for month, first, last in (
        (date(2024, 3, 1), date(2024, 2, 29), date(2024, 3, 31)),
        (date(2024, 4, 1), date(2024, 3, 31), date(2024, 4, 30)),
    ):
        invoice_id, end = uuid4(), last + timedelta(days=1)
        await system.run(
            "INSERT INTO billing.invoice VALUES (%s, 1990, %s, %s, %s, %s, %s, %s, %s, %s, now(), %s,"
            " 0, 0, 0, '{}', '')",
            *(invoice_id, month.month, f"1990-{month.month:06d}", event.contract_id, event.customer_id),
            *(POINT, month, month, end, end),
        )
        await system.run(
            "INSERT INTO billing.period VALUES (%s, %s, %s, %s, %s, %s, 'issued', NULL, NULL, %s)",
            *(event.contract_id, month, event.customer_id, POINT, month, end, invoice_id),
        )
        for day, register_wh in ((first, 0), (last, 5_000)):
            await system.run(
                "INSERT INTO billing.cited_register VALUES (%s, %s, %s, %s, %s)",
                *(event.contract_id, month, POINT, day, register_wh),
            )
    await system.take("billing", BillingHandlers(), message)
    query = "SELECT month, dirty_reason FROM billing.period WHERE contract_id = %s AND state = 'dirty' ORDER BY month"
    march, april = ((date(2024, number, 1), "registers_changed") for number in (3, 4))
    dirty = {"days_of_23_24_and_25_hours": [march, april], "a_day_undone": [march, april]}
    assert await system.rows(query, event.contract_id) == dirty[name]


async def put_days(system: System, register_wh: dict[date, int]) -> None:
    await system.run("SELECT ingest.ensure_partitions('2024-01-01Z', '2024-11-01Z')")
    for day, at_its_end_wh in register_wh.items():
        await system.run(
            "INSERT INTO ingest.day (point_id, day, energy_wh, hours_expected, hours_present, hours_measured,"
            " is_measured, energy_return_wh_centi_c, energy_with_return_wh, register_wh, quality, revision)"
            " VALUES (%s, %s, 0, 24, 24, 24, true, 0, 0, %s, 1, 1)",
            *(POINT, day, at_its_end_wh),
        )


Episode = tuple[datetime, str, float]


async def alerts_takes_hours(system: System, stack: Stack, message: ConsumerRecord, name: str) -> None:
    midnight = datetime(2024, 1, 9, 23, tzinfo=UTC)
    await put_rule(system, "hourly_power", opened_at=midnight + timedelta(hours=1))
    await system.run("SELECT ingest.ensure_partitions('2024-01-01Z', '2024-11-01Z')")
    stored = {"a_night": [(midnight, 19_000, 1), (midnight + timedelta(hours=1), 19_701, 2)], "an_hour_undone": []}
    for starts_at, energy_wh, quality in stored[name]:
        await system.run(
            "INSERT INTO ingest.hour (point_id, starts_at, energy_wh, start_quality, end_quality, revision)"
            " VALUES (%s, %s, %s, 1, %s, 1)",
            *(POINT, starts_at, energy_wh, quality),
        )
    await judge(system, hours_touched(message), sorted(BY_THE_HOUR))
    # An estimate opens nothing, and an hour that is not known any more takes back what it opened.
    now = {"a_night": [(midnight, 19.0)], "an_hour_undone": []}
    assert await standing(system) == now[name]


async def alerts_takes_days(system: System, stack: Stack, message: ConsumerRecord, name: str) -> None:
    await put_rule(system, "daily_mean_power", opened_at=datetime(2024, 3, 31, 22, tzinfo=UTC))
    await system.run("SELECT ingest.ensure_partitions('2024-01-01Z', '2024-11-01Z')")
    spring = [(date(2024, 3, 31), 207_000, 23, True), (date(2024, 4, 1), 218_000, 24, False)]
    stored = {"days_of_23_24_and_25_hours": spring, "a_day_undone": []}
    for day, energy_wh, hours, is_measured in stored[name]:
        await system.run(
            "INSERT INTO ingest.day (point_id, day, energy_wh, hours_expected, hours_present, hours_measured,"
            " is_measured, energy_return_wh_centi_c, energy_with_return_wh, quality, revision)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, 0, 0, 1, 1)",
            *(POINT, day, energy_wh, hours, hours, hours, is_measured),
        )
    await judge(system, days_touched(message, STOCKHOLM), sorted(frozenset(Quantity) - BY_THE_HOUR))
    # 207 kWh in the 23 hours of the day that loses one are 9 kW.
    now = {"days_of_23_24_and_25_hours": [(datetime(2024, 3, 30, 23, tzinfo=UTC), 9.0)], "a_day_undone": []}
    assert await standing(system) == now[name]


async def put_rule(system: System, quantity: str, opened_at: datetime) -> None:
    """Put a rule of 8 kW, and an alert that a figure opened which the examples say is undone."""
    await system.run(
        "INSERT INTO alerts.rule VALUES (%s, %s, NULL, %s, 'above', 8, 8, 0, 1)",
        *(RULE, POINT, quantity),
    )
    await system.run(
        "INSERT INTO alerts.episode VALUES (%s, %s, %s, %s, NULL, 12, 8, 'open', false)",
        *(uuid4(), RULE, POINT, opened_at),
    )


async def judge(system: System, touched: Any, quantities: Sequence[Quantity]) -> None:
    await system.tx.execute("SET LOCAL ROLE alerts")
    calendar = Calendar(STOCKHOLM, frozenset({11, 12, 1, 2, 3}))
    await Judge(calendar, timedelta(hours=36)).figures(system.tx, touched, quantities, CAME_IN)


async def standing(system: System) -> list[tuple[Any, ...]]:
    query = "SELECT opened_at, extreme FROM alerts.episode WHERE rule_id = %s AND state <> 'withdrawn' ORDER BY 1"
    return await system.rows(query, RULE)


Takes = Callable[[System, Stack, ConsumerRecord, str], Coroutine[Any, Any, None]]
CONSUMERS: dict[tuple[str, str], Takes] = {
    (METER_READINGS.name, "ingest"): ingest_takes_readings,
    (OUTDOOR_TEMPERATURE.name, "ingest"): ingest_takes_temperatures,
    (FACILITIES_CHANGED.name, "ingest"): ingest_takes_facilities,
    (HOURLY_POWER.name, "alerts"): alerts_takes_hours,
    (DAILY_POWER.name, "alerts"): alerts_takes_days,
    (DAILY_POWER.name, "billing"): billing_takes_days,
    (CONTRACTS_CHANGED.name, "billing"): billing_takes_contracts,
    (CONTRACTS_CHANGED.name, "permissions"): permissions_takes_contracts,
    (PRICE_LISTS_CHANGED.name, "billing"): billing_takes_price_lists,
}
PUBLISHED = [
    pytest.param(topic, consumer, version, name, id=f"{consumer} {topic.carries.name}/{version} {name}")
    for topic in TOPICS
    for consumer in topic.consumers
    if consumer not in OUTSIDERS
    for version in examples.versions(topic.carries)
    for name in examples.names(topic.carries, version)
]


def record(topic: Topic, version: int, value: bytes) -> ConsumerRecord:
    headers = ((SCHEMA_HEADER, f"{topic.carries.name}/{version}".encode()),)
    stamp_ms = int(CAME_IN.timestamp() * 1000)
    return ConsumerRecord(topic.name, 0, 0, stamp_ms, 1, None, value, None, 0, 0, headers)


@pytest.mark.parametrize(("topic", "consumer", "version", "name"), PUBLISHED)
async def test_each_service_takes_each_published_example_of_its_topics(
    system: System, stack: Stack, topic: Topic, consumer: str, version: int, name: str
) -> None:
    message = record(topic, version, examples.message(topic.carries, name, version))
    await CONSUMERS[topic.name, consumer](system, stack, message, name)


def test_every_service_that_the_event_map_names_is_tried() -> None:
    named = {(topic.name, consumer) for topic in TOPICS for consumer in topic.consumers if consumer not in OUTSIDERS}
    assert named == set(CONSUMERS)
