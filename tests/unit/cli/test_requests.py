"""How commands ask a service: patient where they may be, and in words where they cannot go on."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from deploy.local.services import INGEST_API
from deploy.local.stack import Stack
from services.cli.deliveries import source_key
from services.cli.requests import Client, RequestError


@contextmanager
def answering(stack: Stack, *answers: tuple[int, dict[str, str], str]) -> Iterator[list[str]]:
    """Answer a stack's requests one after the other, as told; gives the keys that were shown."""
    remaining, keys = list(answers), []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            keys.append(self.headers["Authorization"])
            status, headers, body = remaining.pop(0)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's word.
            pass

    server = HTTPServer(("127.0.0.1", stack.port(INGEST_API.http)), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield keys
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    return Stack(tmp_path)


BUSY = (503, {"Retry-After": "0"}, '{"detail": "the broker is away", "code": "broker_away", "errors": []}')
SLOW_DOWN = (429, {"Retry-After": "0"}, "")


def test_a_patient_request_is_sent_again_when_the_service_asks_to_wait(stack: Stack) -> None:
    with (
        answering(stack, BUSY, SLOW_DOWN, (202, {}, "{}")) as keys,
        Client(stack, INGEST_API, "k", patience_s=5) as one,
    ):
        assert one.ask("POST", "/v1/readings").status_code == 202
    assert keys == ["Bearer k"] * 3


def ask(stack: Stack, patience_s: float = 0) -> None:
    with Client(stack, INGEST_API, patience_s=patience_s) as one:
        one.ask("POST", "/v1/readings")


def test_an_impatient_request_is_sent_once_and_says_what_the_service_said(stack: Stack) -> None:
    with answering(stack, BUSY) as keys, pytest.raises(RequestError, match="the broker is away") as refused:
        ask(stack)
    assert (refused.value.status, refused.value.code) == (503, "broker_away")
    assert keys == [f"Bearer {stack.integration_key}"]


def test_a_longer_wait_than_there_is_patience_for_is_not_begun(stack: Stack) -> None:
    with answering(stack, (429, {"Retry-After": "30"}, "")), pytest.raises(RequestError, match="429"):
        ask(stack, patience_s=5)


def test_a_service_that_is_away_is_named_with_what_to_do(stack: Stack) -> None:
    with pytest.raises(RequestError, match=r"ingest api .* kulvert up"):
        ask(stack)


def test_a_client_that_has_given_up_waits_no_longer(stack: Stack) -> None:
    with Client(stack, INGEST_API, patience_s=60) as one:
        threading.Timer(0.1, one.give_up).start()
        with pytest.raises(RequestError, match="does not answer"):
            one.ask("POST", "/v1/readings")


def test_clients_that_share_an_end_give_up_together(stack: Stack) -> None:
    given_up = threading.Event()
    given_up.set()
    for _ in range(2):
        with (
            Client(stack, INGEST_API, "k", patience_s=60, given_up=given_up) as one,
            pytest.raises(RequestError, match="does not answer"),
        ):
            one.ask("POST", "/v1/readings")


def test_a_refusal_names_each_field(stack: Stack) -> None:
    body = '{"detail": "see errors.", "code": "invalid", "errors": [{"field": "body.kind", "reason": "unknown"}]}'
    with answering(stack, (422, {}, body)), pytest.raises(RequestError, match=r"^kind: unknown$"):
        ask(stack)


def test_an_answer_that_is_no_problem_document_is_shown_as_it_is(stack: Stack) -> None:
    answer: tuple[int, dict[str, str], str] = (502, {}, "<h1>proxy</h1>")
    with answering(stack, answer), pytest.raises(RequestError, match="502 Bad Gateway: <h1>proxy"):
        ask(stack)


def test_every_source_has_a_key_of_its_own_that_follows_from_the_stacks(stack: Stack) -> None:
    assert source_key(stack, "a") == source_key(stack, "a")
    assert source_key(stack, "a") != source_key(stack, "b")
    assert stack.integration_key not in source_key(stack, "a")
