"""The law of outdoor temperatures: the table is a function of what was observed, whatever came first."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deploy.local.stack import Stack
from schemas.values import StationId
from schemas.weather import HourlyTemperature, OutdoorTemperatureObserved
from services.common.postgres import Database
from services.ingest.core.observed import NEVER_SAID
from services.ingest.weather import WeatherHandlers
from tests.builders import Points
from tests.integration.ingest.conftest import STOCKHOLM
from tests.integration.ingest.http.door import new_serial

BEGIN = datetime(2024, 1, 10, tzinfo=UTC)
HOURS = "SELECT starts_at, celsius, approved, recorded_at FROM ingest.outdoor_temperature WHERE station_id = %s"
DAYS = "SELECT day, mean_c, hours FROM ingest.daily_temperature WHERE station_id = %s ORDER BY day"
FUTURE_S = 300


class Sending(NamedTuple):
    """Hours after BEGIN that were sent together, in whole degrees. recorded: days after BEGIN; None: nobody says."""

    approved: bool
    recorded: int | None
    celsius: dict[int, int]

    @property
    def recorded_at(self) -> datetime:
        return NEVER_SAID if self.recorded is None else BEGIN + timedelta(days=self.recorded)


SENDINGS = st.builds(
    Sending,
    st.booleans(),
    st.none() | st.integers(1, 3),
    st.dictionaries(st.integers(0, 5), st.integers(-3, 3), min_size=1),
)


@st.composite
def _two_orders(draw: st.DrawFn) -> tuple[list[Sending], list[Sending]]:
    """Give sendings, and the same in another order, some of them twice."""
    sent = draw(st.lists(SENDINGS, min_size=1, max_size=5))
    again = draw(st.lists(st.sampled_from(sent), max_size=3))
    return sent, draw(st.permutations([*sent, *again]))


@settings(max_examples=25, suppress_health_check=list(HealthCheck), deadline=None)
@given(orders=_two_orders())
def test_any_order_of_the_same_observations_ends_in_the_same_table(
    stack: Stack, orders: tuple[list[Sending], list[Sending]]
) -> None:
    stations = [f"W-{new_serial()}" for _ in orders]
    asyncio.run(_store(stack, dict(zip(stations, orders, strict=True))))
    points = Points(stack)
    for station_id in stations:
        stored = {row[0]: row[1:] for row in points.rows(HOURS, [station_id])}
        assert stored == _that_count(orders[0])
    one, other = (points.rows(DAYS, [station_id]) for station_id in stations)
    assert one == other


def _that_count(sent: list[Sending]) -> dict[datetime, tuple[float, bool, datetime]]:
    """Find by looking at all claims of each hour: approved ones first, then the last recorded, then the warmest."""
    counts: dict[datetime, tuple[float, bool, datetime]] = {}
    for number in {number for one in sent for number in one.celsius}:
        claims = [one for one in sent if number in one.celsius]
        claims = [one for one in claims if one.approved] or claims
        newest = max(one.recorded_at for one in claims)
        warmest = max(one.celsius[number] for one in claims if one.recorded_at == newest)
        counts[BEGIN + timedelta(hours=number)] = (float(warmest), claims[0].approved, newest)
    return counts


async def _store(stack: Stack, orders: dict[str, list[Sending]]) -> None:
    database = Database(stack.dsn("ingest"), 1, 1)
    await database.open()
    try:
        handlers = WeatherHandlers(STOCKHOLM, FUTURE_S)
        for station_id, sent in orders.items():
            for one in sent:
                async with database.transaction() as tx:
                    await handlers.store(tx, [_event(station_id, one)])
    finally:
        await database.close()


def _event(station_id: str, one: Sending) -> OutdoorTemperatureObserved:
    return OutdoorTemperatureObserved(
        station_id=StationId(station_id),
        recorded_at=one.recorded_at,
        approved=one.approved,
        values=tuple(
            HourlyTemperature(starts_at=BEGIN + timedelta(hours=number), celsius=celsius)
            for number, celsius in one.celsius.items()
        ),
    )
