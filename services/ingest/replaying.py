"""Telegrams read again from the bytes of their deliveries, by today's decoders and what is noted of meters today."""

import asyncio
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any

import cramjam
import pyarrow as pa

from schemas.readings import METER_READINGS
from services.common import logs, outbox
from services.common.health import Progress
from services.common.postgres import Database, Transaction
from services.ingest.core.said import unsaid
from services.ingest.decode import readings_message
from services.ingest.holding import SCHEMA
from services.ingest.parting import by_partition
from services.ingest.receiving import hold_refused, rows_of
from services.ingest.sources.telegram_versions import Again, Row, again
from services.ingest.sources.telegrams import NOTED_OTHERWISE
from services.ingest.sources.understood import Understood
from services.ingest.store import replays, telegrams
from services.ingest.store.replays import Replay
from services.ingest.understanding import Understanding, counted, fitting

log = logs.get_logger()
IDLE_WAIT_S = 1.0


class Replaying:
    """Takes one delivery after the other that is to be read again; its new versions go by the outbox."""

    def __init__(self, database: Database, understanding: Understanding, future_s: int, pulse: Progress) -> None:
        self._database = database
        self._understanding = understanding
        self._future_s = future_s
        self._pulse = pulse

    async def run(self, stop: asyncio.Event) -> None:
        """Work until told to stop."""
        while not stop.is_set():
            self._pulse.beat()
            if await self.replay_one():
                continue
            try:
                await asyncio.wait_for(stop.wait(), IDLE_WAIT_S)
            except TimeoutError:
                continue

    async def replay_one(self) -> bool:
        """Read the oldest delivery that waits again; tells whether there was one."""
        async with self._database.transaction() as tx:
            wanted = await replays.take(tx)
            if wanted is None:
                return False
            correlation_id = logs.bind_correlation(wanted.correlation_id)
            items, taken_out = await self._items(tx, wanted)
            known = [row for row in wanted.read_as if row["item"] in items and _said(row) not in taken_out]
            today = await self._today(tx, wanted, items, known)
            items = set(items) - _unopened(today, known)
            known = [row for row in known if row["item"] in items]
            result = again(known, rows_of(today), wanted.asked_at)
            await _keep(tx, wanted, today, items)
            await _send(tx, wanted, result, correlation_id)
            others = [row for row in wanted.read_as if row["item"] not in items]
            await replays.note(tx, wanted, [*others, *result.read_as], len(result.sent) - len(taken_out))
        log.info("telegrams_read_again", delivery_id=str(wanted.delivery_id), readings=len(result.sent))
        return True

    async def _items(self, tx: Transaction, wanted: Replay) -> tuple[Collection[int], Sequence[tuple[Any, ...]]]:
        """Give the items to read again, and what the worker held of them, which it does no longer."""
        if wanted.waits_for is not None:
            return await replays.waiting(tx, wanted.delivery_id, wanted.waits_for), []
        taken_out = await replays.take_out_held(tx, wanted)
        return range(wanted.items), [one[:3] for one in taken_out]

    async def _today(self, tx: Transaction, wanted: Replay, items: Collection[int], known: Sequence[Row]) -> Understood:
        """Read the items by what is known today; those that were taken before have been counted."""
        body = bytes(cramjam.zstd.decompress(wanted.zstd_bytes))
        understood = await self._understanding.telegrams(tx, wanted.form, body)
        latest_s = int(datetime.now(UTC).timestamp()) + self._future_s
        fit = fitting(understood.only(items), latest_s, wanted.serials)
        taken_before = {row["item"] for row in known}
        uncounted = [heard for heard in fit.heard if heard.item not in taken_before]
        return await counted(tx, fit._replace(heard=uncounted))


def _unopened(today: Understood, known: Sequence[Row]) -> set[int]:
    """Give the telegrams that cannot be opened by what is noted today, but were: they stay as they were read.

    A key that was changed since, or a module that was moved, says nothing against what was read by the one before.
    """
    were_read = {row["item"] for row in known if not row["withdrawn"]}
    return {one.item for one in today.refused if one.code in NOTED_OTHERWISE and one.item in were_read}


async def _keep(tx: Transaction, wanted: Replay, today: Understood, items: Collection[int]) -> None:
    """Put what is refused today, and what the meters said of themselves, in place of what was before."""
    await replays.remove_refused(tx, wanted.delivery_id, list(items))
    refused = [one for one in today.refused if one.item in items]
    await hold_refused(tx, today._replace(refused=refused), wanted.delivery_id, wanted.rank)
    await telegrams.remove_statuses(tx, wanted.delivery_id, list(items))
    await telegrams.add_statuses(tx, wanted.delivery_id, today.statuses)


async def _send(tx: Transaction, wanted: Replay, result: Again, correlation_id: str) -> None:
    if not result.sent:
        return
    readings = pa.RecordBatch.from_pylist([unsaid(row) for row in result.sent], schema=METER_READINGS)
    for _, part in by_partition(readings):
        message = readings_message(part, wanted.delivery_id, wanted.rank, correlation_id)
        await outbox.add_message(tx, SCHEMA, message)


def _said(row: Row) -> tuple[Any, ...]:
    return row.get("serial"), row.get("metering_point"), datetime.fromisoformat(row["read_at"])
