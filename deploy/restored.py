"""After PostgreSQL was put back from a backup, before any service starts: begin a new epoch, and hear what Kafka knows.

`python -m deploy.restored` does so from the environment; again, it begins one more epoch and harms nothing. The backup
is what counts: everything is told anew as it stands there, under versions above all that were told before. What was
put since the backup and is lost is named, for staff to put it again.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import TypeVar

import pyarrow as pa
from aiokafka import AIOKafkaConsumer
from psycopg import sql
from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from deploy import places
from deploy.places import ServicesRunError
from deploy.prepare import LOGIN_ROLES
from schemas.batches import RecordBatches
from schemas.contracts import ContractChanged
from schemas.event import EVENT_ID_HEADER, Event, header
from schemas.facilities import FacilityChanged
from schemas.grants import GrantsChanged
from schemas.invoices import InvoiceIssued
from schemas.power import DAILY_POWER_BATCHES, HOURLY_POWER_BATCHES
from schemas.price_lists import PriceListChanged
from schemas.topics import (
    ALERTS,
    CONTRACTS_CHANGED,
    DAILY_POWER,
    DAILY_TEMPERATURE,
    FACILITIES_CHANGED,
    GRANTS_CHANGED,
    HOURLY_POWER,
    INVOICES,
    PRICE_LISTS_CHANGED,
    Topic,
)
from schemas.weather import DailyTemperatureChanged
from services.billing import restored as billing
from services.common import kafka
from services.common.consume import UndecodableError
from services.common.health import Progress
from services.common.migrate import migrate
from services.common.outbox import Relay
from services.common.postgres import Database, Transaction
from services.common.received import read_event, read_table
from services.contracts import restored as contracts
from services.ingest import restored as ingest
from services.permissions import restored as permissions

EPOCH_BITS = 32
INVOICES_AT_ONCE = 1_000
AnyEvent = TypeVar("AnyEvent", bound=Event)

_CONNECTED = """
    SELECT DISTINCT usename::text FROM pg_stat_activity
     WHERE datname = current_database() AND usename = ANY(%s) ORDER BY 1
"""
# By the hour, beside one more than any that is known: the backup may be from before the last epoch began.
_BEGIN_EPOCH = """
    INSERT INTO installation.restore (epoch)
    SELECT greatest(coalesce(max(restore.epoch), 0) + 1, %s, extract(epoch FROM clock_timestamp())::bigint / 3600)
      FROM installation.restore
    RETURNING epoch
