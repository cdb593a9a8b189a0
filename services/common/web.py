"""Web apps of the services: errors as problem+json, a correlation id on each request, limits on bodies."""

import asyncio
import hashlib
import hmac
import re
import time
from collections.abc import Awaitable, Callable
from http import HTTPMethod, HTTPStatus
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import FastAPI, Header, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from psycopg import OperationalError
from psycopg_pool import PoolTimeout
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from services.common import logs, metrics
from services.common.bodies import BODY_TIMEOUT_S, MAX_BODY_BYTES, BodyLimits
from services.common.bodies import RETRY_AFTER_S as RETRY_AFTER_S
from services.common.bodies import router as router
from services.common.health import serve_app
from services.common.postgres import answers_within
from services.common.problems import Problem as Problem
from services.common.problems import away, faults_of
from services.common.settings import Settings

log = logs.get_logger()

CORRELATION_HEADER = "X-Correlation-Id"

_METHODS = {method.value for method in HTTPMethod}

# Characters that no name of ours has, and that other programs on the way might take for something else.
_BAD_IN_PATH = re.compile(rb"%([01][0-9a-f]|7f|2f|5c)|[\x00-\x20\x7f\\]", re.IGNORECASE)


def app(
    service: str,
    settings: Settings,
    max_body_bytes: int = MAX_BODY_BYTES,
    body_timeout_s: float = BODY_TIMEOUT_S,
) -> FastAPI:
    """Give a web app whose every error is problem+json and which never echoes a refused value.

    A request ends with 503 where PostgreSQL stands still. What it asked for may have been done all the same, so
    every command here can be sent again without harm.
    """
    api = FastAPI(title=f"Kulvert {service}", docs_url=None, redoc_url=None, openapi_url=None)
    api.add_middleware(BodyLimits, max_bytes=max_body_bytes, timeout_s=body_timeout_s)

    @api.exception_handler(Problem)
    async def problem(_: Request, error: Problem) -> JSONResponse:
        return error.response()

    @api.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        return Problem(422, "invalid", "The request does not fit; see errors.", faults_of(error.errors())).response()

    @api.exception_handler(HTTPException)
    async def refused(_: Request, error: HTTPException) -> JSONResponse:
        phrase = HTTPStatus(error.status_code).phrase
        answer = Problem(error.status_code, phrase.lower().replace(" ", "_"), str(error.detail)).response()
        answer.headers.update(error.headers or {})
        return answer

    @api.exception_handler(OperationalError)
    @api.exception_handler(PoolTimeout)
    async def database_away(_: Request, error: Exception) -> JSONResponse:
        log.warning("database_away", error=type(error).__name__)
        return away("database_away", "The database does not answer; try again.", RETRY_AFTER_S).response()

    @api.middleware("http")
    async def observed(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        with answers_within(settings.database_answer_seconds):
            return await _observed(request, call_next)

    return api


async def _observed(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    correlation_id = logs.bind_correlation(_safe_id(request.headers.get(CORRELATION_HEADER)))
    started = time.perf_counter()
    try:
        problem = _bad_address(request)
        response = problem.response() if problem else await call_next(request)
    except ClientDisconnect:
        response = Problem(400, "body_cut", "The connection ended before the body did.").response()
    except Exception:
        log.exception("request_failed", method=request.method, path=request.url.path)
        response = Problem(500, "internal_error", f"Something went wrong here; reference {correlation_id}.").response()
    route = getattr(request.scope.get("route"), "path", "unmatched")
    seconds = time.perf_counter() - started
    # Methods that nobody knows count as one: who sends them must not make series without end.
    method = request.method if request.method in _METHODS else "other"
    metrics.HTTP_SECONDS.labels(method, route, str(response.status_code)).observe(seconds)
    response.headers[CORRELATION_HEADER] = correlation_id
    return response


def _bad_address(request: Request) -> Problem | None:
    if _BAD_IN_PATH.search(request.scope["raw_path"]):
        return Problem(400, "bad_path", "The path holds a character that no path here has.")
    names = [name for name, _ in parse_qsl(request.url.query, keep_blank_values=True)]
    if len(set(names)) < len(names):
        return Problem(422, "doubled_parameter", "A parameter of the query stands there twice; give it once.")
    return None


def _safe_id(given: str | None) -> str | None:
    if given and len(given) <= 64 and given.isascii() and given.replace("-", "").isalnum():
        return given
    return None


def status_of(change: str) -> int:
    """Give the status of an answer to PUT: 201 where the object is new."""
    return 201 if change == "created" else 200


def bearer(authorization: str | None) -> str:
    """Take the key out of an Authorization header. Raises Problem 401."""
    scheme, _, key = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not key:
        problem = Problem(401, "key_missing", "Send the header 'Authorization: Bearer <key>'.")
        problem.headers["WWW-Authenticate"] = "Bearer"
        raise problem
    return key


def sha256_hex(text: str) -> str:
    """Give the SHA-256 of a key or token, under which it is stored."""
    return hashlib.sha256(text.encode()).hexdigest()


def integration_key(settings: Settings) -> Callable[[str | None], None]:
    """Make the dependency that lets in whoever holds the key for staff systems. Raises Problem 401."""

    def check(authorization: Annotated[str | None, Header()] = None) -> None:
        digest = sha256_hex(bearer(authorization))
        if not settings.integration_key_sha256 or not hmac.compare_digest(digest, settings.integration_key_sha256):
            raise Problem(401, "key_unknown", "The key is not known here.")

    return check


async def serve(api: FastAPI, settings: Settings, stop: asyncio.Event) -> None:
    """Serve the app on the service's own address until told to stop."""
    await serve_app(api, settings.http_host, settings.http_port, stop)
