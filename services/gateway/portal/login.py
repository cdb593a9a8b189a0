"""Log-in and log-out. Looking at a link uses nothing; its button does."""

from typing import Annotated, Any

import httpx
from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from services.common import logs, web
from services.gateway.portal import commands, security
from services.gateway.portal.visits import Parts

WAYS_WITHIN_S = 2
"""Longer the page does not wait to learn what it may offer."""

log = logs.get_logger()


async def page(parts: Parts, request: Request, status: int = 200, **values: Any) -> Response:
    """Give the page of log-in, with what permissions can let in by. why_not: the word for why it did not just now."""
    shown = {"link": "", "next": "/start", "is_spent": False, "why_not": ""} | values
    return parts.page("login.html", request, status, has_bankid=await _has_bankid(parts), **shown)


async def _has_bankid(parts: Parts) -> bool:
    """Tell whether BankID is set up where log-ins are; while nobody answers there, no log-in would be."""
    url = f"{parts.settings.permissions_url}/v1/log-in-ways"
    asking = parts.client.get(url, headers=_correlation(), timeout=WAYS_WITHIN_S)
    try:
        answer = await commands.answered("log_in_ways", asking)
    except commands.UnansweredError as error:
        log.warning("log_in_ways_unknown", reason=str(error))
        return False
    return answer.status_code == httpx.codes.OK and bool(answer.json()["bankid"])


async def end_former(parts: Parts, request: Request) -> None:
    """End the session that the browser had until it got another: nobody is to go on with it.

    Where that is not answered, the new one is given all the same: it is given once, and the old one soon ends itself.
    """
    former = parts.token(request)
    if not former:
        return
    try:
        await _end(parts, former)
    except commands.UnansweredError as error:
        log.warning("former_session_not_ended", reason=str(error))


async def _end(parts: Parts, token: str) -> None:
    """End a session. Raises UnansweredError."""
    url = f"{parts.settings.permissions_url}/v1/sessions/current"
    await commands.answered("log_out", parts.client.delete(url, headers=commands.headers_for(token)))


def _correlation() -> dict[str, str]:
    return {web.CORRELATION_HEADER: logs.correlation_id()}


def routes(parts: Parts) -> APIRouter:
    """Give the routes of log-in and log-out."""
    router = APIRouter(include_in_schema=False)
    is_local = parts.settings.local

    @router.get("/login")
    async def look(request: Request, link: str = "", next: str = "/start") -> Response:  # noqa: A002 - the address's word
        return await page(parts, request, link=link[:100], next=security.inside(next))

    @router.post("/login")
    async def log_in(
        request: Request,
        link: Annotated[str, Form(max_length=100)],
        next: Annotated[str, Form(max_length=500)] = "/start",  # noqa: A002
    ) -> Response:
        url = f"{parts.settings.permissions_url}/v1/sessions"
        asking = parts.client.post(url, json={"link_token": link}, headers=_correlation())
        answer = await commands.answered("log_in", asking)
        if answer.status_code != 201:
            return await page(parts, request, 422, is_spent=True)
        await end_former(parts, request)
        response = RedirectResponse(security.inside(next), 303)
        security.set_session(response, answer.json()["token"], is_local)
        return response

    @router.post("/logout")
    async def log_out(request: Request, form_token: Annotated[str, Form(max_length=100)] = "") -> Response:
        token = parts.token(request)
        response = RedirectResponse("/login", 303)
        if token and security.is_form_token(token, form_token):
            # Where it is not answered the session still holds, so saying "logged out" would be a lie.
            await _end(parts, token)
            security.forget_session(response, is_local)
        return response

    @router.get("/")
    async def root() -> Response:
        return RedirectResponse("/start", 303)

    return router
