"""Who decides about prices and powers by the contracts service: its key, and economists by their own sessions."""

import hashlib
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest

from deploy.local.stack import Stack
from tests.integration.contracts_house import BAS_2018, House, put, serving
from tests.integration.test_price_list_life import GOES_ON


@pytest.fixture(scope="module")
def api(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with serving(stack, tmp_path_factory.mktemp("economists") / "log") as client:
        yield client


@pytest.fixture(scope="module")
def anybody(api: httpx.Client) -> Iterator[httpx.Client]:
    """Somebody without the key."""
    with httpx.Client(base_url=str(api.base_url)) as client:
        yield client


def session(stack: Stack, staff_role: str | None, assurance: str = "local") -> dict[str, str]:
    user_id, token = uuid4(), f"economists-{uuid4()}"
    with psycopg.connect(stack.admin_dsn) as connection:
        connection.execute(
            "INSERT INTO permissions.person (user_id, user_name, name, staff_role) VALUES (%s, %s, 'Åsa Berg', %s)",
            [user_id, str(user_id), staff_role],
        )
        connection.execute(
            "INSERT INTO permissions.session (token_hash, user_id, assurance, expires_at)"
            " VALUES (%s, %s, %s, now() + interval '1 hour')",
            [hashlib.sha256(token.encode()).digest(), user_id, assurance],
        )
    return {"Kulvert-Session": token}


def withdrawing(name: str) -> tuple[str, dict[str, Any]]:
    document = {"withdrawn_on": str(GOES_ON), "replaced_by": ["bas"], "who": "Somebody Else", "cause": "one model"}
    return f"/v1/price-lists/{name}/withdrawal", document


@pytest.fixture
def price_list(api: httpx.Client) -> str:
    name = f"economists-{uuid4().hex[:8]}"
    assert put(api, f"/v1/price-lists/{name}", BAS_2018).status_code == 201
    return name


@pytest.mark.parametrize("staff_role", [None, "operator"])
def test_nobody_but_an_economist_looks_or_decides(
    stack: Stack, anybody: httpx.Client, price_list: str, staff_role: str | None
) -> None:
    headers = session(stack, staff_role)
    path, document = withdrawing(price_list)
    answers = [
        anybody.get("/v1/power-runs", headers=headers),
        anybody.put(path, json=document, headers=headers),
        anybody.post(f"/v1/power-runs/{uuid4()}/approve", json={"approved_by": "x"}, headers=headers),
    ]
    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(403, "only_economists")}


def test_a_session_that_is_over_opens_nothing(anybody: httpx.Client) -> None:
    assert anybody.get("/v1/power-runs", headers={"Kulvert-Session": "over"}).status_code == 403
    assert anybody.get("/v1/power-runs").status_code == 401


def test_a_session_by_a_link_looks_and_does_not_decide(stack: Stack, anybody: httpx.Client, price_list: str) -> None:
    headers = session(stack, "economist", "email")
    path, document = withdrawing(price_list)
    assert anybody.get("/v1/power-runs", headers=headers).raise_for_status().json()["may_decide"] is False
    decides = anybody.get("/v1/power-runs", headers=session(stack, "economist")).json()
    assert decides["may_decide"] is True
    assert anybody.put(path, json=document, headers=headers).json()["code"] == "only_looks"


def test_who_decides_is_who_the_session_says_and_not_who_the_body_names(
    stack: Stack, anybody: httpx.Client, price_list: str
) -> None:
    path, document = withdrawing(price_list)
    assert anybody.put(path, json=document, headers=session(stack, "economist")).status_code == 201
    with psycopg.connect(stack.admin_dsn) as connection:
        row = connection.execute("SELECT who FROM contracts.withdrawal WHERE price_list_id = %s", [price_list])
        assert row.fetchall() == [("Åsa Berg",)]


def test_an_economists_session_opens_no_other_door(stack: Stack, api: httpx.Client, anybody: httpx.Client) -> None:
    headers, house = session(stack, "economist"), House(api)
    for answer in (
        anybody.put(f"/v1/contracts/K{house.number}", json=house.contract(), headers=headers),
        anybody.put("/v1/price-lists/mine", json=BAS_2018, headers=headers),
        anybody.get(f"/v1/customers/C{house.number}", headers=headers),
    ):
        assert answer.status_code == 401
