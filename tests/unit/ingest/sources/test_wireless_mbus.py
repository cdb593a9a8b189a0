"""Wireless M-Bus: both formats and their checksums, security mode 5, and what is refused."""

import pytest

from services.ingest.sources import mbus_header, wireless_mbus
from services.ingest.sources.telegram import Medium, Meter, Telegram, TelegramRefusedError
from tests.telegrams import (
    OMS_HEAT,
    OMS_KEY,
    RECEIVED_AT,
    address,
    encrypted,
    in_format_a,
    in_format_b,
    records,
    secret,
    short_header,
    wireless,
)

# Source: EN 13757-4, annex C: a water meter's telegram in format A, and in format B with a link layer extension.
EN_FORMAT_A = bytes.fromhex("0F44AE0C78563412010744477 80B134365871E6D".replace(" ", ""))
EN_FORMAT_B = bytes.fromhex("1444AE0C7856341201078C2027780B134365877AC5")

# Source: OMS volume 2, annex N, "wM-Bus Meter with Security profile A": a gas meter, with the key of tests.telegrams.
OMS_GAS = bytes.fromhex(
    "2E44931578563412330333637A2A0020255923C95AAA26D1B2E7493BC2AD013EC4A6F6D3529B520EDFF0EA6DEFC955B29D6D69EBF3EC8A"
)
OMS_GAS_PLAIN = bytes.fromhex("2F2F0C1427048502046D32371F1502FD1700002F2F2F2F2F2F2F2F2F2F2F2F2F")

UNKNOWN = Meter()
WITH_KEY = Meter(key=OMS_KEY)
PLAIN = wireless(short_header() + OMS_HEAT)
# More than 128 bytes, so that format B has two checksums.
LONG = wireless(short_header() + OMS_HEAT + records(*["441301000000"] * 12))


def read(frame: bytes, meter: Meter = UNKNOWN, is_stripped: bool = False) -> Telegram:
    return wireless_mbus.decode(frame, meter, RECEIVED_AT, is_stripped)


def refusal(frame: bytes, meter: Meter = UNKNOWN, is_stripped: bool = False) -> str:
    with pytest.raises(TelegramRefusedError) as refused:
        read(frame, meter, is_stripped)
    return refused.value.fault.code


