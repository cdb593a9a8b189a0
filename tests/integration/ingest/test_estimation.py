"""A long gap is filled as the house would have used heat, whatever came first: readings, weather or the gap's end."""

import asyncio
import math
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
import pytest

from deploy.local.stack import Stack
from schemas.weather import HourlyTemperature, OutdoorTemperatureObserved
from services.ingest.core.estimates_ahead import EstimatesAhead
from services.ingest.estimating import Estimating
from services.ingest.estimating_ahead import estimate_ahead
from services.ingest.store import estimation, rejudge
from services.ingest.store.points import Touched
from services.ingest.weather import WeatherHandlers
from tests.builders import HOUR_S, Points
from tests.integration.ingest.conftest import STOCKHOLM, Worker
from tests.integration.ingest.tables import tables

BEGIN_S = int(datetime(2023, 1, 31, 23, tzinfo=UTC).timestamp())
HOURS = 400 * 24
BALANCE_C, BASE_W, SLOPE_W_PER_C = 15.0, 2_000, 600
FIRST_GAP = range(9_000, 9_090)
"""Almost four days of February 2024."""
SECOND_GAP = range(9_300, 9_307)

Row = dict[str, object]


def outdoor_c(hour: int) -> float:
    """Give the temperature of an hour: winters, nights, and weeks that are colder than others."""
    return round(
        8 - 10 * math.cos((hour / 24 - 15) * 2 * math.pi / 365)
        - 3 * math.cos(hour * 2 * math.pi / 24) + 2 * math.sin(hour * 2 * math.pi / 24 / 11), 1,
    )  # fmt: skip


def used_wh(hour: int) -> int:
    """Give what the house uses in an hour: exactly what its signature says."""
    return BASE_W + round(SLOPE_W_PER_C * max(0.0, BALANCE_C - outdoor_c(hour)))


REGISTERS_WH = np.concatenate(([0], np.cumsum([used_wh(hour) for hour in range(HOURS)]))).tolist()


