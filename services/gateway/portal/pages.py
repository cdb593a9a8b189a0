"""The portal's app: every page's routes, and what is shown where a page cannot be."""

from contextlib import suppress
from pathlib import Path
from urllib.parse import quote, urlsplit

import asyncpg
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware

from services.common import logs, web
from services.gateway.portal import (
    bankid_log_in,
    commands,
    contract_page,
    contracts_page,
    facility_page,
    login,
    ops_prices_page,
    options_page,
    prices_page,
    security,
    signing_page,
    start_page,
)
from services.gateway.portal.visits import NotLoggedInError, Parts, Visit

log = logs.get_logger()

TOO_MANY = 429
WAIT_S = "60"
"""After so long whoever has asked too often is let in again, at the latest: what is allowed is by the minute."""
STATIC = Path(__file__).parent / "static"
UNANSWERED = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError)
"""What reading raises where PostgreSQL is away or stands still."""


def app(parts: Parts) -> FastAPI:
    """Give the portal."""
    portal = web.app("gateway", parts.settings)
    portal.middleware("http")(security.protection(parts.settings.local))
    portal.add_middleware(GZipMiddleware, minimum_size=1_000)
    portal.mount("/static", StaticFiles(directory=STATIC), name="static")
    _errors(portal, parts)
    # A contract's page before a facility's, whose paths for charts would fit it as well.
    for routes in (
        bankid_log_in.routes,
        login.routes,
        prices_page.routes,
        start_page.routes,
        contracts_page.routes,
        contract_page.routes,
        facility_page.routes,
        options_page.routes,
        signing_page.routes,
        ops_prices_page.routes,
        commands.routes,
    ):
        portal.include_router(routes(parts))
    return portal


def _asked_page(request: Request) -> str:
    """Give the page that a visitor was on or asked for, empty where a form leads to none."""
    if request.method == "GET":
        return f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path
    # A page that asks again and again says where it stands.
    page = urlsplit(request.headers.get("hx-current-url", ""))
    return f"{page.path}?{page.query}" if page.query else page.path


def _errors(portal: FastAPI, parts: Parts) -> None:
    @portal.exception_handler(NotLoggedInError)
    async def not_logged_in(request: Request, _: NotLoggedInError) -> Response:
        asked = _asked_page(request)
        target = f"/login?next={quote(asked, safe='/')}" if asked else "/login"
        if request.headers.get("hx-request"):
            return Response(status_code=401, headers={"HX-Redirect": target})
        return RedirectResponse(target, 303)

    @portal.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> Response:
        asking: Visit | Request = request
        with suppress(NotLoggedInError, *UNANSWERED):
            async with parts.visit(request) as visit:
                asking = visit
        if error.status_code in (404, 405):
            return parts.page("not_found.html", asking, 404)
        if error.status_code == TOO_MANY:
            page = parts.page("failed.html", asking, TOO_MANY, reason="too_many")
            page.headers["Retry-After"] = WAIT_S
            return page
        return parts.page("failed.html", asking, error.status_code, reason=str(error.detail))

    @portal.exception_handler(RequestValidationError)
    async def misshapen(request: Request, _: RequestValidationError) -> Response:
        return await refused(request, HTTPException(404))

    async def unanswered(request: Request, error: Exception) -> Response:
        # What PostgreSQL says may show a value; what a service did not answer cannot.
        reason = str(error) if isinstance(error, commands.UnansweredError) else type(error).__name__
        log.error("unanswered", path=request.url.path, reason=reason)
        return parts.page("failed.html", request, 503, reason="failed_lead")

    for kind in (*UNANSWERED, commands.UnansweredError):
        portal.exception_handler(kind)(unanswered)
