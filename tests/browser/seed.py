"""Two houses with figures, straight in the tables, and the people who look at them."""

import hashlib
import math
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import psycopg
from psycopg.types.json import Json

from deploy.local.stack import Stack

ZONE = ZoneInfo("Europe/Stockholm")
HOUR = timedelta(hours=1)
DAYS = 400
GAP = range(40, 43)
"""Days before the newest that have no figures at all."""


@dataclass
class House:
    """One facility with one metering point, named after its number."""

    number: str
    name: str
    point_id: int
    last: date
    facility_id: UUID = field(default_factory=uuid4)
    contract_id: UUID = field(default_factory=uuid4)


def seed(stack: Stack, user_name: str, first_point: int, language: str = "sv") -> tuple[House, House, str]:
    """Add a person with two houses, one silent for a month; returns both and a session's token."""
    yesterday = datetime.now(ZONE).date() - timedelta(days=1)
    houses = (
        House(f"F-{first_point}", "Kv. Lunden 3", first_point, yesterday),
        House(f"F-{first_point + 1}", "Ängsvägen 12", first_point + 1, yesterday - timedelta(days=30)),
    )
    user_id, customer_id, token = uuid4(), uuid4(), f"session-of-{user_name}-{uuid4()}"
    with psycopg.connect(stack.admin_dsn) as connection:
        _person(connection, user_id, user_name, language, token)
        connection.execute("INSERT INTO contracts.network VALUES ('browser', 'Nätet') ON CONFLICT DO NOTHING")
        connection.execute(
            "INSERT INTO contracts.customer (customer_id, customer_number, kind, name, address)"
            " VALUES (%s, %s, 'business', 'Brf Lunden', 'Lundavägen 3, Lund')",
            [customer_id, f"K-{first_point}"],
        )
        connection.execute(
            "INSERT INTO permissions.user_grant (user_id, customer_id, level, granted_by)"
            " VALUES (%s, %s, 'full', 'seed')",
            [user_id, customer_id],
        )
        for house in houses:
            _house(connection, house, customer_id, user_id)
        _measured_power(connection, houses[0])
        _alerts(connection, houses[0])
    return (*houses, token)


def _person(connection: psycopg.Connection[Any], user_id: UUID, name: str, language: str, token: str) -> None:
    connection.execute(
        "INSERT INTO permissions.person (user_id, user_name, name, language) VALUES (%s, %s, 'Anna Åberg', %s)",
        [user_id, name, language],
    )
    connection.execute(
        "INSERT INTO permissions.session (token_hash, user_id, assurance, expires_at)"
        " VALUES (%s, %s, 'local', now() + interval '1 hour')",
        [hashlib.sha256(token.encode()).digest(), user_id],
    )


def _house(connection: psycopg.Connection[Any], house: House, customer_id: UUID, user_id: UUID) -> None:
    began = house.last - timedelta(days=DAYS - 1)
    run = connection.execute
    run(
        "INSERT INTO contracts.facility VALUES (%s, %s, %s, 'Lundavägen 3, Lund', NULL, 'apartments', 'seven_day',"
        " 'browser', 1)",
        [house.facility_id, house.number, house.name],
    )
    run(
        "INSERT INTO contracts.metering_point (point_id, number, facility_id, medium, station_id)"
        " OVERRIDING SYSTEM VALUE VALUES (%s, %s, %s, 'heat', 'seed')",
        [house.point_id, f"MP-{house.point_id}", house.facility_id],
    )
    run(
        "INSERT INTO contracts.contract VALUES (%s, %s, %s, %s, %s, NULL, 1)",
        [house.contract_id, f"A-{house.point_id}", customer_id, house.point_id, began],
    )
    run("INSERT INTO contracts.contract_term VALUES (%s, %s, 'bas')", [house.contract_id, began])
    run(
        "INSERT INTO contracts.power_in_force (contract_id, valid_from, kw, method) VALUES (%s, %s, 60, 'entered')",
        [house.contract_id, began],
    )
    run(
        "INSERT INTO permissions.visible_period VALUES (%s, %s, '-infinity', 'infinity', 'full')",
        [user_id, house.point_id],
    )
    _figures(connection, house, began)


