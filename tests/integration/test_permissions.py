"""The permissions service as staff systems and the gateway meet it, on a real PostgreSQL and Kafka."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest

from deploy.local.services import PERMISSIONS
from deploy.local.stack import Stack
from schemas.contracts import ContractChanged, ContractTerm
from schemas.topics import CONTRACTS_CHANGED
from schemas.values import CustomerId, PointId, PriceListId
from services.common.kafka import outgoing, send_all, start_producer
from tests import examples
from tests.integration.looking import rows, wait_for
from tests.running import running

BUYER, SELLER = CustomerId(uuid4()), CustomerId(uuid4())
POINT = PointId(880_001)


@pytest.fixture(scope="module")
def api(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """The running service, with two customers: K-SELLER had the point until 2024, K-BUYER has it since."""
    with psycopg.connect(stack.admin_dsn) as connection:
        connection.cursor().executemany(
            "INSERT INTO contracts.customer (customer_id, customer_number, kind, name, address)"
            " VALUES (%s, %s, 'consumer', %s, 'Gatan 1')",
            [(SELLER, "K-SELLER", "Säljaren"), (BUYER, "K-BUYER", "Köparen")],
        )
    log = tmp_path_factory.mktemp("permissions") / "permissions.log"
    with running(stack, PERMISSIONS, log) as client:
        for name in ("anna", "bo"):
            assert client.put(f"/v1/people/{name}", json={"name": name, "email": f"{name}@x.se"}).status_code == 201
        yield client


def put_contract(
    stack: Stack, contract: UUID, customer: CustomerId, version: int, first: date, last: date | None
) -> None:
    term = ContractTerm(valid_from=first, valid_to=last, price_list_id=PriceListId("bas"))
    identity = {"contract_id": contract, "version": version, "customer_id": customer, "point_id": POINT}
    event = examples.event(ContractChanged, "until_the_sale", **identity, terms=(term,), changed_from=first)

    async def send() -> None:
        producer = await start_producer(stack.kafka.bootstrap)
        try:
            await send_all(producer, [outgoing(CONTRACTS_CHANGED, str(contract), event)])
        finally:
            await producer.stop()

    asyncio.run(send())


def session(api: httpx.Client, user: str) -> str:
    link = api.post("/v1/login-links", json={"user": user}).json()["token"]
    return str(api.post("/v1/sessions", json={"link_token": link}).json()["token"])


def visible(stack: Stack, user: str) -> list[tuple[Any, ...]]:
    return rows(
        stack,
        "SELECT point_id, valid_from, valid_to, level FROM permissions.visible_period"
        " JOIN permissions.person USING (user_id) WHERE user_name = %s ORDER BY valid_from",
        user,
    )


def test_a_grant_shows_the_customers_own_time_at_a_point_and_nothing_before(stack: Stack, api: httpx.Client) -> None:
    put_contract(stack, uuid4(), SELLER, 1, date(2020, 1, 1), date(2024, 7, 1))
    put_contract(stack, uuid4(), BUYER, 1, date(2024, 7, 1), date(2030, 1, 1))
    wait_for(
        lambda: rows(stack, "SELECT count(*) FROM permissions.contract_period WHERE point_id = %s", POINT)[0][0] == 2
    )
    assert api.put("/v1/grants/K-BUYER/anna", json={"level": "full"}).json() == {"result": "changed"}
    midnight = datetime(2024, 6, 30, 22, tzinfo=UTC)
    assert visible(stack, "anna") == [(POINT, midnight, datetime(2029, 12, 31, 23, tzinfo=UTC), "full")]
    assert api.put("/v1/grants/K-BUYER/anna", json={"level": "full"}).json() == {"result": "unchanged"}
    assert api.delete("/v1/grants/K-BUYER/anna").json() == {"result": "withdrawn"}
    assert visible(stack, "anna") == []


def test_an_older_version_of_a_contract_changes_nothing(stack: Stack, api: httpx.Client) -> None:
    contract, later = uuid4(), uuid4()
    api.put("/v1/grants/K-SELLER/bo", json={"level": "read"})
    put_contract(stack, contract, SELLER, 5, date(2010, 1, 1), date(2012, 1, 1))
    put_contract(stack, contract, SELLER, 4, date(2010, 1, 1), date(2018, 1, 1))
    put_contract(stack, later, SELLER, 1, date(2018, 1, 1), date(2019, 1, 1))
    wait_for(lambda: (datetime(2018, 12, 31, 23, tzinfo=UTC)) in [row[2] for row in visible(stack, "bo")])
    wait_for(lambda: datetime(2011, 12, 31, 23, tzinfo=UTC) in [row[2] for row in visible(stack, "bo")])


def test_a_link_logs_in_once(api: httpx.Client) -> None:
    link = api.post("/v1/login-links", json={"user": "anna@x.se"}).json()["token"]
    assert api.post("/v1/sessions", json={"link_token": link}).status_code == 201
    second = api.post("/v1/sessions", json={"link_token": link})
    assert (second.status_code, second.json()["code"]) == (401, "link_spent")


def test_a_link_is_spent_after_ten_minutes(stack: Stack, api: httpx.Client) -> None:
    link = api.post("/v1/login-links", json={"user": "anna"}).json()["token"]
    with psycopg.connect(stack.admin_dsn) as connection:
        connection.execute("UPDATE permissions.login_link SET expires_at = expires_at - interval '10 minutes'")
    assert api.post("/v1/sessions", json={"link_token": link}).status_code == 401


def person_of(stack: Stack, token: str) -> UUID | None:
    with psycopg.connect(stack.dsn("gateway")) as connection:
        connection.execute("SELECT set_config('kulvert.session_token', %s, true)", [token])
        row = connection.execute("SELECT permissions.current_user_id()").fetchone()
    assert row is not None
    person: UUID | None = row[0]
    return person


def test_a_session_ends_on_the_server(stack: Stack, api: httpx.Client) -> None:
    token = session(api, "anna")
    assert person_of(stack, token) is not None
    assert api.delete("/v1/sessions/current", headers={"Kulvert-Session": token}).status_code == 204
    assert person_of(stack, token) is None


@pytest.mark.parametrize(("column", "age"), [("last_seen_at", "31 minutes"), ("expires_at", "12 hours")])
def test_a_session_ends_when_idle_and_when_old(stack: Stack, api: httpx.Client, column: str, age: str) -> None:
    token = session(api, "bo")
    with psycopg.connect(stack.admin_dsn) as connection:
        connection.execute(f"UPDATE permissions.session SET {column} = {column} - interval '{age}'".encode())
    assert person_of(stack, token) is None


def test_the_database_knows_no_token_in_plain(stack: Stack, api: httpx.Client) -> None:
    token = session(api, "bo")
    stored = rows(stack, "SELECT session::text FROM permissions.session AS session")
    assert not any(token in row[0] for row in stored)


def test_the_audit_trail_is_never_rewritten(stack: Stack, api: httpx.Client) -> None:
    session(api, "anna")
    actions = {row[0] for row in rows(stack, "SELECT DISTINCT action FROM permissions.audit")}
    assert {"put_person", "made_login_link", "logged_in"} <= actions
    for statement in ("UPDATE permissions.audit SET actor = 'x'", "DELETE FROM permissions.audit"):
        with psycopg.connect(stack.admin_dsn) as connection, pytest.raises(psycopg.errors.RaiseException):
            connection.execute(statement.encode())


def test_the_audit_trail_says_what_changed_about_a_person(stack: Stack, api: httpx.Client) -> None:
    document = {"name": "Ada", "email": "ada@x.se"}
    answers = [api.put("/v1/people/ada", json=document | more) for more in ({}, {}, {"staff_role": "operator"})]
    assert [answer.json()["result"] for answer in answers] == ["created", "unchanged", "changed"]
    assert [answer.status_code for answer in answers] == [201, 200, 200]
    query = "SELECT subject->'changed' FROM permissions.audit WHERE subject->>'user_id' = %s ORDER BY id"
    (first,), (second,) = rows(stack, query, answers[0].json()["user_id"])
    assert first == {"name": [None, "Ada"], "language": [None, "sv"], "email": ["", "changed"]}
    assert second == {"staff_role": [None, "operator"]}


def test_only_the_key_puts_people_and_grants(api: httpx.Client) -> None:
    stranger = {"Authorization": "Bearer wrong"}
    assert api.put("/v1/people/eve", json={"name": "Eve"}, headers=stranger).status_code == 401
    assert api.put("/v1/grants/K-BUYER/bo", json={"level": "read"}, headers=stranger).status_code == 401
    assert api.post("/v1/login-links", json={"user": "anna"}, headers=stranger).status_code == 401


def test_a_field_nobody_knows_is_refused(api: httpx.Client) -> None:
    assert api.put("/v1/grants/K-BUYER/bo", json={"level": "read", "customer_id": "x"}).status_code == 422


def test_a_personal_number_is_sealed_and_answers_only_whether_it_is_the_same(stack: Stack, api: httpx.Client) -> None:
    person = {"name": "cecilia", "identity_number": "19711213-0112"}
    assert api.put("/v1/people/cecilia", json=person).status_code == 201
    assert api.put("/v1/people/cecilia", json=person).json()["result"] == "unchanged"
    assert api.put("/v1/people/cecilia", json={"name": "cecilia"}).json()["result"] == "unchanged"
    found = rows(
        stack,
        "SELECT p::text, (SELECT string_agg(a::text, '') FROM permissions.audit AS a) FROM permissions.person AS p",
    )
    assert "7112130112" not in str(found)
    with psycopg.connect(stack.admin_dsn) as connection:
        asked = connection.execute(
            "SELECT permissions.is_person(user_id, identity_hmac), permissions.is_person(user_id, 'other')"
            " FROM permissions.person WHERE user_name = 'cecilia'"
        ).fetchone()
    assert asked == (True, False)


def test_two_people_cannot_have_one_personal_number(api: httpx.Client) -> None:
    for name, status in (("disa", 201), ("eskil", 409)):
        answer = api.put(f"/v1/people/{name}", json={"name": name, "identity_number": "19520229-0127"})
        assert answer.status_code == status
    assert answer.json()["code"] == "identity_taken"
    organisation = api.put("/v1/people/fia", json={"name": "fia", "identity_number": "556000-0000"})
    assert organisation.status_code == 422
    assert "5560000000" not in organisation.text


def test_grants_on_two_customers_of_one_person_at_once_show_both(stack: Stack, api: httpx.Client) -> None:
    for customer in ("K-SELLER", "K-BUYER"):
        customer_id = SELLER if customer == "K-SELLER" else BUYER
        with psycopg.connect(stack.admin_dsn) as connection:
            connection.cursor().executemany(
                "INSERT INTO permissions.contract_period VALUES (%s, 1, %s, %s, '2020-01-01', 'infinity')",
                [(uuid4(), customer_id, 881_000 + number) for number in range(300)],
            )
    assert api.put("/v1/people/gerd", json={"name": "gerd"}).status_code == 201

    def switch(customer: str) -> list[int]:
        levels = ["read", "full"] * 10
        return [api.put(f"/v1/grants/{customer}/gerd", json={"level": level}).status_code for level in levels]

    with ThreadPoolExecutor() as both:
        answers = list(both.map(switch, ("K-SELLER", "K-BUYER")))
    assert {status for one in answers for status in one} == {200}
    levels = "SELECT DISTINCT level FROM permissions.visible_period JOIN permissions.person USING (user_id)"
    assert rows(stack, f"{levels} WHERE user_name = 'gerd'") == [("full",)]
