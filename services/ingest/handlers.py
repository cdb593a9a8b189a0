"""What the worker does with messages: load, judge, store, and tell."""

from collections.abc import AsyncIterator, Iterable, Sequence
from zoneinfo import ZoneInfo

import numpy as np
from aiokafka.structs import ConsumerRecord

from services.common import epoch
from services.common.kafka import Outgoing
from services.common.postgres import Database, Transaction
from services.heat.arrays import UNKNOWN, Int64, run_starts
from services.heat.hour_marks import HOUR_S
from services.ingest import announce, decode, metrics
from services.ingest.core.candidates import LOOKAHEAD
from services.ingest.core.identify import Reference
from services.ingest.core.outcome import Outcome, PointStates
from services.ingest.core.readings import ReadingRows, without_duplicates
from services.ingest.core.recompute import JUDGED_VERDICTS, Spans
from services.ingest.core.shares import hours_to_come, rows_around, shares, weights
from services.ingest.core.verdict import Verdict
from services.ingest.decode import Gathered, Message
from services.ingest.holding import held_rows
from services.ingest.judging import Judging
from services.ingest.store import deliveries, extent, held, outcome, points, reference
from services.ingest.store.deliveries import Result
from services.ingest.store.points import Touched

HOURS_TOLD_AT_ONCE = 2_000_000
"""More than that of one batch is told of as it is stored, point by point: the messages would fill the memory."""
MONTHS_AT_MOST = 10_000
"""More months than there are from 1970 to the end of the calendar."""


