"""What meters say of themselves is told: to staff, in explanations, and on the work list while it holds."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.integration.ingest.http.door import Door
from tests.integration.ingest.http.telegram_senders import AT, TELEGRAMS, installed, item, new_digits
from tests.integration.kulvert_command import Kulvert
from tests.telegrams import address, records, wired

POWER_LOW, PERMANENT_ERROR = 0x04, 0x08
# Kamstrup's info code: bits 2 and 12 (Technical Description MULTICAL 603, 7.7.2).
SENSOR_AND_LEAK = "04FF2204100000"


class House:
    """A house whose meter sends a telegram an hour: what its status byte and its info code say, and its kWh."""

    def __init__(self, door: Door) -> None:
        self.door, self.digits = door, new_digits()
        self.point_id = installed(door, self.digits)
        self.number = f"MP-{self.point_id}"

    def sends(self, hours: dict[float, int], info: str = "") -> None:
        items = [
            item(
                wired(
                    records(f"0406{int(hour + 100).to_bytes(4, 'little').hex()}", info),
                    address(self.digits, "KAM"),
                    status,
                ),
                AT + timedelta(hours=hour),
            )
            for hour, status in hours.items()
        ]
        self.door.sender.judged(self.door.sender.post(items, path=TELEGRAMS))

    def work(self, **more: Any) -> list[tuple[str, int, float]]:
        answer = self.door.staff.get("/v1/work-list", params={"point": self.number} | more)
        assert answer.status_code == 200, answer.text
        return [(one["reason"], one["readings"], one["kwh_at_stake"]) for one in answer.json()["shown"]]


@pytest.fixture
def house(door: Door) -> House:
    return House(door)


def test_staff_see_what_a_meter_said_the_newest_first(house: House) -> None:
    house.sends({0: POWER_LOW, 1: 0, 2: POWER_LOW | PERMANENT_ERROR})
    path = f"/v1/points/{house.number}/statuses"
    told = house.door.staff.get(path).json()["statuses"]
    assert [one["statuses"] for one in told] == [["power_low", "permanent_error"], ["power_low"]]
    assert {one["serial"] for one in told} == {house.digits}
    until = house.door.staff.get(path, params={"to_at": (AT + timedelta(hours=2)).isoformat()}).json()["statuses"]
    assert [one["statuses"] for one in until] == [["power_low"]]
    assert house.door.staff.get("/v1/points/nobody/statuses").json()["code"] == "not_found"
    assert house.door.staff.get(path, params={"from_at": "yesterday"}).json()["code"] == "invalid"


def test_an_hour_names_the_statuses_that_hold_then(house: House) -> None:
    house.sends({0: 0, 1: PERMANENT_ERROR, 2: 0, 3: 0, 4: 0})
    said = {}
    for hour in ("08", "09", "10"):
        answer = house.door.staff.get(f"/v1/points/{house.number}/explain/hours/2026-01-05T{hour}:00:00Z")
        said[hour] = [one["statuses"] for one in answer.json()["statuses"]]
    # Said at 08:00:12 and no more at 09:00:12, so it holds when the hour from 09 begins, and not in that from 10.
    assert said == {"08": [["permanent_error"]], "09": [["permanent_error"]], "10": []}


def test_a_meter_with_a_fault_stands_on_the_work_list_until_two_days_pass_without(house: House) -> None:
    house.sends({0: POWER_LOW, 1: 0, 24: POWER_LOW})
    assert house.work() == [("power_low", 2, 0.0)]
    assert house.work(reason="power_low") == [("power_low", 2, 0.0)]
    assert house.work(reason="battery_low") == []
    house.sends({25: 0, 71: 0})
    assert house.work() == [("power_low", 2, 0.0)]
    house.sends({73: 0})
    assert house.work() == []


def test_what_the_energy_may_be_wrong_for_is_weighed_by_it(house: House) -> None:
    """A sensor's error and a leak from 07:00:12 to 11:00:12, one kWh an hour: three full hours lie between."""
    house.sends({0: 0, 1: 0, 2: 0, 3: 0, 4: 0}, SENSOR_AND_LEAK)
    at_stake = {reason: kwh for reason, _, kwh in house.work()}
    assert at_stake == {"sensor_error": 3.0, "a1_leak": 0.0}


def test_a_fault_that_somebody_has_looked_at_is_off_the_list_until_it_comes_again(house: House) -> None:
    house.sends({0: PERMANENT_ERROR, 1: PERMANENT_ERROR})
    seen = {"who": "Anna Berg", "cause": "a visit is booked", "action": "settle", "metering_point": house.number}
    span = {"from_at": AT.isoformat(), "to_at": (AT + timedelta(hours=10)).isoformat()}
    assert house.door.staff.put(f"/v1/edits/{uuid4()}", json=seen | span).status_code == 201
    house.sends({2: PERMANENT_ERROR})
    assert house.work() == []
    house.sends({11: PERMANENT_ERROR})
    assert [reason for reason, _, _ in house.work()] == ["permanent_error"]


def test_what_has_passed_by_itself_asks_nobody_to_come(house: House) -> None:
    """Bit 0 of the info code: the voltage was interrupted."""
    house.sends({0: 0}, "04FF2201000000")
    assert house.work() == []


def test_operators_meet_it_in_each_command(house: House, tmp_path: Path) -> None:
    house.sends({0: 0, 1: PERMANENT_ERROR, 2: 0, 3: PERMANENT_ERROR})
    kulvert = Kulvert(house.door.stack, tmp_path)
    shown = kulvert.does("show", "statuses", house.number, "--format", "csv").splitlines()
    assert shown == [
        "read_at,serial,statuses",
        f"2026-01-05T09:00:12+01:00,{house.digits},permanent_error",
        f"2026-01-05T11:00:12+01:00,{house.digits},permanent_error",
    ]
    the_day_after = kulvert.does("show", "statuses", house.number, "--from", "2026-01-06", "--to", "2026-01-07")
    assert "no statuses are stored of this span" in the_day_after
    assert "The meter said of itself" in kulvert.does("explain", "hour", house.number, "2026-01-05T09")
    assert "visit_the_meter" in kulvert.does("work-list", "--reason", "permanent_error", "--point", house.number)


def test_a_reason_is_a_verdict_a_rule_or_a_status(door: Door) -> None:
    answer = door.staff.get("/v1/work-list", params={"reason": "voltage_interrupted"})
    assert answer.json()["code"] == "unknown_reason"
    assert "battery_low" in answer.json()["detail"]
