"""Nobody sees another's rows: every published view, as the gateway's role sees it."""

import hashlib
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from deploy.local.stack import Stack
from tests.integration.every_view import add_state, fill_every_view
from tests.integration.looking import let_into_every_view

SALE = datetime(2025, 6, 30, 22, tzinfo=UTC)
PUBLISHED = """
    SELECT view.relnamespace::regnamespace::text, view.relname, coalesce(view.reloptions::text, '')
      FROM pg_class AS view
     WHERE view.relkind IN ('v', 'm', 'r', 'p') AND view.relnamespace::regnamespace::text LIKE '%\\_v1'
"""


class People:
    """A seller, a buyer of the seller's metering point, and an operator, each with a session."""

    def __init__(self, stack: Stack) -> None:
        self.point = 770_001
        self.tokens = {name: f"token-of-{name}-{uuid4()}" for name in ("seller", "buyer", "operator", "stranger")}
        with psycopg.connect(stack.admin_dsn) as connection:
            connection.execute("INSERT INTO ingest.point VALUES (%s, 'MP-RLS', 'aalborg', 'heat', 50, 1)", [self.point])
            add_state(connection, self.point)
            connection.execute("SELECT ingest.ensure_partitions(%s, %s)", [SALE, SALE + timedelta(days=2)])
            for day in (date(2025, 6, 30), date(2025, 7, 1)):
                connection.execute(
                    "INSERT INTO ingest.day (point_id, day, energy_wh, hours_expected, hours_present, hours_measured,"
                    " is_measured, energy_return_wh_centi_c, energy_with_return_wh, quality, revision)"
                    " VALUES (%s, %s, 3000, 24, 24, 24, true, 0, 0, 1, 1)",
                    [self.point, day],
                )
            for hour in range(-3, 3):
                connection.execute(
                    "INSERT INTO ingest.hour (point_id, starts_at, energy_wh, start_quality, end_quality, revision)"
                    " VALUES (%s, %s, 1000, 1, 1, 1)",
                    [self.point, SALE + timedelta(hours=hour)],
                )
            for name, token in self.tokens.items():
                self._add(connection, name, token)

    def _add(self, connection: psycopg.Connection[Any], name: str, token: str) -> None:
        user_id = uuid4()
        connection.execute(
            "INSERT INTO permissions.person (user_id, user_name, name, staff_role) VALUES (%s, %s, %s, %s)",
            [user_id, f"rls-{name}", name, "operator" if name == "operator" else None],
        )
        connection.execute(
            "INSERT INTO permissions.session (token_hash, user_id, assurance, expires_at)"
            " VALUES (%s, %s, 'local', now() + interval '1 hour')",
            [hashlib.sha256(token.encode()).digest(), user_id],
        )
        periods = {"seller": ("-infinity", SALE), "buyer": (SALE, "infinity")}
        if name in periods:
            connection.execute(
                "INSERT INTO permissions.visible_period VALUES (%s, %s, %s, %s, 'full')",
                [user_id, self.point, *periods[name]],
            )


@pytest.fixture(scope="module")
def people(stack: Stack) -> People:
    return People(stack)


@pytest.fixture
def gateway(stack: Stack) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(stack.dsn("gateway")) as connection:
        yield connection


@pytest.fixture
def onlooker(stack: Stack) -> Iterator[psycopg.Connection[Any]]:
    """The gateway's role, were it let into every view: also those that no page shows yet keep their rows."""
    with let_into_every_view(stack, "gateway") as connection:
        yield connection


def seen_hours(gateway: psycopg.Connection[Any], token: str | None, point: int) -> list[datetime]:
    with gateway.transaction():
        if token is not None:
            gateway.execute("SELECT set_config('kulvert.session_token', %s, true)", [token])
        found = gateway.execute("SELECT starts_at FROM ingest_v1.hour WHERE point_id = %s ORDER BY 1", [point])
        return [row[0] for row in found]


FOR_STAFF = {"ingest_v1.refused", "contracts_v1.withdrawal", "billing_v1.network_mean"}


@pytest.fixture(scope="module")
def visitor(stack: Stack) -> str:
    """The session of somebody whose house has a row in every view."""
    return fill_every_view(stack)[1]


def published(stack: Stack) -> dict[str, str]:
    """Every view that others may see, with its options."""
    with psycopg.connect(stack.admin_dsn) as connection:
        return {f"{schema}.{view}": options for schema, view, options in connection.execute(PUBLISHED.encode())}


def with_rows(connection: psycopg.Connection[Any], views: Iterable[str]) -> set[str]:
    return {view for view in views if connection.execute(f"SELECT 1 FROM {view} LIMIT 1".encode()).fetchone()}


def test_every_published_view_is_empty_without_a_session(
    stack: Stack, visitor: str, onlooker: psycopg.Connection[Any]
) -> None:
    views = published(stack)
    assert [view for view, options in views.items() if "security_barrier" not in options] == []
    with psycopg.connect(stack.admin_dsn) as everything:
        assert with_rows(everything, views) == set(views), "an empty view proves nothing; fill it in every_view.py"
    assert with_rows(onlooker, views) == set()
    for token in ("", "made-up", "\x01"):
        onlooker.execute("SELECT set_config('kulvert.session_token', %s, true)", [token])
        assert with_rows(onlooker, views) == set()


