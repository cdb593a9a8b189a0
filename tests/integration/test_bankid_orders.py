"""An order with BankID outlives the process that began it, and one that is not wanted any more does not stay open."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import psycopg
from prometheus_client import CollectorRegistry, Counter

from deploy.local.services import BANKID_RP, GATEWAY, PERMISSIONS
from deploy.local.stack import Stack
from schemas.bankid import Started
from services.common.bankid.orders import ASKED_AT_ONCE, Kept, Orders
from services.common.bankid.rp_api import BankId
from services.common.health import Progress
from services.common.identity_seal import Sealer
from services.common.postgres import Database
from services.permissions.bankid_log_in import ToLogIn
from services.permissions.handlers import Token
from services.permissions.store.bankid_orders import ORDERS
from tests.integration.contracts_house import serving
from tests.integration.looking import rows, wait_for
from tests.integration.signing_house import NUMBERS, Signing, put_people
from tests.running import running

SECRET = "0" * 64
WORDS = {"sv": ("Logga in med BankID", "Logga in med den länk"), "en": ("Log in with BankID", "Log in with the link")}


def test_an_approval_during_a_restart_is_collected_after_it(stack: Stack, tmp_path: Path) -> None:
    with (
        running(stack, PERMISSIONS, tmp_path / "permissions.log") as permissions,
        running(stack, BANKID_RP, tmp_path / "bankid_rp.log") as rp,
    ):
        put_people(permissions)
        with serving(stack, tmp_path / "contracts.log") as contracts:
            before = Signing(contracts, permissions, rp, stack, tmp_path)
            house, session = before.house(), before.session("anna")
            signing_id = before.begun(session, before.offer(house))
            page = httpx.get(before.look(session, signing_id).json()["start_url"]).text
        ref = page.split("/phone/", 1)[1].split("/", 1)[0]
        assert rp.post(f"/phone/{ref}/approve", data={"personal_number": NUMBERS["anna"]}).status_code == 303
        before.left_alone(signing_id)
        with serving(stack, tmp_path / "contracts_again.log") as contracts:
            state = "SELECT state FROM contracts.signing WHERE signing_id = %s"
            wait_for(lambda: rows(stack, state, signing_id) == [("signed",)])
            assert contracts.get(f"/v1/offers/O{house.number}").json()["is_signed"]


def log_ins(database: Database, bankid: BankId) -> Orders[Token]:
    ended = Counter("ended", "Orders that have ended", ["state"], registry=CollectorRegistry())
    purpose = ToLogIn(Sealer(SECRET))
    # Whoever left them does not come back for them.
    purpose.unattended_from = timedelta()
    return Orders[Token](
        database, ORDERS, Kept(SECRET, "https://app/"), bankid, None, purpose, ended, timedelta(minutes=1)
    )


def left_alone(stack: Stack, orders: Orders[Token]) -> str:
    """An order that nobody has asked for during the last minute; gives what BankID calls it."""
    order_id, ref = uuid4(), uuid4().hex
    started = Started(orderRef=ref, autoStartToken="a", qrStartToken="q", qrStartSecret="s")
    with psycopg.connect(stack.admin_dsn) as connection:
        connection.execute(
            "INSERT INTO permissions.bankid_order (order_id, browser_sha256, state, start_sealed, begun_at, started_at)"
            " VALUES (%s, %s, 'pending', %s, now() - interval '1 minute', now() - interval '1 minute')",
            [order_id, uuid4().bytes, orders.kept.seal(order_id, started.model_dump_json().encode())],
        )
    return ref


async def test_an_answer_that_stays_away_holds_up_no_other_order_and_few_are_asked_for_at_once(stack: Stack) -> None:
    gate, waiting, answered = asyncio.Event(), set[str](), list[str]()
    most = 0

    async def answering(request: httpx.Request) -> httpx.Response:
        nonlocal most
        ref = json.loads(request.content)["orderRef"]
        waiting.add(ref)
        most = max(most, len(waiting))
        await (gate.wait() if ref == slow else asyncio.sleep(0.02))
        waiting.remove(ref)
        answered.append(ref)
        return httpx.Response(200, json={"orderRef": ref, "status": "failed", "hintCode": "userCancel"})

    with psycopg.connect(stack.admin_dsn) as connection:
        connection.execute("DELETE FROM permissions.bankid_order WHERE ended_at IS NULL")
    bankid = BankId(httpx.AsyncClient(transport=httpx.MockTransport(answering), base_url="https://bankid/"))
    database = Database(stack.dsn("permissions"), pool_max=2)
    await database.open()
    orders = log_ins(database, bankid)
    slow, *others = [left_alone(stack, orders) for _ in range(12)]
    try:
        collecting = asyncio.create_task(orders.collect_unattended(Progress()))
        async with asyncio.timeout(20):
            while len(answered) < len(others):  # noqa: ASYNC110 - it is the stand-in for BankID that is waited for
                await asyncio.sleep(0.02)
        assert (sorted(answered), waiting) == (sorted(others), {slow})
        gate.set()
        assert await collecting
        assert answered[-1] == slow
        assert 1 < most <= ASKED_AT_ONCE
        assert rows(stack, "SELECT count(*) FROM permissions.bankid_order WHERE ended_at IS NULL") == [(0,)]
    finally:
        await database.close()


async def test_one_order_that_cannot_be_collected_keeps_no_other_and_is_told_of(stack: Stack) -> None:
    asked: list[str] = []

    def answering(request: httpx.Request) -> httpx.Response:
        asked.append(ref := json.loads(request.content)["orderRef"])
        return httpx.Response(200, json={"orderRef": ref, "status": "failed", "hintCode": "userCancel"})

    with psycopg.connect(stack.admin_dsn) as connection:
        connection.execute("DELETE FROM permissions.bankid_order WHERE ended_at IS NULL")
    bankid = BankId(httpx.AsyncClient(transport=httpx.MockTransport(answering), base_url="https://bankid/"))
    database = Database(stack.dsn("permissions"), pool_max=2)
    await database.open()
    orders = log_ins(database, bankid)
    left_alone(stack, orders)
    with psycopg.connect(stack.admin_dsn) as connection:
        # As if it had been sealed under another key.
        connection.execute("UPDATE permissions.bankid_order SET start_sealed = 'x' WHERE ended_at IS NULL")
    others = [left_alone(stack, orders) for _ in range(7)]
    try:
        assert not await orders.collect_unattended(Progress())
        assert sorted(asked) == sorted(others)
    finally:
        await database.close()
        with psycopg.connect(stack.admin_dsn) as connection:
            connection.execute("DELETE FROM permissions.bankid_order WHERE ended_at IS NULL")


async def test_an_order_that_is_cancelled_while_it_begins_is_cancelled_at_bankid(stack: Stack) -> None:
    asked: list[str] = []

    def answering(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return httpx.Response(200, json={})

    bankid = BankId(httpx.AsyncClient(transport=httpx.MockTransport(answering), base_url="https://bankid/"))
    database = Database(stack.dsn("permissions"), pool_max=1)
    await database.open()
    orders = log_ins(database, bankid)
    order_id, browser = uuid4(), uuid4().bytes
    with psycopg.connect(stack.admin_dsn) as connection:
        new = "INSERT INTO permissions.bankid_order (order_id, browser_sha256, state) VALUES (%s, %s, 'starting')"
        connection.execute(new, [order_id, browser])

    async def beginning() -> Started:
        await orders.cancel(browser, order_id)
        assert asked == []
        return Started(orderRef="ref", autoStartToken="a", qrStartToken="q", qrStartSecret="s")

    try:
        await orders.start(order_id, beginning())
        assert asked == ["/cancel"]
        assert (await orders.known(browser, order_id)).state == "cancelled"
    finally:
        await database.close()


def test_log_in_shows_bankid_only_where_it_is_set_up(stack: Stack, tmp_path: Path) -> None:
    unset = {"KULVERT_BANKID_URL": "", "KULVERT_BANKID_ROOTS": ""}
    with running(stack, GATEWAY, tmp_path / "gateway.log") as portal:
        for settings, has_button in (({}, True), (unset, False)):
            with running(stack, PERMISSIONS, tmp_path / f"permissions_{has_button}.log", **settings):
                for language, (button, by_link) in WORDS.items():
                    page = portal.get("/login", headers={"accept-language": language}).text
                    assert (f"{button}</button>" in page, by_link in page) == (has_button, not has_button)
        # Permissions is away: the page stands all the same, and offers nothing that could not be.
        answer = portal.get("/login")
        assert (answer.status_code, "BankID" in answer.text) == (200, False)
