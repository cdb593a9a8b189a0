"""Log-in and log-out. Looking at a link uses nothing; its button does."""

from typing import Annotated

import httpx
from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from services.common import logs, web
from services.gateway import metrics
from services.gateway.portal import commands, security
from services.gateway.portal.visits import Parts

log = logs.get_logger()


def routes(parts: Parts) -> APIRouter:
    """Give the routes of log-in and log-out."""
    router = APIRouter(include_in_schema=False)
    is_local = parts.settings.local

    @router.get("/login")
    async def look(request: Request, link: str = "", next: str = "/start") -> Response:  # noqa: A002 - the address's word
        return parts.page("login.html", request, link=link[:100], next=security.inside(next), is_spent=False)

    @router.post("/login")
    async def log_in(
        request: Request,
        link: Annotated[str, Form(max_length=100)],
        next: Annotated[str, Form(max_length=500)] = "/start",  # noqa: A002
    ) -> Response:
        url = f"{parts.settings.permissions_url}/v1/sessions"
        try:
            correlation = {web.CORRELATION_HEADER: logs.correlation_id()}
            answer = await parts.client.post(url, json={"link_token": link}, headers=correlation)
        except httpx.TransportError as error:
            log.warning("command_unanswered", command="log_in", reason=type(error).__name__)
            return parts.page("failed.html", request, 503, reason="failed_lead")
        metrics.COMMANDS.labels("log_in", str(answer.status_code)).inc()
        if answer.status_code != 201:
            return parts.page("login.html", request, 422, link="", next="/start", is_spent=True)
        response = RedirectResponse(security.inside(next), 303)
        security.set_session(response, answer.json()["token"], is_local)
        return response

    @router.post("/logout")
    async def log_out(request: Request, form_token: Annotated[str, Form(max_length=100)] = "") -> Response:
        token = parts.token(request)
        response = RedirectResponse("/login", 303)
        if token and security.is_form_token(token, form_token):
            url = f"{parts.settings.permissions_url}/v1/sessions/current"
            try:
                answer = await parts.client.delete(url, headers=commands.headers_for(token))
            except httpx.TransportError as error:
                # The session still holds on the server, so saying "logged out" would be a lie.
                log.warning("command_unanswered", command="log_out", reason=type(error).__name__)
                return parts.page("failed.html", request, 503, reason="failed_lead")
            metrics.COMMANDS.labels("log_out", str(answer.status_code)).inc()
            security.forget_session(response, is_local)
        return response

    @router.get("/")
    async def root() -> Response:
        return RedirectResponse("/start", 303)

    return router
