"""Meters from a CSV file: good lines are stored, bad ones refused alone, what has no column stays as it was."""

import json

import pytest

from tests.builders import MIDNIGHT_S
from tests.integration.ingest.http.door import Door, import_meters, installation, new_serial, put


def test_a_file_of_meters_leaves_what_it_has_no_column_for_as_it_is(door: Door) -> None:
    number, serial = door.point(), new_serial()
    place = {
        "metering_point": number,
        "installed_at": "2023-01-01T00:00:00Z",
        "removed_at": "2023-06-01T00:00:00Z",
        "start_wh": 12,
        "stop_wh": 900,
    }
    of_meter = {"modulus_wh": 1_000_000, "resolution_wh": 10, "rules_off": ["spike"], "smoothing": True}
    put(door, serial, place, **of_meter)
    before = door.staff.get(f"/v1/meters/{serial}").json()
    named = f"serial,metering_point,installed_at\n{serial},{number},2023-01-01T00:00:00Z\n"
    answer = import_meters(door, named)
    assert answer.json()["unchanged"] == 1
    modulus = f"serial,metering_point,installed_at,modulus_wh\n{serial},{number},2023-01-01T00:00:00Z,2000000\n"
    assert import_meters(door, modulus).json()["changed"] == 1
    assert door.staff.get(f"/v1/meters/{serial}").json() == before | {"modulus_wh": 2_000_000}


def test_an_empty_field_of_a_file_of_meters_takes_it_back_to_its_default(door: Door) -> None:
    number, serial = door.point(), new_serial()
    put(door, serial, installation(number), smoothing=True, rules_off=["spike"], modulus_wh=1_000_000)
    columns = "serial,metering_point,installed_at,smoothing,rules_off"
    report = import_meters(door, f"{columns}\n{serial},{number},2023-01-01T00:00:00+01:00,,\n").json()
    assert report["changed"] == 1
    now = door.staff.get(f"/v1/meters/{serial}").json()
    assert (now["smoothing"], now["rules_off"], now["modulus_wh"]) == (False, [], 1_000_000)


def test_a_new_meter_has_the_defaults_of_what_its_file_has_no_column_for(door: Door) -> None:
    number, serial = door.point(), new_serial()
    import_meters(door, f"serial,metering_point,installed_at\n{serial},{number},2023-01-01T00:00:00Z\n")
    now = door.staff.get(f"/v1/meters/{serial}").json()
    assert (now["smoothing"], now["rules_off"], now["modulus_wh"], now["resolution_wh"]) == (False, [], 0, 1_000)


def test_an_exchange_in_one_file_goes_by_time_whatever_the_serials(door: Door) -> None:
    number, old, new = door.point(), f"z{new_serial()}", f"a{new_serial()}"
    assert put(door, old, installation(number, "2023-01-01T00:00:00Z")).status_code == 201
    text = (
        "serial,metering_point,installed_at,removed_at\n"
        f"{new},{number},2023-06-01T00:00:00Z,\n"
        f"{old},{number},2023-01-01T00:00:00Z,2023-06-01T00:00:00Z\n"
    )
    report = import_meters(door, text).json()
    assert (report["created"], report["changed"], report["refused_lines"]) == (1, 1, 0)


def test_meters_come_from_a_file_one_line_an_installation(door: Door) -> None:
    first, second, bad = new_serial(), new_serial(), new_serial()
    one, two = door.point(), door.point()
    text = "\r\n".join(
        [
            "\ufeffserial;metering_point;installed_at;removed_at;stop_wh;modulus_wh",
            f"{first};{two};2023-06-01T00:00:00Z;;;100000",
            f"{first};{one};2023-01-01T00:00:00Z;2023-06-01T00:00:00Z;1200;100000",
            f"{second};{one};2023-06-01T00:00:00Z;;;",
            f"{bad};nowhere;2023-01-01T00:00:00Z;;;",
            f"{bad}x;{one};2023-13-01T00:00:00Z;;;",
            "",
        ]
    )
    report = import_meters(door, text).json()
    assert (report["lines"], report["created"], report["refused_lines"]) == (5, 2, 2)
    assert report["refused"][0]["code"] == "unknown_metering_point"
    assert [line["line"] for line in report["refused"]] == [5, 6]
    again = import_meters(door, text).json()
    assert (again["created"], again["changed"], again["unchanged"]) == (0, 0, 2)
    places = door.staff.get(f"/v1/meters/{first}").json()["installations"]
    assert [(place["metering_point"], place["stop_wh"]) for place in places] == [(one, 1200), (two, None)]


def test_a_metering_point_s_number_may_be_digits_alone(door: Door) -> None:
    number, serial = (
        f"735999{MIDNIGHT_S}{door.points.add()[0]}"[:18],
        "00" + new_serial()[2:].translate(str.maketrans("abcdef", "123456")),
    )
    report = import_meters(door, f"serial,metering_point,installed_at\n{serial},{number},2023-01-01T00:00:00Z\n").json()
    # The point is not known here; but the line was understood.
    assert [(line["code"], line["key"]) for line in report["refused"]] == [("unknown_metering_point", serial)]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "bad_table"),
        ("serial,metering_point\nA,B\n", "bad_table"),
        ("serial,serial,metering_point,installed_at\n", "bad_table"),
        ("serial,metering_point,installed_at,colour\n", "bad_table"),
        ('serial,metering_point,installed_at\n"A,B,2023-01-01T00:00:00Z\nC,D,2023-01-01T00:00:00Z\n', "bad_table"),
        (f"serial,metering_point,installed_at\nA,{'x' * 200_000},2023-01-01T00:00:00Z\n", "bad_table"),
        ("serial,metering_point,installed_at\nA,B,2023-01-01T00:00:00Z\n".encode("utf-16"), "not_utf8"),
        ("serial,metering_point,installed_at\nÅ,B,2023-01-01T00:00:00Z\n".encode("cp1252"), "not_utf8"),
    ],
)
def test_a_file_of_which_no_line_can_be_read_is_refused_whole(door: Door, text: str | bytes, code: str) -> None:
    answer = import_meters(door, text)
    assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text


@pytest.mark.parametrize(
    "fields",
    [
        "A,B",
        "A,B,2023-01-01T00:00:00Z,x",
        "'; --,B,2023-01-01T00:00:00Z",
        "A,B,2023-01-01",
        "A,B,1672531200",
        "A\0,B,2023-01-01T00:00:00Z",
        "A,=cmd(),2023-01-01T00:00:00Z",
    ],
)
def test_a_bad_line_of_a_file_is_refused_alone(door: Door, fields: str) -> None:
    serial, point = new_serial(), door.point()
    text = f"serial,metering_point,installed_at\n{fields}\n{serial},{point},2023-01-01T00:00:00Z\n"
    report = import_meters(door, text).json()
    assert (report["lines"], report["created"], [line["line"] for line in report["refused"]]) == (2, 1, [2])
    assert json.dumps(report).count("cmd()") == 0
