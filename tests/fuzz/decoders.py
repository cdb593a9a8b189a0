"""The decoders of telegrams, each as a function of bytes alone, and what may come of it."""

import base64
import time
from collections.abc import Callable

from services.ingest.sources import lorawan, mbus, wireless_mbus
from services.ingest.sources.json_readings import Reading
from services.ingest.sources.telegram import Meter, Telegram, TelegramRefusedError
from services.ingest.sources.telegram_faults import FAULTS
from tests.telegrams import OMS_KEY, RECEIVED_AT, chirp_stack, secret, wired, wireless

MOST_CPU_S = 0.05
"""No telegram may cost more of the processor's time."""
TRIES = 3

CODES = {fault: fault.code for fault in FAULTS}

EUI = "94193a0306000001"
METER = Meter(zone="Europe/Stockholm")
SECRET = Meter(zone="Europe/Stockholm", key=OMS_KEY)


def by_wire(data: bytes) -> Telegram:
    return mbus.decode(data, METER, RECEIVED_AT)


def by_wire_whole(data: bytes) -> Telegram:
    """The bytes as records, in a frame that fits, so that more than its frame is looked at."""
    return mbus.decode(wired(data[:230]), METER, RECEIVED_AT)


def by_radio(data: bytes) -> Telegram:
    return wireless_mbus.decode(data, METER, RECEIVED_AT)


def by_radio_stripped(data: bytes) -> Telegram:
    return wireless_mbus.decode(wireless(data[:240]), METER, RECEIVED_AT, is_stripped=True)


def by_radio_encrypted(data: bytes) -> Telegram:
    return wireless_mbus.decode(secret(data[:200]), SECRET, RECEIVED_AT, is_stripped=True)


def by_module(data: bytes) -> Telegram:
    return lorawan.read(data, METER, RECEIVED_AT)


def by_network(data: bytes) -> Telegram:
    return lorawan.decode(data, {EUI: lorawan.Device(METER)}).telegram


DECODERS: list[Callable[[bytes], Telegram]] = [
    by_wire,
    by_wire_whole,
    by_radio,
    by_radio_stripped,
    by_radio_encrypted,
    by_module,
    by_network,
]


def outcome(decode: Callable[[bytes], Telegram], data: bytes) -> str:
    """Give `read`, or the code of the refusal; anything else that is raised fails the test."""
    try:
        told = decode(data)
    except TelegramRefusedError as refused:
        return CODES[refused.fault]
    assert isinstance(told.reading, Reading)
    assert told.reading.energy_wh is not None
    assert 0 <= told.reading.energy_wh <= 10**15
    return "read"


def is_slow(decode: Callable[[bytes], Telegram], data: bytes) -> bool:
    """Tell whether a telegram costs too much each time: once, Python may have cleared its memory meanwhile."""
    for _ in range(TRIES):
        began = time.thread_time()
        outcome(decode, data)
        if time.thread_time() - began <= MOST_CPU_S:
            return False
    return True


def inside(decode: Callable[[bytes], Telegram], telegram: bytes) -> bytes:
    """Give what of a telegram a decoder is handed here."""
    if decode is by_wire_whole:
        return telegram[19:-2]
    if decode in (by_radio_stripped, by_radio_encrypted):
        return telegram[10:] if telegram[:1] != b"\x68" else telegram[19:-2]
    if decode is by_module:
        return b"\x15" + (telegram[19:-2] if telegram[:1] == b"\x68" else telegram[15:])
    return chirp_stack(base64.b64encode(telegram[15:]).decode()) if decode is by_network else telegram
