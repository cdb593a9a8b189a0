"""Web apps of the services: errors as problem+json, a correlation id on each request, limits on bodies."""

import asyncio
import hashlib
import hmac
import time
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import FastAPI, Header, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from services.common import logs, metrics
from services.common.health import serve_app
from services.common.settings import Settings

log = logs.get_logger()

CORRELATION_HEADER = "X-Correlation-Id"
MAX_FAULTS = 100
MAX_BODY_BYTES = 10 * 1024 * 1024


class Problem(Exception):
    """An answer that says what was wrong, where, and what to do (RFC 9457)."""

    def __init__(self, status: int, code: str, detail: str, errors: list[dict[str, Any]] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.errors = errors or []
        self.headers: dict[str, str] = {}

    def response(self) -> JSONResponse:
        """Give the problem as application/problem+json, with at most 100 faults."""
        return JSONResponse(
            {
                "type": "about:blank",
                "title": HTTPStatus(self.status).phrase,
                "status": self.status,
                "code": self.code,
                "detail": self.detail,
                "errors": self.errors[:MAX_FAULTS],
            },
            status_code=self.status,
            headers=self.headers,
            media_type="application/problem+json",
        )


def app(service: str) -> FastAPI:
    """Give a web app whose every error is problem+json and which never echoes a refused value."""
    api = FastAPI(title=f"Kulvert {service}", docs_url=None, redoc_url=None)

    @api.exception_handler(Problem)
    async def problem(_: Request, error: Problem) -> JSONResponse:
        return error.response()

    @api.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        faults = [
            {
                "field": ".".join(str(part) for part in fault["loc"]),
                "code": fault["type"],
                "reason": fault["msg"],
            }
            for fault in error.errors()
        ]
        return Problem(422, "invalid", "The request does not fit; see errors.", faults).response()

    @api.exception_handler(HTTPException)
    async def refused(_: Request, error: HTTPException) -> JSONResponse:
        phrase = HTTPStatus(error.status_code).phrase
        answer = Problem(error.status_code, phrase.lower().replace(" ", "_"), str(error.detail)).response()
        answer.headers.update(error.headers or {})
        return answer

    @api.middleware("http")
    async def observed(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        return await _observed(request, call_next)

    return api


async def _observed(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    correlation_id = logs.bind_correlation(_safe_id(request.headers.get(CORRELATION_HEADER)))
    started = time.perf_counter()
    try:
        response = await call_next(request)
    except Exception:
        log.exception("request_failed", method=request.method, path=request.url.path)
        response = Problem(500, "internal_error", f"Something went wrong here; reference {correlation_id}.").response()
    route = getattr(request.scope.get("route"), "path", "unmatched")
    seconds = time.perf_counter() - started
    metrics.HTTP_SECONDS.labels(request.method, route, str(response.status_code)).observe(seconds)
    response.headers[CORRELATION_HEADER] = correlation_id
    return response


def _safe_id(given: str | None) -> str | None:
    if given and len(given) <= 64 and given.isascii() and given.replace("-", "").isalnum():
        return given
    return None


async def body(request: Request, limit: int = MAX_BODY_BYTES) -> bytes:
    """Read a request's whole body. Raises Problem 413 as soon as it is over the limit."""
    declared = request.headers.get("content-length", "0")
    if declared.isdigit() and int(declared) > limit:
        raise _too_large(limit)
    chunks = bytearray()
    async for chunk in request.stream():
        chunks += chunk
        if len(chunks) > limit:
            raise _too_large(limit)
    return bytes(chunks)


def _too_large(limit: int) -> Problem:
    return Problem(413, "body_too_large", f"The body is over {limit} bytes; send it in parts.")


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