class ReadingHandlers:
    """Meter readings: judged, stored with the hours and days that follow, and told of."""

    def __init__(self, database: Database, zone: ZoneInfo, future_s: int) -> None:
        self._database = database
        self._zone = zone
        self._future_s = future_s
        self._reference: Reference | None = None
        self._reference_version = -1
        self._months: set[int] = set()
        self._newest_hour_s = 0

    def decode(self, record: ConsumerRecord) -> Message:
        """Read one message. Raises UndecodableError."""
        return decode.message(record, self._future_s)

    async def store(self, tx: Transaction, items: Sequence[Message]) -> Iterable[Outgoing]:
        """Judge what the messages touch and store what follows from it; gives what others must hear."""
        known = await self.reference(tx)
        gathered = decode.gather(items, known)
        if gathered.held:
            await held.hold(tx, held_rows(items, gathered.held))
        judged, told = await self._store_rows(tx, without_duplicates(gathered.rows), items)
        results = _results(items, gathered, judged)
        await deliveries.add_results(tx, results)
        for result in results:
            metrics.READINGS_JUDGED.labels(Verdict(result.verdict).label).inc(result.readings)
        if gathered.held or any(result.verdict in deliveries.REFUSED_VERDICTS for result in results):
            told += await self._refused(tx, items)
        return told

    async def _store_rows(
        self, tx: Transaction, rows: ReadingRows, items: Sequence[Message]
    ) -> tuple[list[ReadingRows], list[Outgoing]]:
        """Judge and store readings of known metering points; gives them with their verdicts, and what to tell of."""
        judged: list[ReadingRows] = []
        told: list[Outgoing] = []
        if len(rows.point_id) == 0:
            return judged, told
        starts = run_starts(rows.point_id)
        states = await points.lock(tx, rows.point_id[starts])
        await self._ensure_partitions(rows, states)
        judging = await self._judging(tx)
        hours = hours_to_come(rows, states)
        tells_at_once = int(hours.sum()) <= HOURS_TOLD_AT_ONCE
        ends = np.append(starts[1:], len(rows.point_id))
        for share in shares(weights(hours, rows_around(rows, states))):
            some = rows if len(share) == len(starts) else rows.take(np.arange(starts[share[0]], ends[share[-1]]))
            changes = await judging.outcome(some, states.take(share))
            if not tells_at_once:
                changes = changes._replace(far=changes.states.point_id)
            await outcome.write(tx, changes, [one.delivery_id for one in items])
            await outcome.note_far(tx, changes)
            self._count(changes)
            judged.append(changes.readings)
            told += _told(changes, _correlation(items)) if tells_at_once else []
        return judged, told

    async def rejudge(self, tx: Transaction, touched: Touched) -> Outcome:
        """Judge spans again whose meters or limits changed, and store what follows."""
        # Before the points, as whoever stores does, or the two could wait for each other. The meters stand from here to
        # the end of the transaction, so nobody who had the points meanwhile judged by newer ones.
        judging = await self._judging(tx)
        states = await points.lock(tx, touched.point_id)
        nothing = ReadingRows._make(np.zeros(0, np.int64) for _ in ReadingRows._fields)
        changes = await judging.recomputed(touched, nothing, states)
        await outcome.write(tx, changes, [])
        return changes

    async def _judging(self, tx: Transaction) -> Judging:
        return Judging(tx, await self.reference(tx), self._zone, await epoch.version_floor(tx))

    async def announcements(self, tx: Transaction, items: Sequence[Message]) -> AsyncIterator[Iterable[Outgoing]]:
        """Give the hours and days around readings that are stored already, as they stand now, in shares."""
        return self._told_again(tx, items)

    async def _told_again(self, tx: Transaction, items: Sequence[Message]) -> AsyncIterator[Iterable[Outgoing]]:
        rows = decode.gather(items, await self.reference(tx)).rows
        if len(rows.point_id):
            spans = await self._spans_around(tx, rows)
            # Around a reading an hour lie a hundred hours, around one of a clock set back all since then.
            hours = await extent.count_hours(tx, spans.point_id, spans.from_s, spans.until_s)
            for share in shares(hours):
                span = spans.point_id[share], spans.from_s[share], spans.until_s[share]
                yield await self.as_they_stand(tx, *span, _correlation(items))
        yield await self._refused(tx, items)

    async def _spans_around(self, tx: Transaction, rows: ReadingRows) -> Spans:
        """Find how far the hours and days lie that stored readings may have changed."""
        starts = run_starts(rows.point_id)
        ends = np.append(starts[1:], len(rows.point_id)) - 1
        touched = Touched(rows.point_id[starts], rows.read_at_s[starts], rows.read_at_s[ends])
        around = np.full(len(starts), LOOKAHEAD)
        spans, _, _ = await points.windows(tx, touched, around, 2 * around, self._zone.key, JUDGED_VERDICTS)
        return spans

    async def as_they_stand(
        self, tx: Transaction, point_id: Int64, from_s: Int64, until_s: Int64, correlation_id: str
    ) -> list[Outgoing]:
        """Give the messages that tell of the stored hours and days of spans, (m,) each, a day more at the end."""
        hours = await points.hours(tx, point_id, from_s, until_s)
        days = await points.days(tx, point_id, from_s // 86_400, until_s // 86_400 + 1)
        return [
            *announce.hourly_power(hours.rows, hours.revision, correlation_id),
            *announce.daily_power(days.rows, days.revision, correlation_id),
        ]

    async def reference(self, tx: Transaction) -> Reference:
        """Give points, meters and installations, read anew where they have changed."""
        version = await reference.version(tx)
        if self._reference is None or version != self._reference_version:
            self._reference, self._reference_version = await reference.load(tx), version
        return self._reference

    async def _ensure_partitions(self, rows: ReadingRows, states: PointStates) -> None:
        """Make the months that these readings touch: hours also fill the gap to what is stored before or after."""
        starts = run_starts(rows.point_id)
        ends = np.append(starts[1:], len(rows.point_id)) - 1
        first_s, last_s = rows.read_at_s[starts], rows.read_at_s[ends]
        newest_s = np.where(states.newest_s == UNKNOWN, first_s, states.newest_s)
        spans = np.stack([np.minimum(first_s, newest_s) - HOUR_S, np.maximum(last_s, newest_s)])
        first, last = spans.astype("datetime64[s]").astype("datetime64[M]").astype(np.int64)
        for pair in np.unique(first * MONTHS_AT_MOST + last).tolist():
            begin, end = divmod(pair, MONTHS_AT_MOST)
            wanted = set(range(begin, end + 1))
            if wanted <= self._months:
                continue
            # In a transaction of its own: other workers must not wait for partitions until this batch is stored.
            async with self._database.transaction() as tx:
                await outcome.ensure_partitions(tx, _seconds(begin), _seconds(end + 1) - 1)
            self._months |= wanted

    def _count(self, changes: Outcome) -> None:
        if len(changes.hours.owner) == 0:
            return
        new = int(changes.hour_is_new.sum())
        metrics.HOURS_STORED.labels("new").inc(new)
        metrics.HOURS_STORED.labels("changed").inc(len(changes.hour_is_new) - new)
        # A late reading's hours do not make the newest one older.
        self._newest_hour_s = max(self._newest_hour_s, int(changes.hours.starts_s.max()))
        metrics.NEWEST_HOUR_SECONDS.set(self._newest_hour_s)

    async def _refused(self, tx: Transaction, items: Sequence[Message]) -> list[Outgoing]:
        delivery_ids = sorted({one.delivery_id for one in items if one.delivery_id})
        refused = await deliveries.refusals(tx, delivery_ids)
        return list(announce.refused_readings(refused, _correlation(items)))


def _told(changes: Outcome, correlation_id: str) -> Iterable[Outgoing]:
    yield from announce.hourly_power(changes.hours, changes.hour_revision, correlation_id)
    is_told = changes.day_is_told
    yield from announce.daily_power(changes.days.take(is_told), changes.day_revision[is_told], correlation_id)


def _results(items: Sequence[Message], gathered: Gathered, judged: Iterable[ReadingRows]) -> list[Result]:
    size = max(int(verdict) for verdict in Verdict) + 1
    counts = np.zeros((len(items), size), np.int64)
    arrived = np.bincount(gathered.rows.delivery, minlength=len(items))
    for readings in judged:
        np.add.at(counts, (readings.delivery, readings.verdict), 1)
    counts[:, int(Verdict.DUPLICATE)] = arrived - counts.sum(axis=1)
    for one in gathered.held:
        counts[one.message, int(one.verdict)] += 1
    return [
        Result(delivery_id, items[index].partition, items[index].next_offset, verdict, int(number))
        for (index, verdict), number in np.ndenumerate(counts)
        if number and (delivery_id := items[index].delivery_id)
    ]


def _seconds(month: int) -> int:
    return int(np.datetime64(month, "M").astype("datetime64[s]").astype(np.int64))


def _correlation(items: Sequence[Message]) -> str:
    """Give the correlation id of a batch: that of its first message; the rest is found by delivery."""
    return items[0].correlation_id if items else ""
