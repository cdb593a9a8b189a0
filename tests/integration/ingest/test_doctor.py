"""`kulvert doctor` finds what would keep ingest from starting, or telegrams from being heard."""

import secrets
import socket
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from deploy.local.folder import StackError
from deploy.local.stack import Stack
from services.cli import doctor, doctor_ingest
from services.ingest.understanding import Understanding
from tests.integration.ingest.own_database import OwnDatabase, own_database


class Running:
    """A stack that runs and listens to telegrams, as the command sees it."""

    def __init__(self, place: OwnDatabase) -> None:
        self._place = place

    def is_running(self, _name: str) -> bool:
        return True

    def dsn(self, role: str) -> str:
        return self._place.dsn(role)

    def environment(self, role: str, http: str, metrics: str) -> dict[str, str]:
        return self._place.stack.environment(role, http, metrics) | {"KULVERT_DATABASE_URL": self.dsn(role)}


@pytest.fixture(scope="module")
def place(stack: Stack) -> Iterator[OwnDatabase]:
    with own_database(stack, "doctor") as own:
        yield own


@pytest.fixture
def running(place: OwnDatabase, monkeypatch: pytest.MonkeyPatch) -> Iterator[psycopg.Connection[Any]]:
    monkeypatch.setattr(doctor_ingest, "Stack", lambda: Running(place))
    with psycopg.connect(place.admin_dsn, autocommit=True) as connection:
        yield connection


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        host, port = server.getsockname()
        monkeypatch.setenv("KULVERT_MQTT_HOST", host)
        monkeypatch.setenv("KULVERT_MQTT_PORT", str(port))
        yield f"{host}:{port}"


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("KULVERT_PAYLOAD_MONTHS", "", "KULVERT_PAYLOAD_MONTHS: write a whole number"),
        ("KULVERT_KEEP_DAYS_YEARS", "3", "KULVERT_KEEP_READINGS_YEARS must be set"),
        ("KULVERT_TIME_ZONE", "Asia/Kolkata", "^KULVERT_TIME_ZONE is 'Asia/Kolkata', by which days cannot be cut"),
        ("KULVERT_AUDIT_NIGHTS", "0", "KULVERT_AUDIT_NIGHTS: "),
    ],
)
def test_a_setting_that_ingest_would_end_with_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str
) -> None:
    assert "KULVERT_AUDIT_NIGHTS=1" in doctor.CHECKS["settings"]()
    monkeypatch.setenv(name, value)
    with pytest.raises(StackError, match=told):
        doctor.CHECKS["settings"]()


def test_a_key_that_does_not_open_what_is_sealed_is_told_of(running: psycopg.Connection[Any]) -> None:
    assert doctor.CHECKS["telegram key"]() == "opens what is sealed with it"
    sealed = Understanding(secrets.token_hex(32)).sealed("elsewhere", secrets.token_bytes(16))
    running.execute("INSERT INTO ingest.meter_telegram (serial, sealed_key) VALUES ('elsewhere', %s)", [sealed])
    with pytest.raises(StackError, match="sealed with another KULVERT_TELEGRAM_KEY"):
        doctor.CHECKS["telegram key"]()


@pytest.mark.usefixtures("broker")
def test_a_broker_that_does_not_answer_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("KULVERT_MQTT_PORT", str(free.getsockname()[1]))
        with pytest.raises(StackError, match="does not answer"):
            doctor.CHECKS["telegrams"]()
    monkeypatch.delenv("KULVERT_MQTT_HOST")
    assert "none is named" in doctor.CHECKS["telegrams"]()


def test_telegrams_that_wait_for_a_source_are_told_of(running: psycopg.Connection[Any], broker: str) -> None:
    with pytest.raises(StackError, match=r"put /v1/sources/mqtt"):
        doctor.CHECKS["telegrams"]()
    running.execute(
        "INSERT INTO ingest.source (source_id, name, kind, key_hash, rank, state)"
        " VALUES (gen_random_uuid(), 'mqtt', 'live', 'a hash', 10, 'active')"
    )
    assert doctor.CHECKS["telegrams"]() == f"{broker} is listened to, for the source mqtt"
