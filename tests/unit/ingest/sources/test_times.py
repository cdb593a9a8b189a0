"""Times as files write them: strict, and never guessed."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.sources.profile_parts import ClockChange, TimeColumn
from services.ingest.sources.repeated_hour import Series
from services.ingest.sources.time_columns import FAULTS, resolved, written

STOCKHOLM = "Europe/Stockholm"


def read(
    texts: list[str],
    zone: str | None = None,
    time_format: str = "iso",
    clock_change: ClockChange = ClockChange.REFUSE,
    series: list[int] | None = None,
) -> list[str]:
    """Give each text's instant as in `2018-01-02T23:00Z`, or the code of its refusal."""
    column = TimeColumn(column="t", format=time_format, zone=zone, clock_change=clock_change)
    meters = Series.of_times_alone(np.array(series or [0] * len(texts)))
    at_us, faults, *_ = resolved(written(pa.array(texts, pa.large_string()), column), column, lambda: meters)
    return [
        FAULTS[fault - 1].code if fault else f"{datetime.fromtimestamp(us / 1e6, UTC):%Y-%m-%dT%H:%MZ}"
        for us, fault in zip(at_us.tolist(), faults.tolist(), strict=True)
    ]


def by_order(texts: list[str], series: list[int] | None = None) -> list[str]:
    return read(texts, STOCKHOLM, clock_change=ClockChange.BY_ORDER, series=series)


def test_an_offset_in_the_text_counts_before_the_profiles_zone() -> None:
    assert read(["2018-01-03T00:00:00+01:00", "2018-01-03T00:00:00Z", "2018-01-03 02:30-0200"], STOCKHOLM) == [
        "2018-01-02T23:00Z",
        "2018-01-03T00:00Z",
        "2018-01-03T04:30Z",
    ]


def test_an_offset_may_lack_its_minutes_and_stand_apart_as_databases_write_it() -> None:
    texts = ["2024-10-27 02:00:00+02", "2024-10-27 02:00:00+01", "2024-10-27 02:00:00 +0100", "2024-10-27 02:00 -03:30"]
    assert read(texts) == ["2024-10-27T00:00Z", "2024-10-27T01:00Z", "2024-10-27T01:00Z", "2024-10-27T05:30Z"]
    assert read(["27/10/2024 02:00 +02"], time_format="%d/%m/%Y %H:%M %z") == ["2024-10-27T00:00Z"]


def test_normal_time_all_year_has_no_clock_change() -> None:
    assert read(["2024-03-31 02:30", "2024-10-27 02:30"], "+01:00") == ["2024-03-31T01:30Z", "2024-10-27T01:30Z"]


def test_a_naive_time_without_a_zone_is_refused() -> None:
    assert read(["2018-01-03T00:00:00"]) == ["naive_time"]


@pytest.mark.parametrize(
    "text",
    [
        "2023-02-29T00:00Z",
        "2018-02-30T00:00Z",
        "2018-04-31T00:00Z",
        "2018-13-01T00:00Z",
        "2018-00-01T00:00Z",
        "2018-01-00T00:00Z",
        "2018-01-01T24:00Z",
        "2018-01-01T23:60Z",
        "2018-01-01T23:59:60Z",
        "2018-01-01T00:00+99:99",
        "2018-01-01",
        "03/04/2024 00:00",
        "٢٠١٨-01-01T00:00Z",
        "1704067200",
        "Total",
    ],
)
def test_what_is_no_time_in_the_declared_form_is_refused(text: str) -> None:
    assert read([text], "UTC") == ["not_a_time"]


def test_leap_days_are_days() -> None:
    assert read(["2024-02-29T12:00Z", "2000-02-29T12:00Z"]) == ["2024-02-29T12:00Z", "2000-02-29T12:00Z"]


@pytest.mark.parametrize("text", ["1970-01-01T00:00Z", "0001-01-01T00:00+01:00", "9999-12-31T23:59-01:00"])
def test_times_no_meter_was_read_at_are_out_of_range(text: str) -> None:
    assert read([text], STOCKHOLM) == ["time_out_of_range"]


def test_an_empty_time_is_missing() -> None:
    assert read([""], "UTC") == ["field_missing"]


def test_the_declared_form_decides_which_number_is_the_month() -> None:
    assert read(["03/04/2024 01:00"], "UTC", "%d/%m/%Y %H:%M") == ["2024-04-03T01:00Z"]
    assert read(["03/04/2024 01:00"], "UTC", "%m/%d/%Y %H:%M") == ["2024-03-04T01:00Z"]
    assert read(["13/04/2024 01:00"], "UTC", "%m/%d/%Y %H:%M") == ["not_a_time"]
    assert read(["1.2.24"], "UTC", "%d.%m.%y") == ["2024-02-01T00:00Z"]


def test_hours_of_half_a_day_are_read_with_their_half() -> None:
    american = "%m/%d/%Y %I:%M %p"
    texts = ["07/04/2024 12:00 AM", "07/04/2024 1:30 am", "07/04/2024 12:15 PM", "07/04/2024 11:59 p.m."]
    assert read(texts, "UTC", american) == [
        "2024-07-04T00:00Z", "2024-07-04T01:30Z", "2024-07-04T12:15Z", "2024-07-04T23:59Z",
    ]  # fmt: skip
    for wrong in ("07/04/2024 13:00 PM", "07/04/2024 0:00 AM", "07/04/2024 10:00", "07/04/2024 10:00 XM"):
        assert read([wrong], "UTC", american) == ["not_a_time"]


