"""A visitor's questions read his own rows, however large the fleet is: no policy is asked row by row."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from deploy.local.stack import Stack
from services.gateway.store import agreements, alerts, facilities, figures

FLEET = 3_000
MOST_PAGES = 1_000
MONTHS = 12
FIRST_POINT = 550_001
TODAY = date(2026, 11, 25)
NEWEST_HOUR = datetime(2026, 11, 24, 6, tzinfo=UTC)
FILL = """
    INSERT INTO contracts.network VALUES ('fleet', 'Nätet') ON CONFLICT DO NOTHING;
    INSERT INTO contracts.customer (customer_id, customer_number, kind, name, address)
    SELECT gen_random_uuid(), 'FLEET-' || n, 'business', 'K', 'A' FROM generate_series(1, {fleet}) AS n;
    INSERT INTO contracts.facility (facility_id, facility_number, name, address, category, activity, network_id)
    SELECT gen_random_uuid(), 'FLEET-' || n, 'F', 'A', 'apartments', 'seven_day', 'fleet'
      FROM generate_series(1, {fleet}) AS n;
    INSERT INTO contracts.metering_point (point_id, number, facility_id, medium) OVERRIDING SYSTEM VALUE
    SELECT {first} - 1 + substr(facility_number, 7)::int, facility_number, facility_id, 'heat'
      FROM contracts.facility WHERE facility_number LIKE 'FLEET-%';
    INSERT INTO contracts.contract (contract_id, contract_number, customer_id, point_id, valid_from)
    SELECT gen_random_uuid(), customer_number, customer_id, {first} - 1 + substr(customer_number, 7)::int, '2020-01-01'
      FROM contracts.customer WHERE customer_number LIKE 'FLEET-%';
    INSERT INTO contracts.contract_term SELECT contract_id, valid_from, 'fleet' FROM contracts.contract
     WHERE contract_number LIKE 'FLEET-%';
    INSERT INTO contracts.power_in_force (contract_id, valid_from, kw, method)
    SELECT contract_id, valid_from, 50, 'entered' FROM contracts.contract WHERE contract_number LIKE 'FLEET-%';
    INSERT INTO billing.invoice
    SELECT gen_random_uuid(), 2000, row_number() OVER (), 'FLEET-' || row_number() OVER (), contract_id, customer_id,
           point_id, month, month, (month + interval '1 month')::date, now(), current_date, 1, 0, 1, '{{}}', ''
      FROM contracts.contract, generate_series('2025-01-01'::date, '2025-12-01', '1 month') AS month
     WHERE contract_number LIKE 'FLEET-%';
    INSERT INTO alerts.rule (rule_id, point_id, quantity, direction, hysteresis, minimum_values)
    SELECT gen_random_uuid(), point_id, 'hourly_power', 'above', 0, 1 FROM contracts.contract
     WHERE contract_number LIKE 'FLEET-%';
    INSERT INTO alerts.episode (episode_id, rule_id, point_id, opened_at, extreme, limit_value, state, told)
    SELECT gen_random_uuid(), rule_id, point_id, '2026-11-01Z', 1, 1, 'open', true FROM alerts.rule
     WHERE point_id >= {first} AND point_id < {first} + {fleet};
    INSERT INTO ingest.day (point_id, day, energy_wh, hours_expected, hours_present, hours_measured, is_measured,
                            energy_return_wh_centi_c, energy_with_return_wh, quality, revision)
    SELECT point_id, day, 1, 24, 24, 24, true, 0, 0, 1, 1
      FROM contracts.contract, generate_series('2026-11-20'::date, '2026-11-24', '1 day') AS day
     WHERE contract_number LIKE 'FLEET-%';
    INSERT INTO ingest.hour (point_id, starts_at, energy_wh, start_quality, end_quality, revision)
    SELECT point_id, begins.starts_at, begins.energy_wh, 1, 1, 1
      FROM contracts.contract,
           (VALUES ('2026-11-24 06:00Z'::timestamptz, 1), ('2026-11-24 07:00Z', NULL)) AS begins(starts_at, energy_wh)
     WHERE contract_number LIKE 'FLEET-%';
    ANALYZE;
"""
EMPTY = """
    DELETE FROM ingest.hour WHERE point_id >= {first} AND point_id < {first} + {fleet};
    DELETE FROM ingest.day WHERE point_id >= {first} AND point_id < {first} + {fleet};
    DELETE FROM alerts.episode WHERE point_id >= {first} AND point_id < {first} + {fleet};
    DELETE FROM alerts.rule WHERE point_id >= {first} AND point_id < {first} + {fleet};
    DELETE FROM billing.invoice WHERE year = 2000;
    DELETE FROM contracts.power_in_force USING contracts.contract
     WHERE power_in_force.contract_id = contract.contract_id AND contract_number LIKE 'FLEET-%';
    DELETE FROM contracts.contract_term USING contracts.contract
     WHERE contract_term.contract_id = contract.contract_id AND contract_number LIKE 'FLEET-%';
    DELETE FROM contracts.contract WHERE contract_number LIKE 'FLEET-%';
    DELETE FROM contracts.metering_point WHERE number LIKE 'FLEET-%';
    DELETE FROM contracts.facility WHERE facility_number LIKE 'FLEET-%';
    DELETE FROM contracts.customer WHERE customer_number LIKE 'FLEET-%';
