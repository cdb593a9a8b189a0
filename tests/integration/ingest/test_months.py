"""Months and years: sums of days, weighted temperatures and normal-year correction, against plain recomputation."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from deploy.local.stack import Stack
from tests.builders import Points

DAYS = "SELECT * FROM ingest.day WHERE point_id = %s ORDER BY day"


@pytest.fixture
def ingest(stack: Stack) -> Iterator[psycopg.Connection[dict[str, Any]]]:
    """The service's own role, which the views show everything."""
    with psycopg.connect(stack.dsn("ingest"), row_factory=dict_row, autocommit=True) as connection:
        yield connection


def put_days(stack: Stack, point: int, rows: list[dict[str, Any]]) -> None:
    """Store days, complete and measured but for what a row says."""
    with psycopg.connect(stack.admin_dsn) as connection:
        first, last = min(row["day"] for row in rows), max(row["day"] for row in rows)
        connection.execute("SELECT ingest.ensure_partitions(%s, %s)", [first, last])
        for row in rows:
            whole = {
                "point_id": point, "energy_wh": 24_000, "maximum_hour_wh": 1_000, "hours_expected": 24,
                "hours_present": 24, "hours_measured": 24, "is_measured": True, "volume_l": 500, "forward_lc": 35_000,
                "forward_l": 500, "return_lc": 20_000, "return_l": 500, "energy_return_wh_centi_c": 24_000 * 4_000,
                "energy_with_return_wh": 24_000, "quality": 1, "revision": 1,
            } | row  # fmt: skip
            connection.execute(
                f"INSERT INTO ingest.day ({', '.join(whole)}) VALUES ({', '.join(['%s'] * len(whole))})".encode(),
                list(whole.values()),
            )


def every_day(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def put_weather(stack: Stack, station: str, mean_c: dict[date, float], normal: float | None = None) -> None:
    """Store a station's daily means, and the same normal degree days for every day of the year."""
    with psycopg.connect(stack.admin_dsn) as connection:
        connection.execute("INSERT INTO ingest.station (station_id, name) VALUES (%s, %s)", [station, station])
        with connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO ingest.daily_temperature VALUES (%s, %s, %s, 24, 1)",
                [(station, day, celsius) for day, celsius in mean_c.items()],
            )
            if normal is not None:
                cursor.execute("INSERT INTO ingest.normal_year VALUES (%s, 'own', 'own', 2000, 2020)", [station])
                leap_year = every_day(date(2000, 1, 1), date(2000, 12, 31))
                cursor.executemany(
                    "INSERT INTO ingest.normal_day VALUES (%s, 'own', %s, %s, %s, 21)",
                    [(station, day.month, day.day, normal) for day in leap_year],
                )


def at_station(stack: Stack, points: Points, station: str, medium: str = "heat") -> int:
    (point,) = points.add()
    with psycopg.connect(stack.admin_dsn) as connection:
        connection.execute(
            "UPDATE ingest.point SET station_id = %s, medium = %s WHERE point_id = %s", [station, medium, point]
        )
    return point


def month(connection: psycopg.Connection[dict[str, Any]], point: int, first: date) -> dict[str, Any]:
    query = "SELECT * FROM ingest_v1.month WHERE point_id = %s AND month = %s"
    (row,) = connection.execute(query, [point, first]).fetchall()
    return row


def test_a_month_sums_its_days_and_says_what_is_missing(
    stack: Stack, points: Points, ingest: psycopg.Connection[dict[str, Any]]
) -> None:
    (point,) = points.add()
    days = every_day(date(2024, 1, 3), date(2024, 2, 2))
    rows: list[dict[str, Any]] = [{"day": day} for day in days]
    rows[0] |= {"energy_wh": None, "maximum_hour_wh": None, "volume_l": None, "hours_present": 0, "hours_measured": 0}
    rows[0] |= {"is_measured": False, "quality": 0, "forward_lc": 0, "forward_l": 0, "return_lc": 0, "return_l": 0}
    rows[0] |= {"energy_return_wh_centi_c": 0, "energy_with_return_wh": 0}
    rows[1] |= {"quality": 3, "is_measured": False, "hours_measured": 20, "maximum_hour_wh": 4_000, "revision": 7}
    put_days(stack, point, rows)
    found = month(ingest, point, date(2024, 1, 1))
    assert (found["days_expected"], found["days_present"], found["days_measured"]) == (31, 28, 27)
    assert (found["hours_expected"], found["hours_present"], found["hours_measured"]) == (744, 672, 668)
    assert found["measured_share"] == pytest.approx(668 / 744)
    assert (found["energy_wh"], found["volume_l"], found["maximum_hour_wh"]) == (28 * 24_000, 28 * 500, 4_000)
    assert (found["quality"], found["revision"]) == ("estimated", 7)


