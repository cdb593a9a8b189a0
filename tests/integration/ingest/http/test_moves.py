"""A meter that sat elsewhere than was thought takes all its readings along, whatever is kept of what brought them."""

from typing import Any

import psycopg

from tests.builders import HOUR_S, MIDNIGHT_S
from tests.integration.ingest.http.door import Door, installation, new_serial, put
from tests.integration.ingest.http.test_meters import HOURS, at, registers
from tests.integration.ingest.http.test_straight_to_kafka import send_readings

READINGS = """
    SELECT reading.content_hash, reading.read_at, recorded_at, rank, energy_wh, volume_l, forward_lc, return_lc,
           flow_l_per_h, power_w, supply_c, return_c, withdrawn
      FROM ingest.reading JOIN ingest.point USING (point_id) WHERE number = %s ORDER BY 1
"""
VERDICTS = """
    SELECT verdict, count(*) FROM ingest.reading JOIN ingest.point USING (point_id)
     WHERE number = %s GROUP BY verdict ORDER BY verdict
"""
TO_READ_AGAIN = "SELECT count(*) FROM ingest.reread WHERE serial = %s"


def forget_bytes(door: Door, *delivery_ids: str, with_deliveries: bool = False) -> None:
    """Let the bytes of deliveries be gone, as the job does with what is old enough; or all that is known of them."""
    with psycopg.connect(door.stack.admin_dsn) as connection:
        connection.execute("DELETE FROM ingest.delivery_payload WHERE delivery_id = ANY(%s)", [list(delivery_ids)])
        if with_deliveries:
            connection.execute("DELETE FROM ingest.delivery_result WHERE delivery_id = ANY(%s)", [list(delivery_ids)])
            connection.execute("DELETE FROM ingest.delivery WHERE delivery_id = ANY(%s)", [list(delivery_ids)])


def sent(door: Door, rows: list[dict[str, Any]]) -> str:
    """Send a delivery and have it judged; gives its id."""
    answer = door.sender.post(rows)
    door.sender.judged(answer)
    return str(answer.json()["delivery_id"])


def test_readings_follow_their_meter_though_the_bytes_that_brought_them_are_gone(door: Door) -> None:
    serial, wrong, right = new_serial(), door.point(), door.point()
    put(door, serial, installation(wrong))
    samples = {"volume_l": 7, "forward_lc": 560, "return_lc": 231, "flow_l_per_h": 12.3, "supply_c": 81.55}
    rows = [row | samples | {"return_c": 33.1, "power_w": 0.1} for row in registers(serial, range(4))]
    corrected = rows[2] | {"energy_wh": 2_100, "recorded_at": at(20)}
    taken_back = rows[1] | {"withdrawn": True, "recorded_at": at(21)}
    delivery = sent(door, [*rows, corrected, taken_back])
    before = door.rows(READINGS, wrong)
    forget_bytes(door, delivery)
    put(door, serial, installation(right))
    door.until(HOURS, [(0, 1050, 1), (1, 1050, 1), (2, 900, 1)], MIDNIGHT_S, right)
    assert door.rows(READINGS, right) == before
    door.until(HOURS, [(hour, None, 2) for hour in range(3)], MIDNIGHT_S, wrong)
    assert door.sender.delivery(delivery)["verdicts"] == {"accepted": 3, "superseded": 2, "withdrawn": 1}


def test_a_meter_that_is_moved_back_without_its_bytes_has_nothing_twice(door: Door) -> None:
    serial, wrong, right = new_serial(), door.point(), door.point()
    put(door, serial, installation(wrong))
    forget_bytes(door, sent(door, registers(serial, range(4))))
    for times, (here, there) in enumerate(((right, wrong), (wrong, right), (right, wrong)), start=1):
        put(door, serial, installation(here))
        door.until(VERDICTS, [(1, 4)], here)
        door.until(VERDICTS, [(13, 4)], there)
        door.until(TO_READ_AGAIN, [(0,)], serial)
        assert times < 2 or len(door.rows(READINGS, wrong)) == len(door.rows(READINGS, right)) == 4


def test_what_several_deliveries_brought_comes_once_whichever_bytes_are_kept(door: Door) -> None:
    serial, wrong, right = new_serial(), door.point(), door.point()
    put(door, serial, installation(wrong))
    gone, kept = sent(door, registers(serial, range(4))), sent(door, registers(serial, range(6)))
    forgotten = sent(door, registers(serial, range(6, 8), 6_000))
    forget_bytes(door, gone)
    forget_bytes(door, forgotten, with_deliveries=True)
    put(door, serial, installation(right))
    door.until(HOURS, [(hour, 1000, 1) for hour in range(7)], MIDNIGHT_S, right)
    door.until(VERDICTS, [(1, 8)], right)
    door.until(TO_READ_AGAIN, [(0,)], serial)
    assert door.sender.delivery(gone)["verdicts"] == {"accepted": 4}
    # Of the four that had come before it has no reading of its own.
    assert door.sender.delivery(kept)["verdicts"] == {"accepted": 2, "duplicate": 4}


def test_readings_that_no_delivery_brought_follow_their_meter(door: Door) -> None:
    serial, wrong, right = new_serial(), door.point(), door.point()
    put(door, serial, installation(wrong))
    rows = [
        {"serial": serial, "read_at": MIDNIGHT_S + hour * HOUR_S, "energy_wh": 1_000 * hour} for hour in (0, 1, 2, 800)
    ]
    for rank, some in (("0", rows[:2]), ("10", rows[2:])):
        send_readings(door, *some, source_rank=rank)
    door.until(VERDICTS, [(1, 4)], wrong)
    before = door.rows(READINGS, wrong)
    put(door, serial, installation(right))
    door.until(VERDICTS, [(1, 4)], right)
    assert door.rows(READINGS, right) == before
