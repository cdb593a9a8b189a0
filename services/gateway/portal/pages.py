"""The portal's app: its parts, its errors, and how a page is made."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import asyncpg
import httpx
from babel import negotiate_locale
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware

from services.common import logs, web
from services.gateway.core import formats, subscription
from services.gateway.portal import commands, facility_page, login, security, start_page
from services.gateway.portal.words import WORDS
from services.gateway.settings import GatewaySettings
from services.gateway.store.reader import Connection, Reader
from services.gateway.store.visitors import Visitor, visitor

log = logs.get_logger()

HERE = Path(__file__).parent
DEFAULT_LANGUAGE = "sv"


class NotLoggedInError(Exception):
    """The visitor has no session that still holds."""


@dataclass(frozen=True)
class Visit:
    """One request of a known visitor, with the transaction that sees what he may see."""

    connection: Connection
    visitor: Visitor
    token: str


class Parts:
    """What the pages need."""

    def __init__(self, reader: Reader, client: httpx.AsyncClient, settings: GatewaySettings) -> None:
        self.reader = reader
        self.client = client
        self.settings = settings
        self._templates = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def today(self) -> date:
        """Give the utility's own date."""
        return datetime.now(UTC).astimezone(self.settings.zone).date()

    def token(self, request: Request) -> str:
        """Give the session's token, empty where there is none."""
        return request.cookies.get(security.cookie_name(self.settings.local), "")

    @asynccontextmanager
    async def visit(self, request: Request) -> AsyncIterator[Visit]:
        """Open a request's transaction as its visitor. Raises NotLoggedInError."""
        token = self.token(request)
        if not token:
            raise NotLoggedInError
        async with self.reader.visit(token) as connection:
            known = await visitor(connection)
            if known is None:
                raise NotLoggedInError
            yield Visit(connection, known, token)

    def page(self, name: str, asking: Visit | Request, status: int = 200, **values: Any) -> HTMLResponse:
        """Make a page in the visitor's language; for a request without a visitor, in the browser's."""
        who = asking if isinstance(asking, Visit) else None
        language = asking.visitor.language if isinstance(asking, Visit) else language_of(asking)
        html = self._templates.get_template(name).render(
            words=WORDS[language],
            language=language,
            visitor=who.visitor if who else None,
            form_token=security.form_token(who.token) if who else "",
            number=partial(formats.number, language=language),
            money=partial(formats.money, language=language),
            power=partial(subscription.kilowatts, language=language),
            month=partial(formats.month, language=language),
            moment=lambda at: formats.moment(at.astimezone(self.settings.zone)),
            **values,
        )
        return HTMLResponse(html, status)


def language_of(request: Request) -> str:
    """Choose the language of a page for somebody unknown, by what the browser prefers."""
    accepted = request.headers.get("accept-language", "")
    preferred = [part.split(";")[0].strip().replace("-", "_") for part in accepted.split(",")]
    return negotiate_locale(preferred, list(WORDS)) or DEFAULT_LANGUAGE


def app(parts: Parts) -> FastAPI:
    """Give the portal."""
    portal = web.app("gateway")
    portal.middleware("http")(security.protected)
    portal.add_middleware(GZipMiddleware, minimum_size=1_000)
    portal.mount("/static", StaticFiles(directory=HERE / "static"), name="static")
    _errors(portal, parts)
    for routes in (login.routes, start_page.routes, facility_page.routes, commands.routes):
        portal.include_router(routes(parts))
    return portal


def _errors(portal: FastAPI, parts: Parts) -> None:
    @portal.exception_handler(NotLoggedInError)
    async def not_logged_in(request: Request, _: NotLoggedInError) -> Response:
        asked = f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path
        target = f"/login?next={quote(asked, safe='/')}" if request.method == "GET" else "/login"
        if request.headers.get("hx-request"):
            return Response(status_code=401, headers={"HX-Redirect": target})
        return RedirectResponse(target, 303)

    @portal.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> Response:
        asking: Visit | Request = request
        with suppress(NotLoggedInError):
            async with parts.visit(request) as visit:
                asking = visit
        if error.status_code in (404, 405):
            return parts.page("not_found.html", asking, 404)
        return parts.page("failed.html", asking, error.status_code, reason=str(error.detail))

    @portal.exception_handler(RequestValidationError)
    async def misshapen(request: Request, _: RequestValidationError) -> Response:
        return await refused(request, HTTPException(404))

    async def unanswered(request: Request, error: Exception) -> Response:
        log.error("database_unanswered", path=request.url.path, reason=type(error).__name__)
        return parts.page("failed.html", request, 503, reason="failed_lead")

    for kind in (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        portal.exception_handler(kind)(unanswered)
