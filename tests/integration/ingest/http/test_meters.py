"""Meters, and where they sat: readings that wait for them, and what a late or corrected registration puts right."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest

from schemas.topics import HOURLY_POWER
from tests.builders import MIDNIGHT_S
from tests.integration.ingest.http.door import Door, import_meters, installation, new_serial, put

HOURS = """
    SELECT (extract(epoch FROM starts_at)::bigint - %s) / 3600, energy_wh, revision
      FROM ingest.hour JOIN ingest.point USING (point_id) WHERE number = %s ORDER BY 1
"""


def at(hour: int, minute: int = 0) -> str:
    """Write an hour after MIDNIGHT_S down."""
    return f"2024-01-{10 + hour // 24:02d}T{hour % 24:02d}:{minute:02d}:00+01:00"


def registers(serial: str, hours: range, first_wh: int = 0, step_wh: int = 1000) -> list[dict[str, Any]]:
    return [
        {"serial": serial, "read_at": at(hour), "energy_wh": first_wh + index * step_wh}
        for index, hour in enumerate(hours)
    ]


def held(door: Door, serial: str) -> int:
    return int(door.rows("SELECT count(*) FROM ingest.held_reading WHERE serial = %s", serial)[0][0])


def test_readings_of_an_unknown_meter_wait_for_it(door: Door) -> None:
    serial, point = new_serial(), door.point()
    answer = door.sender.post(registers(serial, range(4)))
    waiting = door.sender.judged(answer)
    assert waiting["verdicts"] == {"unknown_meter": 4}
    assert {one["meter"] for one in waiting["refused"]} == {serial}
    assert put(door, serial, installation(point)).status_code == 201
    door.until(HOURS, [(0, 1000, 1), (1, 1000, 1), (2, 1000, 1)], MIDNIGHT_S, point)
    assert held(door, serial) == 0
    freed = door.sender.judged(answer)
    assert (freed["verdicts"], freed["refused"]) == ({"accepted": 4}, [])


def test_identical_readings_in_one_delivery_are_counted_as_often_as_they_were_sent(door: Door) -> None:
    serial, point = new_serial(), door.point()
    answer = door.sender.post(registers(serial, range(1)) * 3)
    assert door.sender.judged(answer)["verdicts"] == {"unknown_meter": 3}
    put(door, serial, installation(point))
    door.until(
        "SELECT count(*) FROM ingest.reading JOIN ingest.point USING (point_id) WHERE number = %s", [(1,)], point
    )
    assert door.sender.judged(answer)["verdicts"] == {"accepted": 1, "duplicate": 2}


def test_readings_from_before_a_meter_was_put_up_wait_until_that_is_corrected(door: Door) -> None:
    serial, point = new_serial(), door.point()
    put(door, serial, installation(point, at(2)))
    answer = door.sender.post(registers(serial, range(4)))
    assert door.sender.judged(answer)["verdicts"] == {"accepted": 2, "meter_not_installed": 2}
    assert put(door, serial, installation(point)).json()["result"] == "changed"
    door.until(HOURS, [(0, 1000, 1), (1, 1000, 1), (2, 1000, 1)], MIDNIGHT_S, point)
    assert door.sender.judged(answer)["verdicts"] == {"accepted": 4}


def test_readings_of_an_unknown_metering_point_wait_for_it(door: Door) -> None:
    number = f"P-{new_serial()}"
    answer = door.sender.post([{"metering_point": number, "read_at": at(0), "energy_wh": 1}])
    found = door.sender.judged(answer)
    assert found["verdicts"] == {"unknown_metering_point": 1}
    assert [one["meter"] for one in found["refused"]] == [number]


def test_putting_the_same_meter_again_changes_nothing(door: Door) -> None:
    serial, point = new_serial(), door.point()
    assert put(door, serial, installation(point)).json()["result"] == "created"
    assert put(door, serial, installation(point)).json()["result"] == "unchanged"
    shown = door.staff.get(f"/v1/meters/{serial}").json()
    assert door.staff.put(f"/v1/meters/{serial}", json=shown).json()["result"] == "unchanged"


def test_a_meter_put_by_many_at_once_is_there_once(door: Door) -> None:
    serial, point = new_serial(), door.point()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: put(door, serial, installation(point)), range(8)))
    assert sorted(answer.json()["result"] for answer in answers) == ["created"] + ["unchanged"] * 7


def test_an_exchange_registered_late_puts_the_days_after_it_right(door: Door) -> None:
    old, new, point = new_serial(), new_serial(), door.point()
    put(door, old, installation(point))
    # The old meter until 30:00, then the new one, which starts elsewhere; nobody knows of it yet.
    by_number = [
        {
            "metering_point": point,
            "read_at": at(hour),
            "energy_wh": 50_000 + hour * 1000 if hour <= 30 else (hour - 30) * 1000,
        }
        for hour in range(73)
    ]
    door.sender.judged(door.sender.post(by_number))
    refused = (
        "SELECT count(*) FROM ingest.reading JOIN ingest.point USING (point_id) WHERE number = %s AND verdict <> 1"
    )
    assert door.rows(refused, point) != [(0,)]
    removed = installation(point, removed_at=at(30, 30), stop_wh=80_500)
    assert put(door, old, removed).status_code == 200
    assert put(door, new, installation(point, at(30, 30), start_wh=500)).status_code == 201
    door.until(refused, [(0,)], point)
    hours = door.rows(HOURS, MIDNIGHT_S, point)
    assert [(hour, energy_wh) for hour, energy_wh, _ in hours] == [(hour, 1000) for hour in range(72)]
    days = door.rows(
        "SELECT day, energy_wh, register_wh FROM ingest.day JOIN ingest.point USING (point_id)"
        " WHERE number = %s ORDER BY day",
        point,
    )
    assert days == [(date(2024, 1, 10 + index), 24_000, 50_000 + (index + 1) * 24_000) for index in range(3)]


def test_what_a_changed_meter_puts_right_is_told_of_under_the_id_of_the_request(door: Door) -> None:
    serial, point, trace = new_serial(), door.point(), f"trace-{new_serial()}"
    put(door, serial, installation(point, at(2)))
    waiting = "SELECT count(*) FROM ingest.rejudge JOIN ingest.point USING (point_id) WHERE number = %s"
    door.until(waiting, [(0,)], point)
    door.sender.judged(door.sender.post([one | {"metering_point": point} for one in registers(serial, range(4))]))
    document = {"installations": [installation(point)]}
    assert door.staff.put(f"/v1/meters/{serial}", json=document, headers={"X-Correlation-Id": trace}).status_code == 200
    door.until(HOURS, [(0, 1000, 1), (1, 1000, 1), (2, 1000, 1)], MIDNIGHT_S, point)
    door.until_told(HOURLY_POWER, trace)


def test_a_removed_installation_takes_its_readings_figures_away(door: Door) -> None:
    serial, point = new_serial(), door.point()
    put(door, serial, installation(point))
    door.sender.judged(door.sender.post([one | {"metering_point": point} for one in registers(serial, range(3))]))
    door.until(HOURS, [(0, 1000, 1), (1, 1000, 1)], MIDNIGHT_S, point)
    assert put(door, serial).json()["result"] == "changed"
    door.until(HOURS, [(0, None, 2), (1, None, 2)], MIDNIGHT_S, point)
    put(door, serial, installation(point))
    door.until(HOURS, [(0, 1000, 3), (1, 1000, 3)], MIDNIGHT_S, point)


def test_a_modulus_registered_late_lets_the_register_run_on(door: Door) -> None:
    serial, point = new_serial(), door.point()
    put(door, serial, installation(point))
    rows = [{"serial": serial, "read_at": at(hour), "energy_wh": (98_000 + hour * 1000) % 100_000} for hour in range(5)]
    door.sender.judged(door.sender.post(rows))
    put(door, serial, installation(point), modulus_wh=100_000)
    energies = (
        "SELECT energy_wh FROM ingest.hour JOIN ingest.point USING (point_id) WHERE number = %s ORDER BY starts_at"
    )
    door.until(energies, [(1000,)] * 4, point)


def test_what_a_meter_cannot_show_is_refused_until_its_modulus_is_mended(door: Door) -> None:
    serial, point = new_serial(), door.point()
    put(door, serial, installation(point), modulus_wh=100_000)
    rows = [{"serial": serial, "read_at": at(hour), "energy_wh": 98_000 + hour * 1000} for hour in range(4)]
    answer = door.sender.judged(door.sender.post(rows))
    assert answer["verdicts"] == {"accepted": 2, "register_above_modulus": 2}
    door.until(HOURS, [(0, 1000, 1)], MIDNIGHT_S, point)
    put(door, serial, installation(point), modulus_wh=1_000_000)
    door.until(HOURS, [(0, 1000, 1), (1, 1000, 1), (2, 1000, 1)], MIDNIGHT_S, point)


def test_two_meters_cannot_sit_at_one_point_at_once_and_are_told_who_is_there(door: Door) -> None:
    first, second, point = new_serial(), new_serial(), door.point()
    put(door, first, installation(point))
    answer = put(door, second, installation(point, "2024-01-01T00:00:00Z"))
    assert (answer.status_code, answer.json()["code"]) == (409, "installations_overlap")
    assert first in answer.json()["detail"]
    assert door.staff.get(f"/v1/meters/{second}").status_code == 404


@pytest.mark.parametrize(
    "document",
    [
        {"installations": [installation("a"), installation("b", "2024-01-01T00:00:00Z")]},
        {"installations": [installation("a", removed_at="2022-01-01T00:00:00Z")]},
        {"installations": [installation("a", "2023-01-01T00:00:00")]},
        {"installations": [installation("a", "2023-01-01")]},
        {"installations": [installation("a", "9999-12-31T23:59:59-01:00")]},
        {"installations": [installation("a", "0001-01-01T00:00:00+01:00")]},
        {"installations": [installation("a") | {"installed_at": 1_704_067_200}]},
        {"installations": [installation("a", start_wh=1.0)]},
        {"installations": [installation("a", start_wh="12")]},
        {"installations": [installation("a", start_wh=-1)]},
        {"installations": [installation("a", start_wh=10**40)]},
        {"installations": [installation("a" * 41)]},
        {"installations": [installation("a")] * 101},
        {"modulus_wh": True},
        {"modulus_wh": 100_000, "installations": [installation("a", start_wh=100_000)]},
        {"modulus_l": 1_000, "installations": [installation("a", removed_at="2024-01-01T00:00:00Z", stop_l=1_500)]},
        {"resolution_wh": 0},
        {"rules_off": ["spike", "no_such_rule"]},
        {"rules_off": "spike"},
        {"smoothing": "true"},
        {"smoothing": 1},
        {"serial": "x"},
    ],
)
def test_a_meter_s_document_is_taken_exactly(door: Door, document: dict[str, Any]) -> None:
    answer = door.staff.put(f"/v1/meters/{new_serial()}", json=document)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid"), answer.text


def test_an_installation_at_an_unknown_point_is_refused_in_words(door: Door) -> None:
    answer = put(door, new_serial(), installation("nowhere"))
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_metering_point")


def test_a_rule_that_is_put_off_for_a_meter_takes_its_flags_away(door: Door) -> None:
    number, serial = door.point(), new_serial()
    put(door, serial, installation(number), rules_off=["dead_sensor"])
    # A day from midnight to midnight, with one hour as high as twenty others.
    shown = [5_000 * (hour + (19 if hour > 10 else 0)) for hour in range(26)]
    answer = door.sender.post(
        [{"serial": serial, "read_at": at(hour), "energy_wh": wh} for hour, wh in enumerate(shown)]
    )
    assert door.sender.judged(answer)["verdicts"] == {"accepted": 26}
    flags = "SELECT flag.rule FROM ingest_v1.flag JOIN ingest.point USING (point_id) WHERE number = %s"
    door.until(flags, [("spike",)], number)
    put(door, serial, installation(number), rules_off=["spike", "dead_sensor"])
    door.until(flags, [], number)
    lines = f"serial,metering_point,installed_at,rules_off\n{serial},{number},2023-01-01T00:00:00+01:00,dead_sensor\n"
    assert import_meters(door, lines).json()["changed"] == 1
    door.until(flags, [("spike",)], number)


def test_hours_of_whole_kwh_are_smoothed_within_their_day_while_the_meter_has_the_option(door: Door) -> None:
    number, serial = door.point(), new_serial()
    put(door, serial, installation(number))
    # A quarter of a kWh an hour, of which the register shows every fourth: a day, and two hours of the next.
    shown = [hour // 4 * 1_000 for hour in range(26)]
    answer = door.sender.post(
        [{"serial": serial, "read_at": at(hour), "energy_wh": wh} for hour, wh in enumerate(shown)]
    )
    assert door.sender.judged(answer)["verdicts"] == {"accepted": 26}
    raw = [(hour, 1_000 if hour % 4 == 3 else 0, 1) for hour in range(25)]
    door.until(HOURS, raw, MIDNIGHT_S, number)
    put(door, serial, installation(number), smoothing=True)
    # The day that goes on stays as the register shows it.
    door.until(HOURS, [(hour, 250, 2) for hour in range(24)] + raw[24:], MIDNIGHT_S, number)
    assert door.staff.get(f"/v1/meters/{serial}").json()["smoothing"] is True
    lines = f"serial,metering_point,installed_at,smoothing\n{serial},{number},2023-01-01T00:00:00+01:00,false\n"
    assert import_meters(door, lines).json()["changed"] == 1
    door.until(HOURS, [(hour, wh, 3) for hour, wh, _ in raw[:24]] + raw[24:], MIDNIGHT_S, number)


def test_readings_by_serial_follow_a_meter_that_was_registered_at_the_wrong_point(door: Door) -> None:
    serial, wrong, right = new_serial(), door.point(), door.point()
    put(door, serial, installation(wrong))
    answer = door.sender.post(registers(serial, range(4)))
    door.sender.judged(answer)
    door.until(HOURS, [(hour, 1000, 1) for hour in range(3)], MIDNIGHT_S, wrong)
    assert put(door, serial, installation(right)).json()["result"] == "changed"
    door.until(HOURS, [(hour, 1000, 1) for hour in range(3)], MIDNIGHT_S, right)
    door.until(HOURS, [(hour, None, 2) for hour in range(3)], MIDNIGHT_S, wrong)
    assert door.sender.judged(answer)["verdicts"] == {"accepted": 4}
    # And back again: nothing is counted twice.
    put(door, serial, installation(wrong))
    door.until(HOURS, [(hour, 1000, 3) for hour in range(3)], MIDNIGHT_S, wrong)
    door.until(HOURS, [(hour, None, 2) for hour in range(3)], MIDNIGHT_S, right)


def test_readings_by_serial_wait_where_their_meter_was_taken_away_until_it_is_put_elsewhere(door: Door) -> None:
    serial, wrong, right = new_serial(), door.point(), door.point()
    put(door, serial, installation(wrong))
    answer = door.sender.post(registers(serial, range(4)))
    door.sender.judged(answer)
    put(door, serial)
    door.until("SELECT count(*) FROM ingest.held_reading WHERE serial = %s", [(4,)], serial)
    put(door, serial, installation(right, at(2)))
    door.until(HOURS, [(2, 1000, 1)], MIDNIGHT_S, right)
    assert held(door, serial) == 2


def test_a_meter_taken_down_earlier_than_thought_keeps_what_it_showed_before(door: Door) -> None:
    serial, point, next_point = new_serial(), door.point(), door.point()
    put(door, serial, installation(point))
    answer = door.sender.post(registers(serial, range(6)))
    door.sender.judged(answer)
    put(door, serial, installation(point, removed_at=at(3)), installation(next_point, at(3)))
    door.until(HOURS, [(3, 1000, 1), (4, 1000, 1)], MIDNIGHT_S, next_point)
    door.until(HOURS, [(0, 1000, 1), (1, 1000, 1), (2, None, 2), (3, None, 2), (4, None, 2)], MIDNIGHT_S, point)
    assert door.sender.judged(answer)["verdicts"] == {"accepted": 6}


def test_readings_that_named_their_point_stay_there_refused(door: Door) -> None:
    serial, wrong, right = new_serial(), door.point(), door.point()
    put(door, serial, installation(wrong))
    door.sender.judged(door.sender.post([one | {"metering_point": wrong} for one in registers(serial, range(3))]))
    put(door, serial, installation(right))
    verdicts = "SELECT verdict FROM ingest.reading JOIN ingest.point USING (point_id) WHERE number = %s"
    door.until(verdicts, [(13,)] * 3, wrong)
    door.until("SELECT count(*) FROM ingest.reread WHERE serial = %s", [(0,)], serial)
    assert door.rows(HOURS, MIDNIGHT_S, right) == []
