"""An uplink of Elvaco's LoRaWAN modules, as ChirpStack 4 or The Things Stack 3 hand it on, to a reading.

A payload is one byte of message type and then M-Bus records, without the header that would say whose they are: which
meter a module sits in is known by its device EUI. Source: Elvaco's user's manuals of CMi4110 to CMi4160.
"""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from typing import Annotated, Any, NamedTuple

import msgspec
from msgspec import Meta

from services.ingest.core.form import is_within_calendar
from services.ingest.sources import mbus_reading, mbus_values
from services.ingest.sources import telegram_faults as faults
from services.ingest.sources.mbus_reading import Speaker
from services.ingest.sources.mbus_records import Record
from services.ingest.sources.refusals import Fault
from services.ingest.sources.telegram import Meter, Telegram, TelegramRefusedError

PORT = 2
MOST_BYTES = 242
"""No uplink of LoRaWAN carries more, at any data rate."""

_ENHANCED_BYTES = 8
_METER_NOT_REACHED = 0x0E
_HEAT_AND_COOLING = 0x0D

_STANDARD = (0x00, 0x05, 0x0F, 0x15, 0x1E)
"""The type of message Standard of CMi4110, CMi4111, CMi4130, CMi4140 and CMi4160."""
_COMPACT, _DAILY, _EXTENDED, _COMBINED = (
    frozenset(standard + further for standard in _STANDARD[2:]) for further in (1, 3, 4, 5)
)
_KNOWN_TYPES = _COMPACT | _DAILY | _EXTENDED | _COMBINED | frozenset(_STANDARD)


class Counter(NamedTuple):
    """How far a device has counted its uplinks, and in which of its sessions."""

    session: str
    """The device's address, which each join gives it anew."""
    value: int
    sent_at: datetime
    """When the network heard it."""


class Device(NamedTuple):
    """What is known of a module: the meter that it sits in, and the last uplink that was taken."""

    meter: Meter
    last: Counter | None = None


class Uplink(NamedTuple):
    """What an uplink says."""

    device_eui: str
    """Sixteen hexadecimal digits, in small letters."""
    counter: Counter
    """To be kept as the device's last one once the reading is."""
    telegram: Telegram


Number = Annotated[int, Meta(ge=0, le=2**32 - 1)]
Moment = Annotated[datetime, Meta(tz=True)]
Eui = Annotated[str, Meta(pattern=r"^[0-9A-Fa-f]{16}\Z")]
Address = Annotated[str, Meta(pattern=r"^[0-9A-Fa-f]{0,8}\Z")]


class _ChirpStackDevice(msgspec.Struct, rename="camel"):
    dev_eui: Eui


class _ChirpStack(msgspec.Struct, rename="camel"):
    device_info: _ChirpStackDevice
    time: Moment
    dev_addr: Address = ""
    # Both write nothing for a zero.
    f_cnt: Number = 0
    f_port: Number = 0
    data: str = ""


class _ThingsStackDevice(msgspec.Struct):
    dev_eui: Eui
    dev_addr: Address = ""


class _ThingsStackMessage(msgspec.Struct):
    received_at: Moment
    f_cnt: Number = 0
    f_port: Number = 0
    frm_payload: str = ""


class _ThingsStack(msgspec.Struct):
    end_device_ids: _ThingsStackDevice
    uplink_message: _ThingsStackMessage


class Sent(NamedTuple):
    """An uplink as a network hands it on, before anything is known of its device."""

    device_eui: str
    """Sixteen hexadecimal digits, in small letters."""
    counter: Counter
    port: int
    payload: str
    """Base64."""


def decode(body: bytes, devices: Mapping[str, Device]) -> Uplink:
    """Read an uplink. Raises TelegramRefusedError.

    devices: by EUI, sixteen hexadecimal digits in small letters.
    """
    sent = uplink(body)
    device = devices.get(sent.device_eui)
    if device is None:
        raise TelegramRefusedError(faults.UNKNOWN_DEVICE)
    fault = counting_fault(sent.counter, device.last)
    if fault is not None:
        raise TelegramRefusedError(fault)
    return Uplink(sent.device_eui, sent.counter, carried(sent, device.meter))


