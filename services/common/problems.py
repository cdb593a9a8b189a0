"""Refusals of requests as problem+json: a status, a code that never changes, and words; never the refused value."""

import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from services.common.faults import reason, without_consequences

MAX_FAULTS = 100
MAX_FIELD = 100
MAX_REASON = 300
"""With at most 100 faults this keeps an answer below 64 kB."""

# An answer must show a name that the sender made up as text that can be written and read, whatever it was.
_UNWRITABLE = re.compile(r"[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


class Problem(HTTPException):
    """An answer that says what was wrong, where, and what to do (RFC 9457)."""

    def __init__(self, status: int, code: str, detail: str, errors: list[dict[str, Any]] | None = None) -> None:
        super().__init__(status, detail)
        self.status = status
        self.code = code
        self.errors = errors or []
        self.headers: dict[str, str] = {}

    def response(self, **more: Any) -> JSONResponse:
        """Give the problem as application/problem+json, with at most 100 faults, and more fields where there are."""
        return JSONResponse(
            {
                **more,
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


def away(code: str, detail: str, retry_after_s: int, status: int = 503) -> Problem:
    """Give the answer to whoever can have what he wants a little later."""
    problem = Problem(status, code, detail)
    problem.headers["Retry-After"] = str(retry_after_s)
    return problem


def faults_of(errors: Sequence[Any]) -> list[dict[str, Any]]:
    """Put pydantic's faults into an answer: where, and what to write instead, without the value."""
    return [
        {
            "field": written(".".join(str(part) for part in fault["loc"]), MAX_FIELD),
            "code": fault["type"],
            "reason": written(reason(fault), MAX_REASON),
        }
        for fault in without_consequences(errors)[:MAX_FAULTS]
    ]


def written(text: str, longest: int) -> str:
    """Make a text that came from outside one that an answer can hold."""
    return _UNWRITABLE.sub("�", text[:longest])
