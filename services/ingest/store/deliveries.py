"""What came in, from whom, and what became of it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from schemas.readings import ReadingRefused
from services.common.postgres import Transaction
from services.ingest.core import documents
from services.ingest.core.verdict import NOT_REFUSED, Verdict
from services.ingest.store import Change

_SOURCE = "SELECT source_id, name, kind, rank, state, serials FROM ingest.source WHERE key_hash = %s"
_SOURCE_NAMED = "SELECT source_id, name, kind, rank, state, serials FROM ingest.source WHERE name = %s"

_PUT_SOURCE = """
    INSERT INTO ingest.source (source_id, name, kind, key_hash, rank, state, serials)
    VALUES (gen_random_uuid(), %(name)s, %(kind)s, %(key_hash)s, %(rank)s, %(state)s, %(serials)s)
    ON CONFLICT (name) DO UPDATE
       SET kind = excluded.kind, rank = excluded.rank, state = excluded.state, serials = excluded.serials,
           key_hash = coalesce(%(new_key_hash)s, source.key_hash)
     WHERE (source.kind, source.rank, source.state, source.serials)
           IS DISTINCT FROM (excluded.kind, excluded.rank, excluded.state, excluded.serials)
        OR source.key_hash <> coalesce(%(new_key_hash)s, source.key_hash)
    RETURNING xmax = 0, key_hash = %(key_hash)s
"""

_EARLIER = """
    SELECT delivery_id, body_sha256, received_at, items, taken FROM ingest.delivery
     WHERE source_id = %s AND idempotency_key = %s
"""

_ADD_DELIVERY = """
    INSERT INTO ingest.delivery (delivery_id, source_id, idempotency_key, body_sha256, received_at, items, taken,
                                 correlation_id)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (source_id, idempotency_key) DO NOTHING
"""

_ADD_PAYLOAD = """
    INSERT INTO ingest.delivery_payload (delivery_id, content_type, zstd_bytes, read_as) VALUES (%s, %s, %s, %s)
"""

# What is to be read again is needed for that, however old it is.
_FORGET_PAYLOADS = """
    DELETE FROM ingest.delivery_payload
     WHERE delivery_id IN (SELECT old.delivery_id FROM ingest.delivery_payload AS old
                            WHERE old.kept_at < %s - make_interval(months => %s)
                              AND NOT EXISTS (SELECT FROM ingest.replay WHERE replay.delivery_id = old.delivery_id)
                              AND NOT EXISTS (SELECT FROM ingest.reread WHERE reread.delivery_id = old.delivery_id)
                            ORDER BY old.kept_at LIMIT %s)
"""

_ADD_RESULT = """
    INSERT INTO ingest.delivery_result (delivery_id, partition, next_offset, verdict, readings)
    VALUES (%s, %s, %s, %s, %s)
"""

_DELIVERY = """
    SELECT delivery.delivery_id, delivery.source_id, source.name AS source, delivery.received_at,
           delivery.items, delivery.taken
      FROM ingest.delivery JOIN ingest.source USING (source_id)
     WHERE delivery_id = %s
"""

_RESULTS = """
    SELECT verdict, sum(readings)::int FROM ingest.delivery_result WHERE delivery_id = %s GROUP BY verdict
"""

_REFUSED = """
    SELECT reading.point_id, meter.serial AS meter, reading.read_at, reading.verdict, reading.delivery_id,
           NULL::integer AS item, NULL AS field, NULL AS reason, NULL AS code
      FROM ingest.reading LEFT JOIN ingest.meter USING (meter_id)
     WHERE reading.delivery_id = ANY(%(deliveries)s) AND reading.verdict >= 10
    UNION ALL
    SELECT NULL, coalesce(held.serial, held.number), held.read_at, held.verdict, held.delivery_id,
           (held.reading->>'item')::integer, held.reading->>'field', held.reason, held.reading->>'code'
      FROM ingest.held_reading AS held
     WHERE held.delivery_id = ANY(%(deliveries)s)
     ORDER BY item, read_at
     LIMIT %(limit)s
