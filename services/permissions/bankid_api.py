"""HTTP of log-in with BankID, for the gateway: no key, since the browser's own token is what goes on with an order."""

from ipaddress import IPv4Address, IPv6Address
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header
from pydantic import BaseModel, ConfigDict

from services.common import web
from services.permissions import bankid_log_in
from services.permissions.bankid_log_in import LogIn
from services.permissions.core.tokens import digest

Browser = Annotated[str, Header(alias="Kulvert-Browser", min_length=20, max_length=100)]


class Begin(BaseModel):
    """From where somebody asks."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    end_user_ip: IPv4Address | IPv6Address


def routes(parts: LogIn) -> APIRouter:
    """Give the routes; where no address of BankID is set, no order begins."""
    router, orders = web.router(), parts.orders

    @router.get("/log-in-ways")
    async def ways() -> dict[str, bool]:
        return {"bankid": parts.is_on}

    @router.post("/bankid-orders", status_code=201)
    async def begin(document: Begin, browser: Browser) -> dict[str, UUID]:
        if not parts.is_on:
            raise web.Problem(503, "bankid_off", "Nobody can log in by BankID here: no address of BankID is set.")
        return {"order_id": await bankid_log_in.start(parts, browser, str(document.end_user_ip))}

    @router.get("/bankid-orders/{order_id}")
    async def get(order_id: UUID, browser: Browser) -> dict[str, Any]:
        return (await orders.known(digest(browser), order_id))._asdict() | {"session": None}

    @router.post("/bankid-orders/{order_id}/status")
    async def status(order_id: UUID, browser: Browser) -> dict[str, Any]:
        shown, session = await orders.look(digest(browser), order_id)
        return shown._asdict() | {"session": session and session._asdict()}

    @router.post("/bankid-orders/{order_id}/cancel")
    async def cancel(order_id: UUID, browser: Browser) -> dict[str, Any]:
        return (await orders.cancel(digest(browser), order_id))._asdict() | {"session": None}

    return router
