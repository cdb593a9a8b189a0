"""A wired M-Bus telegram to a reading (EN 13757-2 and -3)."""

from datetime import datetime

from services.ingest.sources import mbus_header, mbus_reading
from services.ingest.sources import telegram_faults as faults
from services.ingest.sources.mbus_header import Header
from services.ingest.sources.refusals import Fault
from services.ingest.sources.telegram import Meter, Telegram, TelegramRefusedError

_SINGLE, _SHORT, _LONG, _STOP = 0xE5, 0x10, 0x68, 0x16
_FRAME_BYTES = 6
"""What a long frame has around its user data: start, length twice, start, checksum, stop."""
_CONTROL_BYTES = 3
"""Control, address and control information, with which user data begins."""
_ACCESS_DEMAND_AND_FLOW = 0x30
_RESPONSE = 0x08

_ERROR, _VARIABLE = 0x70, 0x72
_FIXED = (0x73, 0x77)
_MODE_5 = 5


def decode(frame: bytes, meter: Meter, received_at: datetime) -> Telegram:
    """Read a meter's answer. Raises TelegramRefusedError.

    received_at: when the frame came, with an offset; see mbus_reading.telegram.
    """
    spoken, payload = _application(frame)
    speaker = mbus_header.speaker(spoken, meter)
    # Older meters have something else than a mode here.
    if spoken.security_mode == _MODE_5:
        payload = mbus_header.opened(spoken, payload, meter.key)
    named = mbus_reading.named_values(payload, spoken.manufacturer)
    return mbus_reading.telegram(named, speaker, meter, received_at)


def digits(frame: bytes) -> str:
    """Give the identification number of the meter that answers, all eight digits. Raises TelegramRefusedError."""
    spoken, _ = _application(frame)
    return mbus_reading.serial_of(spoken.identification, Meter())


def _application(frame: bytes) -> tuple[Header, bytes]:
    """Tell the header from the payload that it may protect. Raises TelegramRefusedError."""
    user_data = _user_data(frame)
    header_end = _CONTROL_BYTES + mbus_header.ADDRESS_BYTES + mbus_header.STATE_BYTES
    if len(user_data) < header_end:
        raise TelegramRefusedError(faults.CUT)
    address_end = header_end - mbus_header.STATE_BYTES
    spoken = mbus_header.header(user_data[_CONTROL_BYTES:address_end], user_data[address_end:header_end])
    return spoken, user_data[header_end:]


def _user_data(frame: bytes) -> bytes:
    """Give what a long frame carries, of a meter's answer of variable structure. Raises TelegramRefusedError."""
    if frame == bytes([_SINGLE]) or (len(frame) == 5 and frame[0] == _SHORT and frame[-1] == _STOP):
        raise TelegramRefusedError(faults.NOT_A_REPLY)
    if len(frame) < _FRAME_BYTES + _CONTROL_BYTES or (frame[0], frame[3], frame[-1]) != (_LONG, _LONG, _STOP):
        raise TelegramRefusedError(faults.NOT_A_FRAME)
    if not frame[1] == frame[2] == len(frame) - _FRAME_BYTES:
        raise TelegramRefusedError(faults.NOT_A_FRAME)
    user_data = frame[4:-2]
    if sum(user_data) & 0xFF != frame[-2]:
        raise TelegramRefusedError(faults.CHECKSUM)
    control, _, information = user_data[:_CONTROL_BYTES]
    if control & ~_ACCESS_DEMAND_AND_FLOW != _RESPONSE:
        raise TelegramRefusedError(faults.NOT_A_REPLY)
    if information != _VARIABLE:
        raise TelegramRefusedError(_not_variable(information))
    return user_data


def _not_variable(information: int) -> Fault:
    if information == _ERROR:
        return faults.APPLICATION_ERROR
    return faults.FIXED_STRUCTURE if information in _FIXED else faults.UNSUPPORTED_STRUCTURE
