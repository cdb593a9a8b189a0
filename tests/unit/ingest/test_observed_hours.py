"""Hours of outdoor temperature, one by one: what is wrong with each by itself, and each limit from both sides."""

from datetime import UTC, datetime
from typing import Any

import pytest

from schemas.weather import HourlyTemperature
from services.ingest.core.documents import ObservedHour
from services.ingest.observed_hours import observed_hours

NOON_S = int(datetime(2024, 1, 10, 12, tzinfo=UTC).timestamp())
GOOD = {"starts_at": "2024-01-10T12:00:00Z", "celsius": -4}


def code(value: Any, latest_s: int = NOON_S, kind: type[HourlyTemperature] = ObservedHour) -> str | None:
    hours = observed_hours([value], kind, latest_s)
    assert len(hours.taken) + len(hours.refused) == 1
    return hours.refused[0].code.value if hours.refused else None


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (GOOD, None),
        (GOOD | {"starts_at": "1990-01-02T00:00:00Z"}, None),
        (GOOD | {"starts_at": "1990-01-01T23:00:00Z"}, "time_out_of_range"),
        (GOOD | {"starts_at": "2060-12-31T01:00:00Z"}, "time_out_of_range"),
        (GOOD | {"starts_at": "0001-01-01T00:00:00+01:00"}, "time_out_of_range"),
        (GOOD | {"starts_at": "9999-12-31T23:00:00-01:00"}, "time_out_of_range"),
        (GOOD | {"starts_at": "2024-01-10T11:00:01Z"}, "not_on_the_hour"),
        (GOOD | {"starts_at": "2024-01-10T11:00:00.5Z"}, "not_on_the_hour"),
        (GOOD | {"starts_at": "2024-01-10T13:00:00Z"}, "time_in_future"),
        (GOOD | {"starts_at": "2024-01-10T13:00:00+01:00"}, None),
        (GOOD | {"starts_at": "2024-01-10T11:00:00"}, "naive_time"),
        (GOOD | {"starts_at": "2024-01-10T24:00:00Z"}, "invalid"),
        (GOOD | {"celsius": 60.0}, None),
        (GOOD | {"celsius": 60.1}, "out_of_range"),
        (GOOD | {"celsius": -80.1}, "out_of_range"),
        (GOOD | {"celsius": float("nan")}, "not_finite"),
        (GOOD | {"celsius": None}, "wrong_type"),
        ({"starts_at": "2024-01-10T11:00:00Z"}, "field_missing"),
        ({}, "field_missing"),
        ([], "wrong_type"),
        (None, "wrong_type"),
    ],
)
@pytest.mark.parametrize("kind", [ObservedHour, HourlyTemperature])
def test_an_hour_is_refused_by_one_name(value: Any, wanted: str | None, kind: type[HourlyTemperature]) -> None:
    assert code(value, kind=kind) == wanted


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (GOOD | {"celsius": "1"}, "wrong_type"),
        (GOOD | {"celsius": True}, "wrong_type"),
        (GOOD | {"starts_at": 1_704_888_000}, "invalid"),
        (GOOD | {"quality": "A"}, "unknown_field"),
    ],
)
def test_a_document_is_read_more_strictly_than_an_event(value: Any, wanted: str) -> None:
    assert (code(value), code(value, kind=HourlyTemperature)) == (wanted, None)


def test_an_hour_may_begin_up_to_the_latest_instant() -> None:
    assert code(GOOD, NOON_S) is None
    assert code(GOOD, NOON_S - 1) == "time_in_future"


def test_a_bad_hour_costs_only_itself_and_is_named_by_its_place() -> None:
    bad = [{**GOOD, "celsius": 61}, {**GOOD, "x\0" + "y" * 90: 1}]
    hours = observed_hours([GOOD, bad[0], GOOD, bad[1]], ObservedHour, NOON_S)
    assert [hour.celsius for hour in hours.taken] == [-4, -4]
    assert [(one.item, one.field) for one in hours.refused] == [(1, "celsius"), (3, "x\ufffd" + "y" * 58)]
    assert hours.refused[0].reason == "it must be 60 or less"
