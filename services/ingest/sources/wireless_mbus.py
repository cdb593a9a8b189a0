"""A wireless M-Bus telegram of mode T1 or C1 to a reading (EN 13757-4 and -7)."""

from datetime import datetime

from services.ingest.sources import mbus_header, mbus_reading
from services.ingest.sources import telegram_faults as faults
from services.ingest.sources.mbus_header import Header
from services.ingest.sources.telegram import Meter, Telegram, TelegramRefusedError

_LINK_BYTES = 10
"""Length, control, manufacturer, identification, version and device type."""
_CRC_BYTES = 2
_BLOCK_OF_A = 16
_FIRST_BLOCKS_OF_B = 126
"""In format B the first checksum stands behind so many bytes, where a frame is longer."""

_SENDS_READINGS = 0x44
_NO_HEADER, _SHORT_HEADER, _LONG_HEADER = 0x78, 0x7A, 0x72
_SHORT_LINK_EXTENSION = 0x8C
_SHORT_LINK_EXTENSION_BYTES = 3
_OTHER_TRANSPORT = (0x69, 0x6A, 0x6B, 0x79, 0x7B, 0x8D, 0x8E, 0x8F, 0x90)
"""Compact frames, link layers that encrypt, and the authenticating and fragmenting layer."""


def decode(frame: bytes, meter: Meter, received_at: datetime, is_stripped: bool = False) -> Telegram:
    """Read a meter's telegram, from its length on, without preamble. Raises TelegramRefusedError.

    is_stripped: the receiver has checked the CRCs and taken them out. Otherwise the frame's length tells which of the
    formats, A or B, it has. received_at: when the frame came, with an offset; see mbus_reading.telegram.
    """
    spoken, payload = _spoken(frame, is_stripped)
    speaker = mbus_header.speaker(spoken, meter)
    named = mbus_reading.named_values(mbus_header.opened(spoken, payload, meter.key), spoken.manufacturer)
    return mbus_reading.telegram(named, speaker, meter, received_at)


def digits(frame: bytes, is_stripped: bool = False) -> str:
    """Give the identification number of the meter that sends, all eight digits. Raises TelegramRefusedError."""
    spoken, _ = _spoken(frame, is_stripped)
    return mbus_reading.serial_of(spoken.identification, Meter())


def _spoken(frame: bytes, is_stripped: bool) -> tuple[Header, bytes]:
    """Tell the header from the payload that it may protect. Raises TelegramRefusedError."""
    plain = _stripped(frame) if is_stripped else _checked(frame)
    if plain[1] != _SENDS_READINGS:
        raise TelegramRefusedError(faults.NOT_A_REPLY)
    return _application(plain)


def _stripped(frame: bytes) -> bytes:
    if len(frame) <= _LINK_BYTES or len(frame) != frame[0] + 1:
        raise TelegramRefusedError(faults.NOT_A_FRAME)
    return frame


def _checked(frame: bytes) -> bytes:
    """Check a frame's CRCs and take them out. Raises TelegramRefusedError."""
    if len(frame) <= _LINK_BYTES + _CRC_BYTES:
        raise TelegramRefusedError(faults.NOT_A_FRAME)
    if len(frame) == frame[0] + 1:
        blocks = _blocks_of_b(frame)
    elif len(frame) == _length_of_a(frame[0] + 1):
        blocks = _blocks_of_a(frame)
    else:
        raise TelegramRefusedError(faults.NOT_A_FRAME)
    if not all(len(block) > _CRC_BYTES and _crc(block[:-2]) == int.from_bytes(block[-2:], "big") for block in blocks):
        raise TelegramRefusedError(faults.CHECKSUM)
    return b"".join(block[:-_CRC_BYTES] for block in blocks)


def _length_of_a(length: int) -> int:
    """Give how long a frame of format A is, with its CRCs, of which `length` bytes are its own."""
    blocks = 1 + -(-(length - _LINK_BYTES) // _BLOCK_OF_A)
    return length + blocks * _CRC_BYTES


def _blocks_of_a(frame: bytes) -> list[bytes]:
    first = _LINK_BYTES + _CRC_BYTES
    step = _BLOCK_OF_A + _CRC_BYTES
    return [frame[:first], *(frame[start : start + step] for start in range(first, len(frame), step))]


def _blocks_of_b(frame: bytes) -> list[bytes]:
    end = _FIRST_BLOCKS_OF_B + _CRC_BYTES
    return [frame[:end], frame[end:]] if len(frame) > end else [frame]


def _crc(data: bytes) -> int:
    """EN 13757-4, 12.5.4: the polynomial 3D65, complemented."""
    register = 0
    for byte in data:
        register ^= byte << 8
        for _ in range(8):
            register = register << 1 ^ (0x3D65 if register & 0x8000 else 0)
            register &= 0xFFFF
    return register ^ 0xFFFF


def _application(plain: bytes) -> tuple[Header, bytes]:
    """Tell the header from the payload that it protects. Raises TelegramRefusedError."""
    link, rest = plain[2:_LINK_BYTES], plain[_LINK_BYTES:]
    # The radio link gives the manufacturer first.
    address = link[2:6] + link[:2] + link[6:]
    if rest[:1] == bytes([_SHORT_LINK_EXTENSION]):
        rest = rest[_SHORT_LINK_EXTENSION_BYTES:]
    if not rest:
        raise TelegramRefusedError(faults.CUT)
    information, rest = rest[0], rest[1:]
    if information == _NO_HEADER:
        return mbus_header.header(address, bytes(mbus_header.STATE_BYTES)), rest
    if information == _LONG_HEADER:
        address, rest = rest[: mbus_header.ADDRESS_BYTES], rest[mbus_header.ADDRESS_BYTES :]
    elif information != _SHORT_HEADER:
        is_other = information in _OTHER_TRANSPORT
        raise TelegramRefusedError(faults.UNSUPPORTED_TRANSPORT if is_other else faults.UNSUPPORTED_STRUCTURE)
    if len(rest) < mbus_header.STATE_BYTES:
        raise TelegramRefusedError(faults.CUT)
    return mbus_header.header(address, rest[: mbus_header.STATE_BYTES]), rest[mbus_header.STATE_BYTES :]
