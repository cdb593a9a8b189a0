"""Requests of the commands to the stack's services: where, with which key, how patiently, and errors in words."""

import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

import httpx
import psycopg
import typer

from deploy.local.folder import StackError
from deploy.local.services import Service
from deploy.local.stack import Stack

TIMEOUT_S = 30.0
SHORTEST_WAIT_S, LONGEST_WAIT_S = 0.2, 30.0
KNOWN_WITHIN_S = 60.0
PARTS_OF_REQUEST = ("body", "query", "path")
BUSY = (httpx.codes.TOO_MANY_REQUESTS, httpx.codes.SERVICE_UNAVAILABLE)


class RequestError(StackError):
    """A service does not answer, or refuses; the text says what, and what to do. status: 0 without an answer."""

    def __init__(self, words: str, status: int = 0, code: str = "") -> None:
        super().__init__(words)
        self.status = status
        self.code = code


class Client:
    """Asks one service of a stack with one key. Threads may share it.

    patience_s: how long one request is repeated while the service is away or asks to wait; 0: not at all. Only
    requests that change nothing when they come twice may be patient. given_up: once it is set, none is.
    """

    def __init__(
        self,
        stack: Stack,
        service: Service,
        key: str | None = None,
        *,
        timeout_s: float = TIMEOUT_S,
        patience_s: float = 0,
        given_up: threading.Event | None = None,
    ) -> None:
        self._name = service.name.replace("_", " ")
        self._patience_s = patience_s
        self._given_up = given_up or threading.Event()
        self._http = httpx.Client(
            base_url=f"http://127.0.0.1:{stack.port(service.http)}",
            headers={"Authorization": f"Bearer {key or stack.integration_key}"},
            timeout=timeout_s,
            # A proxy of this machine's must not see keys, nor stand between a person and his own stack.
            trust_env=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._http.close()

    def ask(self, method: str, path: str, *, answers: Collection[int] = (), **more: Any) -> httpx.Response:
        """Send a request and give the answer. Raises RequestError where there is none, or it is a refusal.

        answers: statuses over 400 that are no refusal of the request, but an answer with a body of its own.
        """
        deadline = time.monotonic() + self._patience_s
        while True:
            answer = self._answer(method, path, more)
            if answer is not None and answer.status_code not in BUSY:
                return answer if answer.status_code in answers else _accepted(answer)
            wait_s = _wait_s(answer)
            if time.monotonic() + wait_s > deadline or self._given_up.wait(wait_s):
                raise self._without_success(answer)

    def _answer(self, method: str, path: str, more: dict[str, Any]) -> httpx.Response | None:
        try:
            return self._http.request(method, path, **more)
        except httpx.TransportError:
            return None

    def give_up(self) -> None:
        """Be patient no longer, in any thread."""
        self._given_up.set()

    def _without_success(self, answer: httpx.Response | None) -> RequestError:
        if answer is None:
            return RequestError(f"the {self._name} service does not answer; start everything with: kulvert up")
        return _refusal(answer)


def once_known(ask: Callable[[], httpx.Response], code: str) -> httpx.Response:
    """Ask again while the refusal is `code`: what another service was told is known to this one a moment later.

    Raises RequestError for any other refusal, and for this one after a minute.
    """
    deadline = time.monotonic() + KNOWN_WITHIN_S
    while True:
        try:
            return ask()
        except RequestError as error:
            if error.code != code or time.monotonic() > deadline:
                raise
            time.sleep(SHORTEST_WAIT_S)


@contextmanager
def told_to_person() -> Iterator[None]:
    """Say on standard error, in a sentence, what kept a command from its work, and end with 1."""
    try:
        yield
    except StackError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error


@contextmanager
def told_of_database() -> Iterator[None]:
    """Say of a database that is away what to do. Raises StackError."""
    try:
        yield
    except psycopg.OperationalError as error:
        raise StackError("PostgreSQL does not answer; start everything with: kulvert up") from error


def _wait_s(answer: httpx.Response | None) -> float:
    asked = answer.headers.get("Retry-After", "") if answer is not None else ""
    wait_s = float(asked) if asked.isdecimal() else 1.0
    return min(max(wait_s, SHORTEST_WAIT_S), LONGEST_WAIT_S)


def _accepted(answer: httpx.Response) -> httpx.Response:
    if answer.is_error:
        raise _refusal(answer)
    return answer


def _refusal(answer: httpx.Response) -> RequestError:
    """Put a refusal (problem+json where a service wrote it) into words."""
    try:
        problem = answer.json()
        faults = [f"{_typed(one['field'])}: {one['reason']}" for one in problem["errors"][:5]]
        # Of a document that does not fit, its faults say all there is to say.
        words = faults if faults and problem["code"] == "invalid" else [problem["detail"], *faults]
        return RequestError("; ".join(words), answer.status_code, problem["code"])
    except (ValueError, KeyError, TypeError):
        return RequestError(f"{answer.status_code} {answer.reason_phrase}: {answer.text[:200]}", answer.status_code)


def _typed(field: str) -> str:
    """Name a field as a person knows it: not by the part of the request that it came in."""
    part, _, name = field.partition(".")
    return name if name and part in PARTS_OF_REQUEST else field
