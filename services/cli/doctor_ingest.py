"""What `kulvert doctor` asks of ingest: its settings, the key that seals the keys of meters, a broker of telegrams."""

import asyncio
import socket
from typing import Any

import psycopg
from pydantic import SecretStr, ValidationError

from deploy.local.folder import StackError
from deploy.local.services import INGEST_MQTT
from deploy.local.stack import Stack
from services.common.faults import reason
from services.common.postgres import Database
from services.ingest.settings import MqttSettings
from services.ingest.understanding import Understanding, WrongSealError

ANSWER_S = 3
NOT_RUNNING = "not known while PostgreSQL does not run"
SET = ("payload_months", "keep_readings_years", "keep_days_years", "audit_nights")
SOURCE_IS_THERE = "SELECT EXISTS (SELECT FROM ingest.source WHERE name = %s)"


def settings() -> str:
    """Check that ingest could start with the settings of this environment."""
    found = _settings()
    stated = [f"KULVERT_{name.upper()}={getattr(found, name)}" for name in SET if getattr(found, name) is not None]
    return ", ".join(stated)


def telegram_key() -> str:
    """Check that the stack's key opens the keys of meters that are stored."""
    stack = Stack()
    if not stack.is_running("postgres"):
        return NOT_RUNNING
    environment = stack.environment(INGEST_MQTT.role, INGEST_MQTT.http, INGEST_MQTT.metrics)
    try:
        asyncio.run(_check_seal(environment["KULVERT_DATABASE_URL"], environment["KULVERT_TELEGRAM_KEY"]))
    except WrongSealError as error:
        raise StackError(f"{error}: it stands in stack.json of the stack that they were sealed by") from error
    return "opens what is sealed with it"


def broker() -> str:
    """Check that telegrams are listened to, where a broker is named."""
    found = _settings()
    if not found.mqtt_host:
        return "none is named (KULVERT_MQTT_HOST), so nothing listens for telegrams"
    address = f"{found.mqtt_host}:{found.mqtt_port}"
    try:
        socket.create_connection((found.mqtt_host, found.mqtt_port), ANSWER_S).close()
    except OSError as error:
        raise StackError(f"{address} does not answer ({error}): start it, or mend KULVERT_MQTT_HOST") from error
    stack = Stack()
    if not stack.is_running(INGEST_MQTT.name):
        return f"{address} answers; `kulvert up` with KULVERT_MQTT_HOST listens to it"
    with psycopg.connect(stack.dsn(INGEST_MQTT.role), connect_timeout=ANSWER_S) as connection:
        row = connection.execute(SOURCE_IS_THERE, [found.mqtt_source]).fetchone()
    if row is None or not row[0]:
        raise StackError(f"there is no source, so messages wait at {address}: put /v1/sources/{found.mqtt_source}")
    return f"{address} is listened to, for the source {found.mqtt_source}"


def _settings() -> MqttSettings:
    """Read what this environment says. Raises StackError with what ingest would end with."""
    try:
        # What the stack itself gives.
        return MqttSettings(database_url=SecretStr(""), kafka_bootstrap="", telegram_key=SecretStr("0" * 64))
    except ValidationError as error:
        raise StackError("; ".join(_said(fault) for fault in error.errors())) from error


def _said(fault: Any) -> str:
    why = reason(fault)
    names = [f"KULVERT_{name}".upper() for name in fault["loc"] if not why.startswith("KULVERT_")]
    return ": ".join([*names, why])


async def _check_seal(url: str, key: str) -> None:
    database = Database(url, 1, 1)
    await database.open()
    try:
        await Understanding(key).check(database)
    finally:
        await database.close()
