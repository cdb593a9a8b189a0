"""A house with an offer on its contract, and the people who may or may not sign it."""

import html
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg

from deploy.local.services import BANKID_RP, CONTRACTS, PERMISSIONS
from deploy.local.stack import Stack
from tests.integration.contracts_house import House, put, serving
from tests.running import running

NUMBERS = {"anna": "199001010017", "bo": "198505050024", "reader": "197007070035", "full": "196006060047"}
LEVELS = {"anna": "administrator", "bo": "administrator", "reader": "read", "full": "full"}


def next_year() -> date:
    return date(datetime.now(UTC).year + 1, 1, 1)


@dataclass
class Signing:
    """The running services that a signature passes."""

    contracts: httpx.Client
    permissions: httpx.Client
    rp: httpx.Client
    stack: Stack
    logs: Path

    def session(self, name: str) -> str:
        link = self.permissions.post("/v1/login-links", json={"user": f"sign-{name}"}).json()["token"]
        return str(self.permissions.post("/v1/sessions", json={"link_token": link}).json()["token"])

    def house(self) -> House:
        """A house on bas with 10 kW, whose people are Anna, Bo, a reader and one with full access."""
        house = House(self.contracts)
        assert put(self.contracts, f"/v1/contracts/K{house.number}", house.contract()).status_code == 201
        for name, level in LEVELS.items():
            granted = self.permissions.put(f"/v1/grants/C{house.number}/sign-{name}", json={"level": level})
            assert granted.status_code == 200, granted.text
        return house

    def offer(self, house: House, **other: Any) -> dict[str, Any]:
        """Offer 12 kW from next year on."""
        answer = put(self.contracts, f"/v1/offers/O{house.number}", offer_of(house) | other)
        assert answer.status_code in (200, 201), answer.text
        found: dict[str, Any] = answer.json()
        return found

    def begin(self, session: str, offer: dict[str, Any]) -> httpx.Response:
        asked = {"version": offer["version"], "end_user_ip": "127.0.0.1"}
        return self.contracts.post(f"/v1/signings/of/{offer['offer_id']}", json=asked, headers=bearing(session))

    def begun(self, session: str, offer: dict[str, Any]) -> str:
        answer = self.begin(session, offer)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["signing_id"])

    def look(self, session: str, signing_id: str, what: str = "status") -> httpx.Response:
        return self.contracts.post(f"/v1/signings/{signing_id}/{what}", headers=bearing(session))

    def status(self, session: str, signing_id: str) -> tuple[str, str]:
        """How an order stands, asked of BankID now and not when it is time to."""
        with psycopg.connect(self.stack.admin_dsn) as connection:
            connection.execute(
                "UPDATE contracts.signing SET asked_at = NULL WHERE signing_id = %s AND ended_at IS NULL", [signing_id]
            )
        shown = self.look(session, signing_id).json()
        return shown["state"], shown["reason"]

    def told_of(self, fault: str) -> float:
        """How often an operator was told of a completion that is not genuine."""
        metrics = httpx.get(f"http://127.0.0.1:{self.stack.port(CONTRACTS.metrics)}/metrics").text
        [line] = [one for one in metrics.splitlines() if f'completions_not_valid_total{{fault="{fault}"' in one]
        return float(line.rsplit(" ", 1)[1])

    def forget(self, session: str, signing_id: str) -> None:
        """Let BankID know nothing of an order any more."""
        ref = self._reference(session, signing_id)
        assert self.rp.post("/rp/v6.0/cancel", json={"orderRef": ref}).status_code == 200

    def left_alone(self, signing_id: str) -> None:
        """Let it be a minute ago that anybody asked."""
        with psycopg.connect(self.stack.admin_dsn) as connection:
            connection.execute(
                "UPDATE contracts.signing SET asked_at = now() - interval '1 minute'"
                " WHERE signing_id = %s AND ended_at IS NULL",
                [signing_id],
            )

    def interrupted(self, signing_id: str) -> None:
        """Let it be half a minute ago that somebody asked BankID for an order, and died before its answer."""
        with psycopg.connect(self.stack.admin_dsn) as connection:
            connection.execute(
                "UPDATE contracts.signing SET state = 'starting', start_sealed = NULL, started_at = NULL,"
                " begun_at = now() - interval '30 seconds' WHERE signing_id = %s",
                [signing_id],
            )

    def phone(self, session: str, signing_id: str, action: str, **form: str) -> None:
        """Do something on the phone with the order of a start link."""
        ref = self._reference(session, signing_id)
        assert self.rp.post(f"/phone/{ref}/{action}", data=form).status_code == 303

    def hidden(self, session: str, signing_id: str) -> str:
        """What goes unseen with what is signed."""
        return hidden_on(self._phone_page(session, signing_id))

    def _phone_page(self, session: str, signing_id: str) -> str:
        return httpx.get(self.look(session, signing_id).json()["start_url"]).text

    def _reference(self, session: str, signing_id: str) -> str:
        page = self._phone_page(session, signing_id)
        return page.split("/phone/", 1)[1].split("/", 1)[0]


def hidden_on(phone_page: str) -> str:
    """Read on the development RP's page what goes unseen with what is approved."""
    return html.unescape(phone_page.split("<code>", 1)[1].split("</code>", 1)[0])


def offer_of(house: House) -> dict[str, Any]:
    begins = next_year()
    return {
        "contract_number": f"K{house.number}",
        "price_list_id": "bas",
        "valid_from": begins.isoformat(),
        "kw": "12",
        "options": ["Energitjänst Bas"],
        "expires_at": (datetime.now(UTC) + timedelta(hours=5)).isoformat(),
    }


def bearing(session: str) -> dict[str, str]:
    return {"Kulvert-Session": session, "Authorization": ""}


def put_people(permissions: httpx.Client) -> None:
    """Put the four people, each with his number."""
    for name, number in NUMBERS.items():
        person = {"name": name, "identity_number": number}
        assert permissions.put(f"/v1/people/sign-{name}", json=person).status_code in (200, 201)


@contextmanager
def signing(stack: Stack, logs: Path) -> Iterator[Signing]:
    """Run contracts, permissions and the development RP, with four people whose numbers are known."""
    with ExitStack() as services:
        contracts = services.enter_context(serving(stack, logs / "contracts.log"))
        permissions = services.enter_context(running(stack, PERMISSIONS, logs / "permissions.log"))
        rp = services.enter_context(running(stack, BANKID_RP, logs / "bankid_rp.log"))
        put_people(permissions)
        yield Signing(contracts, permissions, rp, stack, logs)
