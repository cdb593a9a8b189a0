"""Whoever says with BankID who he is gets a session, once, in the browser that he began in, where he is known."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from secrets import token_urlsafe
from typing import Any

import httpx
import psycopg
import pytest

from deploy.local.services import BANKID_RP, PERMISSIONS
from deploy.local.stack import Stack
from tests.integration.looking import rows, wait_for
from tests.integration.signing_house import NUMBERS, hidden_on, put_people
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
            connection.execute(
                "UPDATE permissions.bankid_order SET asked_at = NULL WHERE order_id = %s AND ended_at IS NULL",
                [order_id],
            )
        found: dict[str, Any] = self.ask(browser, order_id).json()
        return found

    def phone_page(self, browser: str, order_id: str) -> str:
        return httpx.get(self.ask(browser, order_id).json()["start_url"]).text

    def phone(self, browser: str, order_id: str, action: str, **form: str) -> None:
        page = self.phone_page(browser, order_id)
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


def aged(stack: Stack, order_id: str, **ago: str) -> None:
    """Let it be longer ago that an order began, or was asked for."""
    with psycopg.connect(stack.admin_dsn) as connection:
        for column, interval in ago.items():
            connection.execute(
                f"UPDATE permissions.bankid_order SET {column} = now() - %s::interval WHERE order_id = %s".encode(),
                [interval, order_id],
            )


def sessions_of(stack: Stack, name: str) -> int:
    count = "SELECT count(*) FROM permissions.session JOIN permissions.person USING (user_id) WHERE user_name = %s"
    return int(rows(stack, count, f"sign-{name}")[0][0])


def test_a_log_in_that_nobody_waits_for_ends_and_makes_no_session(log_in: LogIn, browser: str) -> None:
    asleep = token_urlsafe(32)
    waking, order = log_in.begin(asleep), log_in.begin(browser)
    for whose, which in ((asleep, waking), (browser, order)):
        log_in.phone(whose, which, "approve", personal_number=NUMBERS["bo"])
    before = sessions_of(log_in.stack, "bo")
    # A browser on the same phone as the app does not ask while the app is in front of it.
    aged(log_in.stack, waking, asked_at="1 minute")
    aged(log_in.stack, order, asked_at="1 minute", begun_at="5 minutes")
    state = "SELECT state, reason FROM permissions.bankid_order WHERE order_id = %s"
    wait_for(lambda: rows(log_in.stack, state, order) == [("failed", "nobody_waited")])
    assert sessions_of(log_in.stack, "bo") == before
    assert log_in.status(browser, order)["session"] is None
    assert log_in.status(asleep, waking)["session"]


def test_what_a_person_approves_names_the_log_in_that_he_approves(log_in: LogIn, browser: str) -> None:
    for one in (browser, token_urlsafe(32)):
        order = log_in.begin(one)
        assert json.loads(hidden_on(log_in.phone_page(one, order))) == {"order_id": order}


def test_who_was_interrupted_while_bankid_was_asked_may_soon_begin_again(log_in: LogIn, browser: str) -> None:
    interrupted = log_in.begin(browser)
    with psycopg.connect(log_in.stack.admin_dsn) as connection:
        connection.execute(
            "UPDATE permissions.bankid_order SET state = 'starting', start_sealed = NULL, started_at = NULL,"
            " begun_at = now() - interval '30 seconds' WHERE order_id = %s",
            [interrupted],
        )
    assert log_in.begin(browser) != interrupted
    shown = log_in.status(browser, interrupted)
    assert (shown["state"], shown["reason"]) == ("failed", "bankid_away")


@pytest.mark.parametrize("rewriting", ["completion_sealed = 'x'", "state = 'pending', ended_at = NULL"])
def test_who_was_let_in_stays_written_also_to_the_service_itself(log_in: LogIn, browser: str, rewriting: str) -> None:
    order = log_in.begin(browser)
    log_in.phone(browser, order, "approve", personal_number=NUMBERS["anna"])
    assert log_in.status(browser, order)["state"] == "let_in"
    update = f"UPDATE permissions.bankid_order SET {rewriting} WHERE order_id = %s".encode()
    with (
        psycopg.connect(log_in.stack.dsn("permissions")) as connection,
        pytest.raises(psycopg.errors.RaiseException, match="stays as it is"),
    ):
        connection.execute(update, [order])


@pytest.mark.parametrize(
    ("wrong", "reason"), [("forged", "certificate_not_trusted"), ("revoked", "certificate_revoked")]
)
def test_who_cannot_prove_who_he_is_is_not_let_in(log_in: LogIn, browser: str, wrong: str, reason: str) -> None:
    order = log_in.begin(browser)
    log_in.phone(browser, order, "approve", personal_number=NUMBERS["anna"], wrong=wrong)
    shown = log_in.status(browser, order)
    assert (shown["state"], shown["reason"], shown["session"]) == ("refused", reason, None)
    kept = "SELECT completion_sealed IS NOT NULL FROM permissions.bankid_order WHERE order_id = %s"
    assert rows(log_in.stack, kept, order) == [(True,)]


def test_of_many_questions_at_once_one_lets_in(log_in: LogIn, browser: str) -> None:
    order = log_in.begin(browser)
    log_in.phone(browser, order, "approve", personal_number=NUMBERS["bo"])
    before = sessions_of(log_in.stack, "bo")

    def asked(_: int) -> bool:
        return bool(log_in.status(browser, order)["session"])

    with ThreadPoolExecutor(8) as many:
        assert sum(many.map(asked, range(16))) == 1
    assert sessions_of(log_in.stack, "bo") == before + 1


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
