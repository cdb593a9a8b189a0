"""A house with an offer on its contract, as its people see it, and the services that signing needs."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg
from playwright.sync_api import Browser, Page

from deploy.local.services import BANKID_RP
from deploy.local.stack import Stack
from tests.browser.conftest import COOKIE, Portal
from tests.integration.contracts_house import House, put_first
from tests.integration.looking import rows, wait_for
from tests.integration.signing_house import NUMBERS, Signing, put_people
from tests.running import running

START = "Underteckna med BankID"


@contextmanager
def signing_beside(stack: Stack, logs: Path) -> Iterator[Signing]:
    """Run what signing needs beside the portal's own services."""
    key = {"Authorization": f"Bearer {stack.integration_key}"}
    with ExitStack() as opened:
        contracts, permissions = (
            opened.enter_context(httpx.Client(base_url=f"http://127.0.0.1:{stack.port(port)}", headers=key))
            for port in ("contracts_http", "permissions_http")
        )
        put_first(contracts)
        rp = opened.enter_context(running(stack, BANKID_RP, logs / "bankid_rp.log"))
        put_people(permissions)
        yield Signing(contracts, permissions, rp, stack, logs)


class Offered:
    """A house with an offer, which its people see."""

    def __init__(self, portal: Portal, services: Signing, house: House | None = None, **other: Any) -> None:
        self.house = house or services.house()
        self.offer = services.offer(self.house, **other)
        self.path = f"/contracts/sign/{self.offer['offer_id']}"
        self.base = portal.base
        seen = "SELECT count(*) FROM permissions.visible_period WHERE point_id = %s"
        wait_for(lambda: rows(portal.stack, seen, self.house.point_id)[0][0] == len(NUMBERS))

    def opened(self, browser: Browser, token: str, **context: Any) -> tuple[Page, list[str]]:
        own = browser.new_context(**context)
        own.add_cookies([{"name": COOKIE, "value": token, "url": self.base}])
        page, faults = own.new_page(), list[str]()
        page.on("console", lambda told: faults.append(told.text) if told.type in ("error", "warning") else None)
        page.goto(self.base + self.path)
        return page, faults


def by_link(services: Signing, name: str) -> str:
    """A session that its person opened by a link in an e-mail."""
    token = services.session(name)
    with psycopg.connect(services.stack.admin_dsn) as connection:
        connection.execute(
            "UPDATE permissions.session SET assurance = 'email' WHERE token_hash = sha256(%s)", [token.encode()]
        )
    return token
