"""Requests of the commands to the stack's services: where, with which key, and errors in words."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import psycopg
import typer

from deploy.local.folder import StackError
from deploy.local.services import Service
from deploy.local.stack import Stack
from services.ingest.sending.client import SHORTEST_WAIT_S, TIMEOUT_S, NotTakenError, PatientClient

KNOWN_WITHIN_S = 60.0


class RequestError(StackError, NotTakenError):
    """A service of the stack does not answer, or refuses; the text says what, and what to do."""

    def __init__(self, words: str, status: int = 0, code: str = "") -> None:
        NotTakenError.__init__(self, words, status, code)


class Client(PatientClient):
    """Asks one service of a stack with one key, by default the staff systems'. It raises RequestError."""

    error = RequestError

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
        super().__init__(
            f"http://127.0.0.1:{stack.port(service.http)}",
            key or stack.integration_key,
            f"the {service.name.replace('_', ' ')} service does not answer; start everything with: kulvert up",
            timeout_s=timeout_s,
            patience_s=patience_s,
            given_up=given_up,
        )


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