def flipped(frame: bytes, bit: int) -> bytes:
    damaged = bytearray(frame)
    damaged[bit // 8] ^= 1 << bit % 8
    return bytes(damaged)


def test_the_standards_own_telegrams_pass_their_checksums() -> None:
    assert refusal(EN_FORMAT_A) == refusal(EN_FORMAT_B) == "not_a_heat_meter"


@pytest.mark.parametrize("frame", [EN_FORMAT_A, EN_FORMAT_B, OMS_GAS, in_format_a(LONG), in_format_b(LONG)])
def test_a_single_wrong_bit_anywhere_is_noticed(frame: bytes) -> None:
    assert {refusal(flipped(frame, bit)) for bit in range(8, 8 * len(frame))} == {"checksum"}
    # Another length may be that of the other format.
    assert {refusal(flipped(frame, bit)) for bit in range(8)} <= {"not_a_frame", "checksum"}


def test_the_published_telegram_of_mode_5_opens_with_its_key() -> None:
    who = address("12345678", "ELS", 0x33, 0x03)
    spoken = mbus_header.header(who, bytes.fromhex("2A002025"))
    cipher = bytes.fromhex("5923C95AAA26D1B2E7493B013EC4A6F6D3529B520EDFF0EA6DEFC99D6D69EBF3")
    assert mbus_header.opened(spoken, cipher, OMS_KEY) == OMS_GAS_PLAIN
    assert refusal(OMS_GAS, WITH_KEY) == "not_a_heat_meter"
    assert refusal(OMS_GAS, Meter(key=bytes(16))) == "decryption_unverified"
    assert refusal(OMS_GAS) == "key_missing"


@pytest.mark.parametrize("frame", [PLAIN, LONG])
def test_both_formats_carry_the_same_reading(frame: bytes) -> None:
    assert read(in_format_a(frame)) == read(in_format_b(frame)) == read(frame, is_stripped=True)
    reading = read(in_format_a(frame)).reading
    assert (reading.energy_wh, reading.volume_l) == (2_850_427_000, 703_476)
    assert (reading.serial, reading.read_at) == ("12345678", RECEIVED_AT)
    assert read(frame, is_stripped=True).medium is Medium.HEAT


def test_a_frame_whose_checksums_are_gone_is_believed_only_where_the_receiver_says_so() -> None:
    assert refusal(PLAIN) == "checksum"
    assert refusal(in_format_a(PLAIN), is_stripped=True) == "not_a_frame"


@pytest.mark.parametrize("carried", [in_format_a(secret()), in_format_b(secret())])
def test_an_encrypted_heat_meter_is_read_with_its_key(carried: bytes) -> None:
    reading = read(carried, WITH_KEY).reading
    assert (reading.energy_wh, reading.volume_l) == (2_850_427_000, 703_476)
    assert (reading.flow_l_per_h, reading.power_w, reading.supply_c, reading.return_c) == (127, 329.7, 44.3, 25.1)


def test_no_wrong_key_ever_gives_a_value() -> None:
    wrong = [bytes([byte, *OMS_KEY[1:]]) for byte in range(256) if byte != OMS_KEY[0]]
    assert {refusal(secret(), Meter(key=key), is_stripped=True) for key in wrong} == {"decryption_unverified"}


def test_a_meter_with_a_key_is_not_believed_without_encryption() -> None:
    assert refusal(PLAIN, WITH_KEY, is_stripped=True) == "not_encrypted"
    assert refusal(wireless(b"\x78" + OMS_HEAT), WITH_KEY, is_stripped=True) == "not_encrypted"
    nothing_encrypted = wireless(short_header(b"\x00\x05") + OMS_HEAT)
    assert refusal(nothing_encrypted, WITH_KEY, is_stripped=True) == "not_encrypted"


def test_what_follows_the_encrypted_blocks_is_read_plain() -> None:
    """Both libraries lose it."""
    configuration, cipher = encrypted(records("0406E8030000"))
    frame = wireless(short_header(configuration) + cipher + records("041339300000"))
    reading = read(frame, WITH_KEY, is_stripped=True).reading
    assert (reading.energy_wh, reading.volume_l) == (1_000_000, 12_345)


def test_a_long_header_says_whose_the_telegram_is_and_makes_the_vector() -> None:
    """A radio module sends for the meter: the link layer's address is the module's."""
    meter, module = address("87654321", "KAM", 0x1B), address("00000001", "RAD", 1, 0x37)
    configuration, cipher = encrypted(OMS_HEAT, meter)
    frame = wireless(b"\x72" + meter + bytes([42, 0]) + configuration + cipher, module)
    told = read(frame, WITH_KEY, is_stripped=True)
    assert (told.reading.serial, told.manufacturer) == ("87654321", "KAM")


def test_the_link_layers_plain_extension_changes_nothing() -> None:
    frame = wireless(bytes([0x8C, 0x20, 0x27]) + short_header() + OMS_HEAT)
    assert read(frame, is_stripped=True).reading.energy_wh == 2_850_427_000


def test_the_header_gives_the_statuses() -> None:
    frame = wireless(short_header(status=0x0C) + OMS_HEAT)
    assert read(frame, is_stripped=True).statuses == ("power_low", "permanent_error")


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (b"", "not_a_frame"),
        (b"\x09\x44", "not_a_frame"),
        (PLAIN[:-1], "not_a_frame"),
        (PLAIN + b"\0", "not_a_frame"),
        (wireless(short_header() + OMS_HEAT, control=0x40), "not_a_reply"),
        (wireless(b"\x8c\x20"), "cut"),
        (wireless(b"\x7a\x2a\x00"), "cut"),
        (wireless(b"\x72" + address()), "cut"),
        (wireless(short_header(b"\x20\x05") + bytes(16)), "key_missing"),
        (wireless(short_header(b"\x10\x07") + bytes(16)), "unsupported_security"),
        (wireless(short_header(b"\x10\x0d") + bytes(16)), "unsupported_security"),
        (wireless(bytes.fromhex("8D2039D1684020BCDB78") + OMS_HEAT), "unsupported_transport"),
        (wireless(bytes.fromhex("900F002C25") + OMS_HEAT), "unsupported_transport"),
        (wireless(bytes.fromhex("79") + OMS_HEAT), "unsupported_transport"),
        (wireless(b"\xa0" + OMS_HEAT), "unsupported_structure"),
        (wireless(short_header() + OMS_HEAT[:-1]), "broken_records"),
        (wireless(short_header()), "no_energy"),
    ],
)
def test_what_cannot_be_read_is_refused(frame: bytes, code: str) -> None:
    assert refusal(frame, is_stripped=True) == code


def test_a_telegram_with_fewer_blocks_than_it_says_is_cut() -> None:
    configuration, cipher = encrypted(OMS_HEAT)
    frame = wireless(short_header(configuration) + cipher[:-16])
    assert refusal(frame, WITH_KEY, is_stripped=True) == "cut"


def test_another_meters_telegram_is_refused_before_it_is_opened() -> None:
    assert refusal(secret(), Meter(serial="12345679", key=bytes(16)), is_stripped=True) == "another_meter"
