"""A visitor's commands, passed on under his own session to the service that owns what they change."""

from collections.abc import Awaitable, Collection
from typing import Annotated
from uuid import UUID

import httpx
from fastapi import APIRouter, Form, HTTPException, Request, Response
from fastapi.responses import RedirectResponse, StreamingResponse
from starlette.background import BackgroundTask

from services.common import logs, web
from services.gateway import metrics
from services.gateway.portal import security
from services.gateway.portal.visits import Parts

SESSION_HEADER = "Kulvert-Session"
NOT_HERE = (401, 403, 404)
HAPPENED_BEFORE = 409


class UnansweredError(Exception):
    """The service that owns a thing is away, or cannot do it now. Whether it has done it is not known."""


def headers_for(session_token: str) -> dict[str, str]:
    """Give the headers that carry a visitor's session, and the request's id, to the service that owns a thing."""
    return {SESSION_HEADER: session_token, web.CORRELATION_HEADER: logs.correlation_id()}


async def answered(command: str, asking: Awaitable[httpx.Response], expected: Collection[int] = ()) -> httpx.Response:
    """Wait for a service's answer to a command, and count it. expected: server errors that have their own words.

    Raises UnansweredError.
    """
    try:
        answer = await asking
    except httpx.TransportError as error:
        raise UnansweredError(f"{command}: {type(error).__name__}") from error
    metrics.COMMANDS.labels(command, str(answer.status_code)).inc()
    if answer.is_server_error and answer.status_code not in expected:
        await answer.aclose()
        raise UnansweredError(f"{command}: {answer.status_code}")
    return answer


def routes(parts: Parts) -> APIRouter:
    """Give the routes that hand on to other services."""
    router = APIRouter(include_in_schema=False)

    @router.post("/alerts/{episode_id}/acknowledge")
    async def acknowledge(
        request: Request,
        episode_id: UUID,
        form_token: Annotated[str, Form(max_length=100)] = "",
        next: Annotated[str, Form(max_length=500)] = "/start",  # noqa: A002 - the form's own word
    ) -> Response:
        async with parts.visit(request) as visit:
            token = visit.token
        if not security.is_form_token(token, form_token):
            raise HTTPException(403, "forged")
        url = f"{parts.settings.alerts_url}/v1/episodes/{episode_id}/acknowledge"
        answer = await answered("acknowledge", parts.client.post(url, headers=headers_for(token)))
        # An alert that closed meanwhile cannot be acknowledged any more; the page that is gone back to says so.
        if answer.status_code != HAPPENED_BEFORE:
            _check(answer)
        return RedirectResponse(security.inside(next), 303)

    @router.get("/invoices/{name}.pdf")
    async def invoice(request: Request, name: str) -> Response:
        async with parts.visit(request) as visit:
            token = visit.token
        if not name.replace("-", "").isalnum() or len(name) > 40 or not name.isascii():
            raise HTTPException(404)
        url = f"{parts.settings.billing_url}/v1/invoices/{name}.pdf"
        asked = parts.client.build_request("GET", url, headers=headers_for(token))
        answer = await answered("invoice_pdf", parts.client.send(asked, stream=True))
        if answer.status_code != 200:
            await answer.aclose()
            _check(answer)
        return StreamingResponse(
            answer.aiter_bytes(),
            media_type="application/pdf",
            headers={"Content-Disposition": f'inline; filename="faktura_{name}.pdf"'},
            background=BackgroundTask(answer.aclose),
        )

    return router


def _check(answer: httpx.Response) -> None:
    """Tell a visitor no more than that there is no such thing, or that it did not work."""
    if answer.status_code in NOT_HERE:
        raise HTTPException(404)
    if answer.status_code >= 400:
        raise HTTPException(502, "failed_lead")
