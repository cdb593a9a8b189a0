"""Telegrams through the door: published ones end as readings, refused ones are held by name and freed by what lacks."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.integration.ingest.http.door import NDJSON, Door
from tests.integration.ingest.http.telegram_senders import (
    AT,
    SHOWN,
    TELEGRAMS,
    UPLINKS,
    codes,
    installed,
    item,
    new_digits,
    new_eui,
    noted,
    until_accepted,
    with_clock,
)
from tests.published_frames import BROKEN, NOT_READ, READ, Shown, frame
from tests.telegrams import OMS_HEAT, OMS_KEY, RECEIVED_AT, address, secret, wired


class Published:
    """The published frames with their meters installed, and the answer to all of them in one delivery."""

    def __init__(self, door: Door, folder: Path) -> None:
        self.shown = {name: Shown(folder / "test-frames" / f"{name}.norm.xml") for name in READ}
        self.files = {
            file.stem: file
            for kind in ("test-frames", "error-frames", "unsupported-frames")
            for file in sorted((folder / kind).glob("*.hex"))
        }
        serials = {shown.header["Id"].zfill(8) for shown in self.shown.values()}
        self.points = {serial: installed(door, serial) for serial in sorted(serials)}
        self.names = list(self.files)
        items = [item(frame(file), self.received_at(name), zone="UTC") for name, file in self.files.items()]
        self.answer = door.sender.post(items, path=TELEGRAMS)
        self.judged = door.sender.judged(self.answer)

    def received_at(self, name: str) -> datetime:
        """Near the meter's clock where it has one, which counts then; else an instant of the frame's own."""
        at = self.shown[name].read_at() if name in self.shown else RECEIVED_AT
        own = RECEIVED_AT + timedelta(minutes=self.names.index(name))
        return own if at == RECEIVED_AT else at.replace(tzinfo=UTC)


@pytest.fixture(scope="module")
def published(door: Door, shared_data: Path) -> Published:
    return Published(door, shared_data / "mbus-libmbus")


def test_every_published_frame_of_a_heat_meter_is_stored_as_libmbus_shows_it(door: Door, published: Published) -> None:
    assert published.answer.json()["taken"] == len(READ) == 30
    assert published.judged["verdicts"] == {"accepted": 30}
    rows = door.rows(
        "SELECT meter.serial, read_at, energy_wh, volume_l, flow_l_per_h, power_w, supply_c, return_c"
        " FROM ingest.reading JOIN ingest.meter USING (meter_id) WHERE delivery_id = %s",
        published.answer.json()["delivery_id"],
    )
    stored = {(serial, read_at): values for serial, read_at, *values in rows}
    assert len(stored) == 30
    for name, shown in published.shown.items():
        values = stored[shown.header["Id"].zfill(8), published.received_at(name)]
        joule = Decimal(1) / 3_600
        assert values[:2] == [
            shown.register("Energy", {"Wh": Decimal(1), "J": joule}),
            shown.register("Volume", {"m^3": Decimal(1_000)}),
        ], name
        samples = [
            shown.sample("Volume flow", 1_000),
            shown.sample("Power"),
            shown.sample("Flow temperature"),
            shown.sample("Return temperature"),
        ]
        # libmbus shows six decimals, and PostgreSQL keeps seven digits.
        close = [None if one is None else pytest.approx(one.expected, rel=1e-6, abs=one.abs) for one in samples]
        assert values[2:] == close, name


def test_every_other_published_frame_is_refused_by_name(published: Published) -> None:
    refused = {published.names[one["item"]]: one["code"] for one in published.answer.json()["refused"]}
    expected = {**NOT_READ, **BROKEN}
    assert {name: refused.get(name) for name in expected} == expected
    assert len(refused) == len(published.names) - 30 == 73
    assert {one["item"] for one in published.judged["refused"]} == {
        one["item"] for one in published.answer.json()["refused"]
    }


def test_the_broken_frames_are_kept_and_none_in_part(door: Door, published: Published) -> None:
    (kept,) = door.rows(
        "SELECT count(*), count(read_at) FROM ingest.held_reading WHERE delivery_id = %s",
        published.answer.json()["delivery_id"],
    )
    assert kept[0] == 73


def test_telegrams_come_one_to_a_line_too(door: Door) -> None:
    first, second = new_digits(), new_digits()
    lines = "\n".join(json.dumps(item(wired(who=address(digits)))) for digits in (first, second))
    answer = door.sender.post(lines + "\n{\n", NDJSON, path=TELEGRAMS)
    assert (answer.status_code, answer.json()["taken"], codes(answer)) == (202, 2, ["not_json"])


def test_a_delivery_of_refused_telegrams_alone_is_not_taken_but_kept(door: Door) -> None:
    answer = door.sender.post([item(b"\xe5")], path=TELEGRAMS)
    assert (answer.status_code, answer.json()["code"], codes(answer)) == (422, "nothing_taken", ["not_a_reply"])
    (refused,) = door.sender.delivery(answer.json()["delivery_id"])["refused"]
    assert (refused["verdict"], refused["item"]) == ("not_a_reply", 0)


def test_no_answer_repeats_a_frame(door: Door) -> None:
    good = wired(who=address(new_digits()))
    data = good[:-2] + bytes([good[-2] ^ 0xFF, 0x16])
    answer = door.sender.post([item(data)], path=TELEGRAMS)
    assert codes(answer) == ["checksum"]
    assert data.hex()[:40] not in answer.text


def test_a_key_limited_to_meters_takes_no_telegram_of_another(door: Door) -> None:
    own, other = new_digits(), new_digits()
    sender = door.new_sender(serials=[own])
    answer = sender.post([item(wired(who=address(digits))) for digits in (own, other)], path=TELEGRAMS)
    assert (answer.json()["taken"], codes(answer)) == (1, ["not_allowed_for_source"])


@pytest.mark.parametrize("path", [TELEGRAMS, UPLINKS])
def test_nobody_without_a_key_may_send_telegrams(door: Door, path: str) -> None:
    answers = [httpx.post(f"{door.staff.base_url}{path}", json=[]), door.staff.post(path, json=[])]
    assert [(one.status_code, one.json()["code"]) for one in answers] == [(401, "key_missing"), (401, "key_unknown")]


def test_a_telegram_that_lacks_its_key_is_freed_by_it(door: Door) -> None:
    digits = new_digits()
    point_id = installed(door, digits)
    data = item(secret(who=address(digits)), link="wireless_without_crc")
    answer = door.sender.post([data, item(wired(who=address(digits)))], path=TELEGRAMS)
    assert (answer.status_code, codes(answer)) == (202, ["key_missing"])
    noted(door, digits, key="00" * 16)
    door.until("SELECT count(*) FROM ingest.replay", [(0,)])
    door.until(
        "SELECT reading->>'code' FROM ingest.held_reading WHERE delivery_id = %s",
        [("decryption_unverified",)],
        answer.json()["delivery_id"],
    )
    assert noted(door, digits, key=OMS_KEY.hex()).json()["result"] == "changed"
    until_accepted(door, point_id, [(AT, 2_850_427_000)])
    door.until("SELECT count(*) FROM ingest.held_reading WHERE delivery_id = %s", [(0,)], answer.json()["delivery_id"])
    found = door.sender.judged(answer)
    assert (found["taken"], found["verdicts"], found["refused"]) == (2, {"accepted": 1, "duplicate": 1}, [])


def test_a_key_is_sealed_and_never_shown_again(door: Door) -> None:
    digits = new_digits()
    key = uuid4().hex
    assert key not in noted(door, digits, key=key, clock_zone="+01:00").text
    shown = door.staff.get(f"/v1/meters/{digits}/telegrams")
    assert shown.json() == {"has_key": True, "clock_zone": "+01:00", "integral_step_lc": None}
    ((sealed,),) = door.rows("SELECT sealed_key FROM ingest.meter_telegram WHERE serial = %s", digits)
    assert bytes.fromhex(key) not in bytes(sealed)
    assert key not in "".join(log.read_text() for log in door.logs.values())


def test_what_a_document_does_not_name_stays_as_it_is(door: Door) -> None:
    digits = new_digits()
    noted(door, digits, key=uuid4().hex, clock_zone="UTC")
    assert noted(door, digits, integral_step_lc=1_000).json()["result"] == "changed"
    assert noted(door, digits, clock_zone="UTC").json()["result"] == "unchanged"
    noted(door, digits, key=None)
    shown = door.staff.get(f"/v1/meters/{digits}/telegrams").json()
    assert shown == {"has_key": False, "clock_zone": "UTC", "integral_step_lc": 1_000}


@pytest.mark.parametrize(
    "document",
    [{"key": "00"}, {"key": "g" * 32}, {"clock_zone": "Europe/Atlantis"}, {"integral_step_lc": 0}, {"zone": "UTC"}],
)
def test_what_no_telegram_could_be_read_with_is_refused_without_its_value(door: Door, document: dict[str, Any]) -> None:
    answer = door.staff.put(f"/v1/meters/{new_digits()}/telegrams", json=document)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert "g" * 32 not in answer.text


def test_a_clock_whose_zone_nobody_noted_is_freed_by_it(door: Door) -> None:
    digits = new_digits()
    point_id = installed(door, digits)
    answer = door.sender.post([item(with_clock(digits))], path=TELEGRAMS)
    assert (answer.status_code, codes(answer)) == (202, ["naive_time"])
    noted(door, digits, clock_zone="UTC")
    until_accepted(door, point_id, [(SHOWN, 2_850_427_000)])


def test_statuses_are_seen_where_the_meter_sat_whatever_their_order(door: Door) -> None:
    digits = new_digits()
    point_id = installed(door, digits)
    hours = [AT + timedelta(hours=hour) for hour in (2, 0, 1)]
    told = [wired(who=address(digits), status=status) for status in (0x04, 0x08, 0)]
    items = [item(data, at) for data, at in zip(told, hours, strict=True)]
    door.sender.post(items, path=TELEGRAMS)
    door.sender.post(items[:1], path=TELEGRAMS)
    assert door.rows(
        "SELECT read_at, statuses FROM ingest_v1.meter_status WHERE point_id = %s ORDER BY read_at", point_id
    ) == [(hours[1], ["permanent_error"]), (hours[0], ["power_low"])]


def test_a_meter_of_radio_that_has_a_key_is_not_believed_without_encryption(door: Door) -> None:
    digits = new_digits()
    noted(door, digits, key=OMS_KEY.hex())
    plain = bytes([0x7A, 42, 0, 0, 0]) + OMS_HEAT
    own = address(digits)
    link = bytes([0x44]) + own[4:6] + own[:4] + own[6:] + plain
    answer = door.sender.post([item(bytes([len(link)]) + link, link="wireless_without_crc")], path=TELEGRAMS)
    assert codes(answer) == ["not_encrypted"]


def test_modules_and_keys_come_as_a_file_too(door: Door) -> None:
    first, second, eui = new_digits(), new_digits(), new_eui()
    text = (
        "meter;device_eui;key;clock_zone;integral_step_lc\n"
        f"{first};{eui};;;1000\n"
        f"{second};;{uuid4().hex};Europe/Stockholm;\n"
        f"{second};;12;;\n"
    )

    def imported() -> dict[str, Any]:
        answer = door.staff.post("/v1/import/devices", content=text, headers={"Content-Type": "text/csv"})
        assert answer.status_code == 200, answer.text
        report: dict[str, Any] = answer.json()
        return report

    report = imported()
    assert (report["lines"], report["created"], report["refused_lines"]) == (3, 2, 1)
    assert report["refused"][0]["field"] == "key"
    assert imported()["unchanged"] == 2
    assert door.staff.get(f"/v1/devices/{eui}").json()["meter"] == first
    assert door.staff.get(f"/v1/meters/{second}/telegrams").json()["has_key"] is True
