"""The permissions service as one process: its API, the contracts it follows, and the relay of its events."""

import asyncio
from functools import partial

from schemas.topics import CONTRACTS_CHANGED
from services.common import consume, health, kafka, one_zone, outbox, process, schedule, web
from services.common.bankid import orders, rp_api
from services.common.identity_seal import Sealer
from services.common.postgres import Database
from services.permissions import api, bankid_api, metrics
from services.permissions.bankid_log_in import LogIn, ToLogIn
from services.permissions.handlers import SCHEMA, ContractHandlers
from services.permissions.jobs import jobs
from services.permissions.settings import PermissionsSettings
from services.permissions.store.bankid_orders import ORDERS


async def main(stop: asyncio.Event) -> None:
    """Run the service until told to stop."""
    settings = PermissionsSettings()
    state = health.Health()
    database = Database(settings.database_url.get_secret_value(), pool_max=settings.database_pool)
    state.check("postgres", database.is_reachable)
    await database.open()
    await one_zone.check(database, settings.zone)
    producer = await kafka.start_producer(settings.kafka_bootstrap)
    state.check("kafka", partial(kafka.is_reachable, producer))
    relay = outbox.Relay(database, producer, SCHEMA, state.pulse("outbox"))
    secret = settings.identity_key.get_secret_value()
    sealer, asking = Sealer(secret), rp_api.client(settings)
    bankid = rp_api.BankId(asking)
    log_ins = orders.orders_for(settings, secret, database, ORDERS, bankid, ToLogIn(sealer), metrics.LOG_INS)
    app = api.app(api.Parts(database, sealer, settings))
    app.include_router(bankid_api.routes(LogIn(log_ins, bankid, bool(settings.bankid_url))), prefix="/v1")
    source = consume.Source(settings.kafka_bootstrap, "permissions", SCHEMA, [CONTRACTS_CHANGED])
    contracts = consume.Loop(source, ContractHandlers(settings.zone), database, producer, state.pulse("contracts"))
    state.check("contracts", contracts.has_begun)
    try:
        await process.side_by_side(
            stop,
            web.serve(app, settings, stop),
            contracts.run(stop),
            relay.run(stop),
            schedule.run(database, SCHEMA, jobs(database), state.pulse("jobs"), stop),
            orders.work(log_ins, state.pulse("bankid"), stop),
            health.serve(state, settings.http_host, settings.metrics_port, stop),
        )
    finally:
        await asking.aclose()
        await producer.stop()
        await database.close()
