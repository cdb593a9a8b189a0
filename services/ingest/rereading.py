"""Reading readings again that were stored, by their meter's serial, where that meter did not sit."""

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any

import cramjam
import pyarrow as pa
import pyarrow.compute as pc

from schemas.readings import METER_READINGS
from services.common import logs, outbox
from services.common.postgres import Database, Transaction
from services.ingest.core.parsed import well_formed
from services.ingest.core.said import unsaid
from services.ingest.decode import readings_message
from services.ingest.holding import SCHEMA
from services.ingest.parting import by_partition
from services.ingest.sources.written import PARSERS
from services.ingest.store import reread
from services.ingest.store.reread import Reread

log = logs.get_logger()


async def read_one_again(database: Database) -> bool:
    """Send the oldest misplaced readings that wait once more, those of one delivery; tells whether there were any.

    They go by the outbox and are judged as new ones: where the meter sat by what is known now, or held until it is
    known. What stands at the old place stays there, refused. Readings that named their metering point stay, too, where
    the delivery's bytes tell which these are; what is only stored goes by its serial.
    """
    async with database.transaction() as tx:
        wanted = await reread.take(tx)
        if wanted is None:
            return False
        correlation_id = logs.bind_correlation(wanted.correlation_id)
        readings = 0
        for rank, misplaced in await _misplaced(tx, wanted):
            readings += misplaced.num_rows
            for _, part in by_partition(misplaced):
                message = readings_message(part, wanted.delivery_id, rank, correlation_id)
                await outbox.add_message(tx, SCHEMA, message)
        if readings == sum(wanted.verdicts.values()):
            await reread.count_out(tx, wanted.reread_id)
        await reread.forget(tx, wanted.reread_id)
    log.info("readings_read_again", delivery_id=str(wanted.delivery_id), readings=readings)
    return True


async def _misplaced(tx: Transaction, wanted: Reread) -> list[tuple[int, pa.RecordBatch]]:
    """Give the misplaced readings with their rank, from the delivery's bytes, or else as they are stored."""
    if wanted.content_type is None:
        return list(_as_stored(await reread.stored(tx, wanted)))
    return [(wanted.rank, _in_delivery(wanted, wanted.content_type))]


def _as_stored(rows: list[dict[str, Any]]) -> Iterator[tuple[int, pa.RecordBatch]]:
    for rank, some in groupby(rows, itemgetter("rank")):
        yield rank, pa.RecordBatch.from_pylist(list(some), schema=METER_READINGS)


def _in_delivery(wanted: Reread, content_type: str) -> pa.RecordBatch:
    readings = _readings(wanted, content_type)
    read_at = readings.column("read_at")
    first, last = (pa.scalar(at, read_at.type) for at in (wanted.from_at, wanted.to_at))
    is_meant = pc.and_(pc.equal(readings.column("serial"), wanted.serial), readings.column("metering_point").is_null())
    is_meant = pc.and_(is_meant, pc.and_(pc.greater_equal(read_at, first), pc.less_equal(read_at, last)))
    return readings.filter(is_meant)


def _readings(wanted: Reread, content_type: str) -> pa.RecordBatch:
    if wanted.read_as is not None:
        return pa.RecordBatch.from_pylist([unsaid(row) for row in wanted.read_as], schema=METER_READINGS)
    body = bytes(cramjam.zstd.decompress(wanted.zstd_bytes))
    return well_formed(PARSERS[content_type](body), int(wanted.to_at.timestamp()), None).readings
