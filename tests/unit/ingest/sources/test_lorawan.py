"""Uplinks of Elvaco's modules: as the networks hand them on, and what they carry."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.ingest.sources import lorawan
from services.ingest.sources.lorawan import Counter, Device
from services.ingest.sources.telegram import Medium, Meter, Telegram, TelegramRefusedError
from tests.telegrams import RECEIVED_AT, chirp_stack, records, things_stack

EUI = "94193a0306000001"
SENT_AT = datetime(2026, 1, 5, 7, 0, 12, 433_000, tzinfo=UTC)
AN_HOUR_BEFORE = SENT_AT - timedelta(hours=1)
# CMi4140, Standard: 9,818 kWh, 6,607.2 m3, 1.1 kW, 38 l/h, 63.5 and 38.0 C, serial 69493571, no flag.
STANDARD = records(
    "15", "04065A260000", "0414F0140A00", "022D0B00", "023B2600", "025A7B02", "025E7C01", "0C7871354969",
    "04FD1700000000",
)  # fmt: skip

Network = Callable[..., bytes]
NETWORKS = pytest.mark.parametrize("network", [chirp_stack, things_stack])


def written(payload: bytes = STANDARD) -> str:
    return base64.b64encode(payload).decode()


def known(meter: Meter | None = None, last: Counter | None = None) -> dict[str, Device]:
    return {EUI: Device(meter or Meter(), last)}


def read(payload: bytes, meter: Meter | None = None) -> Telegram:
    return lorawan.read(payload, meter or Meter(), RECEIVED_AT)


def refusal(body: bytes, devices: dict[str, Device] | None = None) -> str:
    with pytest.raises(TelegramRefusedError) as refused:
        lorawan.decode(body, known() if devices is None else devices)
    return refused.value.fault.code


def payload_refusal(payload: bytes, meter: Meter | None = None) -> str:
    with pytest.raises(TelegramRefusedError) as refused:
        read(payload, meter)
    return refused.value.fault.code


def test_the_published_payloads_give_what_their_meters_showed(shared_data: Path) -> None:
    vectors = json.loads((shared_data / "lorawan-elvaco/ttn_elvaco_vectors.json").read_text())
    assert len(vectors) == 4
    for vector in vectors:
        told = read(bytes(vector["bytes"]))
        expected = expectation(vector)
        reading = told.reading
        assert reading.energy_wh == expected["energy_kwh"] * 1_000, vector["module"]
        assert reading.volume_l == round(expected["volume_m3"] * 1_000), vector["module"]
        assert reading.power_w == pytest.approx(expected["power_kw"] * 1_000)
        assert reading.flow_l_per_h == pytest.approx(expected["flow_m3h"] * 1_000)
        assert (reading.supply_c, reading.return_c) == (expected["flow_temperature"], expected["return_temperature"])
        assert int(reading.serial or "") == expected["serial"]
        flags = sum(1 << int(status.removeprefix("error_flag_")) for status in told.statuses)
        assert flags == expected["error_flag"], vector["module"]


def expectation(vector: dict[str, Any]) -> dict[str, Any]:
    """Give what the source expects, mended where it reads decimal digits as hexadecimal ones (see its README)."""
    if "expected_correct" in vector:
        return dict(vector["expected_correct"])
    given = vector["expected_by_source"]
    units = {"energy_kwh": "energy", "volume_m3": "volume", "power_kw": "power", "flow_m3h": "flow"}
    expected = given | {name: given[source] for name, source in units.items()}
    return expected | ({"serial": 10_906_719} if "correct 10906719" in vector["verdict"] else {})


@NETWORKS
def test_an_uplink_becomes_its_meters_reading(network: Network) -> None:
    uplink = lorawan.decode(network(written()), known(Meter(serial="69493571")))
    assert (uplink.device_eui, uplink.counter.value) == (EUI, 7)
    reading = uplink.telegram.reading
    assert (reading.serial, reading.energy_wh, reading.volume_l) == ("69493571", 9_818_000, 6_607_200)
    assert reading.read_at.replace(microsecond=433_000) == SENT_AT


def test_both_networks_name_a_session_by_the_devices_address() -> None:
    sessions = [lorawan.decode(network(written()), known()).counter.session for network in (chirp_stack, things_stack)]
    assert sessions == ["0189440f"] * 2


def test_the_module_is_known_by_its_eui_where_the_payload_names_no_meter() -> None:
    compact = records("16", "04065A260000")
    reading = lorawan.decode(chirp_stack(written(compact)), known(Meter(serial="4711"))).telegram.reading
    assert (reading.serial, reading.energy_wh, reading.volume_l) == ("4711", 9_818_000, None)


@NETWORKS
@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"payload": written(), "counter": 6}, "counter_repeated"),
        ({"payload": written(), "counter": 5}, "counter_reset"),
        ({"payload": written(), "counter": 0}, "counter_reset"),
        ({"payload": written(), "port": 1}, "wrong_port"),
        ({"payload": written(), "port": 0}, "wrong_port"),
        ({"payload": written()[:-1]}, "bad_base64"),
        ({"payload": "not base64"}, "bad_base64"),
        ({"payload": "åäö="}, "bad_base64"),
        ({"payload": written() + "\n"}, "bad_base64"),
        ({"payload": ""}, "empty_payload"),
        ({"payload": written(bytes(243))}, "too_long"),
        ({"payload": written(), "eui": "94193a0306000002"}, "unknown_device"),
        ({"payload": written(), "eui": "94193a03060001"}, "not_an_uplink"),
        ({"payload": written(), "counter": -1}, "not_an_uplink"),
        ({"payload": written(), "counter": 2**32}, "not_an_uplink"),
        ({"payload": written(), "counter": "7"}, "not_an_uplink"),
    ],
)
def test_an_uplink_that_cannot_count_is_refused(network: Network, wrong: dict[str, Any], code: str) -> None:
    session = lorawan.decode(network(written()), known()).counter.session
    assert refusal(network(**wrong), known(last=Counter(session, 6, AN_HOUR_BEFORE))) == code


@NETWORKS
def test_a_counter_begins_anew_in_a_new_session(network: Network) -> None:
    last = Counter("00000001", 65_000, AN_HOUR_BEFORE)
    assert lorawan.decode(network(written(), counter=0), known(last=last)).counter.value == 0


@NETWORKS
def test_what_the_network_heard_before_the_newest_uplink_is_late_and_not_reset(network: Network) -> None:
    newest = Counter("0189440f", 9, SENT_AT + timedelta(hours=2))
    late = lorawan.decode(network(written(), counter=7), known(last=newest))
    assert late.telegram.reading.energy_wh == 9_818_000
    assert lorawan.newest(late.counter, newest) == newest


def test_the_newest_uplink_is_the_one_that_the_network_heard_last() -> None:
    first, second = Counter("a", 65_000, AN_HOUR_BEFORE), Counter("b", 0, SENT_AT)
    assert lorawan.newest(second, first) == lorawan.newest(first, second) == second
    assert lorawan.newest(first, None) == first


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "not_json"),
        (b"\xff\xfe{", "not_json"),
        (b"[" * 100_000, "not_json"),
        (b'{"deviceInfo":{"devEui":"a","devEui":"b"}}', "not_json"),
        (b'{"fCnt":NaN}', "not_json"),
        (b'{"fCnt":' + b"9" * 5_000 + b"}", "not_json"),
        (b"null", "not_an_uplink"),
        (b"7", "not_an_uplink"),
        (b'"deviceInfo"', "not_an_uplink"),
        (b"[]", "not_an_uplink"),
        (b"{}", "not_an_uplink"),
        (b'{"deviceInfo":{}}', "not_an_uplink"),
        (chirp_stack(written(), time="2026-01-05T07:00:12"), "not_an_uplink"),
        (chirp_stack(written(), time=1_767_596_412), "not_an_uplink"),
        (chirp_stack(written(), time="\ud800"), "not_an_uplink"),
        (chirp_stack(written(), devAddr="\ud800"), "not_an_uplink"),
        (chirp_stack(written(), devAddr="not hex"), "not_an_uplink"),
        (chirp_stack(written(), data=None), "not_an_uplink"),
        (chirp_stack(written(), time="9999-12-31T23:59:59-01:00"), "not_an_uplink"),
    ],
)
def test_what_is_no_uplink_is_refused(body: bytes, code: str) -> None:
    assert refusal(body) == code


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (records("15", "0C0612345A78"), "bad_bcd"),
        (records("15", "04065A260000", "0C78ABCDEF12"), "bad_identification"),
        (records("15", "04065A260000", "0C7871354968"), "another_meter"),
        (records("15", "3406000000 00", "0C7871354969"), "no_energy"),
        (records("15", "04065A26"), "broken_records"),
        (records("15"), "no_energy"),
        (records("0E00"), "meter_not_reached"),
        (b"\x17" + b'{"E":9818,"U":"kWh"}', "unsupported_message"),
        (records("1B", "04065A260000"), "unsupported_message"),
        (records("FF", "04065A260000"), "unsupported_message"),
        (records("1E", "04065A260000", "0779 71354969 A511 40 07"), "not_a_heat_meter"),
    ],
)
def test_a_payload_that_gives_no_reading_is_refused(payload: bytes, code: str) -> None:
    assert payload_refusal(payload, Meter(serial="69493571")) == code


@pytest.mark.parametrize("kind", ["14", "1A", "23"])
def test_a_meter_of_heat_and_cold_gives_both(kind: str) -> None:
    """Elvaco marks the cold with FF 02 behind the unit."""
    told = read(records(kind, "04065A260000", "0486FF0264000000", "0414F0140A00"))
    assert (told.medium, told.reading.energy_wh, told.cooling_wh) == (Medium.HEAT_AND_COOLING, 9_818_000, 100_000)
    in_mcal = read(records(kind, "04FB0D64000000", "04FB8DFF020A000000"))
    assert (in_mcal.reading.energy_wh, in_mcal.cooling_wh) == (116_300, 11_630)


@pytest.mark.parametrize("kind", ["12", "18", "21"])
def test_a_daily_message_gives_the_register_now_and_not_last_midnights(kind: str) -> None:
    payload = records(kind, "04065A260000", "0414F0140A00", "0C7871354969", "046D00076536", "040650260000")
    told = read(payload, Meter(zone="+01:00"))
    assert (told.reading.energy_wh, told.reading.volume_l) == (9_818_000, 6_607_200)
    assert payload_refusal(b"\x15" + payload[1:], Meter(zone="+01:00")) == "contradicting_registers"


@pytest.mark.parametrize("kind", ["13", "19", "22"])
def test_an_hourly_message_is_of_its_meters_own_time(kind: str) -> None:
    """7 o'clock on 2027-06-05 in type F, behind values that Elvaco packs together and that are not read."""
    packed = "07FFA033 0102030405060708"
    payload = records(kind, "04065A260000", "0414F0140A00", packed, "046D0007 6536")
    told = read(payload, Meter(serial="69493571", zone="+01:00"))
    assert told.reading.read_at == datetime(2027, 6, 5, 6, 0, tzinfo=UTC)
    assert (told.reading.energy_wh, told.reading.power_w) == (9_818_000, None)
    assert payload_refusal(payload) == "naive_time"


def test_the_enhanced_identification_names_the_meter_and_its_medium() -> None:
    told = read(records("1E", "04065A260000", "0779 71354969 A511 40 0B"))
    assert (told.reading.serial, told.medium) == ("69493571", Medium.COOLING)
