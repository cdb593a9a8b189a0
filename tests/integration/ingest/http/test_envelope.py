"""Requests of which nothing can be read: each kind has an answer of its own, problem+json with a code, never a 5xx."""

import gzip
import os
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from select import select
from uuid import UUID

import httpx
import pytest

from deploy.local.services import Service
from deploy.local.stack import Stack
from tests.integration.ingest.http.door import ARROW, AT, JSON, NDJSON, Door, new_serial
from tests.running import running

READING = f'{{"read_at":"{AT}","energy_wh":1,"serial":"envelope"}}'
LIMIT = 10_485_760


def is_problem(answer: httpx.Response, status: int, code: str) -> bool:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    assert len(answer.content) <= 64_000
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert answer.json()["detail"]
    return True


@pytest.mark.parametrize(
    ("body", "kind", "status", "code"),
    [
        (b"", JSON, 400, "not_json"),
        (b"[]", JSON, 422, "empty"),
        (b"\n \r\n", NDJSON, 422, "empty"),
        (b"{", JSON, 400, "not_json"),
        (f"{READING},{READING}".encode(), JSON, 400, "not_json"),
        (b"[" * 100_000, JSON, 400, "too_deep"),
        (b"[" * 100_000 + b"]" * 100_000, JSON, 400, "too_deep"),
        (f"[{READING}]".encode("utf-16"), JSON, 400, "not_utf8"),
        (READING.replace("envelope", "Å").encode("latin-1"), JSON, 400, "not_utf8"),
        (READING.replace("envelope", "Å").encode("latin-1"), NDJSON, 400, "not_utf8"),
        (b"[" + b"{}," * 100_000 + b"{}]", JSON, 413, "too_many_items"),
        (b"{}\n" * 100_001, NDJSON, 413, "too_many_items"),
        (b"", ARROW, 400, "bad_arrow"),
        (b"\x00" * 1000, ARROW, 400, "bad_arrow"),
        (READING.encode(), ARROW, 400, "bad_arrow"),
        (READING.encode(), "text/csv", 415, "content_type"),
        (READING.encode(), "application/json; charset=latin-1", 400, "charset"),
        (READING.encode(), 'application/json; charset="utf-16"', 400, "charset"),
    ],
)
def test_a_body_that_holds_no_readings_is_refused_whole(
    door: Door, body: bytes, kind: str, status: int, code: str
) -> None:
    assert is_problem(door.sender.post(body, kind), status, code)


def test_without_a_content_type_nothing_is_guessed(door: Door) -> None:
    key = {"Authorization": f"Bearer {door.sender.key}"}
    answer = httpx.post(f"{door.staff.base_url}/v1/readings", content=READING.encode(), headers=key)
    assert is_problem(answer, 415, "content_type")


def test_a_compressed_body_is_refused_before_it_grows(door: Door) -> None:
    bomb = gzip.compress(b" " * 50_000_000)
    assert is_problem(door.sender.post(bomb, JSON, Content_Encoding="gzip"), 415, "content_type")


def test_a_body_over_the_limit_is_refused_whether_or_not_it_says_its_length(door: Door) -> None:
    key = {"Authorization": f"Bearer {door.sender.key}", "Content-Type": JSON}

    def in_chunks() -> Iterator[bytes]:
        for _ in range(12):
            yield b" " * 1_000_000

    assert is_problem(httpx.post(f"{door.staff.base_url}/v1/readings", headers=key, content=in_chunks()), 413,
                      "body_too_large")  # fmt: skip
    declared = f"POST /v1/readings HTTP/1.1\r\nHost: a\r\nContent-Type: {JSON}\r\nContent-Length: {LIMIT + 1}\r\n"
    assert b" 413 " in raw(door, f"{declared}Authorization: Bearer {door.sender.key}\r\n\r\n".encode())


