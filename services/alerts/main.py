"""The alerts service as one process: its Faust agents, its API, and the relay of its events."""

import asyncio
from functools import partial

from services.alerts import api
from services.alerts.handlers import SCHEMA, Judge
from services.alerts.settings import AlertsSettings
from services.alerts.stream import Stream
from services.common import health, kafka, one_zone, outbox, process, web
from services.common.postgres import Database


async def main(stop: asyncio.Event) -> None:
    """Run the service until told to stop."""
    settings = AlertsSettings()
    state = health.Health()
    database = Database(settings.database_url.get_secret_value(), pool_max=settings.database_pool)
    state.check("postgres", database.is_reachable)
    await database.open()
    await one_zone.check(database, settings.zone)
    producer = await kafka.start_producer(settings.kafka_bootstrap)
    state.check("kafka", partial(kafka.is_reachable, producer))
    judge = Judge(settings.calendar, settings.tell_within)
    stream = Stream(settings, judge, database, producer, state.pulse("stream"))
    relay = outbox.Relay(database, producer, SCHEMA, state.pulse("outbox"))
    try:
        await process.side_by_side(
            stop,
            web.serve(api.app(api.Parts(database, settings, judge)), settings, stop),
            stream.run(stop),
            relay.run(stop),
            health.serve(state, settings.http_host, settings.metrics_port, stop),
        )
    finally:
        await producer.stop()
        await database.close()