"""
_REPORT = "UPDATE installation.restore SET report = %s WHERE epoch = %s"
_WAITING = "SELECT headers->>%s FROM {}"
_FORGET = "DELETE FROM {} WHERE headers->>%s = ANY(%s)"
_AT_REST = "SET LOCAL idle_in_transaction_session_timeout = 0"


async def restored(admin_url: str, bootstrap: str, tell: Callable[[str], None]) -> None:
    """Begin a new epoch and take over what Kafka knows; `tell` hears what was done and what staff have to do.

    All is one transaction, but for the places in Kafka, which are set last: until they are, the services that take
    messages do not start. Raises ServicesRunError, psycopg.Error, and aiokafka.errors.KafkaError.
    """
    migrate(admin_url)  # The backup may be of an older version.
    database = Database(admin_url, 1, 2)
    await database.open()
    try:
        async with kafka.reader(bootstrap) as consumer, database.transaction() as tx:
            await _require_rest(tx)
            lines = await _take_over(tx, consumer)
        _tell_all(lines, tell)
        await _relay(database, bootstrap)
        _tell_all(await places.go_back(database, bootstrap), tell)
    finally:
        await database.close()


def _tell_all(lines: list[str], tell: Callable[[str], None]) -> None:
    for line in lines:
        tell(line)


async def _require_rest(tx: Transaction) -> None:
    await tx.execute(_AT_REST)
    connected = [row[0] for row in await (await tx.execute(_CONNECTED, [list(LOGIN_ROLES)])).fetchall()]
    if connected:
        raise ServicesRunError(
            f"services are still connected ({', '.join(connected)}): stop them all, then do this again"
        )


async def _take_over(tx: Transaction, consumer: AIOKafkaConsumer) -> list[str]:
    facilities = await _newest(consumer, FACILITIES_CHANGED, FacilityChanged)
    changed = await _newest(consumer, CONTRACTS_CHANGED, ContractChanged)
    price_lists = await _newest(consumer, PRICE_LISTS_CHANGED, PriceListChanged)
    grants = await _newest(consumer, GRANTS_CHANGED, GrantsChanged)
    means = await _newest(consumer, DAILY_TEMPERATURE, DailyTemperatureChanged)
    told: list[Event] = [event for topic in (facilities, changed, price_lists, grants, means) for event in topic]
    epoch = await _begin_epoch(tx, max(map(_version, told), default=0) >> EPOCH_BITS)
    lines = await contracts.take_over(
        tx,
        contracts.Told(
            {one.facility_id: one for one in facilities},
            {one.contract_id: one for one in changed},
            {one.price_list_id: one for one in price_lists},
        ),
    )
    lines += await permissions.take_over(tx, {one.customer_id: one for one in grants})
    lines += await _invoices(tx, consumer)
    lines += await _figures(tx, consumer)
    await ingest.tell_temperatures(tx, means)
    await _forget_sent(tx, consumer)
    count = await contracts.tell_anew(tx) + await permissions.tell_anew(tx)
    lines = [
        f"Epoch {epoch} has begun: every version that is given from now on is above all that were given before.",
        *lines,
        f"Facilities, contracts, price lists and customers' grants that are told of anew, as they stand: {count}.",
    ]
    await tx.execute(_REPORT, ["\n".join(lines), epoch])
    return lines


async def _newest(consumer: AIOKafkaConsumer, topic: Topic, kind: type[AnyEvent]) -> list[AnyEvent]:
    """Give of each object the event with the highest version; what cannot be decoded was set aside by its consumers."""
    found: dict[bytes | None, AnyEvent] = {}
    async for key, event in _events(consumer, topic, kind):
        if key not in found or _version(event) > _version(found[key]):
            found[key] = event
    return list(found.values())


async def _events(
    consumer: AIOKafkaConsumer, topic: Topic, kind: type[AnyEvent]
) -> AsyncIterator[tuple[bytes | None, AnyEvent]]:
    async for records in kafka.read_whole(consumer, topic):
        for record in records:
            with suppress(UndecodableError):
                yield record.key, read_event(record, kind)


def _version(event: Event) -> int:
    version: int = getattr(event, "revision" if isinstance(event, DailyTemperatureChanged) else "version")
    return version


async def _begin_epoch(tx: Transaction, told: int) -> int:
    row = await (await tx.execute(_BEGIN_EPOCH, [told + 1])).fetchone()
    if row is None:
        raise LookupError("the new epoch gave no row")
    return int(row[0])


async def _invoices(tx: Transaction, consumer: AIOKafkaConsumer) -> list[str]:
    told: list[InvoiceIssued] = []
    async for _, invoice in _events(consumer, INVOICES, InvoiceIssued):
        told.append(invoice)
        if len(told) == INVOICES_AT_ONCE:
            await billing.note(tx, told)
            told = []
    await billing.note(tx, told)
    return await billing.take_over(tx)


async def _figures(tx: Transaction, consumer: AIOKafkaConsumer) -> list[str]:
    figures = ingest.Figures(tx)
    async for hours in _tables(consumer, HOURLY_POWER, HOURLY_POWER_BATCHES):
        await figures.hold_hours(hours)
    async for days in _tables(consumer, DAILY_POWER, DAILY_POWER_BATCHES):
        await figures.hold_days(days)
    return await figures.tell()


async def _tables(consumer: AIOKafkaConsumer, topic: Topic, batches: RecordBatches) -> AsyncIterator[pa.Table]:
    async for records in kafka.read_whole(consumer, topic):
        for record in records:
            with suppress(UndecodableError):
                yield read_table(record, batches)


async def _forget_sent(tx: Transaction, consumer: AIOKafkaConsumer) -> None:
    """Take out of the outboxes what has been sent since the backup: invoices and alerts are told of once."""
    for schema, topic in (("billing", INVOICES), ("alerts", ALERTS)):
        outbox = sql.Identifier(schema, "outbox")
        rows = await (await tx.execute(sql.SQL(_WAITING).format(outbox), [EVENT_ID_HEADER])).fetchall()
        waiting, sent = {row[0] for row in rows}, set[str | None]()
        if waiting:
            async for records in kafka.read_whole(consumer, topic):
                sent |= {header(record.headers, EVENT_ID_HEADER) for record in records}
        await tx.execute(sql.SQL(_FORGET).format(outbox), [EVENT_ID_HEADER, sorted(waiting & sent)])


async def _relay(database: Database, bootstrap: str) -> None:
    """Send what is told anew, so that the topics are of the new epoch before anybody starts."""
    producer = await kafka.start_producer(bootstrap)
    try:
        for schema in (contracts.SCHEMA, permissions.SCHEMA):
            async with database.session() as session:
                relay = Relay(database, producer, schema, Progress())
                while await relay.relay_once(session):
                    pass
    finally:
        await producer.stop()


class RestoredSettings(BaseSettings):
    """What it must be told, each as KULVERT_<FIELD>."""

    model_config = SettingsConfigDict(env_prefix="KULVERT_", frozen=True)

    admin_url: SecretStr
    kafka_bootstrap: str


def main() -> None:
    """Run from the environment."""
    settings = RestoredSettings()
    try:
        asyncio.run(restored(settings.admin_url.get_secret_value(), settings.kafka_bootstrap, print))
    except ServicesRunError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
