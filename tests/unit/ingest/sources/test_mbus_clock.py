"""A meter's clock: what its bits show, and which instant that is in the zone noted for the meter."""

from datetime import UTC, datetime

import pytest

from services.ingest.sources import mbus_clock
from services.ingest.sources.mbus_records import Record
from services.ingest.sources.telegram import TelegramRefusedError

STOCKHOLM = "Europe/Stockholm"


def type_f(year: int, month: int, day: int, hour: int, minute: int, century: int = 0, summer: bool = False) -> Record:
    """EN 13757-3, annex A, type F: 32 bits, written by its table."""
    bits = minute | hour << 8 | century << 13 | summer << 15 | day << 16 | month << 24
    bits |= (year & 0b111) << 21 | year >> 3 << 28
    return Record(b"\x04", b"\x6d", bits.to_bytes(4, "little"))


def shown(record: Record, zone: str | None = "UTC") -> str:
    """Give the instant as in `2024-01-15T10:46Z`, or the code of the refusal, or `invalid`."""
    try:
        clock = mbus_clock.clock(record)
        return "invalid" if clock is None else f"{mbus_clock.instant(clock, zone):%Y-%m-%dT%H:%MZ}"
    except TelegramRefusedError as refused:
        return refused.fault.code


@pytest.mark.parametrize(
    ("data", "instant"),
    [
        # As libmbus shows these clocks of a Kamstrup 601, a CALEC and a Techem.
        ("1A2F6511", "2011-01-05T15:26Z"),
        ("100905C5", "1996-05-05T09:16Z"),
        ("320D1D09", "2000-09-29T13:50Z"),
    ],
)
def test_clocks_of_published_frames_are_read(data: str, instant: str) -> None:
    assert shown(Record(b"\x04", b"\x6d", bytes.fromhex(data))) == instant


def test_a_clock_without_a_century_is_of_1981_to_2080() -> None:
    assert [shown(type_f(year, 6, 1, 0, 0)) for year in (0, 80, 81, 99)] == [
        "2000-06-01T00:00Z",
        "2080-06-01T00:00Z",
        "1981-06-01T00:00Z",
        "1999-06-01T00:00Z",
    ]
    assert shown(type_f(90, 6, 1, 0, 0, century=1)) == "2090-06-01T00:00Z"


def test_the_last_day_of_a_month_is_a_day() -> None:
    """31 has all its bits set, which pymbusparser takes for every day."""
    assert shown(Record(b"\x04", b"\x6d", bytes.fromhex("32371F15"))) == "2008-05-31T23:50Z"


def test_type_i_gives_seconds() -> None:
    data = bytes([42 | 0x40, 59, 13, 31 | (24 & 7) << 5, 12 | 24 >> 3 << 4, 0])
    clock = mbus_clock.clock(Record(b"\x06", b"\x6d", data))
    assert clock == mbus_clock.Clock(datetime(2024, 12, 31, 13, 59, 42), is_summer=True)  # noqa: DTZ001


def test_a_clock_that_says_so_is_invalid() -> None:
    assert shown(Record(b"\x04", b"\x6d", bytes.fromhex("FFFFFFFF"))) == "invalid"
    assert shown(Record(b"\x06", b"\x6d", bytes.fromhex("0080 00000000"))) == "invalid"


@pytest.mark.parametrize(
    "record",
    [
        type_f(24, 0, 1, 0, 0),
        type_f(24, 13, 1, 0, 0),
        type_f(24, 1, 0, 0, 0),
        type_f(23, 2, 29, 0, 0),
        type_f(24, 1, 1, 24, 0),
        type_f(24, 1, 1, 0, 60),
    ],
)
def test_a_time_that_no_calendar_has_is_refused(record: Record) -> None:
    assert shown(record) == "no_such_time"


def test_a_zone_turns_the_clock_into_an_instant() -> None:
    winter, summer = type_f(24, 1, 15, 11, 46), type_f(24, 7, 15, 11, 46)
    assert [shown(winter, zone) for zone in ("UTC", "+01:00", "-05:30", STOCKHOLM)] == [
        "2024-01-15T11:46Z",
        "2024-01-15T10:46Z",
        "2024-01-15T17:16Z",
        "2024-01-15T10:46Z",
    ]
    assert [shown(summer, zone) for zone in ("+01:00", STOCKHOLM)] == ["2024-07-15T10:46Z", "2024-07-15T09:46Z"]
    assert shown(winter, None) == "naive_time"


def test_the_hour_that_spring_skips_is_refused_and_autumns_repeated_one_too() -> None:
    assert shown(type_f(24, 3, 31, 2, 30), STOCKHOLM) == "no_such_time"
    assert shown(type_f(24, 10, 27, 2, 30), STOCKHOLM) == "ambiguous_time"
    assert shown(type_f(24, 10, 27, 2, 30), "+01:00") == "2024-10-27T01:30Z"


def test_the_summer_flag_tells_autumns_first_pass() -> None:
    assert shown(type_f(24, 10, 27, 2, 30, summer=True), STOCKHOLM) == "2024-10-27T00:30Z"


def test_a_clock_in_summer_time_contradicts_a_zone_without() -> None:
    assert shown(type_f(24, 7, 15, 11, 46, summer=True), STOCKHOLM) == "2024-07-15T09:46Z"
    assert shown(type_f(24, 7, 15, 11, 46, summer=True), "+01:00") == "summer_time"
    assert shown(type_f(24, 1, 15, 11, 46, summer=True), STOCKHOLM) == "summer_time"


def test_a_time_without_a_date_is_no_clock() -> None:
    assert not mbus_clock.is_clock(Record(b"\x03", b"\x6d", b"\0\0\0"))
    assert mbus_clock.instant(mbus_clock.Clock(datetime(2024, 1, 1), False), "UTC") == datetime(  # noqa: DTZ001
        2024, 1, 1, tzinfo=UTC
    )
