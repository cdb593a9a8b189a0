"""Reading deliveries again whose readings were stored, by their meter's serial, where that meter did not sit."""

import cramjam
import pyarrow as pa
import pyarrow.compute as pc

from schemas.readings import METER_READINGS
from services.common import logs, outbox
from services.common.postgres import Database
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
    """Send the misplaced readings of the oldest delivery that waits once more; tells whether there was one.

    They go by the outbox and are judged as new ones: where the meter sat by what is known now, or held until it is
    known. What stands at the old place stays there, refused. Readings that named their metering point stay, too.
    """
    async with database.transaction() as tx:
        wanted = await reread.take(tx)
        if wanted is None:
            return False
        correlation_id = logs.bind_correlation(wanted.correlation_id)
        readings = _misplaced(wanted)
        for _, part in by_partition(readings):
            message = readings_message(part, wanted.delivery_id, wanted.rank, correlation_id)
            await outbox.add_message(tx, SCHEMA, message)
        if readings.num_rows == sum(wanted.verdicts.values()):
            await reread.count_out(tx, wanted.reread_id)
        await reread.forget(tx, wanted.reread_id)
    log.info("delivery_read_again", delivery_id=str(wanted.delivery_id), readings=readings.num_rows)
    return True


def _misplaced(wanted: Reread) -> pa.RecordBatch:
    readings = _readings(wanted)
    read_at = readings.column("read_at")
    first, last = (pa.scalar(at, read_at.type) for at in (wanted.from_at, wanted.to_at))
    is_meant = pc.and_(pc.equal(readings.column("serial"), wanted.serial), readings.column("metering_point").is_null())
    is_meant = pc.and_(is_meant, pc.and_(pc.greater_equal(read_at, first), pc.less_equal(read_at, last)))
    return readings.filter(is_meant)


def _readings(wanted: Reread) -> pa.RecordBatch:
    if wanted.read_as is not None:
        return pa.RecordBatch.from_pylist([unsaid(row) for row in wanted.read_as], schema=METER_READINGS)
    body = bytes(cramjam.zstd.decompress(wanted.zstd_bytes))
    return well_formed(PARSERS[wanted.content_type](body), int(wanted.to_at.timestamp()), None).readings
