"""The bodies of requests: how large, how slow, and which JSON they may be."""

import asyncio
import json
from collections.abc import Callable, Coroutine, Sequence
from email.message import Message as Headers
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.common.problems import Problem, away, written

MAX_BODY_BYTES = 10 * 1024 * 1024
BODY_TIMEOUT_S = 30.0
MAX_HELD_BYTES = 32 * 1024 * 1024
"""Of all bodies together that a process receives or has not answered yet."""
RETRY_AFTER_S = 5


class BodyLimits:
    """Middleware that ends a request whose body is too large with 413, and one that takes too long with 408.

    While the bodies of all requests together would take too much memory, further ones are ended with 503.
    """

    def __init__(self, app: ASGIApp, max_bytes: int = MAX_BODY_BYTES, timeout_s: float = BODY_TIMEOUT_S) -> None:
        self._app = app
        self._max_bytes = max_bytes
        self._timeout_s = timeout_s
        self._held_bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request on; whoever reads its body gets a Problem where a limit is passed."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = self._announced(dict(scope["headers"]))
        deadline = asyncio.get_running_loop().time() + self._timeout_s
        size, is_whole, held = 0, False, 0

        async def limited() -> Message:
            nonlocal size, is_whole, held
            if is_whole:
                return await receive()
            if announced > self._max_bytes:
                raise self._too_large()
            if not held and self._held_bytes + announced > MAX_HELD_BYTES:
                raise _last(away("busy", "Too much is being received at once; send it again.", RETRY_AFTER_S))
            self._held_bytes += announced - held
            held = announced
            try:
                async with asyncio.timeout_at(deadline):
                    message = await receive()
            except TimeoutError as error:
                raise self._too_slow() from error
            size += len(message.get("body", b""))
            if size > self._max_bytes:
                raise self._too_large()
            is_whole = not message.get("more_body", False)
            return message

        try:
            await self._app(scope, limited, send)
        finally:
            self._held_bytes -= held

    def _announced(self, headers: dict[bytes, bytes]) -> int:
        """Give how many bytes a request's body may have; one that does not say may have all that are allowed."""
        length = headers.get(b"content-length", b"")
        if length.isdigit():
            return int(length[:19])
        return self._max_bytes if b"transfer-encoding" in headers else 0

    def _too_large(self) -> Problem:
        return _last(Problem(413, "body_too_large", f"The body is over {self._max_bytes} bytes; send it in parts."))

    def _too_slow(self) -> Problem:
        detail = f"The body did not arrive within {self._timeout_s:g} s; send it again, in smaller parts."
        return _last(Problem(408, "body_too_slow", detail))


def _last(problem: Problem) -> Problem:
    # The rest of the body may still come; it must not be taken for the next request.
    problem.headers["Connection"] = "close"
    return problem


def router() -> APIRouter:
    """Make a router whose documents are strict JSON: UTF-8, each name once, finite numbers, and declared as JSON."""
    return APIRouter(route_class=_StrictRoute)


class _StrictRoute(APIRoute):
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def strict(request: Request) -> Response:
            if self.body_field is not None:
                require_utf8(request)
                if media_type(request) != "application/json":
                    raise Problem(415, "content_type", "Send application/json.")
            return await handle(_StrictRequest(request.scope, request.receive))

        return strict


class _StrictRequest(Request):
    async def json(self) -> Any:
        return strict_json(await self.body())


def media_type(request: Request) -> str:
    """Give what a request says its body is, without parameters, in small letters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def require_utf8(request: Request) -> None:
    """Raise Problem 400 where the content type names another charset."""
    headers = Headers()
    headers["content-type"] = request.headers.get("content-type", "")
    charset = headers.get_param("charset", "utf-8")
    if str(charset).lower() not in ("utf-8", "utf8"):
        raise Problem(400, "charset", "Send the body as UTF-8, and name no other charset.")


def strict_json(body: bytes) -> Any:
    """Read one JSON document. Raises Problem 400 where it is none, and 422 where a name stands in an object twice."""
    try:
        return json.loads(
            body.decode("utf-8-sig"), object_pairs_hook=_object, parse_constant=_refuse_constant, parse_int=_integer
        )
    except UnicodeDecodeError as error:
        raise Problem(400, "not_utf8", f"Byte {error.start} is not UTF-8; send JSON as UTF-8.") from error
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise Problem(400, "not_json", f"This is not JSON at {where}: {error.msg}.") from error
    except RecursionError as error:
        raise Problem(400, "too_deep", "The JSON is nested too deep.") from error


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        doubled = next(name for name in made if names.count(name) > 1)
        fault = {"field": written(doubled, 60), "code": "duplicate_key", "reason": "the field stands there twice"}
        raise Problem(422, "invalid", "The request does not fit; see errors.", [fault])
    return made


def _refuse_constant(_: str) -> Any:
    raise Problem(400, "not_json", "NaN and Infinity are not JSON; leave out what is not known.")


def _integer(text: str) -> int | float:
    # Python refuses thousands of digits with an error of its own; no field of ours holds forty.
    return int(text) if len(text) <= 40 else float(text)
