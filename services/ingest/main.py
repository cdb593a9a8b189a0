"""The worker of the ingest service as a process: it judges and stores what the doors have taken in."""

import asyncio
from functools import partial
from typing import Any

import pyarrow as pa

from schemas.topics import FACILITIES_CHANGED, METER_READINGS, OUTDOOR_TEMPERATURE, Topic
from services.common import consume, health, kafka, memory, one_zone, outbox, process, schedule
from services.common.postgres import Database
from services.ingest.audit import audit
from services.ingest.estimating import Estimating
from services.ingest.facilities import FacilityHandlers
from services.ingest.handlers import ReadingHandlers
from services.ingest.jobs import jobs
from services.ingest.rejudging import Rejudging
from services.ingest.settings import IngestSettings
from services.ingest.weather import WeatherHandlers

SCHEMA = "ingest"
JOBS_STALLED_S = 3_600
"""A month of a hundred thousand metering points takes minutes to sort."""


async def run_worker(stop: asyncio.Event) -> None:
    """Judge and store what comes in until told to stop. As many may run as the readings have partitions."""
    memory.keep_freed()
    # Arrow's own pool keeps a tenth of the worker's memory that it has freed.
    pa.set_memory_pool(pa.system_memory_pool())
    settings = IngestSettings()
    state = health.Health()
    database = await opened_database(settings, state)
    producer = await kafka.start_producer(settings.kafka_bootstrap)
    state.check("kafka", partial(kafka.is_reachable, producer))
    readings = ReadingHandlers(database, settings.zone, settings.future_seconds)
    estimating = Estimating(database, readings, settings.zone)

    jobs_pulse = state.pulse("jobs", JOBS_STALLED_S)
    nightly = audit(database, readings, settings.zone, settings.audit_nights, jobs_pulse.beat)

    def loop(topic: Topic, handlers: consume.Handlers[Any], max_records: int, number: int = 1) -> consume.Loop[Any]:
        # A group for each topic: a rebalance of the readings need not stop the weather.
        group = f"ingest-{topic.name}"
        source = consume.Source(settings.kafka_bootstrap, group, SCHEMA, [topic], max_records)
        name = f"{topic.name} {number}"
        made = consume.Loop(source, handlers, database, producer, state.pulse(name))
        state.check(name, made.has_begun)
        return made

    # While one of them waits for PostgreSQL another judges; each has its own share of the partitions.
    reading_loops = [
        loop(METER_READINGS, readings, settings.batch_messages, number)
        for number in range(1, settings.reading_loops + 1)
    ]

    try:
        await process.side_by_side(
            stop,
            *(one.run(stop) for one in reading_loops),
            loop(OUTDOOR_TEMPERATURE, WeatherHandlers(settings.zone, settings.future_seconds), 100).run(stop),
            loop(FACILITIES_CHANGED, FacilityHandlers(), 500).run(stop),
            Rejudging(database, producer, readings, estimating, state.pulse("rejudging")).run(stop),
            outbox.Relay(database, producer, SCHEMA, state.pulse("outbox")).run(stop),
            schedule.run(database, SCHEMA, [*jobs(database, settings), nightly], jobs_pulse, stop),
            health.serve(state, settings.http_host, settings.metrics_port, stop),
        )
    finally:
        await producer.stop()
        await database.close()


async def opened_database(settings: IngestSettings, state: health.Health) -> Database:
    """Open the database and hold it against the settings."""
    database = Database(settings.database_url.get_secret_value(), pool_max=settings.database_pool)
    state.check("postgres", database.is_reachable)
    await database.open()
    await one_zone.check(database, settings.zone)
    return database
