"""Log-in with BankID: the order on its way to a phone, in the browser that began it."""

from secrets import token_urlsafe
from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

import httpx
from fastapi import APIRouter, Form, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from services.common import logs, web
from services.gateway.allowance import Allowance, sender
from services.gateway.portal import bankid_order, login, security
from services.gateway.portal.commands import UnansweredError, answered
from services.gateway.portal.visits import Parts, language_of
from services.gateway.portal.words import WORDS

PATH = "/login/bankid"
BROWSER_BYTES = 32
ORDERS_PER_MINUTE = 20
"""From one address: an office behind one address logs in, and nobody fills the table of orders."""
Next = Annotated[str, Form(max_length=500)]
Hint = Annotated[str, Form(max_length=400)]


def routes(parts: Parts) -> APIRouter:
    """Give the routes. Nobody is logged in here yet, so what binds an order is a cookie of its own."""
    router = APIRouter(prefix=PATH, include_in_schema=False)
    allowance = Allowance(ORDERS_PER_MINUTE)
    is_local = parts.settings.local

    @router.post("")
    async def start(request: Request, next: Next = "/start") -> Response:  # noqa: A002 - the form's own word
        ip = request.client.host if request.client else ""
        if allowance.wait_s(sender(ip)) > 0:
            raise HTTPException(429, "failed_lead")
        browser = _browser(request, is_local) or token_urlsafe(BROWSER_BYTES)
        answer = await _ask(parts, browser, "POST", "", {"end_user_ip": ip})
        if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
            return await login.page(parts, request, 503, next=security.inside(next), why_not="bankid_away")
        if answer.status_code != httpx.codes.CREATED:
            raise UnansweredError(f"log_in: {answer.status_code}")
        response = RedirectResponse(_page(UUID(answer.json()["order_id"]), next), 303)
        security.set_login(response, browser, is_local)
        return response

    @router.get("/{order_id}")
    async def order(request: Request, order_id: UUID, next: str = "/start") -> Response:  # noqa: A002
        found = _found(await _ask(parts, _browser(request, is_local), "GET", f"/{order_id}"))
        if found["state"] == "let_in":
            return RedirectResponse(security.inside(next), 303)
        return parts.page("bankid_order.html", request, **_shown(request, found, next))

    @router.post("/{order_id}/status")
    async def status(request: Request, order_id: UUID, next: Next = "/start", hint: Hint = "") -> Response:  # noqa: A002
        found = _found(await _ask(parts, _browser(request, is_local), "POST", f"/{order_id}/status"))
        if found["session"]:
            await login.end_former(parts, request)
            response = _gone_to(request, security.inside(next))
            security.set_session(response, found["session"]["token"], is_local)
            security.forget_login(response, is_local)
            return response
        if found["state"] not in bankid_order.OPEN or not request.headers.get("hx-request"):
            return _gone_to(request, _page(order_id, next))
        shown = _shown(request, found, next)
        return parts.page("bankid_frame.html", request, is_news=shown["hint"] != hint, **shown)

    @router.post("/{order_id}/cancel")
    async def cancel(request: Request, order_id: UUID, next: Next = "/start") -> Response:  # noqa: A002
        _found(await _ask(parts, _browser(request, is_local), "POST", f"/{order_id}/cancel"))
        return RedirectResponse(_page(order_id, next), 303)

    return router


def _browser(request: Request, is_local: bool) -> str:
    return security.token_in(request, security.login_cookie_name(is_local))


def _page(order_id: UUID, following: str) -> str:
    return f"{PATH}/{order_id}?next={quote(security.inside(following), safe='/')}"


def _gone_to(request: Request, path: str) -> Response:
    if request.headers.get("hx-request"):
        return Response(headers={"HX-Redirect": path})
    return RedirectResponse(path, 303)


def _shown(request: Request, found: dict[str, Any], following: str) -> dict[str, Any]:
    language = language_of(request)
    title, back = WORDS[language]["signing"]["log_in"], f"/login?next={quote(security.inside(following), safe='/')}"
    return bankid_order.shown(found, language, title, f"{PATH}/{found['order_id']}", back, security.inside(following))


async def _ask(
    parts: Parts, browser: str, method: str, path: str, body: dict[str, Any] | None = None
) -> httpx.Response:
    if not browser:
        # Another browser's order, or none: the same to this one.
        raise HTTPException(404)
    headers = {"Kulvert-Browser": browser, web.CORRELATION_HEADER: logs.correlation_id()}
    url = f"{parts.settings.permissions_url}/v1/bankid-orders{path}"
    asking = parts.client.request(method, url, json=body, headers=headers)
    return await answered("log_in_bankid", asking, expected=(httpx.codes.SERVICE_UNAVAILABLE,))


def _found(answer: httpx.Response) -> dict[str, Any]:
    if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
        raise UnansweredError("log_in_bankid: 503")
    if answer.status_code != httpx.codes.OK:
        # Another browser's, or none: the same to this one.
        raise HTTPException(404)
    found: dict[str, Any] = answer.json()
    return found
