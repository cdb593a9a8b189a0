"""Errors as an interface has them whose every body is application/json, and which knows no 422."""

import json
from http import HTTPStatus
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.common.problems import written

LONGEST_PATH = 200


class PlainProblems:
    """Middleware around all that makes problems: each problem+json becomes plain JSON, and each 422 a 400."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand on; only problems are held until they are whole."""
        begun: Message | None = None
        body = b""

        async def plain(message: Message) -> None:
            nonlocal begun, body
            if message["type"] == "http.response.start" and _is_problem(message):
                begun = message
            elif begun is None:
                await send(message)
            else:
                body += message.get("body", b"")
                if not message.get("more_body", False):
                    whole = _plain(body, scope.get("path", ""))
                    await send(_begun(begun, whole))
                    await send({"type": "http.response.body", "body": whole})

        await self._app(scope, receive, plain)


def _is_problem(begun: Message) -> bool:
    return MutableHeaders(scope=begun).get("content-type", "").startswith("application/problem+json")


def _plain(body: bytes, path: str) -> bytes:
    problem: dict[str, Any] = json.loads(body)
    status = _status(problem["status"])
    told = {**problem, "status": status, "title": HTTPStatus(status).phrase, "instance": written(path, LONGEST_PATH)}
    return json.dumps(told, ensure_ascii=False).encode()


def _begun(begun: Message, body: bytes) -> Message:
    headers = MutableHeaders(scope=begun)
    headers["content-type"] = "application/json"
    headers["content-length"] = str(len(body))
    return {**begun, "status": _status(begun["status"])}


def _status(status: int) -> int:
    return HTTPStatus.BAD_REQUEST if status == HTTPStatus.UNPROCESSABLE_ENTITY else status
