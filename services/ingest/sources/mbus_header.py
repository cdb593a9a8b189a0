"""The header of an M-Bus application, and what it protects.

Source: EN 13757-7:2018, 7 (security mode 5), and OMS volume 2, 9.
"""

from typing import NamedTuple

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from services.ingest.sources import mbus_status
from services.ingest.sources import telegram_faults as faults
from services.ingest.sources.mbus_reading import Speaker, serial_of
from services.ingest.sources.telegram import Meter, TelegramRefusedError

ADDRESS_BYTES = 8
"""Identification, manufacturer, version and device type."""
STATE_BYTES = 4
"""Access number, status, and two bytes of configuration."""

_NO_SECURITY, _AES_CBC = 0, 5
_BLOCK = 16
_VERIFICATION = b"\x2f\x2f"


class Header(NamedTuple):
    """Who speaks, and how it protects what it says."""

    identification: bytes
    """Four bytes of BCD, the lowest first."""
    maker: bytes
    version: int
    device_type: int
    access: int
    status: int
    configuration: int

    @property
    def manufacturer(self) -> str:
        """Three letters of five bits each (EN 13757-7, 7.5.2)."""
        code = int.from_bytes(self.maker, "little")
        return "".join(chr((code >> shift & 0x1F) + 64) for shift in (10, 5, 0))

    @property
    def security_mode(self) -> int:
        """Which of the standard's modes protects the payload; 0 is none."""
        return self.configuration >> 8 & 0x1F

    @property
    def encrypted_bytes(self) -> int:
        """How much of the payload is encrypted in mode 5; the rest is plain."""
        return (self.configuration >> 4 & 0x0F) * _BLOCK


def header(address: bytes, state: bytes) -> Header:
    """Read a header in the order of the application layer: identification before manufacturer."""
    access, status = state[:2]
    configuration = int.from_bytes(state[2:4], "little")
    return Header(address[:4], address[4:6], address[6], address[7], access, status, configuration)


def speaker(spoken: Header, meter: Meter) -> Speaker:
    """Tell who speaks. Raises TelegramRefusedError where it is another meter than it should be."""
    statuses = mbus_status.of_header(spoken.status)
    return Speaker(serial_of(spoken.identification, meter), spoken.manufacturer, spoken.device_type, statuses)


def opened(spoken: Header, payload: bytes, key: bytes | None) -> bytes:
    """Decrypt a payload where its header says that it is encrypted. Raises TelegramRefusedError.

    A payload that a key was not needed for is refused where the meter has one: anybody could have sent it.
    """
    if spoken.security_mode not in (_NO_SECURITY, _AES_CBC):
        raise TelegramRefusedError(faults.UNSUPPORTED_SECURITY)
    length = spoken.encrypted_bytes if spoken.security_mode == _AES_CBC else 0
    if length == 0:
        if key is not None:
            raise TelegramRefusedError(faults.NOT_ENCRYPTED)
        return payload
    if key is None:
        raise TelegramRefusedError(faults.KEY_MISSING)
    if len(payload) < length:
        raise TelegramRefusedError(faults.CUT)
    plain = _decrypted(spoken, payload[:length], key)
    if not plain.startswith(_VERIFICATION):
        raise TelegramRefusedError(faults.DECRYPTION_UNVERIFIED)
    return plain + payload[length:]


def _decrypted(spoken: Header, encrypted: bytes, key: bytes) -> bytes:
    who = spoken.maker + spoken.identification + bytes([spoken.version, spoken.device_type])
    vector = who + bytes([spoken.access]) * (_BLOCK - len(who))
    decryptor = Cipher(algorithms.AES(key), modes.CBC(vector)).decryptor()
    return decryptor.update(encrypted) + decryptor.finalize()
