"""The billing service as one process: its API, the events that it follows, and the relay of its own."""

import asyncio
from functools import partial

from schemas.topics import CONTRACTS_CHANGED, DAILY_POWER, PRICE_LISTS_CHANGED
from services.billing import api
from services.billing.handlers import SCHEMA, Handlers
from services.billing.printing import Printer
from services.billing.settings import BillingSettings
from services.common import consume, health, kafka, one_zone, outbox, process, web
from services.common.postgres import Database


async def main(stop: asyncio.Event) -> None:
    """Run the service until told to stop."""
    settings = BillingSettings()
    state = health.Health()
    database = Database(settings.database_url.get_secret_value(), pool_max=settings.database_pool)
    state.check("postgres", database.is_reachable)
    await database.open()
    await one_zone.check(database, settings.zone)
    producer = await kafka.start_producer(settings.kafka_bootstrap)
    state.check("kafka", partial(kafka.is_reachable, producer))
    relay = outbox.Relay(database, producer, SCHEMA, state.pulse("outbox"))
    topics = [CONTRACTS_CHANGED, PRICE_LISTS_CHANGED, DAILY_POWER]
    source = consume.Source(settings.kafka_bootstrap, "billing", SCHEMA, topics)
    changes = consume.Loop(source, Handlers(), database, producer, state.pulse("changes"))
    state.check("changes", changes.has_begun)
    try:
        await process.side_by_side(
            stop,
            web.serve(api.app(api.Parts(database, Printer(), settings)), settings, stop),
            changes.run(stop),
            relay.run(stop),
            health.serve(state, settings.http_host, settings.metrics_port, stop),
        )
    finally:
        await producer.stop()
        await database.close()