def test_a_session_opens_every_view_but_the_staffs(
    stack: Stack, visitor: str, onlooker: psycopg.Connection[Any]
) -> None:
    views = published(stack)
    onlooker.execute("SELECT set_config('kulvert.session_token', %s, true)", [visitor])
    assert with_rows(onlooker, views) == set(views) - FOR_STAFF


def test_a_stranger_is_shown_only_what_is_nobodys_secret(
    stack: Stack, visitor: str, people: People, onlooker: psycopg.Connection[Any]
) -> None:
    onlooker.execute("SELECT set_config('kulvert.session_token', %s, true)", [people.tokens["stranger"]])
    assert with_rows(onlooker, published(stack)) == {
        "contracts_v1.network", "contracts_v1.price_list", "ingest_v1.daily_temperature",
        "ingest_v1.normal_year", "ingest_v1.outdoor_temperature", "permissions_v1.person",
    }  # fmt: skip


def test_the_gateway_reads_no_table(gateway: psycopg.Connection[Any]) -> None:
    readable = gateway.execute(
        "SELECT relation.oid::regclass::text FROM pg_class AS relation"
        " WHERE relation.relkind IN ('r', 'p', 'v', 'm')"
        "   AND relation.relnamespace::regnamespace::text NOT IN ('pg_catalog', 'information_schema')"
        "   AND relation.relnamespace::regnamespace::text NOT LIKE '%\\_v1'"
        "   AND has_table_privilege(relation.oid, 'SELECT')"
    ).fetchall()
    assert readable == []


def test_a_buyer_does_not_see_the_sellers_past(people: People, gateway: psycopg.Connection[Any]) -> None:
    past, since = (
        seen_hours(gateway, people.tokens["seller"], people.point),
        seen_hours(gateway, people.tokens["buyer"], people.point),
    )
    assert (len(past), len(since)) == (3, 3)
    assert max(past) < SALE <= min(since)


@pytest.mark.parametrize("zone", ["UTC", "Europe/Stockholm"])
def test_the_day_of_a_sale_parts_seller_and_buyer(people: People, gateway: psycopg.Connection[Any], zone: str) -> None:
    days = {}
    for name in ("seller", "buyer"):
        with gateway.transaction():
            gateway.execute("SELECT set_config('timezone', %s, true)", [zone])
            gateway.execute("SELECT set_config('kulvert.session_token', %s, true)", [people.tokens[name]])
            days[name] = gateway.execute("SELECT day FROM ingest_v1.day WHERE point_id = %s", [people.point]).fetchall()
    assert days == {"seller": [(date(2025, 6, 30),)], "buyer": [(date(2025, 7, 1),)]}


def test_a_month_and_a_year_sum_the_days_that_one_may_see(people: People, onlooker: psycopg.Connection[Any]) -> None:
    months = "SELECT month, days_present FROM ingest_v1.month WHERE point_id = %s"
    seen = {}
    for name in ("seller", "buyer", "operator", "stranger"):
        onlooker.execute("SELECT set_config('kulvert.session_token', %s, true)", [people.tokens[name]])
        seen[name] = onlooker.execute(months, [people.point]).fetchall()
        years = onlooker.execute(
            "SELECT days_present FROM ingest_v1.year WHERE point_id = %s", [people.point]
        ).fetchall()
        assert sum(row[0] for row in years) == len(seen[name])
    june, july = (date(2025, 6, 1), 1), (date(2025, 7, 1), 1)
    assert seen == {"seller": [june], "buyer": [july], "operator": [june, july], "stranger": []}


def test_an_operator_sees_all_and_a_stranger_nothing(people: People, gateway: psycopg.Connection[Any]) -> None:
    assert len(seen_hours(gateway, people.tokens["operator"], people.point)) == 6
    assert seen_hours(gateway, people.tokens["stranger"], people.point) == []


def test_people_in_turn_on_one_connection_see_each_their_own(people: People, gateway: psycopg.Connection[Any]) -> None:
    names: list[str | None] = ["seller", "buyer", None, "buyer", "operator", None, "stranger", "seller", None] * 20
    expected = {"seller": 3, "buyer": 3, "operator": 6, "stranger": 0, None: 0}
    seen = [len(seen_hours(gateway, people.tokens[name] if name else None, people.point)) for name in names]
    assert seen == [expected[name] for name in names]


def test_a_person_sees_only_himself_among_people(people: People, onlooker: psycopg.Connection[Any]) -> None:
    onlooker.execute("SELECT set_config('kulvert.session_token', %s, true)", [people.tokens["buyer"]])
    found: list[tuple[str, UUID]] = onlooker.execute("SELECT user_name, user_id FROM permissions_v1.person").fetchall()
    assert [name for name, _ in found] == ["rls-buyer"]


def test_a_service_sees_all_rows(stack: Stack, people: People) -> None:
    with psycopg.connect(stack.dsn("alerts")) as alerts:
        row = alerts.execute("SELECT count(*) FROM ingest_v1.hour WHERE point_id = %s", [people.point]).fetchone()
    assert row == (6,)