def carried(sent: Sent, meter: Meter) -> Telegram:
    """Read what an uplink carries. Raises TelegramRefusedError."""
    if sent.port != PORT:
        raise TelegramRefusedError(faults.WRONG_PORT)
    return read(_payload(sent.payload), meter, sent.counter.sent_at)


def read(payload: bytes, meter: Meter, received_at: datetime) -> Telegram:
    """Read a module's payload. Raises TelegramRefusedError."""
    if not payload:
        raise TelegramRefusedError(faults.EMPTY_PAYLOAD)
    if len(payload) > MOST_BYTES:
        raise TelegramRefusedError(faults.TOO_LONG)
    kind, records = payload[0], payload[1:]
    if kind == _METER_NOT_REACHED:
        raise TelegramRefusedError(faults.METER_NOT_REACHED)
    if kind not in _KNOWN_TYPES:
        raise TelegramRefusedError(faults.UNSUPPORTED_MESSAGE)
    named = dict(mbus_reading.named_values(records, mbus_values.ELVACO))
    if kind in _DAILY:
        # Last midnight's register follows under the same code.
        named["energy_wh"] = named.get("energy_wh", ())[:1]
    speaker = _speaker(named.get("identification", ()), meter, is_combined=kind in _COMBINED)
    return mbus_reading.telegram(named, speaker, meter, received_at)


def _speaker(given: Sequence[tuple[Record, Fraction]], meter: Meter, is_combined: bool) -> Speaker:
    device_type = _HEAT_AND_COOLING if is_combined else None
    serial = meter.serial
    for record, _ in given:
        serial = mbus_reading.serial_of(record.data[: mbus_reading.IDENTIFICATION_BYTES], meter)
        if len(record.data) == _ENHANCED_BYTES:
            device_type = record.data[-1]
    return Speaker(serial, None, device_type, ())


def counting_fault(counter: Counter, last: Counter | None) -> Fault | None:
    """Tell what is wrong with how a device counts, against the newest uplink that was taken of it; None if nothing.

    What the network heard before that one and hands on after it is late, which is no fault: only a counter that falls
    while time goes on was reset.
    """
    if last is None or last.session != counter.session:
        return None
    if counter.value == last.value:
        return faults.COUNTER_REPEATED
    if counter.value < last.value and counter.sent_at >= last.sent_at:
        return faults.COUNTER_RESET
    return None


def newest(counter: Counter, last: Counter | None) -> Counter:
    """Give what the next uplink is held against: the one of the two that the network heard last."""
    return counter if last is None or counter.sent_at >= last.sent_at else last


def _payload(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise TelegramRefusedError(faults.BAD_BASE64) from error


def uplink(body: bytes) -> Sent:
    """Read what a network hands on. Raises TelegramRefusedError."""
    sent = _sent(_document(body))
    if not is_within_calendar(sent.counter.sent_at):
        raise TelegramRefusedError(faults.NOT_AN_UPLINK)
    return sent


def _document(body: bytes) -> Any:
    try:
        return json.loads(body.decode(), object_pairs_hook=_once, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise TelegramRefusedError(faults.NOT_JSON) from error


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Take an object whose names each stand there once; every decoder would silently keep the last one."""
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a name stands there twice")
    return made


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no number of JSON")


def _sent(document: Any) -> Sent:
    try:
        return _by_chirp_stack(document) if "deviceInfo" in document else _by_things_stack(document)
    # Half a character, as JSON may have, is none that a text of msgspec can hold.
    except (msgspec.ValidationError, TypeError, UnicodeEncodeError) as error:
        raise TelegramRefusedError(faults.NOT_AN_UPLINK) from error


def _by_chirp_stack(document: Any) -> Sent:
    sent = msgspec.convert(document, _ChirpStack)
    counter = Counter(sent.dev_addr.lower(), sent.f_cnt, sent.time)
    return Sent(sent.device_info.dev_eui.lower(), counter, sent.f_port, sent.data)


def _by_things_stack(document: Any) -> Sent:
    sent = msgspec.convert(document, _ThingsStack)
    device, message = sent.end_device_ids, sent.uplink_message
    counter = Counter(device.dev_addr.lower(), message.f_cnt, message.received_at)
    return Sent(device.dev_eui.lower(), counter, message.f_port, message.frm_payload)