def test_a_document_over_the_limit_is_refused_too(door: Door) -> None:
    large = b'{"name": "' + b"x" * (LIMIT + 1) + b'"}'
    answer = door.staff.put(f"/v1/stations/{new_serial()}", content=large, headers={"Content-Type": JSON})
    assert is_problem(answer, 413, "body_too_large")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b'{"name": "a", "name": "b"}', 422, "invalid"),
        (b'{"name": "a", "n\\u0061me": "b"}', 422, "invalid"),
        (b'{"name": NaN}', 400, "not_json"),
        (b'{"name": "a"', 400, "not_json"),
        ('{"name": "a"}'.encode("utf-16"), 400, "not_utf8"),
        (b"[" * 100_000, 400, "too_deep"),
        (b'{"name": "a", "\\ud800": 1}', 422, "invalid"),
        (b'{"name": "a\\ud800"}', 422, "invalid"),
        (b'{"name": "a\\u0000"}', 422, "invalid"),
        (b'{"name": 12}', 422, "invalid"),
        (b"{}", 422, "invalid"),
        (b"", 422, "invalid"),
    ],
)
def test_a_document_that_is_no_strict_json_is_refused(door: Door, body: bytes, status: int, code: str) -> None:
    answer = door.staff.put(f"/v1/stations/{new_serial()}", content=body, headers={"Content-Type": JSON})
    assert is_problem(answer, status, code)


@pytest.mark.parametrize("kind", ["", "text/plain", "application/x-www-form-urlencoded", "application/problem+json"])
def test_a_document_is_declared_as_json(door: Door, kind: str) -> None:
    headers = {"Content-Type": kind} if kind else {}
    answer = door.staff.put(f"/v1/stations/{new_serial()}", content=b'{"name": "a"}', headers=headers)
    assert is_problem(answer, 415, "content_type")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/nothing", 404, "not_found"),
        ("GET", "/v1/readings", 405, "method_not_allowed"),
        ("TRACE", "/v1/readings", 405, "method_not_allowed"),
        ("GET", f"/v1/deliveries/{UUID(int=0)}", 404, "not_found"),
        ("GET", "/v1/deliveries/12", 422, "invalid"),
        ("GET", "/v1/meters/a%00b", 400, "bad_path"),
        ("GET", "/v1/meters/..%2fdeliveries", 400, "bad_path"),
        ("GET", "/v1/meters/a%0d%0ab", 400, "bad_path"),
        ("GET", "/v1/meters/a?a=1&a=2", 422, "doubled_parameter"),
        ("GET", "/v1/meters/a%20b", 422, "invalid"),
        ("GET", f"/v1/meters/{'a' * 41}", 422, "invalid"),
    ],
)
def test_a_request_for_what_is_not_there_is_told_so(door: Door, method: str, path: str, status: int, code: str) -> None:
    assert is_problem(door.staff.request(method, path), status, code)


def test_a_made_up_method_is_refused_and_makes_no_series_of_its_own(door: Door) -> None:
    for number in range(3):
        assert b" 40" in raw(
            door, f"BREW{number} /v1/readings HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode()
        )
    port = door.stack.port("ingest_api_metrics")
    assert "BREW" not in httpx.get(f"http://127.0.0.1:{port}/metrics").text


@pytest.mark.parametrize(
    "line",
    [
        b"X-A: a\rb",
        b"X-A: a\x00b",
        b"Content-Length: -1",
        b"Content-Length: 1\r\nContent-Length: 2",
        b"no colon",
        b"Transfer-Encoding: chunked\r\nContent-Length: 5",
    ],
)
def test_a_malformed_header_is_refused(door: Door, line: bytes) -> None:
    answer = raw(door, b"POST /v1/readings HTTP/1.1\r\nHost: a\r\n" + line + b"\r\nConnection: close\r\n\r\n")
    assert answer.split(b" ")[1] == b"400", answer[:200]


