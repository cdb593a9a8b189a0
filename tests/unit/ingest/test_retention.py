"""Where what is kept begins."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from services.ingest.core.retention import Cut, cut, is_further
from services.ingest.settings import IngestSettings

STOCKHOLM = ZoneInfo("Europe/Stockholm")
NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


def test_readings_go_by_whole_months_and_the_first_midnight_behind_is_local() -> None:
    kept = cut(NOON, 3, None, STOCKHOLM)
    assert kept == Cut(datetime(2023, 11, 1, tzinfo=UTC), datetime(2023, 11, 1, 23, tzinfo=UTC), None)
    assert cut(datetime(2026, 7, 1, tzinfo=UTC), 1, None, STOCKHOLM).settled_until == datetime(
        2025, 7, 1, 22, tzinfo=UTC
    )


def test_days_go_by_whole_years() -> None:
    assert cut(NOON, 3, 10, STOCKHOLM).days_from == date(2016, 1, 1)


@pytest.mark.parametrize("zone", ["Europe/Stockholm", "America/New_York", "UTC"])
def test_the_day_that_the_readings_begin_in_is_always_kept(zone: str) -> None:
    kept = cut(datetime(2026, 1, 15, tzinfo=UTC), 3, 3, ZoneInfo(zone))
    assert kept.days_from is not None
    assert kept.days_from <= kept.readings_from.astimezone(ZoneInfo(zone)).date()


def test_what_is_gone_does_not_come_back_when_more_years_are_to_be_kept() -> None:
    three, five = cut(NOON, 3, 10, STOCKHOLM), cut(NOON, 5, 10, STOCKHOLM)
    assert is_further(three, None)
    assert is_further(three, five)
    assert not is_further(five, three)
    assert not is_further(three, three)
    assert is_further(cut(NOON, 3, 9, STOCKHOLM), three)


@pytest.mark.parametrize("years", [{"keep_days_years": 10}, {"keep_readings_years": 5, "keep_days_years": 4}])
def test_days_are_never_kept_for_fewer_years_than_readings(years: dict[str, int]) -> None:
    needed = {"database_url": "postgresql:", "kafka_bootstrap": "broker:1", "telegram_key": "0" * 64}
    with pytest.raises(ValueError, match="KULVERT_KEEP_READINGS_YEARS must be set, and no longer than"):
        IngestSettings.model_validate(needed | years)