def _measured_power(connection: psycopg.Connection[Any], house: House) -> None:
    """A winter's measurement of 56.40 kW, 6 % below 60, which makes 56 kW count from the day after tomorrow.

    The days lie a kW above and below a line that falls by a kW for each degree, such that it is the one through them.
    """
    winter = f"{house.last.year - 1}/{house.last.year}"
    first = house.last - timedelta(days=30)
    days = [
        {"day": str(first + timedelta(days=n)), "mean_c": -9.0 + n / 2, "kw": 60.4 - n / 2 + (1, -1, -1, 1)[n % 4]}
        for n in range(28)
    ]
    determination_id = uuid4()
    connection.execute(
        "INSERT INTO contracts.determination (determination_id, point_id, contract_id, winter, method, window_from,"
        " window_to, days, points, slope_kw_per_c, intercept_kw, r2, coverage, measured_kw, in_force_kw, decision,"
        " effective_on, input_revision, input_sha256)"
        " VALUES (%s, %s, %s, %s, 'minus_five', %s, %s, 28, %s, -1, 51.4, 0.942, 1, 56.4, 60, 'changed', %s, 1, '')",
        [
            determination_id,
            house.point_id,
            house.contract_id,
            winter,
            first,
            first + timedelta(days=27),
            Json(days),
            house.last + timedelta(days=3),
        ],
    )
    connection.execute(
        "INSERT INTO contracts.power_in_force (contract_id, valid_from, kw, method, determination_id)"
        " VALUES (%s, %s, 56, 'minus_five', %s)",
        [house.contract_id, house.last + timedelta(days=3), determination_id],
    )


def _alerts(connection: psycopg.Connection[Any], house: House) -> None:
    """A return temperature that has been too high for 60 days, and 20 peaks of power since, each over again."""
    begin = datetime.combine(house.last - timedelta(days=60), time(6), ZONE)
    for quantity in ("return_temperature", "hourly_power"):
        rule_id = uuid4()
        connection.execute(
            "INSERT INTO alerts.rule (rule_id, point_id, quantity, direction, summer_limit, winter_limit, hysteresis,"
            " minimum_values) VALUES (%s, %s, %s, 'above', 42, 42, 2, 1)",
            [rule_id, house.point_id, quantity],
        )
        count = 1 if quantity == "return_temperature" else 20
        connection.cursor().executemany(
            "INSERT INTO alerts.episode (episode_id, rule_id, point_id, opened_at, closed_at, extreme, limit_value,"
            " state, told) VALUES (%s, %s, %s, %s, %s, 43.1, 42, %s, true)",
            [
                (
                    uuid4(),
                    rule_id,
                    house.point_id,
                    begin + timedelta(days=2 * index),
                    None if count == 1 else begin + timedelta(days=2 * index, hours=3),
                    "open" if count == 1 else "closed",
                )
                for index in range(count)
            ],
        )


def _figures(connection: psycopg.Connection[Any], house: House, began: date) -> None:
    midnight = datetime.combine(began, time(), ZONE).astimezone(UTC)
    connection.execute("SELECT ingest.ensure_partitions(%s, %s)", [midnight, midnight + timedelta(days=DAYS + 1)])
    for index in range(DAYS):
        if DAYS - 1 - index in GAP:
            continue
        day = began + timedelta(days=index)
        start = datetime.combine(day, time(), ZONE).astimezone(UTC)
        end = datetime.combine(day + timedelta(days=1), time(), ZONE).astimezone(UTC)
        quality = 3 if index % 50 == 0 else 1
        hours = [(start + HOUR * step, energy_wh(day, step)) for step in range(round((end - start) / HOUR))]
        total = sum(value for _, value in hours)
        connection.cursor().executemany(
            "INSERT INTO ingest.hour (point_id, starts_at, energy_wh, volume_l, supply_centi_c, return_centi_c,"
            " start_quality, end_quality, revision) VALUES (%s, %s, %s, %s, 8540, 4310, %s, %s, 1)",
            [(house.point_id, at, value, value // 50, quality, quality) for at, value in hours],
        )
        measured = len(hours) if quality == 1 else 0
        highest = max(value for _, value in hours) if measured else None
        connection.execute(
            "INSERT INTO ingest.day (point_id, day, energy_wh, maximum_hour_wh, hours_expected, hours_present,"
            " hours_measured, is_measured, volume_l, energy_return_wh_centi_c, energy_with_return_wh,"
            " quality, revision) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, 0, 0, %s, 1)",
            [
                house.point_id,
                day,
                total,
                highest,
                len(hours),
                len(hours),
                measured,
                bool(measured),
                total // 50,
                quality,
            ],
        )
        connection.execute(
            "INSERT INTO ingest.daily_temperature (station_id, day, mean_c, hours, revision)"
            " VALUES ('seed', %s, %s, 24, 1) ON CONFLICT DO NOTHING",
            [day, round(outdoor_c(day), 1)],
        )


def outdoor_c(day: date) -> float:
    """A year's outdoor temperature: warmest at the end of July, with some weather in it."""
    turn = math.cos((day.timetuple().tm_yday - 208) / 365 * 2 * math.pi)
    return 8 + 10 * turn + 4 * math.sin(day.toordinal() / 2.3)


def energy_wh(day: date, hour: int) -> int:
    """What a building of flats takes: below 16 °C it is heated, and mornings shower."""
    heating = max(0.0, 16 - outdoor_c(day)) * 2_400
    water = 2_500 + (4_000 if 6 <= hour % 24 <= 8 else 1_200 if 17 <= hour % 24 <= 21 else 0)
    return round(heating + water)