@pytest.mark.parametrize("key", ["", "a b", "ä", "x" * 201])
def test_an_idempotency_key_is_visible_ascii(door: Door, key: str) -> None:
    fields = {"Authorization": f"Bearer {door.sender.key}", "Content-Type": JSON, "Idempotency-Key": key}
    headers = {name.encode(): text.encode("latin-1") for name, text in fields.items()}
    answer = httpx.post(f"{door.staff.base_url}/v1/readings", content=READING.encode(), headers=headers)
    assert is_problem(answer, 400, "bad_header")


@pytest.mark.parametrize("given", ["a b", "x" * 65, "a\tb", "é"])
def test_a_correlation_id_that_could_forge_a_log_line_is_replaced(door: Door, given: str) -> None:
    answer = httpx.get(f"{door.staff.base_url}/v1/nothing", headers={b"X-Correlation-Id": given.encode("latin-1")})
    assert answer.headers["X-Correlation-Id"] != given
    assert len(answer.headers["X-Correlation-Id"]) == 32


@pytest.fixture
def impatient(stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[httpx.Client]:
    """An API that waits for a body for one second only."""
    monkeypatch.setitem(os.environ, "KULVERT_BODY_SECONDS", "1")
    with running(stack, Service("ingest_impatient", "services.ingest", ("api",)), tmp_path / "api.log") as client:
        yield client


def test_a_body_that_trickles_in_is_ended(impatient: httpx.Client, door: Door) -> None:
    host, port = impatient.base_url.host, impatient.base_url.port
    assert port is not None
    head = f"POST /v1/readings HTTP/1.1\r\nHost: a\r\nContent-Type: {JSON}\r\nContent-Length: 1000\r\n"
    began = time.monotonic()
    with socket.create_connection((host, port), 10) as trickling:
        trickling.sendall(f"{head}Authorization: Bearer {door.sender.key}\r\n\r\n".encode())
        trickling.settimeout(0.2)
        answer = b""
        while b"code" not in answer and time.monotonic() < began + 10:
            with suppress(TimeoutError, BrokenPipeError):
                trickling.sendall(b" ")
                answer += trickling.recv(65_536)
    assert b" 408 " in answer
    assert b"body_too_slow" in answer


def test_many_large_bodies_at_once_are_put_off_while_small_ones_are_taken(door: Door) -> None:
    head = f"POST /v1/readings HTTP/1.1\r\nHost: a\r\nContent-Type: {JSON}\r\nContent-Length: {LIMIT}\r\n"
    large = f"{head}Authorization: Bearer {door.sender.key}\r\n\r\n".encode()
    host, port = door.staff.base_url.host, door.staff.base_url.port
    with ExitStack() as waiting:
        senders = [waiting.enter_context(socket.create_connection((host, port), 10)) for _ in range(4)]
        for sender in senders:
            sender.sendall(large + b"[")
        (put_off,), _, _ = select(senders, [], [], 10)
        answer = put_off.recv(65_536)
        assert b" 503 " in answer
        assert b"retry-after" in answer
        assert door.sender.post(READING.encode()).status_code == 202
    # Their places are free again as soon as they are gone.
    deadline = time.monotonic() + 10
    while door.sender.post(b" " * (LIMIT - 100) + READING.encode()).status_code != 202:
        assert time.monotonic() < deadline


def raw(door: Door, request: bytes) -> bytes:
    """Send bytes that no HTTP client would, and give what comes back."""
    host, port = door.staff.base_url.host, door.staff.base_url.port
    with socket.create_connection((host, port), 10) as connection:
        connection.sendall(request)
        connection.settimeout(10)
        answer = b""
        while chunk := _received(connection):
            answer += chunk
            if b"\r\n\r\n" in answer:
                break
        return answer


def _received(connection: socket.socket) -> bytes:
    try:
        return connection.recv(65_536)
    except ConnectionResetError:
        return b""


@pytest.mark.parametrize("path", ["/openapi.json", "/docs", "/redoc", "/metrics", "/healthz"])
def test_what_is_not_for_callers_is_not_at_the_door(door: Door, path: str) -> None:
    assert is_problem(door.staff.get(path), 404, "not_found")