"""


@pytest.fixture(scope="module")
def visitor(stack: Stack) -> Iterator[psycopg.Connection[Any]]:
    """The gateway's connection under the session of somebody with one of three thousand customers."""
    token, user_id = uuid4().hex, uuid4()
    with psycopg.connect(stack.admin_dsn, autocommit=True) as connection:
        connection.execute("SELECT ingest.ensure_partitions('2026-11-01Z', '2026-11-30Z')")
        connection.execute(FILL.format(first=FIRST_POINT, fleet=FLEET).encode())
        connection.execute(
            "INSERT INTO permissions.person (user_id, user_name, name) VALUES (%s, %s, 'P')", [user_id, user_id.hex]
        )
        connection.execute(
            "INSERT INTO permissions.session (token_hash, user_id, assurance, expires_at)"
            " VALUES (%s, %s, 'local', now() + interval '1 hour')",
            [hashlib.sha256(token.encode()).digest(), user_id],
        )
        connection.execute(
            "INSERT INTO permissions.user_grant (user_id, customer_id, level, granted_by)"
            " SELECT %s, customer_id, 'read', 'test' FROM contracts.customer WHERE customer_number = 'FLEET-1'",
            [user_id],
        )
        connection.execute(
            "INSERT INTO permissions.visible_period VALUES (%s, %s, '2020-01-01Z', 'infinity', 'read')",
            [user_id, FIRST_POINT],
        )
        with psycopg.connect(stack.dsn("gateway"), autocommit=True) as gateway:
            gateway.execute("SELECT set_config('kulvert.session_token', %s, false)", [token])
            yield gateway
        connection.execute(EMPTY.format(first=FIRST_POINT, fleet=FLEET).encode())


@pytest.mark.parametrize(
    ("question", "types", "values", "rows"),
    [
        (facilities._FACILITIES, "uuid, date", [None, TODAY], 1),
        (facilities._HEARD_OF, "int[], timestamptz", [[FIRST_POINT], NEWEST_HOUR], 1),
        (agreements._CONTRACTS, "int, date", [FIRST_POINT, TODAY], 1),
        (agreements._POWERS, "int", [FIRST_POINT], 1),
        (agreements._INVOICES, "int[], int", [[FIRST_POINT], 20], MONTHS),
        (alerts._EPISODES, "int[], int, boolean", [[FIRST_POINT], 20, False], 1),
        (alerts._OPEN, "int[]", [[FIRST_POINT]], 1),
        (figures._DAYS_OF_ALL, "int[], date, date", [[FIRST_POINT], TODAY - timedelta(days=5), TODAY], 5),
    ],
    ids=["facilities", "heard of", "contracts", "powers", "invoices", "alerts", "open alerts", "energy"],
)
def test_a_question_costs_no_look_up_for_each_of_the_fleet(
    visitor: psycopg.Connection[Any], question: str, types: str, values: list[Any], rows: int
) -> None:
    pages, found = asked(visitor, question, types, values)
    assert found == rows
    assert pages <= MOST_PAGES


def asked(visitor: psycopg.Connection[Any], question: str, types: str, values: list[Any]) -> tuple[int, int]:
    """Ask as the gateway does; gives how many pages of the database were looked at, and how many rows came.

    A policy that looks something up for each row looks at several pages for each of the fleet.
    """
    visitor.execute(f"PREPARE question ({types}) AS {question}".encode())
    try:
        row = visitor.execute(
            psycopg.sql.SQL("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE question ({})").format(
                psycopg.sql.SQL(", ").join(psycopg.sql.Literal(value) for value in values)
            )
        ).fetchone()
    finally:
        visitor.execute("DEALLOCATE question")
    assert row is not None
    plan: dict[str, Any] = row[0][0]["Plan"]
    return plan["Shared Hit Blocks"] + plan["Shared Read Blocks"], int(plan["Actual Rows"])


def test_a_point_is_heard_of_by_its_newest_hour_with_a_figure_and_not_by_one_that_was_withdrawn(
    visitor: psycopg.Connection[Any],
) -> None:
    assert heard_of(visitor, FIRST_POINT, NEWEST_HOUR) == [(FIRST_POINT,)]
    assert heard_of(visitor, FIRST_POINT, NEWEST_HOUR + timedelta(minutes=1)) == []


def test_nobody_hears_of_points_that_are_not_his(visitor: psycopg.Connection[Any]) -> None:
    assert heard_of(visitor, FIRST_POINT + 1, NEWEST_HOUR) == []


def heard_of(visitor: psycopg.Connection[Any], point_id: int, since: datetime) -> list[tuple[Any, ...]]:
    return psycopg.RawCursor(visitor).execute(facilities._HEARD_OF, [[point_id], since]).fetchall()
