"""What is no longer kept."""

from datetime import datetime

from services.common.postgres import Transaction
from services.ingest.core.retention import Cut

_KEPT = "SELECT readings_from, settled_until, days_from FROM ingest.kept WHERE readings_from IS NOT NULL"

_DROP_OLDER = "SELECT ingest.drop_older(%s, %s, %s, %s)"

# What is to be read again is needed for that, however old it is.
_FORGET_DELIVERIES = """
    WITH old AS MATERIALIZED (
        SELECT delivery.delivery_id FROM ingest.delivery
         WHERE delivery.received_at < %s
           AND NOT EXISTS (SELECT FROM ingest.replay WHERE replay.delivery_id = delivery.delivery_id)
           AND NOT EXISTS (SELECT FROM ingest.reread WHERE reread.delivery_id = delivery.delivery_id)
         ORDER BY delivery.received_at LIMIT %s),
    results AS (
        DELETE FROM ingest.delivery_result USING old WHERE delivery_result.delivery_id = old.delivery_id),
    statuses AS (
        DELETE FROM ingest.meter_status USING old WHERE meter_status.delivery_id = old.delivery_id),
    payloads AS (
        DELETE FROM ingest.delivery_payload USING old WHERE delivery_payload.delivery_id = old.delivery_id)
    DELETE FROM ingest.delivery USING old WHERE delivery.delivery_id = old.delivery_id
"""

_FORGET_HELD = """
    DELETE FROM ingest.held_reading
     WHERE held_id IN (SELECT old.held_id FROM ingest.held_reading AS old
                        WHERE old.held_at < %s ORDER BY old.held_at LIMIT %s)
"""


async def kept(tx: Transaction) -> Cut | None:
    """Give where what is kept begins; None where nothing was ever dropped."""
    row = await (await tx.execute(_KEPT)).fetchone()
    return Cut(*row) if row else None


async def drop_older(tx: Transaction, wanted: Cut, zone: str) -> list[str]:
    """Drop what lies before, and give its names. Raises psycopg.errors.LockNotAvailable where readers hold it."""
    rows = await (await tx.execute(_DROP_OLDER, [*wanted, zone])).fetchall()
    return [row[0] for row in rows]


async def forget_deliveries(tx: Transaction, before: datetime, at_most: int) -> int:
    """Delete the oldest deliveries that came in before an instant, with all that is known of them; returns how many."""
    return (await tx.execute(_FORGET_DELIVERIES, [before, at_most])).rowcount


async def forget_held(tx: Transaction, before: datetime, at_most: int) -> int:
    """Delete the oldest readings that were held before an instant; returns how many."""
    return (await tx.execute(_FORGET_HELD, [before, at_most])).rowcount
