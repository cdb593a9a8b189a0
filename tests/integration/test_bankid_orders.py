"""An order with BankID outlives the process that began it, and one that is not wanted any more does not stay open."""

from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import psycopg
from prometheus_client import CollectorRegistry, Counter

from deploy.local.services import BANKID_RP, GATEWAY, PERMISSIONS
from deploy.local.stack import Stack
from schemas.bankid import Started
from services.common.bankid.orders import Kept, Orders
from services.common.bankid.rp_api import BankId
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
            before.left_alone(signing_id)
            page = httpx.get(before.look(session, signing_id).json()["start_url"]).text
        ref = page.split("/phone/", 1)[1].split("/", 1)[0]
        assert rp.post(f"/phone/{ref}/approve", data={"personal_number": NUMBERS["anna"]}).status_code == 303
        with serving(stack, tmp_path / "contracts_again.log") as contracts:
            state = "SELECT state FROM contracts.signing WHERE signing_id = %s"
            wait_for(lambda: rows(stack, state, signing_id) == [("signed",)])
            assert contracts.get(f"/v1/offers/O{house.number}").json()["is_signed"]


async def test_an_order_that_is_cancelled_while_it_begins_is_cancelled_at_bankid(stack: Stack) -> None:
    asked: list[str] = []

    def answering(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return httpx.Response(200, json={})

    bankid = BankId(httpx.AsyncClient(transport=httpx.MockTransport(answering), base_url="https://bankid/"))
    database = Database(stack.dsn("permissions"), pool_max=1)
    await database.open()
    ended = Counter("ended", "Orders that have ended", ["state"], registry=CollectorRegistry())
    purpose = ToLogIn(Sealer(SECRET))
    orders = Orders[Token](
        database, ORDERS, Kept(SECRET, "https://app/"), bankid, None, purpose, ended, timedelta(minutes=1)
    )
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
