"""What both meters show at the instant of an exchange: by serial alone, taken back, implausible, of a meter moved."""

from tests.builders import MIDNIGHT_S
from tests.integration.ingest.http.door import Door, installation, new_serial, put
from tests.integration.ingest.http.test_meters import HOURS, at, registers
from tests.integration.ingest.http.test_operators import edit, until_hours, work


def test_what_a_meter_showed_as_it_was_removed_is_its_stop_register_by_its_serial_alone(door: Door) -> None:
    old, new, point = new_serial(), new_serial(), door.point()
    put(door, old, installation(point, removed_at=at(3)))
    put(door, new, installation(point, at(3)))
    answer = door.sender.post([*registers(old, range(4), 50_000), *registers(new, range(3, 6), 200)])
    assert door.sender.judged(answer)["verdicts"] == {"accepted": 6, "stop_register": 1}
    assert door.sender.judged(answer)["refused"] == []
    door.until(HOURS, [(hour, 1000, 1) for hour in range(5)], MIDNIGHT_S, point)


def test_what_a_meter_showed_as_it_was_moved_belongs_to_where_it_was_put_once_that_is_known(door: Door) -> None:
    serial, point, next_point = new_serial(), door.point(), door.point()
    put(door, serial, installation(point, removed_at=at(3)))
    answer = door.sender.post(registers(serial, range(6)))
    assert door.sender.judged(answer)["verdicts"] == {"accepted": 3, "stop_register": 1, "meter_not_installed": 2}
    put(door, serial, installation(point, removed_at=at(3)), installation(next_point, at(3)))
    door.until(HOURS, [(3, 1000, 1), (4, 1000, 1)], MIDNIGHT_S, next_point)
    refused = "SELECT verdict FROM ingest.reading JOIN ingest.point USING (point_id) WHERE number = %s AND verdict > 9"
    door.until(refused, [(13,)], point)
    assert door.sender.judged(answer)["verdicts"] == {"accepted": 6}


def exchanged(door: Door, last_wh: int) -> str:
    """Have a meter exchanged at 3:00, read by both serials at that instant; gives the metering point's number."""
    point, old, new = door.point(), new_serial(), new_serial()
    places = {
        old: {"metering_point": point, "installed_at": at(0), "removed_at": at(3)},
        new: {"metering_point": point, "installed_at": at(3)},
    }
    for serial, place in places.items():
        assert edit(door, "assign_meter", serial=serial, meter={"installations": [place]}).status_code == 201
    shown = {old: {0: 50_000, 1: 51_000, 2: 52_000, 3: last_wh}, new: {3: 200, 4: 1_200}}
    rows = [
        {"serial": serial, "read_at": at(hour), "energy_wh": wh}
        for serial, registers in shown.items()
        for hour, wh in registers.items()
    ]
    door.sender.judged(door.sender.post(rows))
    return point


def test_what_is_withdrawn_at_an_exchange_is_what_both_meters_showed(door: Door) -> None:
    point = exchanged(door, 52_700)
    measured = [(0, 1_000, "measured"), (1, 1_000, "measured")]
    until_hours(door, point, [*measured, (2, 700, "measured"), (3, 1_000, "measured")])
    span = {"metering_point": point, "from_at": at(3), "to_at": at(3)}
    assert edit(door, "withdraw", **span).json()["readings"] == 1
    # From 2:00 to 4:00 nothing is known to have been used: neither what the one ended at nor what the other began with.
    until_hours(door, point, [*measured, (2, 0, "estimated"), (3, 0, "estimated")])
    assert edit(door, "restore", **span).json()["readings"] == 1
    until_hours(door, point, [*measured, (2, 700, "measured"), (3, 1_000, "measured")])


def test_an_implausible_stop_register_is_not_accepted_but_noted_with_its_meter(door: Door) -> None:
    point = exchanged(door, 51_000)
    assert [one[:2] for one in work(door, point)] == [("implausible_stop", 1)]
    answer = edit(door, "accept", metering_point=point, read_at=at(3))
    assert (answer.status_code, answer.json()["code"]) == (422, "nothing_there")
