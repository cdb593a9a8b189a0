"""The contracts service as one process: its API, the relay of its events, and its jobs."""

import asyncio
from functools import partial

from services.common import health, kafka, one_zone, outbox, process, schedule, web
from services.common.bankid import orders, rp_api
from services.common.beside import Beside
from services.common.identity_seal import Sealer
from services.common.postgres import Database
from services.contracts import api, metrics, power_runs, tariff_api, tariff_clients
from services.contracts.handlers import SCHEMA
from services.contracts.jobs import jobs
from services.contracts.parts import Parts
from services.contracts.settings import ContractsSettings
from services.contracts.signing import ToSign
from services.contracts.store.signings import ORDERS


async def main(stop: asyncio.Event) -> None:
    """Run the service until told to stop."""
    settings = ContractsSettings()
    state = health.Health()
    database = Database(settings.database_url.get_secret_value(), pool_max=settings.database_pool)
    state.check("postgres", database.is_reachable)
    await database.open()
    await one_zone.check(database, settings.zone)
    producer = await kafka.start_producer(settings.kafka_bootstrap)
    state.check("kafka", partial(kafka.is_reachable, producer))
    secret = settings.identity_key.get_secret_value()
    sealer, asking = Sealer(secret), rp_api.client(settings)
    bankid = rp_api.BankId(asking)
    signings = orders.orders_for(settings, secret, database, ORDERS, bankid, ToSign(sealer), metrics.SIGNINGS)
    parts = Parts(database, sealer, signings, bankid, settings)
    staff = api.app(parts)
    tariff_clients.add_to(staff, parts)
    staff.add_middleware(Beside, path=tariff_api.PREFIX, other=tariff_api.app(parts))
    relay = outbox.Relay(database, producer, SCHEMA, state.pulse("outbox"))
    try:
        await process.side_by_side(
            stop,
            web.serve(staff, settings, stop),
            relay.run(stop),
            schedule.run(database, SCHEMA, jobs(database, settings), state.pulse("jobs"), stop),
            power_runs.work(database, settings.power_run_batch, state.pulse("power_runs", 600), stop),
            orders.work(signings, state.pulse("bankid"), stop),
            health.serve(state, settings.http_host, settings.metrics_port, stop),
        )
    finally:
        await asking.aclose()
        await producer.stop()
        await database.close()