def reading(point_id: int, hour: int, **more: object) -> Row:
    at_s = BEGIN_S + hour * HOUR_S
    row = {"metering_point": f"MP-{point_id}", "read_at": at_s, "recorded_at": at_s}
    return row | {"energy_wh": REGISTERS_WH[hour], "volume_l": REGISTERS_WH[hour] // 40} | more


def readings(point_id: int) -> list[Row]:
    """Give the readings of every hour but those in the two gaps."""
    return [reading(point_id, hour) for hour in range(HOURS + 1) if hour not in FIRST_GAP and hour not in SECOND_GAP]


class Utility:
    """The worker's two loops and what it does of itself, with a station of its own for each test."""

    def __init__(self, stack: Stack, points: Points, worker: Worker, station_id: str) -> None:
        self._stack = stack
        self._worker = worker
        self.station_id = station_id
        self._weather = WeatherHandlers(STOCKHOLM, 300)
        self._estimating = Estimating(worker.database, worker.handlers, STOCKHOLM)
        self.point_id, self.other_id = points.add(2)
        points.rows(
            "WITH moved AS (UPDATE ingest.point SET station_id = %s WHERE point_id = ANY(%s) RETURNING 1) SELECT"
            " count(*) FROM moved",
            [station_id, [self.point_id, self.other_id]],
        )
        points.rows("UPDATE ingest.reference_version SET version = version + 1 RETURNING version")

    async def take(self, rows: Iterable[Row]) -> None:
        await self._worker.take(rows)

    async def observe(
        self, hours: Sequence[int], warmer_c: float = 0, recorded_hour: int = HOURS, station_id: str | None = None
    ) -> None:
        values = [
            HourlyTemperature(
                starts_at=datetime.fromtimestamp(BEGIN_S + hour * HOUR_S, UTC), celsius=outdoor_c(hour) + warmer_c
            )
            for hour in hours
        ]
        recorded_at = datetime.fromtimestamp(BEGIN_S + recorded_hour * HOUR_S, UTC)
        item = OutdoorTemperatureObserved(
            station_id=station_id or self.station_id, recorded_at=recorded_at, values=values
        )
        async with self._worker.database.transaction() as tx:
            await self._weather.store(tx, [item])

    async def settle(self) -> None:
        """Do what waits until nothing does."""
        while await self._judge_one() or await self._estimating.take_one():
            pass

    async def _judge_one(self) -> bool:
        async with self._worker.database.transaction() as tx:
            wanted = await rejudge.take_unjudged(tx)
            if wanted is None:
                return False
            span = (np.array([value]) for value in (wanted.point_id, wanted.from_s, wanted.to_s))
            await self._worker.handlers.rejudge(tx, Touched(*span))
            await rejudge.forget(tx, wanted.rejudge_id)
        return True

    def hours(self, point_id: int) -> dict[int, tuple[int, int, str, str]]:
        """Give the hours by number: energy, revision, quality and rule."""
        rows = Points(self._stack).rows(
            "SELECT ((extract(epoch FROM starts_at) - %s) / 3600)::int, energy_wh, revision & 4294967295, quality, rule"
            " FROM ingest_v1.hour WHERE point_id = %s",
            [BEGIN_S, point_id],
        )
        return {row[0]: row[1:] for row in rows}


@pytest.fixture
def utility(stack: Stack, points: Points, worker: Worker, request: pytest.FixtureRequest) -> Utility:
    return Utility(stack, points, worker, f"station-{request.node.name[:30]}")


async def test_a_gap_is_filled_as_the_house_would_have_used_heat(utility: Utility) -> None:
    await utility.observe(range(HOURS))
    await utility.take(readings(utility.point_id))
    await utility.settle()
    hours = utility.hours(utility.point_id)
    assert sum(energy for energy, *_ in hours.values()) == REGISTERS_WH[-1]
    for gap in (FIRST_GAP, SECOND_GAP):
        inside = range(gap.start - 1, gap.stop)
        assert {hours[hour][2:] for hour in inside} == {("estimated", "shaped_by_signature")}
        # The signature is taken from days, whose means hide the warm hours above the balance temperature.
        assert max(abs(hours[hour][0] - used_wh(hour)) / used_wh(hour) for hour in inside) < 0.02
        assert max(hours[hour][0] for hour in inside) > 1.1 * min(hours[hour][0] for hour in inside)


async def test_whatever_comes_first_the_gaps_are_filled_alike(utility: Utility, stack: Stack) -> None:
    await utility.observe(range(HOURS))
    await utility.take(
        [*readings(utility.point_id), reading(utility.point_id, 8_000, volume_l=None, recorded_at=2**31)]
    )
    await utility.settle()
    straight = tables(stack, utility.point_id)

    rows = readings(utility.other_id)
    order = np.random.default_rng(7).permutation(6)
    cuts = np.linspace(0, len(rows), 7).astype(int).tolist()
    parts = [rows[begin:end] for begin, end in pairwise(cuts)]
    for number, which in enumerate(order.tolist()):
        await utility.take(parts[which])
        if number == 3:
            await utility.observe(range(8_800, HOURS), warmer_c=9, recorded_hour=HOURS + 1)
            await utility.settle()
    await utility.observe(range(8_800, HOURS), recorded_hour=HOURS + 2)
    await utility.settle()
    await utility.take([reading(utility.other_id, 8_000, volume_l=None, recorded_at=2**31)])
    await utility.settle()
    assert tables(stack, utility.other_id).comparable() == straight.comparable()
    assert tables(stack, utility.point_id).comparable() == straight.comparable()


async def test_a_temperature_that_changes_shapes_its_gap_anew_and_nothing_else(utility: Utility) -> None:
    await utility.observe(range(HOURS))
    await utility.take(readings(utility.point_id))
    await utility.settle()
    before = utility.hours(utility.point_id)
    await utility.observe([9_305], warmer_c=-8, recorded_hour=HOURS + 1)
    await utility.settle()
    after = utility.hours(utility.point_id)
    changed = {hour for hour in after if after[hour] != before[hour]}
    assert changed
    assert changed <= set(range(SECOND_GAP.start - 1, SECOND_GAP.stop))
    assert after[9_305][0] > before[9_305][0]
    assert all(after[hour][1] == before[hour][1] + 1 for hour in changed)


async def test_a_gap_with_an_hour_whose_temperature_is_not_known_is_filled_evenly(utility: Utility) -> None:
    await utility.observe([hour for hour in range(HOURS) if not 9_040 <= hour < 9_050])
    await utility.take(readings(utility.point_id))
    await utility.settle()
    hours = utility.hours(utility.point_id)
    energies = [hours[hour][0] for hour in range(FIRST_GAP.start - 1, FIRST_GAP.stop)]
    assert max(energies) - min(energies) <= 1
    assert hours[9_045][2:] == ("estimated", "even_between_readings")
    assert hours[9_303][3] == "shaped_by_signature"
    await utility.observe(range(9_040, 9_050))
    await utility.settle()
    assert utility.hours(utility.point_id)[9_045][3] == "shaped_by_signature"


async def test_two_loops_that_shape_and_store_temperatures_at_once_leave_nothing_stale(utility: Utility) -> None:
    await utility.observe(range(8_900))
    await utility.take(readings(utility.point_id)[:8_950])
    await utility.settle()
    await asyncio.gather(
        utility.take(readings(utility.point_id)[8_950:]),
        *(utility.observe(range(hour, hour + 100)) for hour in range(8_900, HOURS, 100)),
    )
    await utility.settle()
    assert utility.hours(utility.point_id)[9_045][3] == "shaped_by_signature"
    assert utility.hours(utility.point_id)[9_303][3] == "shaped_by_signature"


async def test_a_station_s_neighbour_stands_in_where_its_own_temperatures_lack(
    utility: Utility, points: Points
) -> None:
    neighbour = f"{utility.station_id}-near"
    points.rows(
        "INSERT INTO ingest.station (station_id, name, neighbours) VALUES (%s, 'own', ARRAY[%s]), (%s, 'near', '{}')"
        " RETURNING station_id",
        [utility.station_id, neighbour, neighbour],
    )
    await utility.observe([hour for hour in range(HOURS) if not 9_040 <= hour < 9_050])
    await utility.take(readings(utility.point_id))
    await utility.settle()
    assert utility.hours(utility.point_id)[9_045][3] == "even_between_readings"
    await utility.observe(range(9_030, 9_060), station_id=neighbour)
    await utility.settle()
    assert utility.hours(utility.point_id)[9_045][3] == "shaped_by_signature"


async def test_every_month_with_days_gets_its_signature_and_nothing_is_judged_again_for_it(
    utility: Utility, points: Points, worker: Worker
) -> None:
    await utility.observe(range(HOURS))
    for some in (range(9_000), range(9_000, HOURS + 1)):
        await utility.take([reading(utility.point_id, hour) for hour in some])
        async with worker.database.transaction() as tx:
            await estimation.want_all(tx)
        await utility.settle()
    months = "SELECT to_char(month, 'YYYY-MM'), refused FROM ingest.signature WHERE point_id = %s ORDER BY month"
    found = dict(points.rows(months, [utility.point_id]))
    assert (min(found), max(found)) == ("2023-02", "2024-03")
    # A hundred and twenty measured days are needed: from June on there are.
    assert {month for month, refused in found.items() if refused == 0} == {one for one in found if one >= "2023-06"}
    assert {revision for _, revision, _, _ in utility.hours(utility.point_id).values()} == {1}


async def test_what_was_used_since_the_last_reading_is_estimated_by_signature_and_temperatures(
    utility: Utility, worker: Worker
) -> None:
    last, until = 9_300, 9_300 - 9_300 % 24 + 8 * 24
    await utility.observe(range(HOURS))
    await utility.take([reading(utility.point_id, hour) for hour in range(last + 1)])
    day = datetime.fromtimestamp(BEGIN_S + until * HOUR_S, STOCKHOLM).date()
    asked = EstimatesAhead(
        who="Anna Berg", cause="the invoice", metering_points=(f"MP-{utility.point_id}",), until=day, dry_run=True
    )
    async with worker.database.transaction() as tx:
        [found] = await estimate_ahead(tx, asked, STOCKHOLM, 300)
    assert found["by"] == "signature"
    used = REGISTERS_WH[until] - REGISTERS_WH[last]
    assert abs(found["energy_wh"] - used) < 0.02 * used
    assert abs(found["volume_l"] - used // 40) < 0.02 * used / 40
