"""Telegrams read again: what was read wrongly is superseded, what is gone taken back, and the rest left alone."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from services.common.postgres import Database
from services.ingest.store import deliveries
from tests.integration.ingest.http.door import JUDGED_WITHIN_S, Door, new_serial
from tests.integration.ingest.http.telegram_senders import (
    AT,
    SHOWN,
    TELEGRAMS,
    UPLINKS,
    installed,
    item,
    new_digits,
    new_eui,
    noted,
    put_device,
    standard,
    until_accepted,
    with_clock,
)
from tests.integration.kulvert_command import Kulvert
from tests.telegrams import OMS_KEY, address, chirp_stack, secret, wired

OTHER_KEY = bytes(range(16))


def replayed(door: Door, delivery_id: str) -> None:
    answer = door.staff.post(f"/v1/deliveries/{delivery_id}/replay")
    assert answer.status_code == 202, answer.text
    door.until("SELECT count(*) FROM ingest.replay", [(0,)])
    deadline = time.monotonic() + JUDGED_WITHIN_S
    while door.sender.delivery(delivery_id)["state"] != "judged":
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_replay_supersedes_what_was_read_by_a_wrong_step_and_leaves_the_rest(door: Door) -> None:
    first, second = new_digits(), new_digits()
    points = [installed(door, digits) for digits in (first, second)]
    for digits in (first, second):
        noted(door, digits, clock_zone="UTC", integral_step_lc=1_000)
    answer = door.sender.post([item(with_clock(digits)) for digits in (first, second)], path=TELEGRAMS)
    assert door.sender.judged(answer)["verdicts"] == {"accepted": 2}
    noted(door, first, integral_step_lc=10_000)
    replayed(door, answer.json()["delivery_id"])
    replayed(door, answer.json()["delivery_id"])
    versions = "SELECT verdict, forward_lc FROM ingest.reading WHERE point_id = %s ORDER BY recorded_at"
    count = 0xE4E7
    assert [door.rows(versions, point_id) for point_id in points] == [
        [(2, count * 1_000), (1, count * 10_000)],
        [(1, count * 1_000)],
    ]


def test_a_replay_takes_back_what_was_read_at_a_wrong_time(door: Door) -> None:
    digits = new_digits()
    point_id = installed(door, digits)
    noted(door, digits, clock_zone="+01:00")
    answer = door.sender.post([item(with_clock(digits))], path=TELEGRAMS)
    door.sender.judged(answer)
    noted(door, digits, clock_zone="UTC")
    replayed(door, answer.json()["delivery_id"])
    until_accepted(door, point_id, [(SHOWN, 2_850_427_000)])
    withdrawn = "SELECT read_at FROM ingest.reading WHERE point_id = %s AND withdrawn"
    assert door.rows(withdrawn, point_id) == [(SHOWN - timedelta(hours=1),)]


def test_a_replay_reads_anew_what_waited_for_its_meter(door: Door) -> None:
    digits = new_digits()
    noted(door, digits, clock_zone="+01:00")
    answer = door.sender.post([item(with_clock(digits))], path=TELEGRAMS)
    assert door.sender.judged(answer)["verdicts"] == {"unknown_meter": 1}
    noted(door, digits, clock_zone="UTC")
    replayed(door, answer.json()["delivery_id"])
    assert door.sender.judged(answer)["verdicts"] == {"unknown_meter": 1}
    point_id = door.points.add()[0]
    place = {"metering_point": f"MP-{point_id}", "installed_at": "2020-01-01T00:00:00Z"}
    assert door.staff.put(f"/v1/meters/{digits}", json={"installations": [place]}).status_code == 201
    until_accepted(door, point_id, [(SHOWN, 2_850_427_000)])


def versions(door: Door, point_id: int) -> list[tuple[int, bool, int]]:
    found = door.rows(
        "SELECT rank, withdrawn, verdict FROM ingest.reading WHERE point_id = %s ORDER BY recorded_at", point_id
    )
    return [(rank, withdrawn, verdict) for rank, withdrawn, verdict in found]


def test_a_replay_leaves_what_cannot_be_opened_today_as_it_was_read(door: Door) -> None:
    """A meter's key was changed: what it sent under the old one was read rightly, and is no less right now."""
    digits = new_digits()
    point_id = installed(door, digits)
    noted(door, digits, key=OMS_KEY.hex())
    hours = (AT, AT + timedelta(hours=1))
    frames = [
        item(secret(who=address(digits), key=key), at, link="wireless_without_crc")
        for key, at in zip((OMS_KEY, OTHER_KEY), hours, strict=True)
    ]
    answer = door.sender.post(frames, path=TELEGRAMS)
    until_accepted(door, point_id, [(AT, 2_850_427_000)])
    noted(door, digits, key=OTHER_KEY.hex())
    both = [(at, 2_850_427_000) for at in hours]
    until_accepted(door, point_id, both)
    for key in (OTHER_KEY.hex(), None):
        noted(door, digits, key=key)
        replayed(door, answer.json()["delivery_id"])
        until_accepted(door, point_id, both)
        assert versions(door, point_id) == [(10, False, 1)] * 2
    assert door.sender.judged(answer)["refused"] == []