def test_temperatures_of_a_month_are_weighted_by_energy_and_by_flow(
    stack: Stack, points: Points, ingest: psycopg.Connection[dict[str, Any]]
) -> None:
    (point,) = points.add()
    cold = {"energy_wh": 90_000, "volume_l": 2_000, "forward_lc": 160_000, "forward_l": 2_000}
    cold |= {"return_lc": 100_000, "return_l": 2_000}
    cold |= {"energy_return_wh_centi_c": 90_000 * 5_000, "energy_with_return_wh": 90_000}
    mild = {"energy_wh": 10_000, "volume_l": 1_000, "forward_lc": 65_000, "forward_l": 1_000}
    mild |= {"return_lc": 30_000, "return_l": 1_000}
    mild |= {"energy_return_wh_centi_c": 10_000 * 3_000, "energy_with_return_wh": 10_000}
    put_days(stack, point, [{"day": date(2024, 5, 1)} | cold, {"day": date(2024, 5, 2)} | mild])
    found = month(ingest, point, date(2024, 5, 1))
    assert found["energy_weighted_return_c"] == pytest.approx((9 * 50 + 30) / 10)
    assert found["supply_c"] == pytest.approx((2 * 80 + 65) / 3)
    assert found["return_c"] == pytest.approx((2 * 50 + 30) / 3)
    assert found["delta_t_c"] == pytest.approx(75 - 130 / 3)
    # 3 m3 for 0.1 MWh; at 45 degrees 100 kWh take 100 / (1.16 * 45) m3.
    assert found["flow_m3_per_mwh"] == pytest.approx(30)
    assert found["excess_flow_m3"] == pytest.approx(3 - 100 / 52.2)


def test_cooling_warms_its_water_and_is_held_to_eight_degrees(
    stack: Stack, points: Points, ingest: psycopg.Connection[dict[str, Any]]
) -> None:
    point = at_station(stack, points, "M-cooling", "cooling")
    put_days(stack, point, [{"day": date(2024, 7, 1), "forward_lc": 3_000, "return_lc": 7_000}])
    found = month(ingest, point, date(2024, 7, 1))
    assert found["delta_t_c"] == pytest.approx(14 - 6)
    assert found["excess_flow_m3"] == pytest.approx(0.5 - 24 / (1.16 * 8))
    assert found["corrected_wh"] is None


def test_excess_flow_is_held_to_the_target_of_the_points_network(
    stack: Stack, points: Points, ingest: psycopg.Connection[dict[str, Any]]
) -> None:
    (point,) = points.add()
    put_days(stack, point, [{"day": date(2024, 5, 1), "energy_wh": 58_000, "volume_l": 2_000}])
    # 58 kWh cooled by 50 degrees take 1 m3.
    with psycopg.connect(stack.admin_dsn) as connection:
        connection.execute("UPDATE ingest.point SET target_delta_t_c = 50 WHERE point_id = %s", [point])
    assert month(ingest, point, date(2024, 5, 1))["excess_flow_m3"] == pytest.approx(1)
    query = "SELECT excess_flow_m3 FROM ingest_v1.year WHERE point_id = %s"
    assert ingest.execute(query, [point]).fetchall() == [{"excess_flow_m3": pytest.approx(1)}]


def test_a_cold_month_is_corrected_above_what_july_and_august_took(
    stack: Stack, points: Points, ingest: psycopg.Connection[dict[str, Any]]
) -> None:
    days = every_day(date(2023, 7, 1), date(2024, 1, 31))
    put_weather(stack, "M-summer", {day: 17.0 if day.month in (7, 8) else -8.0 for day in days}, normal=20)
    point = at_station(stack, points, "M-summer")
    put_days(stack, point, [{"day": day, "energy_wh": 24_000 if day.month in (7, 8) else 124_000} for day in days])
    found = month(ingest, point, date(2024, 1, 1))
    # 25 degree days a day where 20 are normal; 1 kW is base load, the other 100 kWh a day are weather.
    assert (found["degree_days"], found["normal_degree_days"]) == (pytest.approx(31 * 25), pytest.approx(31 * 20))
    assert (found["base_from"], found["base_load_w"]) == ("summer", pytest.approx(1_000))
    assert found["corrected_wh"] == 31 * (24_000 + 80_000)
    july = month(ingest, point, date(2023, 7, 1))
    assert (july["degree_days"], july["correction_factor"]) == (0, 1)


