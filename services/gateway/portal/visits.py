"""A visit: one request, who makes it, and the pages that he is shown."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any

import httpx
from babel import negotiate_locale
from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.gateway.core import formats, subscription
from services.gateway.portal import security
from services.gateway.portal.words import WORDS
from services.gateway.settings import GatewaySettings
from services.gateway.store.reader import Connection, Reader
from services.gateway.store.visitors import Visitor, visitor
from services.heat.tariff.words import name_beside

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
        self._templates.filters["beside"] = name_beside

    def today(self) -> date:
        """Give the utility's own date."""
        return datetime.now(UTC).astimezone(self.settings.zone).date()

    def token(self, request: Request) -> str:
        """Give the session's token, empty where there is none."""
        return security.token_in(request, security.cookie_name(self.settings.local))

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
