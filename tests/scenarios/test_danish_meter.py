"""Three years of a real meter through the worker's own way of storing, against plain computations from its file."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

import pyarrow as pa
import pytest

from deploy.local.stack import Stack
from schemas.price_list_terms import PowerMethod
from schemas.readings import READINGS_PER_MESSAGE
from schemas.values import Activity, PointId, StationId
from schemas.weather import HourlyTemperature, OutdoorTemperatureObserved
from services.common.postgres import Database
from services.contracts.core.determination import Findings, findings_of
from services.contracts.core.measuring import Asked
from services.contracts.core.methods import period_of
from services.contracts.measuring import measured_one
from services.heat.power_methods.measurement import Reason
from services.ingest.sources.readings_file import Named, readings_file
from services.ingest.sources.shipped import profile_named
from services.ingest.weather import WeatherHandlers
from tests import danish_house
from tests.builders import Points
from tests.danish_house import REGISTERS, ZONE, House, hours_of, plain_winter, rises
from tests.integration.ingest.conftest import Worker
from tests.integration.ingest.tables import Tables, tables

STATION = StationId("aalborg-of-the-danish-meter")
VALUES_PER_MESSAGE = 5_000


@pytest.fixture(scope="module")
def house(shared_data: Path) -> House:
    return danish_house.house(shared_data)


@pytest.fixture(scope="module")
def file(shared_data: Path) -> bytes:
    return (shared_data / REGISTERS).read_bytes()


def readings(file: bytes, point_id: int) -> pa.Table:
    found = readings_file(file, profile_named("danish-relife"), Named(metering_point=f"MP-{point_id}")).readings
    assert found.num_rows == 26_256
    return found


def store(stack: Stack, deliveries: list[pa.Table]) -> None:
    """Store deliveries one after the other, each in as few messages as it takes."""

    async def run() -> None:
        database = Database(stack.dsn("ingest"), 1, 3)
        await database.open()
        try:
            worker = Worker(database)
            for delivery in deliveries:
                table = delivery.combine_chunks()
                await worker.take(*table.to_batches(max_chunksize=READINGS_PER_MESSAGE))
        finally:
            await database.close()

    asyncio.run(run())


@pytest.fixture(scope="module")
def stored(stack: Stack, file: bytes) -> tuple[int, Tables]:
    """The meter's point, and its tables once its file came in as it is."""
    (point_id,) = Points(stack).add()
    store(stack, [readings(file, point_id)])
    return point_id, tables(stack, point_id)


def test_every_full_hour_is_there_once_with_the_register_s_own_rise(stored: tuple[int, Tables], house: House) -> None:
    _, found = stored
    wh, litres, back = (rises(register) for register in (house.register_wh, house.register_l, house.return_lc))
    expected = {int(at.timestamp()): (wh[at], litres[at], back[at]) for at in wh}
    assert len(expected) == 26_255
    assert {start: (hour.energy_wh, hour.volume_l, hour.return_lc) for start, hour in found.hours().items()} == expected
    assert {(hour.start_quality, hour.end_quality) for hour in found.hours().values()} == {(1, 1)}


def test_hours_and_days_sum_to_the_register_s_difference_in_whole_wh(stored: tuple[int, Tables], house: House) -> None:
    _, found = stored
    registers_wh, registers_l = list(house.register_wh.values()), list(house.register_l.values())
    total_wh, total_l = registers_wh[-1] - registers_wh[0], registers_l[-1] - registers_l[0]
    hours = found.hours()
    assert sum(hour.energy_wh for hour in hours.values()) == total_wh
    assert sum(hour.volume_l or 0 for hour in hours.values()) == total_l
    # The file's own totals, to the digits that its description gives: 51,627.24 kWh and 1,286.315 m3.
    assert round(total_wh, -1) == 51_627_240
    assert total_l == 1_286_315
    ended = sum(day.energy_wh for day in found.days().values())
    last = datetime.fromtimestamp(max(hours), UTC).astimezone(ZONE).date()
    rest = [int(at.timestamp()) for at in hours_of(last)]
    assert ended + sum(hours[at].energy_wh for at in rest if at in hours) == total_wh


def test_days_have_the_hours_that_the_local_clock_gives_them(stored: tuple[int, Tables]) -> None:
    _, found = stored
    days = found.days()
    assert list(days) == [date(2018, 1, 3) + timedelta(days=n) for n in range(1093)]
    assert {day: one.hours_present for day, one in days.items() if one.hours_present != 24} == {
        date(2018, 3, 25): 23,
        date(2018, 10, 28): 25,
        date(2019, 3, 31): 23,
        date(2019, 10, 27): 25,
        date(2020, 3, 29): 23,
        date(2020, 10, 25): 25,
    }
    assert all(one.hours_measured == one.hours_expected == one.hours_present for one in days.values())
    assert all(one.is_measured for one in days.values())


def test_a_day_ends_with_the_register_of_its_midnight(stored: tuple[int, Tables], house: House) -> None:
    _, found = stored
    for day, one in found.days().items():
        midnight = hours_of(day + timedelta(days=1))[0]
        assert (one.register_wh, one.register_l) == (house.register_wh[midnight], house.register_l[midnight])


