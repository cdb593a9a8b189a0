"""Deliveries of telegrams: items one by one, whose meter a frame is of, and when it was read."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.ingest.core.parsed import BadDeliveryError
from services.ingest.sources.telegram import Meter
from services.ingest.sources.telegram_items import Envelope, envelope, envelope_of_lines
from services.ingest.sources.telegrams import Known, understood, understood_uplink
from services.ingest.sources.understood import Understood
from tests.telegrams import (
    OMS_HEAT,
    OMS_KEY,
    OMS_SERIAL,
    RECEIVED_AT,
    address,
    chirp_stack,
    in_format_a,
    records,
    secret,
    wired,
)

AT = RECEIVED_AT.isoformat()
NOTHING = Known({}, {})


def item(data: bytes | None = None, **more: Any) -> dict[str, Any]:
    return {"received_at": AT, "link": "wired", "frame": (data or wired()).hex()} | more


def read(*items: Any, known: Known = NOTHING) -> Understood:
    return understood(envelope(json.dumps(items).encode()), known)


def refusal(*items: Any, known: Known = NOTHING) -> list[tuple[int, str]]:
    return [(one.item, one.code) for one in read(*items, known=known).refused]


def with_clock(shown: datetime) -> bytes:
    """OMS's heat meter with a clock of type F beside its values (EN 13757-3, annex A)."""
    year = shown.year - 2000
    date = bytes([shown.minute, shown.hour, (year & 7) << 5 | shown.day, (year >> 3) << 4 | shown.month])
    return wired(OMS_HEAT + records("046D") + date)


def test_a_frame_becomes_its_meters_reading() -> None:
    told = read(item(metering_point="MP-1"))
    (row,) = told.readings.to_pylist()
    assert (row["serial"], row["metering_point"], row["energy_wh"]) == (OMS_SERIAL, "MP-1", 2_850_427_000)
    assert (row["volume_l"], row["read_at"], row["recorded_at"]) == (703_476, RECEIVED_AT, None)
    assert (told.items, told.item.tolist(), told.refused) == (1, [0], [])


def test_a_frame_is_written_in_hexadecimal_digits_or_in_base64() -> None:
    spaced = wired().hex(" ").upper()
    packed = {"received_at": AT, "link": "wired", "frame_base64": base64.b64encode(wired()).decode()}
    assert read(item(frame=spaced), packed).item.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("link", "data"), [("wireless", in_format_a(secret())), ("wireless_without_crc", secret())], ids=["A", "without"]
)
def test_a_frame_by_radio_is_read_with_its_meters_key(link: str, data: bytes) -> None:
    known = Known({}, {OMS_SERIAL: Meter(OMS_SERIAL, OMS_KEY)})
    assert read(item(data, link=link), known=known).readings["energy_wh"].to_pylist() == [2_850_427_000]


def test_leading_zeros_tell_no_meters_apart() -> None:
    frame = wired(who=address("00004711"))
    known = Known({}, {"4711": Meter("4711")})
    assert read(item(frame), known=known).readings["serial"].to_pylist() == ["4711"]
    assert read(item(frame)).readings["serial"].to_pylist() == ["00004711"]


def test_the_meter_that_a_sender_names_must_be_the_frames() -> None:
    assert refusal(item(serial="87654321")) == [(0, "another_meter")]
    assert read(item(serial=OMS_SERIAL)).readings["serial"].to_pylist() == [OMS_SERIAL]


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        ("text", "invalid"),
        ([], "invalid"),
        (None, "invalid"),
        ({}, "invalid"),
        (item(received_at="2026-01-05T07:00:12"), "invalid"),
        (item(received_at=1_767_596_412), "invalid"),
        (item(received_at="9999-12-31T23:59:59-01:00"), "time_out_of_range"),
        (item(link="optical"), "invalid"),
        (item(frame=None), "field_missing"),
        (item(frame_base64="aGVq"), "field_missing"),
        (item(frame="6"), "bad_hex"),
        (item(frame="åäö"), "bad_hex"),
        (item(frame="\ud800"), "bad_hex"),
        (item(frame=""), "not_a_frame"),
        (item(frame=None, frame_base64="not base64"), "bad_base64"),
        (item(serial=""), "invalid"),
        (item(serial="a\x00b"), "invalid"),
        (item(serial=4711), "invalid"),
        (item(zone="Europe/Atlantis"), "unknown_zone"),
        (item(zone="../secret"), "unknown_zone"),
        (item(level=1), "invalid"),
    ],
)
def test_a_bad_item_is_refused_alone(bad: Any, code: str) -> None:
    told = read(item(), bad, item())
    assert told.item.tolist() == [0, 2]
    assert [(one.item, one.code) for one in told.refused] == [(1, code)]


