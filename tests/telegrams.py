"""Telegrams as meters send them, built by the standards' own rules and without anything of the decoders."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

RECEIVED_AT = datetime(2026, 1, 5, 7, 0, 12, tzinfo=UTC)
HEAT, COOLING, HEAT_AND_COOLING, WATER = 0x04, 0x0A, 0x0D, 0x07

# Source: OMS volume 2, the example of a heat meter (libmbus keeps it as oms_frame3): 2,850,427 kWh, 703.476 m3, at a
# fixed date 1,445,419 kWh, 0.127 m3/h, 329.7 W, 44.3 and 25.1 C, no error.
OMS_HEAT = bytes.fromhex(
    "0C0627048502 0C1376347000 4C0619544401 426CFF0C 0B3B270100 0B2A973200 0A5A4304 0A5E5102 02FD170000"
)
OMS_SERIAL = "12345678"
# Source: OMS volume 2, annex N, "wM-Bus Meter with Security profile A".
OMS_KEY = bytes.fromhex("0102030405060708090A0B0C0D0E0F11")


def maker_code(letters: str) -> bytes:
    """EN 13757-7: five bits a letter, A is 1."""
    code = 0
    for letter in letters:
        code = code * 32 + ord(letter) - 64
    return code.to_bytes(2, "little")


def address(serial: str = OMS_SERIAL, maker: str = "HYD", version: int = 0x2A, device_type: int = HEAT) -> bytes:
    """Who speaks, in the order of the application layer."""
    return bytes.fromhex(serial)[::-1] + maker_code(maker) + bytes([version, device_type])


def long_frame(user_data: bytes) -> bytes:
    """EN 13757-2: start, length twice, start, user data, sum, stop."""
    return bytes([0x68, len(user_data), len(user_data), 0x68, *user_data, sum(user_data) % 256, 0x16])


def wired(
    payload: bytes = OMS_HEAT, who: bytes | None = None, status: int = 0, signature: bytes = b"\0\0", access: int = 42
) -> bytes:
    """A meter's answer of variable structure."""
    return long_frame(bytes([0x08, 0x01, 0x72]) + (who or address()) + bytes([access, status]) + signature + payload)


def encrypted(payload: bytes, who: bytes | None = None, key: bytes = OMS_KEY, access: int = 42) -> tuple[bytes, bytes]:
    """Security mode 5: gives the configuration's two bytes and the payload, filled up to whole blocks."""
    plain = b"\x2f\x2f" + payload
    plain += b"\x2f" * (-len(plain) % 16)
    own = who or address()
    vector = own[4:6] + own[:4] + own[6:] + bytes([access]) * 8
    encryptor = Cipher(algorithms.AES(key), modes.CBC(vector)).encryptor()
    return bytes([len(plain) // 16 << 4, 0x05]), encryptor.update(plain) + encryptor.finalize()


def wireless(application: bytes, who: bytes | None = None, control: int = 0x44) -> bytes:
    """A frame as a receiver hands it on that has checked and removed the CRCs."""
    own = who or address()
    rest = bytes([control]) + own[4:6] + own[:4] + own[6:] + application
    return bytes([len(rest)]) + rest


def short_header(configuration: bytes = b"\0\0", access: int = 42, status: int = 0) -> bytes:
    """CI 7A: the link layer's address counts."""
    return bytes([0x7A, access, status]) + configuration


def secret(payload: bytes = OMS_HEAT, key: bytes = OMS_KEY, who: bytes | None = None) -> bytes:
    """A whole frame, encrypted, without CRCs."""
    configuration, cipher = encrypted(payload, who, key)
    return wireless(short_header(configuration) + cipher, who)


def remainder(data: bytes) -> bytes:
    """EN 13757-4: the complement of what dividing by x16+x13+x12+x11+x10+x8+x6+x5+x2+1 leaves."""
    value = int.from_bytes(data, "big") << 16
    while value.bit_length() > 16:
        value ^= 0x13D65 << (value.bit_length() - 17)
    return (value ^ 0xFFFF).to_bytes(2, "big")


def in_format_a(frame: bytes) -> bytes:
    """Put a CRC behind the first ten bytes, and one behind each sixteen of the rest."""
    blocks = [frame[:10], *(frame[start : start + 16] for start in range(10, len(frame), 16))]
    return b"".join(block + remainder(block) for block in blocks)


def in_format_b(frame: bytes) -> bytes:
    """Put a CRC behind at most 126 bytes, and one behind the rest; here the length counts the CRCs."""
    crcs = 2 if len(frame) > 126 else 1
    counted = bytes([frame[0] + 2 * crcs]) + frame[1:]
    return b"".join(block + remainder(block) for block in (counted[:126], counted[126:]) if block)


def chirp_stack(payload: str, counter: int = 7, port: int = 2, eui: str = "94193a0306000001", **more: object) -> bytes:
    """An uplink event as ChirpStack 4 posts it."""
    device = {"tenantId": "52f14cd4", "deviceName": "A substation", "devEui": eui}
    event = {
        "deduplicationId": "3ac7e3c4-4401-4b8d-9386-a5c902f9202d",
        "time": "2026-01-05T07:00:12.433+00:00",
        "deviceInfo": device,
        "devAddr": "0189440f",
        "adr": True,
        "dr": 5,
        "fCnt": counter,
        "fPort": port,
        "confirmed": False,
        "data": payload,
        "rxInfo": [{"gatewayId": "0016c001f153a14c", "rssi": -48, "snr": 9.2}],
        "txInfo": {"frequency": 867100000},
    }
    return json.dumps(event | more).encode()


def things_stack(payload: str, counter: int = 7, port: int = 2, eui: str = "94193A0306000001") -> bytes:
    """An uplink as The Things Stack 3 posts it: what is zero or empty is left out."""
    message = {
        "session_key_id": "AXBSH1Pk6Z0G166",
        "f_port": port,
        "f_cnt": counter,
        "frm_payload": payload,
        "rx_metadata": [{"gateway_ids": {"gateway_id": "gtw1"}, "rssi": -35}],
        "received_at": "2026-01-05T07:00:12.433123456Z",
    }
    ids = {"device_id": "dev1", "application_ids": {"application_id": "app1"}, "dev_eui": eui, "dev_addr": "0189440F"}
    whole = {
        "end_device_ids": ids,
        "received_at": "2026-01-05T07:00:12.9Z",
        "uplink_message": {name: value for name, value in message.items() if value},
    }
    return json.dumps(whole).encode()


def records(*parts: str) -> bytes:
    """Records from hexadecimal text."""
    return b"".join(bytes.fromhex(part) for part in parts)


def corpus() -> Sequence[bytes]:
    """Good telegrams of each kind, to be damaged."""
    kamstrup = records(
        "0406E7910000", "04142CDB0000", "0459B9270000", "042D5B010000", "04FF07E7E40000", "04FF0863660000",
        "046D1A2F6511", "4406 51820000", "04FF2200000000", "0DFD0B0553544152 54", "0F00010203",
    )  # fmt: skip
    who = address("06855817", "KAM", 0x2C)
    bare = [wireless(short_header() + OMS_HEAT), wireless(b"\x78" + kamstrup, who), secret()]
    return [
        *(wired(OMS_HEAT), wired(kamstrup, who), wired(records("8C000602000000", "0C8E3C01000000"))),
        *(*bare, *map(in_format_a, bare), *map(in_format_b, bare)),
    ]
