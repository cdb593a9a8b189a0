"""What operators see of readings and do about them: each edit goes the way of every reading, and is never forgotten."""

import hashlib
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest

from tests.integration.ingest.http.door import JSON, Door, new_serial

HOURS = """
    SELECT (extract(epoch FROM hour.starts_at)::bigint - extract(epoch FROM %s::timestamptz)::bigint) / 3600,
           hour.energy_wh, hour.quality
      FROM ingest_v1.hour JOIN ingest.point USING (point_id)
     WHERE number = %s AND energy_wh IS NOT NULL ORDER BY 1
"""
SIGNED = {"who": "Anna Berg", "cause": "photo of the meter"}
SENTINEL = 16_777_215


def at(hour: int, minute: int = 0) -> str:
    return f"2024-01-{10 + hour // 24:02d}T{hour % 24:02d}:{minute:02d}:00+01:00"


def readings(point: str, registers: dict[int, int]) -> list[dict[str, Any]]:
    return [{"metering_point": point, "read_at": at(hour), "energy_wh": wh} for hour, wh in registers.items()]


def sent(door: Door, registers: dict[int, int]) -> str:
    """Have readings of a new metering point judged; gives its number."""
    point = door.point()
    door.sender.judged(door.sender.post(readings(point, registers)))
    return point


def edit(door: Door, action: str, **more: Any) -> httpx.Response:
    return door.staff.put(f"/v1/edits/{uuid4()}", json=SIGNED | {"action": action} | more)


def work(door: Door, point: str) -> list[tuple[str, int, float]]:
    answer = door.staff.get("/v1/work-list", params={"point": point})
    assert answer.status_code == 200, answer.text
    return [(one["reason"], one["readings"], one["kwh_at_stake"]) for one in answer.json()["shown"]]


def until_hours(door: Door, point: str, wanted: list[tuple[int, int, str]]) -> None:
    door.until(HOURS, wanted, at(0), point)


def until_refused(door: Door, point: str, count: int) -> None:
    query = "SELECT count(*) FROM ingest.reading JOIN ingest.point USING (point_id) WHERE number = %s AND verdict >= 10"
    door.until(query, [(count,)], point)