@pytest.mark.parametrize("wrong", ["%m/%d/%Y %I:%M", "%m/%d/%Y %H:%M %p", "%m/%d/%Y %p", "%m/%d/%Y %H %I %p"])
def test_half_a_day_is_declared_with_both_its_parts(wrong: str) -> None:
    with pytest.raises(ValueError, match="%I, and AM or PM with them %p"):
        TimeColumn(column="t", format=wrong)


@pytest.mark.parametrize("digits", ["0", "000", "000000", "0000000", "000000000"])
def test_parts_of_a_second_are_read_however_many_digits_a_program_writes(digits: str) -> None:
    """SQL Server and .NET write seven, Java nine; what is below a microsecond is cut."""
    assert read([f"2024-01-01T00:00:00.{digits}+01:00"]) == ["2023-12-31T23:00Z"]
    assert read([f"2024-01-01 00:00:00.{digits}"], "UTC") == ["2024-01-01T00:00Z"]


def test_seconds_since_1970_are_read_where_they_are_declared() -> None:
    assert read(["1704067200", "x"], time_format="unix") == ["2024-01-01T00:00Z", "not_a_time"]


def test_milliseconds_since_1970_are_not_taken_for_seconds_nor_seconds_for_them() -> None:
    assert read(["1704067260000", "1704067200"], time_format="unix_ms") == ["2024-01-01T00:01Z", "time_out_of_range"]
    assert read(["1704067200000"], time_format="unix") == ["not_a_time"]


@given(st.integers(631_324_800, 2_871_590_400))
def test_a_local_time_means_the_instant_at_which_that_clock_shows_it(at_s: int) -> None:
    local = datetime.fromtimestamp(at_s, ZoneInfo(STOCKHOLM))
    (found,) = read([f"{local:%Y-%m-%d %H:%M}"], STOCKHOLM)
    other = local.replace(fold=1 - local.fold)
    if other.utcoffset() != local.utcoffset():
        assert found == "ambiguous_time"
    else:
        assert found == f"{datetime.fromtimestamp(at_s, UTC):%Y-%m-%dT%H:%MZ}"


def test_the_hour_that_spring_skips_is_no_time() -> None:
    assert read(["2024-03-31 01:59", "2024-03-31 02:00", "2024-03-31 02:59", "2024-03-31 03:00"], STOCKHOLM) == [
        "2024-03-31T00:59Z",
        "no_such_time",
        "no_such_time",
        "2024-03-31T01:00Z",
    ]


def test_the_hour_that_autumn_repeats_is_refused_unless_the_profile_goes_by_order() -> None:
    texts = ["2024-10-27 01:00", "2024-10-27 02:00", "2024-10-27 02:00", "2024-10-27 03:00"]
    assert read(texts, STOCKHOLM) == ["2024-10-26T23:00Z", "ambiguous_time", "ambiguous_time", "2024-10-27T02:00Z"]
    assert by_order(texts) == ["2024-10-26T23:00Z", "2024-10-27T00:00Z", "2024-10-27T01:00Z", "2024-10-27T02:00Z"]


def test_a_file_with_the_newest_line_first_goes_by_its_own_order() -> None:
    texts = ["2024-10-27 03:00", "2024-10-27 02:00", "2024-10-27 02:00", "2024-10-27 01:00"]
    assert by_order(texts) == ["2024-10-27T02:00Z", "2024-10-27T01:00Z", "2024-10-27T00:00Z", "2024-10-26T23:00Z"]


def test_quarter_hours_begin_their_second_pass_where_the_times_step_back() -> None:
    quarters = [f"2024-10-27 02:{minute}" for minute in ("00", "15", "30", "45")]
    assert by_order(quarters * 2) == [
        f"2024-10-27T0{hour}:{minute}Z" for hour in (0, 1) for minute in ("00", "15", "30", "45")
    ]


def test_each_meter_goes_by_its_own_order() -> None:
    texts = ["2024-10-27 02:00", "2024-10-27 02:07", "2024-10-27 02:00", "2024-10-27 02:07"]
    assert by_order(texts, [0, 1, 0, 1]) == [
        "2024-10-27T00:00Z",
        "2024-10-27T00:07Z",
        "2024-10-27T01:00Z",
        "2024-10-27T01:07Z",
    ]


@pytest.mark.parametrize(
    "texts",
    [
        ["2024-10-27 01:00", "2024-10-27 02:00", "2024-10-27 03:00"],
        ["2024-10-27 02:00"] * 3,
        ["2024-10-27 02:00"] * 4,
    ],
)
def test_an_order_that_does_not_tell_is_no_reason_to_guess(texts: list[str]) -> None:
    found = by_order(texts)
    assert {one for text, one in zip(texts, found, strict=True) if "02:00" in text} == {"ambiguous_time"}
