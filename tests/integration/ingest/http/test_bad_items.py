"""Items that are no reading: each refused alone, with its reason, kept, and never with its value in an answer."""

import json
from typing import Any
from uuid import uuid4

import pytest

from tests.integration.ingest.http.door import AT, JSON, NDJSON, Door

GOOD = f'"read_at":"{AT}","energy_wh":1000'

BAD: dict[str, tuple[str, str, str]] = {
    "a naive time": ('{"read_at":"2024-01-10T00:00:00","energy_wh":1,"serial":"a"}', "read_at", "naive_time"),
    "a time of 1970": ('{"read_at":"1970-01-01T00:00:00Z","energy_wh":1,"serial":"a"}', "read_at", "time_out_of_range"),
    "a time of year 1": ('{"read_at":"0001-01-01T00:00:00+01:00","energy_wh":1,"serial":"a"}', "read_at",
                         "time_out_of_range"),
    "a time after the calendar's end": ('{"read_at":"9999-12-31T23:59:59-01:00","energy_wh":1,"serial":"a"}', "read_at",
                                        "time_out_of_range"),
    "a time to come": ('{"read_at":"2059-01-01T00:00:00Z","energy_wh":1,"serial":"a"}', "read_at", "time_in_future"),
    "a version recorded in time to come": (
        f'{{"read_at":"{AT}","recorded_at":"2059-01-01T00:00:00Z","energy_wh":1,"serial":"a"}}', "read_at",
        "time_in_future"),
    "24 o'clock": ('{"read_at":"2024-01-10T24:00:00Z","energy_wh":1,"serial":"a"}', "read_at", "invalid"),
    "the 60th minute": ('{"read_at":"2024-01-10T23:60:00Z","energy_wh":1,"serial":"a"}', "read_at", "invalid"),
    "a leap second": ('{"read_at":"2024-01-10T23:59:60Z","energy_wh":1,"serial":"a"}', "read_at", "invalid"),
    "30 February": ('{"read_at":"2024-02-30T00:00:00Z","energy_wh":1,"serial":"a"}', "read_at", "invalid"),
    "a date as people write it": ('{"read_at":"03/04/2024","energy_wh":1,"serial":"a"}', "read_at", "invalid"),
    "a time as a number": ('{"read_at":1704067200,"energy_wh":1,"serial":"a"}', "read_at", "wrong_type"),
    "no time": ('{"energy_wh":1,"serial":"a"}', "read_at", "field_missing"),
    "no register": (f'{{"read_at":"{AT}","serial":"a"}}', "energy_wh", "field_missing"),
    "no meter": (f"{{{GOOD}}}", "serial", "no_meter_named"),
    "NaN": (f'{{{GOOD},"serial":"a","return_c":NaN}}', "return_c", "not_finite"),
    "Infinity": (f'{{{GOOD},"serial":"a","power_w":Infinity}}', "power_w", "not_finite"),
    "minus infinity as a register": (f'{{"read_at":"{AT}","energy_wh":-Infinity,"serial":"a"}}', "energy_wh",
                                     "not_finite"),
    "1e400": (f'{{{GOOD},"serial":"a","supply_c":1e400}}', "supply_c", "not_finite"),
    "1e308": (f'{{{GOOD},"serial":"a","supply_c":1e308}}', "supply_c", "out_of_range"),
    "a register of 5,000 digits": (f'{{"read_at":"{AT}","energy_wh":{"9" * 5000},"serial":"a"}}', "energy_wh",
                                   "out_of_range"),
    "2^63": (f'{{"read_at":"{AT}","energy_wh":9223372036854775808,"serial":"a"}}', "energy_wh", "out_of_range"),
    "a negative register": (f'{{"read_at":"{AT}","energy_wh":-1,"serial":"a"}}', "energy_wh", "negative_register"),
    "a register as text": (f'{{"read_at":"{AT}","energy_wh":"12","serial":"a"}}', "energy_wh", "wrong_type"),
    "true as a register": (f'{{"read_at":"{AT}","energy_wh":true,"serial":"a"}}', "energy_wh", "wrong_type"),
    "a register with a decimal point": (f'{{"read_at":"{AT}","energy_wh":1.0,"serial":"a"}}', "energy_wh",
                                        "wrong_type"),
    "true as a sample": (f'{{{GOOD},"serial":"a","return_c":true}}', "return_c", "wrong_type"),
    "withdrawn as a number": (f'{{{GOOD},"serial":"a","withdrawn":1}}', "withdrawn", "wrong_type"),
    "an unknown field": (f'{{{GOOD},"serial":"a","level":"full"}}', "level", "unknown_field"),
    "a doubled field": (f'{{{GOOD},"serial":"a","energy_wh":2}}', "energy_wh", "duplicate_key"),
    "a field doubled behind an escape": (f'{{{GOOD},"serial":"a","energy\\u005fwh":2}}', "energy_wh", "duplicate_key"),
    "a field doubled with null": (f'{{{GOOD},"serial":"a","serial":null}}', "serial", "duplicate_key"),
    "withdrawn and not withdrawn": (f'{{{GOOD},"serial":"a","withdrawn":true,"withdrawn":false}}', "withdrawn",
                                    "duplicate_key"),
    "a list": ("[1,2]", "", "wrong_type"),
    "a number": ("12", "", "wrong_type"),
    "null": ("null", "", "wrong_type"),
    "half a character": (f'{{{GOOD},"serial":"a\\ud800"}}', "serial", "invalid"),
    "half a character as a field": (f'{{{GOOD},"\\ud800":1}}', "?", "unknown_field"),
    "NUL": (f'{{{GOOD},"serial":"a\\u0000b"}}', "serial", "invalid"),
    "a serial that turns the writing": (f'{{{GOOD},"serial":"a\\u202eb"}}', "serial", "invalid"),
    "an empty serial": (f'{{{GOOD},"serial":""}}', "serial", "invalid"),
    "a serial of 41 characters": (f'{{{GOOD},"serial":"{"a" * 41}"}}', "serial", "invalid"),
    "a nest": (f'{{{GOOD},"serial":{"[" * 400}{"]" * 400}}}', "serial", "wrong_type"),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
@pytest.mark.parametrize("kind", [JSON, NDJSON])
def test_a_bad_item_is_refused_alone_and_kept_with_its_reason(door: Door, what: str, kind: str) -> None:
    item, field, code = BAD[what]
    point = door.point()
    good = [
        f'{{"read_at":"2024-01-10T0{hour}:00:00Z","energy_wh":{hour},"metering_point":"{point}"}}' for hour in (1, 2)
    ]
    items = [good[0], item, good[1]]
    body = f"[{','.join(items)}]" if kind == JSON else "\n".join(items)
    answer = door.sender.post(body, kind)
    assert (answer.status_code, answer.json()["items"], answer.json()["taken"]) == (202, 3, 2), answer.text
    (refused,) = answer.json()["refused"]
    assert (refused["item"], refused["field"], refused["code"]) == (1, field, code)
    assert refused["reason"]
    kept = door.rows(
        "SELECT reading->>'item', reason FROM ingest.held_reading WHERE delivery_id = %s", answer.json()["delivery_id"]
    )
    assert kept == [("1", refused["reason"])]
    assert door.sender.judged(answer)["verdicts"] == {"accepted": 2}


def test_a_delivery_of_bad_items_alone_is_not_taken_but_kept(door: Door) -> None:
    answer = door.sender.post('{"read_at":"2024-01-10T00:00:00","energy_wh":1,"serial":"a"}')
    assert (answer.status_code, answer.json()["taken"], answer.json()["refused"][0]["code"]) == (422, 0, "naive_time")
    assert (answer.headers["Content-Type"], answer.json()["code"]) == ("application/problem+json", "nothing_taken")
    shown = door.sender.delivery(answer.json()["delivery_id"])
    assert (shown["state"], [one["verdict"] for one in shown["refused"]]) == ("judged", ["naive_time"])
    assert (shown["refused"][0]["item"], shown["refused"][0]["field"]) == (0, "read_at")


def test_a_refused_item_is_kept_under_the_time_that_it_gives(door: Door) -> None:
    bad = {"energy_wh": -1, "serial": "timed"}
    answer = door.sender.post([{"read_at": AT} | bad, {"read_at": AT, "level": 1} | bad, {"read_at": "1970"} | bad])
    kept = "SELECT read_at IS NOT NULL, read_at = %s FROM ingest.held_reading WHERE delivery_id = %s ORDER BY held_id"
    assert door.rows(kept, AT, answer.json()["delivery_id"]) == [(True, True), (True, True), (False, None)]


def test_no_answer_repeats_a_refused_value(door: Door) -> None:
    value = "19121212-1212"
    items: list[dict[str, Any]] = [
        {"read_at": value, "energy_wh": 1, "serial": "a"},
        {"read_at": AT, "energy_wh": value, "serial": "a"},
        {"read_at": AT, "energy_wh": 1, "serial": f"{value}\x00"},
        {"read_at": AT, "energy_wh": 1, "serial": "a", "withdrawn": value},
        {"read_at": AT, "energy_wh": 1, "serial": "a", "return_c": value},
    ]
    answer = door.sender.post(items)
    assert len(answer.json()["refused"]) == 5
    assert value not in answer.text


def test_a_hundred_refusals_are_told_of_many_and_all_are_kept(door: Door) -> None:
    items = [
        {"read_at": AT, "energy_wh": -1, "serial": "x" * 40, "bad\u2028" + "y" * 5000: index} for index in range(1000)
    ]
    answer = door.sender.post(items)
    told = answer.json()
    assert (answer.status_code, told["refused_items"], len(told["refused"])) == (422, 1000, 100)
    assert len(answer.content) <= 64_000
    assert door.rows("SELECT count(*) FROM ingest.held_reading WHERE delivery_id = %s", told["delivery_id"]) == [
        (1000,)
    ]


def test_the_same_bad_item_in_two_deliveries_is_kept_for_each(door: Door) -> None:
    body = f'[{{"read_at":"{AT}","energy_wh":-5,"serial":"twice"}}]'
    first, second = (door.sender.post(body).json()["delivery_id"] for _ in range(2))
    for delivery_id in (first, second):
        assert [one["verdict"] for one in door.sender.delivery(delivery_id)["refused"]] == ["negative_register"]


def test_a_register_the_meter_never_shows_is_refused_by_name(door: Door) -> None:
    point = door.point()
    rows = [(0, 1000), (1, 4_294_967_295), (2, 900), (3, 1100), (4, 1200)]
    answer = door.sender.post(
        [
            {"read_at": f"2024-01-10T0{hour}:00:00Z", "energy_wh": register, "metering_point": point}
            for hour, register in rows
        ]
    )
    shown = door.sender.judged(answer)
    assert shown["verdicts"] == {"accepted": 3, "sentinel": 1, "register_went_backwards": 1}
    assert {one["verdict"] for one in shown["refused"]} == {"sentinel", "register_went_backwards"}


@pytest.mark.parametrize("text", ["'; DROP TABLE ingest.reading; --", "{{7*7}}", "$(id)", "%s%n", "<script>x</script>"])
def test_code_in_a_name_is_only_text(door: Door, text: str) -> None:
    serial = f"{text}{uuid4().hex[:4]}"[:40]
    shown = door.sender.judged(door.sender.post([{"read_at": AT, "energy_wh": 1, "serial": serial}]))
    assert shown["verdicts"] == {"unknown_meter": 1}
    assert [one["meter"] for one in shown["refused"]] == [serial]


def test_ndjson_takes_any_line_ends_and_a_byte_order_mark(door: Door) -> None:
    point = door.point()
    lines = [
        json.dumps({"read_at": f"2024-01-10T0{hour}:00:00Z", "energy_wh": hour, "metering_point": point})
        for hour in (1, 2)
    ]
    body = b"\xef\xbb\xbf" + "\r\n".join([*lines, "", ""]).encode()
    answer = door.sender.post(body, NDJSON)
    assert (answer.status_code, answer.json()["items"], answer.json()["taken"]) == (202, 2, 2)
    assert door.sender.judged(answer)["verdicts"] == {"accepted": 2}