def explained(door: Door, point: str, what: str) -> dict[str, Any]:
    answer = door.staff.get(f"/v1/points/{point}/explain/{what}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_corrected_register_counts_and_its_hours_are_manual(door: Door) -> None:
    point = sent(door, {0: 0, 1: 9_000, 2: 2_000, 3: 3_000, 4: 4_000})
    answer = edit(door, "correct", metering_point=point, read_at=at(1), energy_wh=1_200)
    assert (answer.status_code, answer.json()["readings"]) == (201, 1)
    until_hours(door, point, [(0, 1_200, "manual"), (1, 800, "manual"), (2, 1_000, "measured"), (3, 1_000, "measured")])
    assert door.staff.get(f"/v1/deliveries/{answer.json()['edit_id']}").json()["verdicts"] == {"accepted": 1}


def test_hours_that_follow_a_correction_at_the_end_rest_on_it(door: Door) -> None:
    point = sent(door, {0: 0, 1: 1_000})
    edit(door, "correct", metering_point=point, read_at=at(2), energy_wh=2_600)
    until_hours(door, point, [(0, 1_000, "measured"), (1, 1_600, "manual")])
    more = [{"metering_point": point, "read_at": at(3, 30), "energy_wh": 4_100}, *readings(point, {4: 5_000})]
    for one in more:
        door.sender.judged(door.sender.post([one]))
    until_hours(door, point, [(0, 1_000, "measured"), (1, 1_600, "manual"), (2, 1_000, "manual"), (3, 1_400, "manual")])


def test_a_later_correction_counts_before_an_earlier_one(door: Door) -> None:
    point = sent(door, {0: 0, 1: 1_000, 2: 2_000})
    for wh in (1_100, 1_300):
        assert edit(door, "correct", metering_point=point, read_at=at(1), energy_wh=wh).status_code == 201
    until_hours(door, point, [(0, 1_300, "manual"), (1, 700, "manual")])


def test_a_withdrawn_span_is_as_if_it_had_not_been_read(door: Door) -> None:
    point = sent(door, {0: 0, 1: 5_000, 2: 5_100, 3: 6_000})
    answer = edit(door, "withdraw", metering_point=point, from_at=at(1), to_at=at(2))
    assert answer.json()["readings"] == 2
    until_hours(door, point, [(0, 2_000, "estimated"), (1, 2_000, "estimated"), (2, 2_000, "estimated")])
    again = edit(door, "withdraw", metering_point=point, from_at=at(1), to_at=at(2))
    assert (again.status_code, again.json()["code"]) == (422, "nothing_there")


def test_a_span_that_was_withdrawn_by_mistake_is_restored_as_if_it_never_was(door: Door) -> None:
    point = sent(door, {0: 0, 1: 5_000, 2: 5_100, 3: 6_000})
    measured = [(0, 5_000, "measured"), (1, 100, "measured"), (2, 900, "measured")]
    span = {"metering_point": point, "from_at": at(1), "to_at": at(2)}
    assert edit(door, "restore", **span).json()["code"] == "nothing_there"
    edit(door, "withdraw", **span)
    until_hours(door, point, [(hour, 2_000, "estimated") for hour in range(3)])
    assert edit(door, "restore", **span).json()["readings"] == 2
    until_hours(door, point, measured)
    assert edit(door, "restore", **span).json()["code"] == "nothing_there"
    # Its source may correct it as before, and it may be withdrawn again.
    later = [one | {"recorded_at": at(9)} for one in readings(point, {2: 5_400})]
    door.sender.judged(door.sender.post(later))
    until_hours(door, point, [(0, 5_000, "measured"), (1, 400, "measured"), (2, 600, "measured")])
    assert edit(door, "withdraw", **span).json()["readings"] == 2
    until_hours(door, point, [(hour, 2_000, "estimated") for hour in range(3)])


def test_a_correction_that_was_withdrawn_is_restored_as_one(door: Door) -> None:
    point = sent(door, {0: 0, 1: 9_000, 2: 2_000})
    corrected = [(0, 1_200, "manual"), (1, 800, "manual")]
    span = {"metering_point": point, "from_at": at(1), "to_at": at(1)}
    edit(door, "correct", metering_point=point, read_at=at(1), energy_wh=1_200)
    until_hours(door, point, corrected)
    edit(door, "withdraw", **span)
    until_hours(door, point, [(0, 1_000, "interpolated"), (1, 1_000, "interpolated")])
    edit(door, "restore", **span)
    until_hours(door, point, corrected)


def test_what_is_restored_and_refused_waits_for_an_operator_again(door: Door) -> None:
    point = sent(door, {0: 0, 1: 9_000, 2: 2_000, 3: 3_000})
    waiting = work(door, point)
    span = {"metering_point": point, "from_at": at(1), "to_at": at(1)}
    edit(door, "withdraw", **span)
    door.until(
        "SELECT verdict FROM ingest.reading JOIN ingest.point USING (point_id) WHERE rank > 100 AND number = %s",
        [(3,)],
        point,
    )
    assert work(door, point) == []
    edit(door, "restore", **span)
    until_refused(door, point, 1)
    assert work(door, point) == waiting != []


def test_an_accepted_register_may_rise_faster_than_the_maximum(door: Door) -> None:
    [point_id] = door.points.add(1, maximum_kw=50)
    point = f"MP-{point_id}"
    door.sender.judged(door.sender.post(readings(point, {0: 7_000, 1: 7_100, 2: 7_200, 3: 407_200, 4: 408_200})))
    assert work(door, point) == [("above_plausible_maximum", 2, 0.0)]
    assert edit(door, "accept", metering_point=point, read_at=at(3)).status_code == 201
    until_hours(door, point, [(0, 100, "measured"), (1, 100, "measured"), (2, 400_000, "manual"), (3, 1_000, "manual")])
    assert work(door, point) == []


def test_an_accepted_register_may_be_what_meters_send_instead_of_one(door: Door) -> None:
    point = sent(door, {0: SENTINEL - 2_000, 1: SENTINEL, 2: SENTINEL + 2_000})
    assert work(door, point) == [("sentinel", 1, 4.0)]
    assert edit(door, "accept", metering_point=point, read_at=at(1)).status_code == 201
    until_hours(door, point, [(0, 2_000, "manual"), (1, 2_000, "manual")])
    assert work(door, point) == []


def test_what_a_registration_must_mend_is_not_accepted(door: Door) -> None:
    point = sent(door, {0: 90_000, 1: 91_000, 2: 100, 3: 92_000})
    answer = edit(door, "accept", metering_point=point, read_at=at(2))
    assert (answer.status_code, answer.json()["code"]) == (422, "not_acceptable")
    assert "kulvert import meters" in answer.json()["detail"]
    answer = edit(door, "accept", metering_point=point, read_at=at(1))
    assert answer.json()["code"] == "nothing_there"


def test_refused_readings_wait_with_the_energy_of_the_hours_that_were_guessed_for_them(door: Door) -> None:
    point = sent(door, {0: 50_000, 1: 51_000, 2: 100, 3: 100, 4: 57_000, 5: 58_000})
    assert work(door, point) == [("register_went_backwards", 2, 6.0)]
    edit(door, "withdraw", metering_point=point, from_at=at(2), to_at=at(3))
    until_refused(door, point, 0)
    assert work(door, point) == []


@pytest.mark.parametrize(("order", "first"), [("kwh", 193), ("age", 1), ("readings", 97)])
def test_pages_of_the_work_list_hold_each_group_once_in_its_order(door: Door, order: str, first: int) -> None:
    # Four days apart 2 kWh are guessed for one reading, 3 for two, and 10 for one.
    good = {hour: 1_000_000 + 1_000 * hour for hour in (0, 2, 3, 96, 99, 100, 192)}
    point = sent(door, good | {194: 1_202_000, 195: 1_203_000} | dict.fromkeys((1, 97, 98, 193), 100))
    asked = {"point": point, "order": order}
    whole = door.staff.get("/v1/work-list", params=asked).json()
    pages = [door.staff.get("/v1/work-list", params=asked | {"skip": skip, "most": 1}).json() for skip in range(4)]
    assert [one["groups"] for one in pages] == [3, 3, 3, None]
    assert [one["shown"] for one in pages] == [*([group] for group in whole["shown"]), []]
    assert datetime.fromisoformat(whole["shown"][0]["from_at"]) == datetime.fromisoformat(at(first))


def test_another_meters_readings_wait_with_what_it_has_counted_until_it_is_assigned(door: Door) -> None:
    point, serial = door.point(), new_serial()
    old = {hour: 900_000 + 1_000 * hour for hour in range(30)}
    new = {hour: 1_000 * (hour - 30) for hour in range(30, 90)}
    door.sender.judged(door.sender.post(readings(point, old | new)))
    [(reason, count, kwh)] = [one for one in work(door, point) if one[0] == "unregistered_exchange"]
    assert (reason, kwh) == ("unregistered_exchange", float(count - 1))
    places = [{"metering_point": point, "installed_at": "2023-01-01T00:00:00+01:00", "removed_at": at(29, 30)}]
    assert edit(door, "assign_meter", serial=new_serial(), meter={"installations": places}).status_code == 201
    place = {"metering_point": point, "installed_at": at(29, 30)}
    assert edit(door, "assign_meter", serial=serial, meter={"installations": [place]}).status_code == 201
    door.until(
        "SELECT count(*) FROM ingest.reading JOIN ingest.point USING (point_id) WHERE number = %s AND verdict = 1",
        [(90,)],
        point,
    )
    assert work(door, point) == []


def test_held_readings_wait_with_the_span_of_their_registers(door: Door) -> None:
    serial = new_serial()
    door.sender.judged(
        door.sender.post([{"serial": serial, "read_at": at(hour), "energy_wh": 1_500 * hour} for hour in range(5)])
    )
    assert work(door, serial) == [("unknown_meter", 5, 6.0)]
    place = {"metering_point": door.point(), "installed_at": "2023-01-01T00:00:00+01:00"}
    edit(door, "assign_meter", serial=serial, meter={"installations": [place]})
    assert work(door, serial) == []


def test_readings_from_before_a_meter_was_put_wait_at_its_metering_point(door: Door) -> None:
    point, serial = door.point(), new_serial()
    place = {"metering_point": point, "installed_at": at(2)}
    assert door.staff.put(f"/v1/meters/{serial}", json={"installations": [place]}).status_code == 201
    early = [{"serial": serial, "read_at": at(hour), "energy_wh": 1_000 * hour} for hour in range(4)]
    door.sender.judged(door.sender.post(early))
    assert work(door, point) == work(door, serial) == [("meter_not_installed", 2, 1.0)]


def test_what_is_settled_waits_no_longer_and_stays_as_it_is(door: Door) -> None:
    point = sent(door, {0: 0, 1: SENTINEL, 2: 2_000})
    assert work(door, point) == [("sentinel", 1, 2.0)]
    assert edit(door, "settle", metering_point=point, from_at=at(0), to_at=at(23)).json()["readings"] == 0
    assert work(door, point) == []
    until_hours(door, point, [(0, 1_000, "interpolated"), (1, 1_000, "interpolated")])


def test_what_is_reopened_waits_again_and_may_be_settled_again(door: Door) -> None:
    point = sent(door, {0: 0, 1: SENTINEL, 2: 2_000, 72: 72_000, 73: SENTINEL, 74: 74_000})
    both = [("sentinel", 1, 2.0)] * 2
    edit(door, "settle", metering_point=point, from_at=at(0), to_at=at(100))
    assert work(door, point) == []
    edit(door, "reopen", metering_point=point, from_at=at(73), to_at=at(73))
    assert work(door, point) == both[:1]
    edit(door, "reopen", metering_point=point, from_at=at(0), to_at=at(100))
    assert work(door, point) == both
    edit(door, "settle", metering_point=point, from_at=at(1), to_at=at(1))
    assert work(door, point) == both[:1]


def test_an_edit_that_is_sent_again_is_done_once(door: Door) -> None:
    point = sent(door, {0: 0, 1: 1_000})
    path, body = f"/v1/edits/{uuid4()}", SIGNED | {
        "action": "correct", "metering_point": point, "read_at": at(1), "energy_wh": 1_500,
    }  # fmt: skip
    assert [door.staff.put(path, json=body).status_code for _ in range(2)] == [201, 200]
    other = door.staff.put(path, json=body | {"energy_wh": 1_600})
    assert (other.status_code, other.json()["code"]) == (409, "edit_id_is_taken")
    assert len(door.staff.get("/v1/edits", params={"point": point}).json()["edits"]) == 1


def test_every_edit_is_logged_with_who_and_why(door: Door) -> None:
    point, serial = sent(door, {0: 0, 1: 1_000}), new_serial()
    edit(door, "correct", metering_point=point, read_at=at(1), energy_wh=1_500)
    place = {"metering_point": point, "installed_at": "2023-01-01T00:00:00+01:00"}
    door.staff.put(f"/v1/meters/{serial}", json={"installations": [place]})
    [newest, log] = door.staff.get("/v1/edits", params={"point": point}).json()["edits"]
    assert (newest["action"], newest["serial"], newest["who"]) == ("assign_meter", serial, "a staff system")
    assert (log["who"], log["cause"], log["action"]) == ("Anna Berg", "photo of the meter", "correct")
    assert log["document"]["energy_wh"] == 1_500
    assert log["correlation_id"]
    assert door.staff.get("/v1/edits", params={"most": 1}).json()["edits"] == [newest]


def test_meters_of_a_file_stand_in_the_log_with_their_lines_once(door: Door) -> None:
    point, serials = door.point(), [new_serial(), new_serial()]
    lines = [f"{serials[0]},{point},2023-01-01T00:00:00+01:00,2024-01-01T00:00:00+01:00"]
    lines += [f"{serials[1]},{point},2024-01-01T00:00:00+01:00,"]
    file = "\n".join(["serial,metering_point,installed_at,removed_at", *lines])
    for _ in range(2):
        door.staff.post("/v1/import/meters", content=file.encode(), headers={"Content-Type": "text/csv"})
    found = [one for one in door.staff.get("/v1/edits").json()["edits"] if one["serial"] in serials]
    assert sorted((one["action"], one["who"], one["cause"]) for one in found) == [
        ("assign_meter", "a staff system", "POST /v1/import/meters, line 2"),
        ("assign_meter", "a staff system", "POST /v1/import/meters, line 3"),
    ]


def test_nobody_changes_the_log(door: Door) -> None:
    for statement in ("UPDATE ingest.edit SET who = 'nobody'", "DELETE FROM ingest.edit"):
        with (
            psycopg.connect(door.stack.dsn("ingest")) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute(statement.encode())


@pytest.mark.parametrize(
    "missing", [{"who": ""}, {"cause": ""}, {"who": None}, {"energy_wh": -1}, {"energy_wh": "5"}, {"more": 1}]
)
def test_an_edit_without_who_and_why_or_with_a_bad_value_is_refused(door: Door, missing: dict[str, Any]) -> None:
    body = SIGNED | {"action": "correct", "metering_point": door.point(), "read_at": at(1), "energy_wh": 5} | missing
    answer = door.staff.put(f"/v1/edits/{uuid4()}", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


def test_an_edit_in_the_future_or_of_an_unknown_point_is_refused(door: Door) -> None:
    future = edit(door, "correct", metering_point=door.point(), read_at="2055-01-01T00:00:00+01:00", energy_wh=1)
    assert (future.status_code, future.json()["code"]) == (422, "unusable")
    unknown = edit(door, "correct", metering_point="nowhere", read_at=at(1), energy_wh=1)
    assert (unknown.status_code, unknown.json()["code"]) == (422, "unknown_metering_point")
    replay = edit(door, "replay", delivery_id=str(uuid4()))
    assert (replay.status_code, replay.json()["code"]) == (422, "nothing_there")


def test_no_source_can_speak_as_an_operator(door: Door) -> None:
    answer = door.staff.put(f"/v1/sources/s-{new_serial()}", json={"rank": 101})
    assert answer.status_code == 422
    # The name of what operators say is none that can be put, and it has no key.
    assert door.rows("SELECT name, rank, state FROM ingest.source WHERE rank > 100") == [
        ("an operator", 101, "revoked")
    ]


def test_an_explanation_leads_to_the_bytes_that_came_in(door: Door) -> None:
    point = door.point()
    body = f'[{{"metering_point": "{point}", "read_at": "{at(0)}", "energy_wh": 7}}]'
    answer = door.sender.post(body, Idempotency_Key="first")
    door.sender.judged(answer)
    door.sender.judged(door.sender.post(readings(point, {1: 1_007})))
    found = explained(door, point, "hours/2024-01-10T00")
    assert (found["hour"]["energy_wh"], found["adds_up"]) == (1_000, True)
    delivery = found["marks"][0]["readings"][0]["delivery"]
    assert (delivery["source"], delivery["idempotency_key"]) == (door.sender.name, "first")
    assert delivery["correlation_id"] == answer.headers["X-Correlation-Id"]
    raw = door.staff.get(f"/v1/deliveries/{delivery['delivery_id']}/bytes")
    assert raw.content == body.encode()
    assert raw.headers["Content-Type"] == delivery["content_type"] == JSON
    assert hashlib.sha256(JSON.encode() + b"\n" + raw.content).hexdigest() == delivery["sha256"]


def test_an_explanation_shows_the_operator_and_what_it_was_before(door: Door) -> None:
    point = sent(door, {0: 0, 1: 1_000, 2: 2_000})
    edit(door, "correct", metering_point=point, read_at=at(1), energy_wh=1_400)
    until_hours(door, point, [(0, 1_400, "manual"), (1, 600, "manual")])
    found = explained(door, point, "hours/2024-01-10T00")
    assert "an operator's reading on the hour" in found["hour"]["rule"]
    assert found["marks"][1]["readings"][0]["delivery"]["cause"] == "photo of the meter"
    assert [(one["energy_wh"], one["verdict"]) for one in found["not_used"]] == [(1_000, "superseded")]
    assert [one["energy_wh"] for one in found["earlier"]] == [1_000]
    assert [one["who"] for one in found["edits"]] == ["Anna Berg"]
    assert explained(door, point, "days/2024-01-10")["adds_up"]
    assert explained(door, point, "months/2024-01")["adds_up"]


@pytest.mark.parametrize(
    ("what", "code"),
    [
        ("hours/2024-01-10T25", "no_such_hour"),
        ("hours/2024-01-10", "no_such_hour"),
        ("hours/2024-10-27T02", "no_such_hour"),
        ("hours/1980-01-01T00", "no_such_hour"),
        ("days/2090-01-01", "no_such_day"),
        ("days/2024-02-30", "invalid"),
        ("months/2024-13", "invalid"),
    ],
)
def test_what_is_no_hour_day_or_month_is_said_to_be_none(door: Door, what: str, code: str) -> None:
    answer = door.staff.get(f"/v1/points/MP-1/explain/{what}")
    assert (answer.status_code, answer.json()["code"]) == (422, code)


def test_an_hour_that_is_there_twice_is_named_by_its_offset(door: Door) -> None:
    point = sent(door, {0: 0})
    for offset, utc in (("+02:00", "00"), ("+01:00", "01")):
        found = explained(door, point, f"hours/2024-10-27T02{offset}")
        assert found["marks"][0]["at"] == f"2024-10-27T{utc}:00:00+00:00"


@pytest.mark.parametrize(
    "path",
    ["work-list", "edits", "points/MP-1/explain/days/2024-01-10", f"deliveries/{UUID(int=1)}/bytes"],
)
def test_only_staff_may_ask(door: Door, path: str) -> None:
    answer = door.staff.get(f"/v1/{path}", headers={"Authorization": f"Bearer {door.sender.key}"})
    assert answer.status_code == 401
