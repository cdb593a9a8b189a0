"""Requests to a service over HTTP: with which key, how patiently, and refusals in words."""

import threading
import time
from collections.abc import Collection
from types import TracebackType
from typing import Any, ClassVar, Self

import httpx

TIMEOUT_S = 30.0
SHORTEST_WAIT_S, LONGEST_WAIT_S = 0.2, 30.0
PARTS_OF_REQUEST = ("body", "query", "path")
BUSY = (httpx.codes.TOO_MANY_REQUESTS, httpx.codes.SERVICE_UNAVAILABLE)


class NotTakenError(Exception):
    """A service does not answer, or refuses; the text says what, and what to do. status: 0 without an answer."""

    def __init__(self, words: str, status: int = 0, code: str = "") -> None:
        super().__init__(words)
        self.status = status
        self.code = code


class PatientClient:
    """Asks one service with one key. Threads may share it.

    silence: what to say where it does not answer. patience_s: how long one request is repeated while the service is
    away or asks to wait; 0: not at all. Only requests that change nothing when they come twice may be patient.
    given_up: once it is set, none is.
    """

    error: ClassVar[type[NotTakenError]] = NotTakenError

    def __init__(
        self,
        address: str,
        key: str,
        silence: str,
        *,
        timeout_s: float = TIMEOUT_S,
        patience_s: float = 0,
        given_up: threading.Event | None = None,
    ) -> None:
        self._silence = silence
        self._patience_s = patience_s
        self._given_up = given_up or threading.Event()
        # A proxy of this machine's must not see keys.
        headers = {"Authorization": f"Bearer {key}"}
        self._http = httpx.Client(base_url=address, headers=headers, timeout=timeout_s, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._http.close()

    def ask(self, method: str, path: str, *, answers: Collection[int] = (), **more: Any) -> httpx.Response:
        """Send a request and give the answer. Raises NotTakenError where there is none, or it is a refusal.

        answers: statuses over 400 that are no refusal of the request, but an answer with a body of its own.
        """
        deadline = time.monotonic() + self._patience_s
        while True:
            answer = self._answer(method, path, more)
            if answer is not None and answer.status_code not in BUSY:
                if answer.is_error and answer.status_code not in answers:
                    raise self._refusal(answer)
                return answer
            wait_s = _wait_s(answer)
            if time.monotonic() + wait_s > deadline or self._given_up.wait(wait_s):
                raise self.error(self._silence) if answer is None else self._refusal(answer)

    def _answer(self, method: str, path: str, more: dict[str, Any]) -> httpx.Response | None:
        try:
            return self._http.request(method, path, **more)
        except httpx.TransportError:
            return None

    def give_up(self) -> None:
        """Be patient no longer, in any thread."""
        self._given_up.set()

    def _refusal(self, answer: httpx.Response) -> NotTakenError:
        """Put a refusal (problem+json where a service wrote it) into words."""
        try:
            problem = answer.json()
            faults = [f"{_typed(one['field'])}: {one['reason']}" for one in problem["errors"][:5]]
            # Of a document that does not fit, its faults say all there is to say.
            words = faults if faults and problem["code"] == "invalid" else [problem["detail"], *faults]
            return self.error("; ".join(words), answer.status_code, problem["code"])
        except (ValueError, KeyError, TypeError):
            return self.error(f"{answer.status_code} {answer.reason_phrase}: {answer.text[:200]}", answer.status_code)


def _wait_s(answer: httpx.Response | None) -> float:
    asked = answer.headers.get("Retry-After", "") if answer is not None else ""
    wait_s = float(asked) if asked.isdecimal() else 1.0
    return min(max(wait_s, SHORTEST_WAIT_S), LONGEST_WAIT_S)


def _typed(field: str) -> str:
    """Name a field as a person knows it: not by the part of the request that it came in."""
    part, _, name = field.partition(".")
    return name if name and part in PARTS_OF_REQUEST else field
