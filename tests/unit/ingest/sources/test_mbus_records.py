"""Records are split by two libraries. What each gets wrong stands here, so that it is noticed once it does not."""

from typing import Any

import meterbus  # type: ignore[import-untyped]
import pymbusparser
import pytest

from services.ingest.sources.mbus_records import Record, records
from services.ingest.sources.telegram import TelegramRefusedError
from tests.telegrams import OMS_HEAT, OMS_KEY, in_format_a, wired, wireless
from tests.telegrams import records as built

ENERGY = Record(b"\x04", b"\x06", bytes.fromhex("E8030000"))


def is_energy(record: Record) -> bool:
    return record.vib == b"\x06"


def split(*parts: str) -> list[Record]:
    return records(built(*parts), is_energy)


def refusal(*parts: str) -> str:
    with pytest.raises(TelegramRefusedError) as refused:
        split(*parts)
    return refused.value.fault.code


def by_pymeterbus(payload: bytes) -> list[tuple[str, str]]:
    body = meterbus.TelegramBody()
    body.bodyHeader.ci_field = 0x72
    body.bodyPayload.load(list(payload))
    return [
        (bytes(one.dib.parts + one.vib.parts).hex(), bytes(one.dataField.parts).hex())
        for one in body.bodyPayload.records
    ]


def by_pymbusparser(payload: bytes) -> list[tuple[str, str]]:
    parsed = pymbusparser.parse_records(payload)
    return [(one["header_hex"].replace(" ", "").lower(), one["data_hex"].replace(" ", "").lower()) for one in parsed]


def wireless_by_pymbusparser(frame: bytes, key: bytes | None = None) -> Any:
    return pymbusparser.parse(frame, key=key, include_enrichment=False)


def test_records_are_split_with_filling_between_them() -> None:
    assert split("2F2F", "0406E8030000", "2F", "841006 01000000", "2F2F2F") == [
        ENERGY,
        Record(b"\x84\x10", b"\x06", bytes.fromhex("01000000")),
    ]
    assert split() == []


def test_text_units_texts_and_a_makers_own_data_do_not_hide_the_register() -> None:
    for before in ("84007C0143F30D0000", "0D78084142434445464748", "02FC03485225 74D411", "3C2BBDEBDDDD"):
        assert ENERGY in split(before, "0406E8030000"), before
    assert ENERGY in split("0406E8030000", "0F0102030405")
    assert ENERGY in split("0406E8030000", "1F")


@pytest.mark.parametrize("extensions", [10, 11])
def test_ten_extensions_are_a_record_and_eleven_are_none(extensions: int) -> None:
    dife = "84" + "80" * (extensions - 1) + "00" + "06E8030000"
    vife = "0486" + "80" * (extensions - 1) + "00" + "E8030000"
    if extensions == 10:
        assert len(split(dife)) == len(split(vife)) == 1
    else:
        assert refusal(dife) == refusal(vife) == "broken_records"


@pytest.mark.parametrize("cut", ["04", "0406", "0406E80300", "84", "8480", "0486", "04FD", "0D78", "0D7808414243"])
def test_a_record_that_lacks_bytes_is_refused(cut: str) -> None:
    assert refusal("0406E8030000", cut) == "broken_records"


def test_a_number_of_variable_length_costs_pymeterbus_its_place_and_not_us() -> None:
    payload = built("0D13C3563412", "0406E8030000")
    assert by_pymeterbus(payload)[0] == ("0d13", "5634120406e8")
    assert ENERGY in split("0D13C3563412", "0406E8030000")


def test_a_date_of_another_length_costs_pymbusparser_its_place_and_not_us() -> None:
    payload = built("046C2A110000", "0406E8030000")
    assert by_pymbusparser(payload)[0] == ("046c", "2a11")
    assert split("046C2A110000", "0406E8030000") == [Record(b"\x04", b"\x6c", bytes.fromhex("2A110000")), ENERGY]


def test_pymbusparser_loses_a_payload_for_one_bad_digit_and_we_do_not() -> None:
    with pytest.raises(pymbusparser.MbusParserError):
        by_pymbusparser(built("3C2BBDEBDDDD", "0406E8030000"))


def test_where_both_can_be_trusted_they_must_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    other = [{"header_hex": "04 06", "data_hex": "E9 03 00 00"}]
    monkeypatch.setattr(pymbusparser, "parse_records", lambda _payload: other)
    assert refusal("0406E8030000") == "decoders_disagree"
    assert split("0406E9030000", "0413E8030000")[0].data == bytes.fromhex("E9030000")


def test_pymeterbus_takes_a_wired_telegram_of_68_bytes_for_radio() -> None:
    frame = wired(OMS_HEAT + b"\x0f" + bytes(0x44 - 15 - len(OMS_HEAT) - 1))
    assert isinstance(meterbus.load(frame), meterbus.WTelegramSndNr)


def test_pymeterbus_does_not_look_at_what_frames_a_telegram() -> None:
    damaged = bytearray(wired())
    damaged[1], damaged[3], damaged[-1] = 0, 0, 0
    assert isinstance(meterbus.load(bytes(damaged)), meterbus.TelegramLong)


def test_pymbusparser_gives_records_that_a_radio_frames_checksum_does_not_cover() -> None:
    frame = bytearray(in_format_a(wireless(b"\x78" + OMS_HEAT)))
    frame[-1] ^= 1
    assert wireless_by_pymbusparser(bytes(frame))["records"]


def test_both_give_records_for_a_wrong_key() -> None:
    published = bytes.fromhex(
        "2E4493157856341233037A2A0020255923C95AAA26D1B2E7493B013EC4A6F6D3529B520EDFF0EA6DEFC99D6D69EBF3"
    )
    assert wireless_by_pymbusparser(published, bytes(16))["records"]
    assert meterbus.load(published).records
    assert wireless_by_pymbusparser(published, OMS_KEY)["records"]
