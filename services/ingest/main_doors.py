"""The doors of the ingest service as processes: its API, and its listener to a broker of telegrams.

They alone read telegrams, so that the worker carries no decoder of them.
"""

import asyncio
from functools import partial

from services.common import health, kafka, process, web
from services.common.postgres import Database
from services.ingest import api
from services.ingest.backlog import Backlog
from services.ingest.main import SCHEMA, opened_database
from services.ingest.mqtt import Listening
from services.ingest.receiving import Receiver
from services.ingest.replaying import Replaying
from services.ingest.settings import IngestSettings, MqttSettings
from services.ingest.understanding import Understanding


async def run_api(stop: asyncio.Event) -> None:
    """Take deliveries in until told to stop."""
    settings = IngestSettings()
    state = health.Health()
    database = await opened_database(settings, state)
    producer = await kafka.start_producer(settings.kafka_bootstrap)
    state.check("kafka", partial(kafka.is_reachable, producer))
    understanding = await _understanding(settings, database)
    receiver = Receiver(database, producer, understanding, settings)
    backlog = Backlog(settings.kafka_bootstrap, database, SCHEMA, settings.bulk_backlog_seconds)
    parts = api.Parts(database, producer, receiver, understanding, backlog, settings)
    try:
        await process.side_by_side(
            stop,
            web.serve(api.app(parts), settings, stop),
            backlog.run(stop),
            Replaying(database, understanding, settings.future_seconds, state.pulse("replaying")).run(stop),
            health.serve(state, settings.http_host, settings.metrics_port, stop),
        )
    finally:
        await producer.stop()
        await database.close()


async def run_mqtt(stop: asyncio.Event) -> None:
    """Take in what comes to a broker of telegrams until told to stop. One such process, since it has one session."""
    settings = MqttSettings()
    if not settings.mqtt_host:
        raise ValueError("KULVERT_MQTT_HOST names no broker to listen to")
    state = health.Health()
    database = await opened_database(settings, state)
    producer = await kafka.start_producer(settings.kafka_bootstrap)
    state.check("kafka", partial(kafka.is_reachable, producer))
    receiver = Receiver(database, producer, await _understanding(settings, database), settings)
    listening = Listening(receiver, settings, state.pulse("mqtt"))
    state.check("mqtt", listening.is_listening)
    state.check("mqtt_keeps", listening.is_keeping)
    try:
        await process.side_by_side(
            stop,
            listening.run(stop),
            health.serve(state, settings.http_host, settings.metrics_port, stop),
        )
    finally:
        await producer.stop()
        await database.close()


async def _understanding(settings: IngestSettings, database: Database) -> Understanding:
    understanding = Understanding(settings.telegram_key.get_secret_value())
    await understanding.check(database)
    return understanding
