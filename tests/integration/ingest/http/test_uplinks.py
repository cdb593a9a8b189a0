"""Uplinks of LoRaWAN through the door: each is counted by one process alone, and held until its module is known."""

import base64
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from deploy.local.services import Service
from tests.integration.ingest.http.door import Door, new_serial
from tests.integration.ingest.http.telegram_senders import (
    AT,
    TELEGRAMS,
    UPLINKS,
    codes,
    installed,
    item,
    new_digits,
    new_eui,
    put_device,
    standard,
    until_accepted,
)
from tests.running import running
from tests.telegrams import address, chirp_stack, things_stack, wired


@pytest.mark.parametrize("network", [chirp_stack, things_stack])
def test_the_published_uplinks_end_as_readings(door: Door, shared_data: Path, network: Any) -> None:
    for vector in json.loads((shared_data / "lorawan-elvaco/ttn_elvaco_vectors.json").read_text()):
        eui = new_eui()
        expected = vector.get("expected_correct") or vector["expected_by_source"]
        serial = str(10_906_719 if "correct 10906719" in vector["verdict"] else expected["serial"])
        put_device(door, eui, serial)
        answer = door.sender.post(network(base64.b64encode(bytes(vector["bytes"])).decode(), eui=eui), path=UPLINKS)
        assert answer.status_code == 202, answer.text
        ((read_as,),) = door.rows(
            "SELECT read_as FROM ingest.delivery_payload WHERE delivery_id = %s", answer.json()["delivery_id"]
        )
        energy_kwh = expected.get("energy_kwh", expected.get("energy"))
        volume_m3 = expected.get("volume_m3", expected.get("volume"))
        assert (read_as[0]["serial"], read_as[0]["energy_wh"]) == (serial, energy_kwh * 1_000)
        assert read_as[0]["volume_l"] == round(volume_m3 * 1_000)


def test_an_uplink_of_an_unknown_module_is_held_and_freed_once_it_is_put(door: Door) -> None:
    digits, eui = new_digits(), new_eui()
    point_id = installed(door, digits)
    first = door.sender.post(chirp_stack(standard(digits), 7, eui=eui), path=UPLINKS)
    again = door.sender.post(chirp_stack(standard(digits), 7, eui=eui), path=UPLINKS)
    assert [(one.status_code, one.json()["taken"], codes(one)) for one in (first, again)] == [
        (202, 0, ["unknown_device"])
    ] * 2
    put_device(door, eui.upper(), digits)
    until_accepted(door, point_id, [(AT, 9_818_000)])
    door.until(
        "SELECT reading->>'code' FROM ingest.held_reading WHERE delivery_id = %s",
        [("counter_repeated",)],
        again.json()["delivery_id"],
    )
    found = door.sender.judged(first)
    assert (found["taken"], found["verdicts"], found["refused"]) == (1, {"accepted": 1}, [])
    assert door.staff.get(f"/v1/devices/{eui}").json()["counter"] == 7


def test_a_counter_that_repeats_or_falls_is_refused_by_name(door: Door) -> None:
    digits, eui = new_digits(), new_eui()
    put_device(door, eui, digits)

    def sent(counter: int, hour: int, **more: Any) -> httpx.Response:
        at = (AT + timedelta(hours=hour)).isoformat()
        return door.sender.post(chirp_stack(standard(digits), counter, eui=eui, time=at, **more), path=UPLINKS)

    assert sent(7, 1).status_code == 202
    for answer, code in ((sent(7, 2), "counter_repeated"), (sent(3, 2), "counter_reset")):
        assert (answer.status_code, codes(answer)) == (422, [code])
    # What the network heard before and hands on late is no reset, and a device that joined anew begins at zero.
    assert [sent(6, 0).status_code, sent(0, 3, devAddr="00000001").status_code] == [202, 202]
    assert door.staff.get(f"/v1/devices/{eui}").json()["session"] == "00000001"


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"port": 3}, "wrong_port"),
        ({"payload": "not base64"}, "bad_base64"),
        ({"payload": ""}, "empty_payload"),
        ({"payload": standard("12345678", "0C065A2600FA")}, "bad_bcd"),
    ],
)
def test_an_uplink_that_cannot_be_read_does_not_count(door: Door, wrong: dict[str, Any], code: str) -> None:
    eui = new_eui()
    put_device(door, eui, "12345678")
    answer = door.sender.post(chirp_stack(**{"payload": standard("12345678")} | wrong, eui=eui), path=UPLINKS)
    assert (answer.status_code, codes(answer)) == (422, [code])
    assert door.staff.get(f"/v1/devices/{eui}").json()["counter"] is None


def test_a_key_that_may_not_speak_of_the_meter_does_not_count_for_its_module(door: Door) -> None:
    digits, eui = new_digits(), new_eui()
    put_device(door, eui, digits)
    stranger = door.new_sender(serials=[new_serial()])
    assert codes(stranger.post(chirp_stack(standard(digits), eui=eui), path=UPLINKS)) == ["not_allowed_for_source"]
    assert door.sender.post(chirp_stack(standard(digits), eui=eui), path=UPLINKS).status_code == 202


def test_what_chirp_stack_posts_beside_uplinks_is_no_delivery(door: Door) -> None:
    answers = [door.sender.post("{}", path=f"{UPLINKS}?event={event}") for event in ("join", "ack", "status")]
    assert [one.status_code for one in answers] == [204] * 3


def test_the_same_idempotency_key_gives_the_first_receipt_of_an_uplink(door: Door) -> None:
    digits, eui, key = new_digits(), new_eui(), uuid4().hex
    put_device(door, eui, digits)
    body = chirp_stack(standard(digits), eui=eui)
    first, again = (door.sender.post(body, path=UPLINKS, Idempotency_Key=key) for _ in range(2))
    assert (first.status_code, first.json()) == (again.status_code, again.json())
    other = door.sender.post(chirp_stack(standard(digits), 8, eui=eui), path=UPLINKS, Idempotency_Key=key)
    assert (other.status_code, other.json()["code"]) == (409, "key_reused")
    assert door.staff.get(f"/v1/devices/{eui}").json()["counter"] == 7


def test_a_repeated_delivery_tells_of_its_refused_items_as_the_first_did(door: Door) -> None:
    items, key = [item(wired(who=address(new_digits()))), item(b"\xe5")], uuid4().hex
    first, again = (door.sender.post(items, path=TELEGRAMS, Idempotency_Key=key) for _ in range(2))
    assert (first.status_code, first.json()) == (again.status_code, again.json())


@pytest.fixture(scope="module")
def second_api(door: Door, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    service = Service("ingest_api_2", "services.ingest", ("api",))
    with running(door.stack, service, tmp_path_factory.mktemp("second") / "api.log") as client:
        yield client


def test_two_processes_do_not_take_the_same_uplink_twice(door: Door, second_api: httpx.Client) -> None:
    digits, eui = new_digits(), new_eui()
    put_device(door, eui, digits)

    def sent(counter: int, client: httpx.Client) -> str:
        at = (AT + timedelta(hours=counter)).isoformat()
        body = chirp_stack(standard(digits), counter, eui=eui, time=at)
        answer = door.sender.post(body, path=UPLINKS, client=client)
        return "taken" if answer.status_code == 202 else codes(answer)[0]

    with ThreadPoolExecutor(2) as threads:
        for counter in range(1, 9):
            both = [threads.submit(sent, counter, client) for client in (door.staff, second_api)]
            assert sorted(one.result() for one in both) == ["counter_repeated", "taken"]