def test_a_field_that_stands_there_twice_is_refused() -> None:
    doubled = json.dumps([item()]).replace('"link"', '"link": "wireless", "link"').encode()
    assert [one.code for one in understood(envelope(doubled), NOTHING).refused] == ["duplicate_key"]


def test_a_line_that_is_no_json_costs_only_itself() -> None:
    lines = "\n".join([json.dumps(item()), "{", "", json.dumps(item())]).encode()
    told = understood(envelope_of_lines(lines), NOTHING)
    assert (told.items, told.item.tolist(), [one.code for one in told.refused]) == (3, [0, 2], ["not_json"])


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "not_json"),
        (b"[", "not_json"),
        (b"[]", "empty"),
        (b"\xff", "not_utf8"),
        (b"[" * 100_000, "too_deep"),
        (b"[" + b"9" * 5_000 + b"]", "not_json"),
        (b"[" + b"{}," * 5_000 + b"{}]", "too_many_items"),
    ],
)
def test_a_delivery_of_which_nothing_can_be_read_is_refused_whole(body: bytes, code: str) -> None:
    with pytest.raises(BadDeliveryError) as refused:
        envelope(body)
    assert refused.value.code == code


def test_a_telegram_waits_for_what_its_meter_lacks_and_for_nothing_where_it_is_broken() -> None:
    broken = wired()[:-2] + b"\x00\x16"
    told = read(item(secret(), link="wireless_without_crc"), item(with_clock(RECEIVED_AT)), item(broken))
    assert [(one.code, one.waits_for) for one in told.refused] == [
        ("key_missing", f"meter {OMS_SERIAL}"),
        ("naive_time", f"meter {OMS_SERIAL}"),
        ("checksum", None),
    ]


@pytest.mark.parametrize("minutes", [-23 * 60, -5, 0, 5])
def test_the_meters_own_clock_counts(minutes: int) -> None:
    shown = datetime(2026, 1, 5, 7, 0, tzinfo=UTC) + timedelta(minutes=minutes)
    told = read(item(with_clock(shown), zone="UTC"))
    assert (told.readings["read_at"].to_pylist(), list(told.statuses)) == ([shown], [])


@pytest.mark.parametrize("minutes", [-25 * 60, 6, 60])
def test_a_clock_that_cannot_be_right_gives_way_to_the_moment_of_reception(minutes: int) -> None:
    shown = datetime(2026, 1, 5, 7, 0, tzinfo=UTC) + timedelta(minutes=minutes)
    told = read(item(with_clock(shown), zone="UTC"))
    assert told.readings["read_at"].to_pylist() == [RECEIVED_AT]
    assert [(one.serial, one.statuses) for one in told.statuses] == [(OMS_SERIAL, ("clock_deviates",))]


def test_the_zone_that_staff_noted_counts_before_the_senders() -> None:
    noted = Known({}, {OMS_SERIAL: Meter(OMS_SERIAL, zone="+01:00")})
    told = read(item(with_clock(datetime(2026, 1, 5, 8, 0, tzinfo=UTC)), zone="UTC"), known=noted)
    assert told.readings["read_at"].to_pylist() == [datetime(2026, 1, 5, 7, 0, tzinfo=UTC)]


def test_statuses_stand_beside_the_reading() -> None:
    told = read(item(), item(wired(status=0x04)))
    assert [(one.item, one.serial, one.statuses) for one in told.statuses] == [(1, OMS_SERIAL, ("power_low",))]


def test_an_uplink_of_a_module_that_nobody_put_waits_for_it() -> None:
    told = understood_uplink(chirp_stack("FQQGWiYAAA=="), {})
    (refused,) = told.refused
    assert (refused.code, refused.waits_for) == ("unknown_device", "device 94193a0306000001")
    assert (told.items, told.readings.num_rows, list(told.heard)) == (1, 0, [])


def test_an_uplink_of_a_module_that_sits_in_another_meter_waits_for_the_module() -> None:
    body = chirp_stack(base64.b64encode(records("15", "04065A260000", "0C7871354969")).decode())
    (refused,) = understood_uplink(body, {"94193a0306000001": Meter("4711")}).refused
    assert (refused.code, refused.waits_for) == ("another_meter", "device 94193a0306000001")


def test_any_envelope_of_one_object_is_a_delivery_of_one() -> None:
    assert isinstance(envelope(json.dumps(item()).encode()), Envelope)
    assert envelope(json.dumps(item()).encode()).items == 1
