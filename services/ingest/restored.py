"""What ingest does once its tables were put back from a backup: what was told of since is told of as it stands here.

What came in since comes again from Kafka, and is judged as if for the first time. But a figure may have changed for
another reason, a meter registered or taken away: then the backup has the figure of before, under a lower revision.
"""

from collections.abc import Iterable

import numpy as np
import pyarrow as pa

from schemas.topics import DAILY_TEMPERATURE
from schemas.weather import DailyTemperatureChanged
from services.common import outbox
from services.common.kafka import outgoing
from services.common.postgres import Transaction
from services.heat.arrays import Int64
from services.heat.hour_marks import HOUR_S
from services.ingest.store import restored as store
from services.ingest.store.restored import Span

SCHEMA = "ingest"
DAY_S = 24 * HOUR_S


class Figures:
    """Holds what is told of hours and days against the stored ones, message by message."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._spans: dict[int, Span] = {}

    async def hold_hours(self, told: pa.Table) -> None:
        """Take in rows of hourly-power."""
        columns = (_numbers(told, name) for name in ("point_id", "starts_at", "revision"))
        self._add(await store.raise_hours(self._tx, *columns), HOUR_S)

    async def hold_days(self, told: pa.Table) -> None:
        """Take in rows of daily-power."""
        columns = (_numbers(told, name) for name in ("point_id", "day", "revision"))
        self._add(await store.raise_days(self._tx, *columns), DAY_S)

    def _add(self, raised: Iterable[tuple[int, int]], length_s: int) -> None:
        for point_id, begins_s in raised:
            first_s, last_s = self._spans.get(point_id, (begins_s, begins_s))
            self._spans[point_id] = min(first_s, begins_s), max(last_s, begins_s + length_s)

    async def tell(self) -> list[str]:
        """Let what was raised be told of; gives in a sentence of how many points that is."""
        await store.tell_spans(self._tx, self._spans)
        if not self._spans:
            return []
        return [f"Metering points whose hours or days are told of again, as they stand: {len(self._spans)}."]


async def tell_temperatures(tx: Transaction, told: Iterable[DailyTemperatureChanged]) -> None:
    """Tell again of daily means that Kafka has under a higher revision than is stored."""
    newer = [(one.station_id, one.day, one.revision) for one in told]
    for station_id, day in await store.raise_temperatures(tx, newer):
        event = DailyTemperatureChanged(station_id=station_id, **day._asdict())
        await outbox.add_message(tx, SCHEMA, outgoing(DAILY_TEMPERATURE, f"{station_id}:{day.day}", event))


def _numbers(table: pa.Table, column: str) -> Int64:
    kept = table.column(column)
    whole = kept.cast(pa.int32()) if pa.types.is_date32(kept.type) else kept
    return whole.cast(pa.int64()).to_numpy().astype(np.int64)