def test_a_replay_leaves_what_a_module_said_of_the_meter_that_it_sat_in_before(door: Door) -> None:
    before, after, eui = new_digits(), new_digits(), new_eui()
    point_id = installed(door, before)
    put_device(door, eui, before)
    answer = door.sender.post(chirp_stack(standard(before), eui=eui), path=UPLINKS)
    door.sender.judged(answer)
    put_device(door, eui, after)
    replayed(door, answer.json()["delivery_id"])
    until_accepted(door, point_id, [(AT, 9_818_000)])
    assert versions(door, point_id) == [(10, False, 1)]


@pytest.mark.parametrize(
    ("said", "counts"),
    [({"action": "correct", "energy_wh": 2_850_000_000}, [(SHOWN, 2_850_000_000)]), ({"action": "withdraw"}, [])],
    ids=["corrected", "withdrawn"],
)
def test_a_replay_does_not_take_an_operators_word_back(door: Door, said: dict[str, Any], counts: list[Any]) -> None:
    digits = new_digits()
    point_id = installed(door, digits)
    noted(door, digits, clock_zone="UTC", integral_step_lc=1_000)
    answer = door.sender.post([item(with_clock(digits))], path=TELEGRAMS)
    door.sender.judged(answer)
    span = (
        {"read_at": SHOWN.isoformat()}
        if said["action"] == "correct"
        else {"from_at": SHOWN.isoformat(), "to_at": SHOWN.isoformat()}
    )
    signed = {"who": "Anna Berg", "cause": "photo of the meter", "metering_point": f"MP-{point_id}"}
    assert door.staff.put(f"/v1/edits/{uuid4()}", json=signed | span | said).status_code == 201
    until_accepted(door, point_id, counts)
    noted(door, digits, integral_step_lc=10_000)
    replayed(door, answer.json()["delivery_id"])
    door.until("SELECT count(*) FROM ingest.reading WHERE point_id = %s AND rank = 10", [(2,)], point_id)
    until_accepted(door, point_id, counts)


def test_operators_import_keys_and_replay_by_command(door: Door, tmp_path: Path) -> None:
    digits = new_digits()
    point_id = installed(door, digits)
    kulvert = Kulvert(door.stack, tmp_path)
    file = tmp_path / "devices.csv"
    file.write_text(f"meter,clock_zone\n{digits},+01:00\n")
    assert "1  devices created" in kulvert.does("import", "devices", file)
    answer = door.sender.post([item(with_clock(digits))], path=TELEGRAMS)
    door.sender.judged(answer)
    file.write_text(f"meter,clock_zone\n{digits},UTC\n")
    kulvert.does("import", "devices", file)
    assert "is read again" in kulvert.does("replay", answer.json()["delivery_id"])
    until_accepted(door, point_id, [(SHOWN, 2_850_427_000)])
    refused = kulvert.run("replay", uuid4())
    assert (refused.returncode, "no such delivery" in refused.stderr) == (1, True)


def test_only_deliveries_of_telegrams_are_replayed_and_only_by_staff(door: Door) -> None:
    reading = {"serial": new_serial(), "read_at": AT.isoformat(), "energy_wh": 1}
    delivery_id = door.sender.post([reading]).json()["delivery_id"]
    answer = door.staff.post(f"/v1/deliveries/{delivery_id}/replay")
    assert (answer.status_code, answer.json()["code"]) == (422, "no_telegrams")
    assert door.staff.post(f"/v1/deliveries/{uuid4()}/replay").status_code == 404
    assert door.sender.post("{}", path=f"/v1/deliveries/{delivery_id}/replay").status_code == 401


async def test_only_the_bytes_of_old_deliveries_are_forgotten(door: Door) -> None:
    old, waiting, new = (
        door.sender.post([item(wired(who=address(new_digits())))], path=TELEGRAMS).json()["delivery_id"]
        for _ in range(3)
    )
    with_age = "UPDATE ingest.delivery_payload SET kept_at = %s WHERE delivery_id = ANY(%s) RETURNING 1"
    asked = "INSERT INTO ingest.replay (delivery_id, correlation_id) VALUES (%s, '') RETURNING 1"
    assert door.rows(with_age, datetime(2001, 1, 1, tzinfo=UTC), [old, waiting]) == [(1,), (1,)]
    # Of a delivery that nobody judges, so that it goes on waiting.
    door.rows("UPDATE ingest.delivery SET taken = 9 WHERE delivery_id = %s RETURNING 1", waiting)
    door.rows(asked, waiting)
    database = Database(door.stack.dsn("ingest"), 1, 1)
    await database.open()
    async with database.transaction() as tx:
        forgotten = await deliveries.forget_payloads(tx, datetime(2002, 3, 1, tzinfo=UTC), 13, 1_000)
    await database.close()
    assert forgotten == 1
    kept = door.rows(
        "SELECT delivery_id::text FROM ingest.delivery_payload WHERE delivery_id = ANY(%s)", [old, waiting, new]
    )
    assert {one for (one,) in kept} == {waiting, new}
    door.rows("DELETE FROM ingest.replay WHERE delivery_id = %s RETURNING 1", waiting)
    assert door.staff.post(f"/v1/deliveries/{old}/replay").status_code == 404
