"""Two years of a real meter and its town's weather: months, years and signature against plain loops over the files."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest
from psycopg.rows import dict_row

from deploy.local.stack import Stack
from schemas.readings import READINGS_PER_MESSAGE
from schemas.values import StationId
from schemas.weather import HourlyTemperature, OutdoorTemperatureObserved
from services.common.postgres import Database
from services.ingest.signature import signature
from services.ingest.sources.readings_file import Named, readings_file
from services.ingest.sources.shipped import profile_named
from services.ingest.weather import WeatherHandlers
from tests import danish_house
from tests.builders import Points
from tests.danish_house import REGISTERS, ZONE, House, hours_of, rises
from tests.integration.ingest.conftest import Worker

STATION = StationId("aalborg-by-months")
WHOLE_DAYS = [date(2018, 1, 3) + timedelta(days=n) for n in range(1093)]


@pytest.fixture(scope="module")
def house(shared_data: Path) -> House:
    return danish_house.house(shared_data)


@pytest.fixture(scope="module")
def point(stack: Stack, shared_data: Path, house: House) -> int:
    """The house's point with all its readings and its town's weather."""
    (point_id,) = Points(stack).add()
    Points(stack).rows(
        "WITH station AS (INSERT INTO ingest.station (station_id, name) VALUES (%s, 'Aalborg'))"
        " UPDATE ingest.point SET station_id = %s WHERE point_id = %s RETURNING 1", [STATION, STATION, point_id],
    )  # fmt: skip
    profile, named = profile_named("danish-relife"), Named(metering_point=f"MP-{point_id}")
    table = readings_file((shared_data / REGISTERS).read_bytes(), profile, named).readings
    values = tuple(HourlyTemperature(starts_at=at, celsius=celsius) for at, celsius in house.celsius.items())
    event = OutdoorTemperatureObserved(station_id=STATION, recorded_at=datetime(2020, 1, 1, tzinfo=UTC), values=values)

    async def run() -> None:
        database = Database(stack.dsn("ingest"), 1, 3)
        await database.open()
        try:
            async with database.transaction() as tx:
                await WeatherHandlers(ZONE, 300).store(tx, [event])
            await Worker(database).take(*table.combine_chunks().to_batches(max_chunksize=READINGS_PER_MESSAGE))
        finally:
            await database.close()

    asyncio.run(run())
    return point_id


@pytest.fixture
def ingest(stack: Stack) -> Iterator[psycopg.Connection[dict[str, Any]]]:
    with psycopg.connect(stack.dsn("ingest"), row_factory=dict_row, autocommit=True) as connection:
        yield connection


def months_of(connection: psycopg.Connection[dict[str, Any]], point: int) -> dict[date, dict[str, Any]]:
    rows = connection.execute("SELECT * FROM ingest_v1.month WHERE point_id = %s", [point]).fetchall()
    return {row["month"]: row for row in rows}


def daily_means(house: House) -> dict[date, float]:
    means = {}
    for day in [date(2018, 1, 2) + timedelta(days=n) for n in range(729)]:
        celsius = [house.celsius[hour] for hour in hours_of(day) if hour in house.celsius]
        if len(celsius) == len(hours_of(day)):
            means[day] = sum(celsius) / len(celsius)
    return means


class Sums:
    """One month by a plain loop over the hours of the file."""

    def __init__(self, house: House, days: list[date]) -> None:
        energy, litres = rises(house.register_wh), rises(house.register_l)
        hours = [hour for day in days for hour in hours_of(day)]
        self.energy_wh, self.litres = sum(energy[one] for one in hours), sum(litres[one] for one in hours)
        self.highest_wh = max(energy[one] for one in hours)
        self.supply_c = self._flow_weighted(hours, litres, rises(house.forward_lc))
        back = rises(house.return_lc)
        self.return_c = self._flow_weighted(hours, litres, back)
        known = [one for one in hours if litres[one] and -20 <= back[one] / litres[one] <= 250]
        warm = sum(energy[one] * back[one] / litres[one] for one in known)
        self.energy_weighted_return_c = warm / sum(energy[one] for one in known)

    @staticmethod
    def _flow_weighted(hours: list[datetime], litres: dict[datetime, int], warm: dict[datetime, int]) -> float:
        known = [one for one in hours if litres[one] and -20 <= warm[one] / litres[one] <= 250]
        return sum(warm[one] for one in known) / sum(litres[one] for one in known)


def by_month(days: list[date]) -> dict[date, list[date]]:
    result: dict[date, list[date]] = defaultdict(list)
    for day in days:
        result[day.replace(day=1)].append(day)
    return result


def test_months_are_what_a_plain_loop_over_the_hours_gives(
    point: int, house: House, ingest: psycopg.Connection[dict[str, Any]]
) -> None:
    found = months_of(ingest, point)
    expected = by_month(WHOLE_DAYS)
    assert found.keys() == expected.keys()
    for month, days in expected.items():
        sums, row = Sums(house, days), found[month]
        assert (row["energy_wh"], row["volume_l"]) == (sums.energy_wh, sums.litres)
        assert (row["maximum_hour_wh"], row["days_present"]) == (sums.highest_wh, len(days))
        assert row["supply_c"] == pytest.approx(sums.supply_c)
        assert row["return_c"] == pytest.approx(sums.return_c)
        assert row["delta_t_c"] == pytest.approx(sums.supply_c - sums.return_c)
        # Hours' temperatures are rounded to hundredths before they are weighted by energy.
        assert row["energy_weighted_return_c"] == pytest.approx(sums.energy_weighted_return_c, abs=0.005)
        assert row["flow_m3_per_mwh"] == pytest.approx(1000 * sums.litres / sums.energy_wh)
        excess_l = sums.litres - sums.energy_wh / (1.16 * 45)
        assert row["excess_flow_m3"] == pytest.approx(excess_l / 1000)


def test_months_of_a_normal_year_are_what_a_plain_loop_gives(
    point: int, house: House, ingest: psycopg.Connection[dict[str, Any]]
) -> None:
    means, energy = daily_means(house), rises(house.register_wh)
    of_day: dict[tuple[int, int], list[float]] = defaultdict(list)
    for day, celsius in means.items():
        of_day[day.month, day.day].append(max(0.0, 17 - celsius))
    found = months_of(ingest, point)
    for month, days in by_month([day for day in WHOLE_DAYS if day.year < 2020]).items():
        row = found[month]
        actual = sum(max(0.0, 17 - means[day]) for day in days)
        normal = sum(sum(of_day[day.month, day.day]) / len(of_day[day.month, day.day]) for day in days)
        assert row["degree_days"] == pytest.approx(actual)
        assert row["normal_degree_days"] == pytest.approx(normal, abs=1e-3)
        summer_year = month.year if month.month > 6 or month.year == 2018 else month.year - 1
        summer = [hour for day in WHOLE_DAYS for hour in hours_of(day) if (day.year, day.month) in
                  ((summer_year, 7), (summer_year, 8))]  # fmt: skip
        base_wh = sum(energy[hour] for hour in summer) / len(summer) * sum(len(hours_of(day)) for day in days)
        factor = 1 if actual < len(days) else normal / actual
        weather_wh = max(0.0, row["energy_wh"] - base_wh)
        assert row["corrected_wh"] == pytest.approx(row["energy_wh"] + (factor - 1) * weather_wh, abs=20)
        assert row["base_from"] == "summer"
    assert found[date(2020, 1, 1)]["corrected_wh"] is None, "there is no weather of 2020"


def test_years_are_sums_of_months(point: int, ingest: psycopg.Connection[dict[str, Any]]) -> None:
    months = months_of(ingest, point).values()
    years = ingest.execute("SELECT * FROM ingest_v1.year WHERE point_id = %s ORDER BY year", [point]).fetchall()
    assert [row["year"].year for row in years] == [2018, 2019, 2020]
    for row in years:
        of_year = [one for one in months if one["month"].year == row["year"].year]
        for name in ("energy_wh", "volume_l", "days_present", "hours_measured"):
            assert row[name] == sum(one[name] for one in of_year)
        litres = sum(one["forward_l"] for one in of_year)
        assert row["supply_c"] == pytest.approx(sum(one["supply_c"] * one["forward_l"] for one in of_year) / litres)
    assert [row["corrected_wh"] is None for row in years] == [False, False, True]
    # Both years are their own normal together: what one has less the other has more, but for the base load.
    corrected = sum(row["corrected_wh"] for row in years[:2])
    assert corrected == pytest.approx(sum(row["energy_wh"] for row in years[:2]), rel=0.02)


def test_the_signature_of_2019_is_numpys_own_broken_line(stack: Stack, point: int, house: House) -> None:
    means, energy = daily_means(house), rises(house.register_wh)
    days = [day for day in WHOLE_DAYS if day.year == 2019]
    outdoor_c = np.array([means[day] for day in days])
    mean_kw = np.array([sum(energy[hour] for hour in hours_of(day)) / len(hours_of(day)) / 1000 for day in days])
    spread = ((mean_kw - mean_kw.mean()) ** 2).sum()
    fits = []
    for balance in np.arange(6, 22.5, 0.5):
        columns = np.stack([np.ones(len(days)), np.maximum(0, balance - outdoor_c)], axis=1)
        coefficients, residual, *_ = np.linalg.lstsq(columns, mean_kw)
        fits.append((1 - residual[0] / spread, balance, *coefficients))
    r2, balance, base, slope = max(fits)

    async def ask() -> dict[str, Any] | None:
        database = Database(stack.dsn("ingest"), 1, 1)
        await database.open()
        try:
            async with database.transaction() as tx:
                return await signature(tx, f"MP-{point}", date(2020, 1, 1))
        finally:
            await database.close()

    found = asyncio.run(ask())
    assert found is not None
    assert (found["days"], found["balance_c"], found["refused"]) == (365, balance, None)
    assert found["base_kw"] == pytest.approx(base, abs=1e-3)
    assert found["slope_kw_per_c"] == pytest.approx(slope, abs=1e-3)
    assert found["r2"] == pytest.approx(r2, abs=1e-3)