def test_temperatures_are_those_of_the_meter_s_integrals(stored: tuple[int, Tables], house: House) -> None:
    _, found = stored
    flow = {int(at.timestamp()): value for at, value in rises(house.register_l).items()}
    forward = {int(at.timestamp()): value for at, value in rises(house.forward_lc).items()}
    for start, hour in found.hours().items():
        # A few litres in an hour and an integral in whole litre-degrees can give what no water has.
        exact = forward[start] / flow[start] if flow[start] else None
        if exact is None or not -20 <= exact <= 250:
            assert hour.supply_c is None
        else:
            assert hour.supply_c is not None
            assert abs(float(hour.supply_c) - exact) <= 0.005001
    # Over all three years, by the file's description: supply 68.34 C and return 33.00 C.
    hours = found.hours().values()
    volume_l = sum(hour.volume_l or 0 for hour in hours)
    assert sum(hour.forward_lc or 0 for hour in hours) / volume_l == pytest.approx(68.34, abs=0.005)
    assert sum(hour.return_lc or 0 for hour in hours) / volume_l == pytest.approx(33.00, abs=0.005)


def pieces(table: pa.Table, way: str) -> list[pa.Table]:
    """The file in deliveries of its rows: as another head-end would have sent it."""
    chance = Random(20_180_103)  # noqa: S311 - a fixed order, not a secret one
    order = list(range(table.num_rows))
    match way:
        case "shuffled":
            chance.shuffle(order)
            size = 3_000
        case "repeated":
            order = sorted([*order, *chance.choices(order, k=4_000)])
            size = 5_000
        case "by the day, the newest first":
            return [table.slice(first, 24 * 61) for first in reversed(range(0, table.num_rows, 24 * 61))]
        case "split, the odd rows before the even ones":
            order = order[1::2] + order[::2]
            size = 2_500
    return [table.take(order[first : first + size]) for first in range(0, len(order), size)]


@pytest.mark.parametrize(
    "way", ["shuffled", "repeated", "by the day, the newest first", "split, the odd rows before the even ones"]
)
def test_the_file_gives_the_same_tables_however_it_comes_in(
    stack: Stack, stored: tuple[int, Tables], file: bytes, way: str
) -> None:
    (point_id,) = Points(stack).add()
    store(stack, pieces(readings(file, point_id), way))
    assert tables(stack, point_id).comparable() == stored[1].comparable()


@pytest.fixture(scope="module")
def weather(stack: Stack, house: House) -> None:
    """The town's weather, by way of the worker."""
    values = [HourlyTemperature(starts_at=at, celsius=celsius) for at, celsius in house.celsius.items()]

    async def run() -> None:
        database = Database(stack.dsn("ingest"), 1, 3)
        await database.open()
        try:
            handlers = WeatherHandlers(ZONE, 300)
            for first in range(0, len(values), VALUES_PER_MESSAGE):
                some = tuple(values[first : first + VALUES_PER_MESSAGE])
                event = OutdoorTemperatureObserved(
                    station_id=STATION, recorded_at=datetime(2020, 1, 1, tzinfo=UTC), values=some
                )
                async with database.transaction() as tx:
                    await handlers.store(tx, [event])
        finally:
            await database.close()

    Points(stack).rows("INSERT INTO ingest.station VALUES (%s, 'Aalborg') RETURNING 1", [STATION])
    asyncio.run(run())


def findings(stack: Stack, point_id: int, first_year: int) -> Findings:
    """What contracts finds in a winter, under its own rights and by its own reading of ingest's views."""

    winter, method = f"{first_year}/{first_year + 1}", PowerMethod.MINUS_FIVE

    async def run() -> Findings:
        database = Database(stack.dsn("contracts"), 1, 1)
        await database.open()
        try:
            async with database.transaction() as tx:
                asked = Asked(PointId(point_id), STATION, Activity.SEVEN_DAY, method)
                measured = await measured_one(tx, asked, period_of(method, winter, date(first_year + 1, 4, 1)))
        finally:
            await database.close()
        return findings_of(winter, method, measured.measurement)

    return asyncio.run(run())


@pytest.mark.parametrize("first_year", [2017, 2018])
def test_a_winter_s_power_is_that_of_an_independent_computation(
    stack: Stack, stored: tuple[int, Tables], weather: None, house: House, first_year: int
) -> None:
    expected = plain_winter(house, first_year)
    found = findings(stack, stored[0], first_year)
    assert expected is not None
    assert (found.window_from, found.days, found.measured_kw, len(found.points)) == expected
    assert found.reason is None


def test_the_first_winter_begins_at_the_meter_s_first_whole_day(
    stack: Stack, stored: tuple[int, Tables], weather: None
) -> None:
    found = findings(stack, stored[0], 2017)
    assert found.points[0].day == date(2018, 1, 3)


def test_november_and_december_2019_are_not_determined_since_they_were_mild(
    stack: Stack, stored: tuple[int, Tables], weather: None, house: House
) -> None:
    found = findings(stack, stored[0], 2019)
    assert plain_winter(house, 2019) is None
    assert (found.measured_kw, found.reason) == (None, Reason.TOO_FEW_COLD_DAYS)
