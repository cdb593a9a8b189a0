"""Signatures are asked for by a nightly job; whoever cannot wait asks for them here."""

from services.common.postgres import Database
from services.ingest.store import estimation


async def want_signatures(dsn: str) -> None:
    """Ask for the signatures of all months of all metering points, as the nightly job does. dsn: of the role ingest."""
    database = Database(dsn, 1, 1)
    await database.open()
    try:
        async with database.transaction() as tx:
            await estimation.want_all(tx)
    finally:
        await database.close()
