"""What the worker does with observed temperatures: stored by the hour, averaged by the local day."""

from collections.abc import Iterable, Sequence
from zoneinfo import ZoneInfo

import numpy as np
from aiokafka.structs import ConsumerRecord

from schemas.topics import DAILY_TEMPERATURE
from schemas.weather import DailyTemperatureChanged, OutdoorTemperatureObserved
from services.common.consume import UndecodableError
from services.common.kafka import Outgoing, outgoing
from services.common.logs import correlation_id
from services.common.postgres import Transaction
from services.common.received import read_event
from services.heat.daily_temperature import DailyMeans, daily_means
from services.heat.local_time import day_start_s, local_day
from services.ingest.core.observed import unusable
from services.ingest.store import estimation, weather
from services.ingest.store.weather import StoredDay


class WeatherHandlers:
    """Outdoor temperatures of stations."""

    def __init__(self, zone: ZoneInfo, future_s: int) -> None:
        self._zone = zone
        self._future_s = future_s

    def decode(self, record: ConsumerRecord) -> OutdoorTemperatureObserved:
        """Read one message. Raises UndecodableError, for hours that no calendar of ours has, too."""
        event = read_event(record, OutdoorTemperatureObserved)
        wrong = unusable(event, record.timestamp // 1000 + self._future_s)
        if wrong:
            raise UndecodableError(f"not what {event.name} carries: {wrong}")
        return event

    async def store(self, tx: Transaction, items: Sequence[OutdoorTemperatureObserved]) -> Iterable[Outgoing]:
        """Store the hours and average the local days that they touch; gives the days that are new or changed."""
        told: list[Outgoing] = []
        for item in sorted(items, key=lambda one: one.station_id):
            if not item.values:
                continue
            await weather.lock(tx, item.station_id)
            starts_at = [value.starts_at for value in item.values]
            celsius = [value.celsius for value in item.values]
            if await weather.put_hours(tx, item.station_id, item.recorded_at, starts_at, celsius):
                await estimation.note_temperatures(tx, item.station_id, min(starts_at), max(starts_at))
            means = await self._means_around(tx, item)
            told += _messages(item.station_id, await weather.put_days(tx, item.station_id, means))
        return told

    async def announcements(self, tx: Transaction, items: Sequence[OutdoorTemperatureObserved]) -> Iterable[Outgoing]:
        """Give the days around hours that are stored already, as they stand now."""
        told: list[Outgoing] = []
        for item in items:
            if item.values:
                first, last = self._days_around(item)
                told += _messages(item.station_id, await weather.days(tx, item.station_id, first, last))
        return told

    async def _means_around(self, tx: Transaction, item: OutdoorTemperatureObserved) -> DailyMeans:
        """Average the days that the item touches: a filled hole reaches into the day before and after."""
        first, last = self._days_around(item)
        begin_s, end_s = day_start_s(np.array([first - 1, last + 2]), self._zone).tolist()
        means = daily_means(*await weather.hours(tx, item.station_id, begin_s, end_s), self._zone)
        inside = (means.day >= first) & (means.day <= last)
        return DailyMeans._make(column[inside] for column in means)

    def _days_around(self, item: OutdoorTemperatureObserved) -> tuple[int, int]:
        at_s = np.array([int(value.starts_at.timestamp()) for value in item.values])
        day = local_day(at_s, self._zone)
        return int(day.min()) - 1, int(day.max()) + 1


def _messages(station_id: str, days: Iterable[StoredDay]) -> list[Outgoing]:
    return [
        outgoing(
            DAILY_TEMPERATURE,
            f"{station_id}:{day.day}",
            DailyTemperatureChanged(station_id=station_id, **day._asdict()),
            correlation_id=correlation_id(),
        )
        for day in days
    ]
