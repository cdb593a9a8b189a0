"""What the worker does with observed temperatures: stored by the hour, averaged by the local day."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
from aiokafka.structs import ConsumerRecord

from schemas.topics import DAILY_TEMPERATURE
from schemas.weather import DailyTemperatureChanged, HourlyTemperature, OutdoorTemperatureObserved
from services.common.consume import PartlyUndecodableError, UndecodableError
from services.common.kafka import Outgoing, outgoing
from services.common.logs import correlation_id
from services.common.postgres import Transaction
from services.common.received import read_event
from services.heat.daily_temperature import daily_means, effective_hours
from services.heat.hour_marks import HOUR_S
from services.heat.local_time import day_start_s, local_day
from services.ingest import normal_years
from services.ingest.core.observed import RefusedHour, unusable
from services.ingest.observed_hours import observed_hours
from services.ingest.store import estimation, stations, weather
from services.ingest.store.weather import Span, StoredDay, Version

REFUSED_TOLD = 5


class _Days(NamedTuple):
    station_id: str
    first: int
    last: int


class _OfAnyValues(OutdoorTemperatureObserved):
    values: tuple[Any, ...]


class WeatherHandlers:
    """Outdoor temperatures of stations."""

    def __init__(self, zone: ZoneInfo, future_s: int) -> None:
        self._zone = zone
        self._future_s = future_s

    def decode(self, record: ConsumerRecord) -> OutdoorTemperatureObserved:
        """Read one message. Raises UndecodableError, and PartlyUndecodableError where only some hours are good."""
        event = read_event(record, _OfAnyValues)
        latest_s = record.timestamp // 1000 + self._future_s
        if wrong := unusable(event.station_id, event.recorded_at, latest_s):
            raise UndecodableError(f"not what {event.name} carries: {wrong}")
        hours = observed_hours(event.values, HourlyTemperature, latest_s)
        good = OutdoorTemperatureObserved(**dict(event) | {"values": hours.taken})
        if not hours.refused:
            return good
        told = f"not what {event.name} carries: {_told(hours.refused)}"
        if not hours.taken:
            raise UndecodableError(told)
        raise PartlyUndecodableError(f"{told}; the other hours, {len(hours.taken)}, are taken", good)

    async def store(self, tx: Transaction, items: Sequence[OutdoorTemperatureObserved]) -> Iterable[Outgoing]:
        """Store the hours and average the local days that they touch; gives the days that are new or changed.

        An item without hours asks for all days of its station: what fills its holes is another than before.
        """
        followers = await stations.followers(tx, {item.station_id for item in items})
        await weather.lock(tx, sorted(followers.keys() | set().union(*followers.values())))
        for item in items:
            await self._put_hours(tx, item)
        told: list[Outgoing] = []
        for item in sorted(items, key=lambda one: one.station_id):
            for span in await self._touched(tx, item, followers[item.station_id]):
                told += _messages(span.station_id, await self._average(tx, span))
        return told

    async def announcements(self, tx: Transaction, items: Sequence[OutdoorTemperatureObserved]) -> Iterable[Outgoing]:
        """Give the days around hours that are stored already, as they stand now."""
        told: list[Outgoing] = []
        followers = await stations.followers(tx, {item.station_id for item in items})
        for item in items:
            for span in await self._touched(tx, item, followers[item.station_id]):
                told += _messages(span.station_id, await weather.days(tx, *span))
        return told

    async def _put_hours(self, tx: Transaction, item: OutdoorTemperatureObserved) -> None:
        if not item.values:
            return
        starts_at = [value.starts_at for value in item.values]
        celsius = [value.celsius for value in item.values]
        version = Version(item.approved, item.recorded_at)
        if await weather.put_hours(tx, item.station_id, version, starts_at, celsius):
            await estimation.note_temperatures(tx, item.station_id, min(starts_at), max(starts_at))

    async def _touched(self, tx: Transaction, item: OutdoorTemperatureObserved, followers: set[str]) -> list[_Days]:
        """Give the days that may be others now: a filled hole reaches into the day before and after."""
        if item.values:
            at_s = np.array([int(value.starts_at.timestamp()) for value in item.values])
            day = local_day(at_s, self._zone)
            return [_Days(one, int(day.min()) - 1, int(day.max()) + 1) for one in sorted({item.station_id, *followers})]
        station = await stations.station(tx, item.station_id)
        extent = await weather.extent(tx, item.station_id, station.neighbours if station else ())
        if extent is None:
            return []
        first, last = local_day(np.array(extent), self._zone).tolist()
        return [_Days(item.station_id, first, last)]

    async def _average(self, tx: Transaction, days: _Days) -> list[StoredDay]:
        """Fill the holes of a station's days, average them, and store both."""
        station = await stations.station(tx, days.station_id)
        begin_s, from_s, until_s, end_s = day_start_s(
            np.array([days.first - 1, days.first, days.last + 1, days.last + 2]), self._zone
        ).tolist()
        neighbours = station.neighbours if station else ()
        own, *others = [await weather.hours(tx, one, begin_s, end_s) for one in (days.station_id, *neighbours)]
        effective = effective_hours(own, others)
        effective = effective.take((effective.starts_s >= from_s) & (effective.starts_s < until_s))
        if await weather.fill(tx, Span(days.station_id, from_s, until_s), effective):
            span = (datetime.fromtimestamp(from_s, UTC), datetime.fromtimestamp(until_s - HOUR_S, UTC))
            await estimation.note_temperatures(tx, days.station_id, *span)
        changed = await weather.put_days(tx, *days, daily_means(effective, self._zone))
        today = datetime.now(self._zone).date()
        await normal_years.refresh(tx, days.station_id, station, [day.day for day in changed], today)
        return changed


def _told(refused: Sequence[RefusedHour]) -> str:
    faults = [
        f"{'.'.join(filter(None, ('values', str(one.item), one.field)))}: {one.code}: {one.reason}"
        for one in refused[:REFUSED_TOLD]
    ]
    more = len(refused) - REFUSED_TOLD
    return "; ".join(faults) + (f"; and {more} more" if more > 0 else "")


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