"""


MOST_SHOWN = 100


class Source(NamedTuple):
    """Who sends: what his key lets him do."""

    source_id: UUID
    name: str
    kind: str
    rank: int
    state: str
    serials: list[str] | None


class Named(NamedTuple):
    """A delivery before it is understood."""

    delivery_id: UUID
    source_id: UUID
    idempotency_key: str | None
    body_sha256: bytes
    received_at: datetime


class Delivery(NamedTuple):
    """A delivery as it is kept: how many items it had, and how many of them went on to be judged."""

    delivery_id: UUID
    source_id: UUID
    idempotency_key: str | None
    body_sha256: bytes
    received_at: datetime
    items: int
    taken: int
    correlation_id: str


class Earlier(NamedTuple):
    """A delivery that came before under the same key."""

    delivery_id: UUID
    body_sha256: bytes
    received_at: datetime
    items: int
    taken: int


class Result(NamedTuple):
    """How many readings of one message got one verdict."""

    delivery_id: UUID
    partition: int
    next_offset: int
    verdict: int
    readings: int


async def source_by_key(tx: Transaction, key_hash: str) -> Source | None:
    """Find who holds a key."""
    row = await (await tx.execute(_SOURCE, [key_hash])).fetchone()
    return Source(*row) if row else None


async def source_by_name(tx: Transaction, name: str) -> Source | None:
    """Find a source by its name."""
    row = await (await tx.execute(_SOURCE_NAMED, [name])).fetchone()
    return Source(*row) if row else None


async def put_source(tx: Transaction, name: str, source: documents.Source, key_hash: str) -> tuple[Change, bool]:
    """Write a source; tells what changed, and whether the offered key is its key now.

    A source that exists keeps its key unless it is to be renewed or the source brings its own. Raises
    psycopg.errors.UniqueViolation where another source has that key.
    """
    keeps_key = source.key_sha256 is None and not source.renew_key
    parameters = {
        "name": name,
        "kind": source.kind,
        "rank": source.rank,
        "state": source.state,
        "serials": None if source.serials is None else list(source.serials),
        "key_hash": key_hash,
        "new_key_hash": None if keeps_key else key_hash,
    }
    row = await (await tx.execute(_PUT_SOURCE, parameters)).fetchone()
    if row is None:
        return Change.UNCHANGED, False
    return Change.CREATED if row[0] else Change.CHANGED, bool(row[1])


async def earlier(tx: Transaction, delivery: Named) -> Earlier:
    """Find the delivery that came under the same key before. Raises LookupError where there is none."""
    row = await (await tx.execute(_EARLIER, [delivery.source_id, delivery.idempotency_key])).fetchone()
    if row is None:
        raise LookupError(f"no delivery under the key of {delivery.delivery_id}")
    return Earlier(*row)


async def add(
    tx: Transaction, delivery: Delivery, content_type: str, zstd_bytes: bytes, read_as: list[dict[str, Any]] | None
) -> bool:
    """Keep a delivery and its bytes; tells False, and keeps nothing, where its key has been used.

    read_as: the readings that its telegrams were read as; None where it holds readings themselves.
    """
    if (await tx.execute(_ADD_DELIVERY, list(delivery))).rowcount == 0:
        return False
    said = None if read_as is None else Jsonb(read_as)
    await tx.execute(_ADD_PAYLOAD, [delivery.delivery_id, content_type, zstd_bytes, said])
    return True


async def forget_payloads(tx: Transaction, now: datetime, months: int, limit: int) -> int:
    """Forget the bytes of deliveries older than so many months, the oldest first; gives of how many."""
    return (await tx.execute(_FORGET_PAYLOADS, [now, months, limit])).rowcount


async def add_results(tx: Transaction, results: Iterable[Result]) -> None:
    """Keep what became of the readings of each message."""
    await tx.cursor().executemany(_ADD_RESULT, list(results))


async def show(tx: Transaction, delivery_id: UUID) -> dict[str, Any] | None:
    """Give a delivery with the verdicts so far and its refused readings, at most a hundred of them.

    An item that was refused at the door says which it was, counted from 0, and in which field.
    """
    found = await (await tx.cursor(row_factory=dict_row).execute(_DELIVERY, [delivery_id])).fetchone()
    if not found:
        return None
    verdicts: Counter[str] = Counter()
    for verdict, readings in await (await tx.execute(_RESULTS, [delivery_id])).fetchall():
        verdicts[Verdict(verdict).label] += readings
    judged = sum(verdicts.values())
    refused = await _refused(tx, [delivery_id], MOST_SHOWN)
    return found | {
        "state": "judged" if judged >= found["taken"] else "waiting",
        "verdicts": {verdict: readings for verdict, readings in verdicts.items() if readings > 0},
        "refused": [
            {name: value for name, value in one.items() if name not in ("delivery_id", "code")} for one in refused
        ],
    }


async def refusals(tx: Transaction, delivery_ids: Sequence[UUID], limit: int = 10_000) -> list[ReadingRefused]:
    """Give the readings of deliveries that are kept but not used."""
    fields = set(ReadingRefused.model_fields)
    return [
        ReadingRefused.model_validate({name: value for name, value in row.items() if name in fields})
        for row in await _refused(tx, delivery_ids, limit)
    ]


async def _refused(tx: Transaction, delivery_ids: Sequence[UUID], limit: int) -> list[dict[str, Any]]:
    parameters = {"deliveries": list(delivery_ids), "limit": limit}
    rows = await (await tx.cursor(row_factory=dict_row).execute(_REFUSED, parameters)).fetchall()
    return [row | _worded(Verdict(row["verdict"]), row["code"], row["reason"]) for row in rows]


def _worded(verdict: Verdict, code: str | None, reason: str | None) -> dict[str, str | None]:
    return {"verdict": code or verdict.label, "reason": reason or verdict.why}


REFUSED_VERDICTS = [int(verdict) for verdict in Verdict if verdict not in NOT_REFUSED]