def test_a_signature_that_holds_comes_before_the_summer(
    stack: Stack, points: Points, ingest: psycopg.Connection[dict[str, Any]]
) -> None:
    days = every_day(date(2023, 7, 1), date(2024, 1, 31))
    put_weather(stack, "M-signature", dict.fromkeys(days, -8.0), normal=50)
    holds, fails = at_station(stack, points, "M-signature"), at_station(stack, points, "M-signature")
    for point in (holds, fails):
        put_days(stack, point, [{"day": day, "energy_wh": 24_000} for day in days])
    points.rows(
        "INSERT INTO ingest.signature VALUES (%s, '2024-02-01', 400, 10, 1700, 0.9, 200, 0, false),"
        " (%s, '2024-02-01', NULL, NULL, NULL, 0.2, 200, 3, false) RETURNING 1", [holds, fails],
    )  # fmt: skip
    found = month(ingest, holds, date(2024, 1, 1))
    assert (found["base_from"], found["base_load_w"]) == ("signature", 400)
    # 400 W are 9.6 kWh a day; the other 14.4 twice over.
    assert found["corrected_wh"] == 31 * (9_600 + 2 * 14_400)
    found = month(ingest, fails, date(2024, 1, 1))
    assert (found["base_from"], found["corrected_wh"]) == ("not_by_temperature", None)


def test_an_imported_factor_comes_before_degree_days(
    stack: Stack, points: Points, ingest: psycopg.Connection[dict[str, Any]]
) -> None:
    days = every_day(date(2023, 7, 1), date(2024, 1, 31))
    put_weather(stack, "M-factor", dict.fromkeys(days, -8.0), normal=50)
    point = at_station(stack, points, "M-factor")
    put_days(stack, point, [{"day": day, "energy_wh": 24_000 if day.month in (7, 8) else 124_000} for day in days])
    points.rows("INSERT INTO ingest.normal_factor VALUES ('M-factor', '2024-01-01', 0.9, 'EI') RETURNING 1")
    assert month(ingest, point, date(2024, 1, 1))["corrected_wh"] == 31 * (24_000 + 90_000)
    assert month(ingest, point, date(2023, 12, 1))["corrected_wh"] == 31 * (24_000 + 200_000)


def test_a_month_of_which_a_day_has_no_temperature_is_not_corrected(
    stack: Stack, points: Points, ingest: psycopg.Connection[dict[str, Any]]
) -> None:
    days = every_day(date(2023, 7, 1), date(2024, 1, 31))
    put_weather(stack, "M-hole", {day: -8.0 for day in days if day != date(2024, 1, 9)}, normal=20)
    point = at_station(stack, points, "M-hole")
    put_days(stack, point, [{"day": day} for day in days])
    found = month(ingest, point, date(2024, 1, 1))
    assert (found["days_with_temperature"], found["corrected_wh"]) == (30, None)
    assert month(ingest, point, date(2023, 12, 1))["corrected_wh"] is not None


def test_years_sum_their_months(stack: Stack, points: Points, ingest: psycopg.Connection[dict[str, Any]]) -> None:
    days = every_day(date(2022, 11, 5), date(2024, 2, 20))
    mean_c = {day: 10.0 - 15 * (day.month in (12, 1, 2)) for day in days}
    put_weather(stack, "M-years", mean_c, normal=9)
    point = at_station(stack, points, "M-years")
    put_days(stack, point, [{"day": day, "energy_wh": 20_000 + day.toordinal() % 977} for day in days])
    months = ingest.execute("SELECT * FROM ingest_v1.month WHERE point_id = %s", [point]).fetchall()
    years = ingest.execute("SELECT * FROM ingest_v1.year WHERE point_id = %s ORDER BY year", [point]).fetchall()
    assert [(row["year"].year, row["days_expected"], row["days_present"], row["months"]) for row in years] == [
        (2022, 365, 57, 2), (2023, 365, 365, 12), (2024, 366, 51, 2),
    ]  # fmt: skip
    for row in years:
        of_year = [one for one in months if one["month"].year == row["year"].year]
        own_days = [day for day in days if day.year == row["year"].year]
        assert row["energy_wh"] == sum(20_000 + day.toordinal() % 977 for day in own_days)
        assert row["hours_expected"] == row["days_expected"] * 24
        assert row["degree_days"] == pytest.approx(sum(17 - mean_c[day] for day in own_days))
        assert row["energy_wh"] == sum(one["energy_wh"] for one in of_year)
        corrected = [one["corrected_wh"] for one in of_year]
        assert row["corrected_wh"] == (None if None in corrected else sum(corrected))
    assert years[1]["corrected_wh"] is not None
    assert years[0]["corrected_wh"] is not None, "by the summer that follows"


def test_29_february_counts_in_leap_years_alone(
    stack: Stack, points: Points, ingest: psycopg.Connection[dict[str, Any]]
) -> None:
    days = [*every_day(date(2023, 2, 1), date(2023, 2, 28)), *every_day(date(2024, 2, 1), date(2024, 2, 29))]
    put_weather(stack, "M-leap", dict.fromkeys(days, 0.0), normal=20)
    point = at_station(stack, points, "M-leap")
    put_days(stack, point, [{"day": day} for day in days])
    assert month(ingest, point, date(2023, 2, 1))["normal_degree_days"] == 28 * 20
    assert month(ingest, point, date(2024, 2, 1))["normal_degree_days"] == 29 * 20
