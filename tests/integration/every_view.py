"""A row in every published view, so that an empty view says something about rights."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import psycopg
from psycopg.types.json import Json

from deploy.local.stack import Stack
from tests.browser.seed import House, seed
from tests.integration.contracts_house import BAS_2018

JANUARY = datetime(2025, 1, 1, tzinfo=UTC)


def fill_every_view(stack: Stack) -> tuple[House, str]:
    """Add a customer with a house, its figures, alerts and an invoice; returns the house and its visitor's session."""
    name = f"views-{uuid4().hex[:6]}"
    house, _, token = seed(stack, name, 990_001)
    with psycopg.connect(stack.admin_dsn) as connection:
        row = connection.execute("SELECT user_id FROM permissions.person WHERE user_name = %s", [name]).fetchone()
        assert row is not None
        connection.execute(
            "INSERT INTO alerts.message (cause_id, recipient_id, channel, step)"
            " SELECT episode_id, %s, 'portal', 'opened' FROM alerts.episode WHERE point_id = %s LIMIT 1",
            [row[0], house.point_id],
        )
        connection.execute(
            "INSERT INTO contracts.price_list (price_list_id, version, valid_from, status, document)"
            " VALUES ('views', 1, '2018-01-01', 'firm', %s) ON CONFLICT DO NOTHING",
            [Json(BAS_2018)],
        )
        connection.execute(
            "INSERT INTO contracts.withdrawal (price_list_id, withdrawn_on, replaced_by, who, cause)"
            " VALUES ('views', '2030-01-01', '{bas}', 'test', 'test') ON CONFLICT DO NOTHING"
        )
        connection.execute(
            "INSERT INTO contracts.notice VALUES (%s, 'views', '2030-01-01', 'bas')", [house.contract_id]
        )
        connection.execute(
            "INSERT INTO contracts.offer (offer_id, version, offer_number, contract_id, contract_version,"
            " price_list_id, price_list_version, valid_from, document, document_sha256, text, expires_at)"
            " VALUES (%s, 1, %s, %s, 1, 'views', 1, '2030-01-01', '{}', sha256('{}'), 'text', now())",
            [uuid4(), name, house.contract_id],
        )
        connection.execute(
            "INSERT INTO billing.network_mean VALUES ('browser', 'heat', '2025-01-01', 4500, 4400, 19000, 1)"
            " ON CONFLICT DO NOTHING"
        )
        _figures(connection, house)
        _invoice(connection, house)
    return house, token


def add_state(connection: psycopg.Connection, point_id: int) -> None:
    """Add what every metering point that ingest was told of has: without it the next worker here would end."""
    connection.execute("INSERT INTO ingest.point_state (point_id) VALUES (%s) ON CONFLICT DO NOTHING", [point_id])


def _figures(connection: psycopg.Connection, house: House) -> None:
    connection.execute(
        "INSERT INTO ingest.point VALUES (%s, %s, 'seed', 'heat', 100, 1) ON CONFLICT DO NOTHING",
        [house.point_id, f"views-{house.point_id}"],
    )
    add_state(connection, house.point_id)
    connection.execute("SELECT ingest.ensure_partitions(%s, %s)", [JANUARY, JANUARY + timedelta(days=1)])
    connection.execute(
        "INSERT INTO ingest.reading (point_id, read_at, content_hash, rank, recorded_at, energy_wh, withdrawn, verdict)"
        " VALUES (%s, %s, 1, 50, %s, 1000, false, 1)",
        [house.point_id, JANUARY, JANUARY],
    )
    connection.execute(
        "INSERT INTO ingest.flag (point_id, starts_at, rule) VALUES (%s, %s, 1)", [house.point_id, JANUARY]
    )
    connection.execute(
        "INSERT INTO ingest.held_reading (serial, reading, verdict, reason) VALUES ('views', '{}', 20, 'test')"
    )
    serial = f"views-{house.point_id}"
    connection.execute("INSERT INTO ingest.meter (serial) VALUES (%s) ON CONFLICT DO NOTHING", [serial])
    connection.execute(
        "INSERT INTO ingest.meter_installation (meter_id, point_id, installed_at)"
        " SELECT meter_id, %s, %s FROM ingest.meter WHERE serial = %s ON CONFLICT DO NOTHING",
        [house.point_id, JANUARY, serial],
    )
    connection.execute(
        "INSERT INTO ingest.meter_status VALUES (%s, 0, %s, %s, '{battery_low}')", [uuid4(), serial, JANUARY]
    )
    connection.execute(
        "INSERT INTO ingest.outdoor_temperature VALUES ('seed', %s, 1, now()) ON CONFLICT DO NOTHING", [JANUARY]
    )
    connection.execute(
        "INSERT INTO ingest.normal_year VALUES ('seed', 'own', 'own years', 2020, 2024, 17) ON CONFLICT DO NOTHING"
    )
    connection.execute("INSERT INTO ingest.normal_day VALUES ('seed', 'own', 1, 1, 20, 5) ON CONFLICT DO NOTHING")


def _invoice(connection: psycopg.Connection, house: House) -> None:
    invoice_id, customer_id = uuid4(), "(SELECT customer_id FROM contracts.contract WHERE contract_id = %(contract)s)"
    first = house.last.replace(day=1)
    values = {"invoice": invoice_id, "contract": house.contract_id, "point": house.point_id, "first": first}
    connection.execute(
        "INSERT INTO billing.contract VALUES"
        f" (%(contract)s, 1, 'V', {customer_id}, %(point)s, %(first)s, 'infinity', %(terms)s, '[]')".encode(),
        values | {"terms": Json([{"valid_from": first.isoformat(), "valid_to": None, "price_list_id": "seed"}])},
    )
    connection.execute(
        "INSERT INTO billing.invoice SELECT %(invoice)s, 1999, coalesce(max(sequence), 100000) + 1, %(invoice)s::text,"
        f" %(contract)s, {customer_id}, %(point)s, %(first)s, %(first)s, %(first)s + 20, now(), %(first)s + 50,"
        " 1, 0, 1, '{}', '' FROM billing.invoice WHERE year = 1999".encode(),
        values,
    )
    connection.execute(
        "INSERT INTO billing.number_series SELECT 1999, max(sequence) + 1, '' FROM billing.invoice WHERE year = 1999"
        " ON CONFLICT (year) DO UPDATE SET next_number = excluded.next_number"
    )
    connection.execute(
        "INSERT INTO billing.invoice_line VALUES (%(invoice)s, 1, %(contract)s, %(point)s, %(first)s, %(first)s + 20,"
        " 'energy', '', 0, 'MWh', 0, 0, NULL, NULL, 25, 0)",
        values,
    )
    connection.execute(
        f"INSERT INTO billing.period VALUES (%(contract)s, %(first)s, {customer_id}, %(point)s, %(first)s,"
        " %(first)s + 20, 'issued', NULL, NULL, %(invoice)s)".encode(),
        values,
    )
