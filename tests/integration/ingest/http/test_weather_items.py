"""Hours of outdoor temperature over HTTP, one by one: the good rest is taken, and no hour that has not been."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx

from tests.integration.ingest.http.door import Door
from tests.integration.ingest.http.test_weather import MIDNIGHT, day, observe, station

STORED = "SELECT celsius, approved FROM ingest.outdoor_temperature WHERE station_id = %s ORDER BY starts_at"


def post(door: Door, station_id: str, values: list[dict[str, Any]], **more: Any) -> httpx.Response:
    document = {"station_id": station_id, "values": values} | more
    return door.staff.post("/v1/outdoor-temperatures", json=document)


def hour(number: int, celsius: Any) -> dict[str, Any]:
    return {"starts_at": (MIDNIGHT + timedelta(hours=number)).isoformat(), "celsius": celsius}


def test_bad_hours_are_told_one_by_one_and_the_good_rest_is_stored(door: Door) -> None:
    station_id = station(door)
    answer = post(door, station_id, [hour(0, 1.0), hour(1, 61), hour(2, 2.0), hour(3, "3"), {"celsius": 4}])
    assert answer.status_code == 202
    assert answer.json() == {
        "station_id": station_id,
        "values": 2,
        "refused_values": 3,
        "refused": [
            {"item": 1, "field": "celsius", "code": "out_of_range", "reason": "it must be 60 or less"},
            {"item": 3, "field": "celsius", "code": "wrong_type", "reason": "write a number, as in 12.5"},
            {"item": 4, "field": "starts_at", "code": "field_missing", "reason": "it must be given"},
        ],
    }
    door.until(STORED, [(1.0, False), (2.0, False)], station_id)


def test_an_observation_without_one_good_hour_is_refused_with_each_reason(door: Door) -> None:
    answer = post(door, station(door), [hour(0, 61)] * 10_000)
    assert (answer.status_code, answer.json()["code"]) == (422, "nothing_taken")
    assert (answer.json()["values"], answer.json()["refused_values"]) == (0, 10_000)
    assert [one["item"] for one in answer.json()["refused"]] == list(range(100))
    assert len(answer.content) <= 64_000


def test_an_hour_to_come_is_refused_by_name_and_the_one_that_runs_is_taken(door: Door) -> None:
    station_id = station(door)
    runs = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    far = datetime(2055, 1, 1, tzinfo=UTC)
    values = [{"starts_at": at.isoformat(), "celsius": 1.0} for at in (runs, runs + timedelta(hours=2), far)]
    answer = post(door, station_id, values)
    assert answer.status_code == 202
    told = [(one["item"], one["field"], one["code"]) for one in answer.json()["refused"]]
    assert told == [(1, "starts_at", "time_in_future"), (2, "starts_at", "time_in_future")]
    door.until(STORED, [(1.0, False)], station_id)


def test_what_nobody_says_the_time_of_never_replaces_a_correction(door: Door) -> None:
    station_id = station(door)
    file = [hour(0, 20.0), hour(1, 1.0)]
    post(door, station_id, file)
    observe(door, station_id, [(0, 2.0)], 0)
    door.until(STORED, [(2.0, False), (1.0, False)], station_id)
    post(door, station_id, [*file, hour(2, 3.0)])
    door.until(STORED, [(2.0, False), (1.0, False), (3.0, False)], station_id)


def test_an_approved_hour_counts_before_one_that_was_recorded_later(door: Door) -> None:
    station_id = station(door)
    post(door, station_id, [hour(0, 1.0)], approved=True, recorded_at="2024-01-11T00:00:00Z")
    observe(door, station_id, [(0, 9.0), (1, 9.0)], 1)
    door.until(STORED, [(1.0, True), (9.0, False)], station_id)
    post(door, station_id, [hour(0, 2.0)], approved=True, recorded_at="2024-01-12T00:00:00Z")
    door.until(STORED, [(2.0, True), (9.0, False)], station_id)


def test_a_normal_year_rests_on_no_day_to_come_where_one_is_stored(door: Door) -> None:
    station_id = station(door)
    day_to_come = "INSERT INTO ingest.daily_temperature VALUES (%s, '2055-01-01', 5, 24, 1) RETURNING day"
    assert door.rows(day_to_come, station_id) == [(date(2055, 1, 1),)]
    wrong = "INSERT INTO ingest.normal_year VALUES (%s, 'own', 'own years', 2025, 2054, 17) RETURNING last_year"
    assert door.rows(wrong, station_id) == [(2054,)]
    # In Stockholm 2023-12-31, and 2024-01-10 which tells that 2023 is over.
    observe(door, station_id, [*day(7.0, range(-10 * 24, -9 * 24)), *day(0.0)])
    years = "SELECT first_year, last_year FROM ingest.normal_year WHERE station_id = %s"
    door.until(years, [(2023, 2023)], station_id)
