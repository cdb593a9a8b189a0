"""Whoever says with BankID who he is gets a session, once, in the browser that he began in, where he is known."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from secrets import token_urlsafe
from typing import Any

import httpx
import psycopg
import pytest

from deploy.local.services import BANKID_RP, PERMISSIONS
from deploy.local.stack import Stack
from tests.integration.looking import rows
from tests.integration.signing_house import NUMBERS, put_people
from tests.running import running

UNKNOWN_NUMBER = "191212121212"


@dataclass
class LogIn:
    permissions: httpx.Client
    rp: httpx.Client
    stack: Stack

    def begin(self, browser: str) -> str:
        answer = self.permissions.post(
            "/v1/bankid-orders", json={"end_user_ip": "127.0.0.1"}, headers={"Kulvert-Browser": browser}
        )
        assert answer.status_code == 201, answer.text
        return str(answer.json()["order_id"])

    def ask(self, browser: str, order_id: str, what: str = "/status") -> httpx.Response:
        return self.permissions.post(f"/v1/bankid-orders/{order_id}{what}", headers={"Kulvert-Browser": browser})

    def status(self, browser: str, order_id: str) -> dict[str, Any]:
        """How an order stands, asked of BankID now and not when it is time to."""
        with psycopg.connect(self.stack.admin_dsn) as connection:
            connection.execute("UPDATE permissions.bankid_order SET asked_at = NULL WHERE order_id = %s", [order_id])
        found: dict[str, Any] = self.ask(browser, order_id).json()
        return found

    def phone(self, browser: str, order_id: str, action: str, **form: str) -> None:
        page = httpx.get(self.ask(browser, order_id).json()["start_url"]).text
        ref = page.split("/phone/", 1)[1].split("/", 1)[0]
        assert self.rp.post(f"/phone/{ref}/{action}", data=form).status_code == 303


@pytest.fixture(scope="module")
def log_in(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LogIn]:
    logs = tmp_path_factory.mktemp("bankid_log_in")
    with ExitStack() as services:
        permissions = services.enter_context(running(stack, PERMISSIONS, logs / "permissions.log"))
        rp = services.enter_context(running(stack, BANKID_RP, logs / "bankid_rp.log"))
        put_people(permissions)
        yield LogIn(permissions, rp, stack)


@pytest.fixture
def browser() -> str:
    return token_urlsafe(32)


def test_who_is_known_gets_one_session_and_it_says_how(log_in: LogIn, browser: str) -> None:
    order = log_in.begin(browser)
    log_in.phone(browser, order, "approve", personal_number=NUMBERS["anna"])
    shown = log_in.status(browser, order)
    assert shown["state"] == "let_in"
    assurance = "SELECT assurance, user_name FROM permissions.session JOIN permissions.person USING (user_id)"
    token = shown["session"]["token"].encode()
    assert rows(log_in.stack, f"{assurance} WHERE token_hash = sha256(%s)", token) == [("bankid", "sign-anna")]
    assert log_in.status(browser, order)["session"] is None


def test_who_is_not_known_is_not_let_in(log_in: LogIn, browser: str) -> None:
    order = log_in.begin(browser)
    log_in.phone(browser, order, "approve", personal_number=UNKNOWN_NUMBER)
    shown = log_in.status(browser, order)
    assert (shown["state"], shown["reason"], shown["session"]) == ("refused", "unknown_person", None)
    assert rows(log_in.stack, "SELECT 1 FROM permissions.bankid_order AS o WHERE o::text LIKE %s", "%1212121212%") == []


def test_an_order_is_its_browsers_alone(log_in: LogIn, browser: str) -> None:
    order = log_in.begin(browser)
    log_in.phone(browser, order, "approve", personal_number=NUMBERS["anna"])
    for what in ("/status", "/cancel"):
        assert log_in.ask(token_urlsafe(32), order, what).status_code == 404


def test_starting_twice_is_starting_once(log_in: LogIn, browser: str) -> None:
    assert log_in.begin(browser) == log_in.begin(browser)


@pytest.mark.parametrize("hint", ["userCancel", "expiredTransaction", "somethingNew"])
def test_an_order_that_fails_says_bankids_word_for_it(log_in: LogIn, browser: str, hint: str) -> None:
    order = log_in.begin(browser)
    log_in.phone(browser, order, "fail", hint=hint)
    shown = log_in.status(browser, order)
    assert (shown["state"], shown["reason"]) == ("failed", hint)
    assert log_in.begin(browser) != order


def test_a_cancelled_order_lets_nobody_in(log_in: LogIn, browser: str) -> None:
    order = log_in.begin(browser)
    assert log_in.ask(browser, order, "/cancel").json()["state"] == "cancelled"
    assert log_in.status(browser, order)["session"] is None


def test_while_bankid_is_away_nothing_begins(log_in: LogIn, browser: str) -> None:
    log_in.rp.post("/phone/away", data={"is_away": "true"})
    try:
        answer = log_in.permissions.post(
            "/v1/bankid-orders", json={"end_user_ip": "127.0.0.1"}, headers={"Kulvert-Browser": browser}
        )
    finally:
        log_in.rp.post("/phone/away", data={"is_away": "false"})
    assert (answer.status_code, answer.json()["code"]) == (503, "bankid_away")
    assert log_in.begin(browser)
