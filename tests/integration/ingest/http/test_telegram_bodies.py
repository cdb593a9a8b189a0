"""Bodies at the doors of telegrams of which nothing, or not all, can be read: each has its name, and none is a 5xx."""

import json
from datetime import timedelta
from typing import Any

import pytest

from tests.integration.ingest.http.door import JSON, NDJSON, Door
from tests.integration.ingest.http.telegram_senders import (
    AT,
    TELEGRAMS,
    UPLINKS,
    codes,
    installed,
    item,
    new_digits,
    standard,
    until_accepted,
)
from tests.integration.ingest.http.test_envelope import is_problem
from tests.telegrams import address, chirp_stack, wired

GOOD = item(wired())


@pytest.mark.parametrize(
    ("body", "kind", "status", "code"),
    [
        (b"", JSON, 400, "not_json"),
        (b"[]", JSON, 422, "empty"),
        (b"\n\n", NDJSON, 422, "empty"),
        (b"[NaN]", JSON, 422, "nothing_taken"),
        (b"[" * 100_000, JSON, 400, "too_deep"),
        (json.dumps([GOOD]).encode("utf-16"), JSON, 400, "not_utf8"),
        (b"[" + b"{}," * 5_000 + b"{}]", JSON, 413, "too_many_items"),
        (b"{}\n" * 5_001, NDJSON, 413, "too_many_items"),
        (b"\x68\x3c\x3c\x68", "application/octet-stream", 415, "content_type"),
        (json.dumps(GOOD).encode(), "application/json; charset=latin-1", 400, "charset"),
    ],
)
def test_a_body_that_holds_no_telegrams_is_refused_whole(
    door: Door, body: bytes, kind: str, status: int, code: str
) -> None:
    assert is_problem(door.sender.post(body, kind, TELEGRAMS), status, code)


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        ({"frame": "6"}, "bad_hex"),
        ({"frame": "68 3C 3C 68 08"}, "not_a_frame"),
        ({"frame": 12}, "invalid"),
        ({"frame": "68\u0000"}, "bad_hex"),
        ({"frame": None, "frame_base64": "?"}, "bad_base64"),
        # Not naive_time, which waits for the zone of the meter's own clock.
        ({"received_at": "2026-01-05T07:00:12"}, "invalid"),
        ({"received_at": "2026-02-30T07:00:12Z"}, "invalid"),
        ({"received_at": 1767596412}, "invalid"),
        ({"received_at": "9999-12-31T23:59:59-01:00"}, "time_out_of_range"),
        ({"received_at": "0001-01-01T00:00:00+01:00"}, "time_out_of_range"),
        ({"link": "carrier_pigeon"}, "invalid"),
        ({"zone": "Europe/Atlantis"}, "unknown_zone"),
        ({"serial": "a\u202eb"}, "invalid"),
        ({"serial": "99999999"}, "another_meter"),
        ({"level": "full"}, "invalid"),
    ],
)
def test_a_bad_telegram_costs_only_itself(door: Door, bad: dict[str, Any], code: str) -> None:
    digits = new_digits()
    point_id = installed(door, digits)
    good = item(wired(who=address(digits)))
    wrong = {name: value for name, value in ({**GOOD, **bad}).items() if value is not None}
    answer = door.sender.post([wrong, good], path=TELEGRAMS)
    assert (answer.status_code, codes(answer)) == (202, [code]), answer.text
    until_accepted(door, point_id, [(AT, 2_850_427_000)])


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "not_json"),
        (b"{", "not_json"),
        (b"[" * 100_000, "not_json"),
        (b"\xff\xfe", "not_json"),
        (b"null", "not_an_uplink"),
        (b'{"deviceInfo": 1}', "not_an_uplink"),
        (chirp_stack(standard("12345678"), eui="0"), "not_an_uplink"),
        (chirp_stack(standard("12345678"), counter=2**70), "not_an_uplink"),
        (chirp_stack(standard("12345678"), time="9999-12-31T23:59:59-01:00"), "not_an_uplink"),
        (chirp_stack(standard("12345678"), time="2026-01-05T07:00:12"), "not_an_uplink"),
    ],
)
def test_a_body_that_is_no_uplink_is_refused_by_name_and_kept(door: Door, body: bytes, code: str) -> None:
    answer = door.sender.post(body, path=UPLINKS)
    assert (answer.status_code, codes(answer)) == (422, [code]), answer.text


def test_an_exchanged_meters_telegrams_count_as_long_as_each_sat_there(door: Door) -> None:
    """The old one goes on sending from the shelf: what it shows there is held, and the new one's counts."""
    old, new = new_digits(), new_digits()
    point = door.point()
    exchanged = AT + timedelta(hours=1, minutes=30)
    places = {
        old: {"installed_at": "2020-01-01T00:00:00Z", "removed_at": exchanged.isoformat()},
        new: {"installed_at": exchanged.isoformat()},
    }
    for serial, place in places.items():
        installation = {"metering_point": point} | place
        assert door.staff.put(f"/v1/meters/{serial}", json={"installations": [installation]}).is_success
    hours = [AT + timedelta(hours=hour) for hour in range(4)]
    items = [item(wired(who=address(digits)), at) for at in hours for digits in (old, new)]
    answer = door.sender.post(items, path=TELEGRAMS)
    assert door.sender.judged(answer)["verdicts"] == {"accepted": 4, "meter_not_installed": 4}
    found = door.rows(
        "SELECT read_at, meter.serial FROM ingest.reading JOIN ingest.meter USING (meter_id)"
        " JOIN ingest.point USING (point_id) WHERE number = %s AND verdict = 1 ORDER BY read_at",
        point,
    )
    assert found == list(zip(hours, (old, old, new, new), strict=True))
