"""Deliveries of telegrams: M-Bus frames as gateways send them on, and uplinks as LoRaWAN's networks do."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec
import numpy as np
import pyarrow as pa

from schemas.readings import METER_READINGS
from services.ingest.core.parsed import Parsed
from services.ingest.sources import lorawan, mbus_status
from services.ingest.sources import telegram_faults as faults
from services.ingest.sources.refusals import Fault
from services.ingest.sources.telegram import Meter, Telegram, TelegramRefusedError
from services.ingest.sources.telegram_items import Envelope, Frame, without_zeros
from services.ingest.sources.understood import Heard, Refused, Status, Understood

MOST_BEHIND = timedelta(days=1)
MOST_AHEAD = timedelta(minutes=5)
"""A meter's clock that is further from the moment of reception is wrong: a telegram tells what is now."""

MENDED_AT_THE_METER = (
    faults.KEY_MISSING,
    faults.DECRYPTION_UNVERIFIED,
    faults.NOT_ENCRYPTED,
    faults.NAIVE_TIME,
    faults.NO_SUCH_TIME,
    faults.SUMMER_TIME,
)
"""Once what is noted of a meter is mended, telegrams with such a fault may be read."""
MENDED_AT_THE_DEVICE = (faults.UNKNOWN_DEVICE, faults.ANOTHER_METER)

_OF_WHAT_IS_NOTED = (faults.KEY_MISSING, faults.DECRYPTION_UNVERIFIED, faults.NAIVE_TIME, *MENDED_AT_THE_DEVICE)
NOTED_OTHERWISE = frozenset(fault.code for fault in _OF_WHAT_IS_NOTED)
"""Faults that say nothing of a telegram that was read before, but that something else is noted since."""


class Known(NamedTuple):
    """What is known of the meters that telegrams may be of."""

    by_serial: Mapping[str, Meter]
    by_digits: Mapping[str, Meter]

    def meter_of(self, frame: Frame) -> Meter:
        """Give what is known of a frame's meter: the one that its sender names, or else that of its number."""
        if frame.serial is not None:
            meter = self.by_serial.get(frame.serial, Meter(serial=frame.serial))
        else:
            meter = self.by_digits.get(frame.digits or "", Meter())
        return meter if meter.zone is not None else replace(meter, zone=frame.zone)


def meter_mended(serial: str) -> str:
    """Name what telegrams of a meter wait for."""
    return f"meter {without_zeros(serial)}"


def device_mended(device_eui: str) -> str:
    """Name what uplinks of a module wait for."""
    return f"device {device_eui}"


def understood(given: Envelope, known: Known) -> Understood:
    """Read the frames of a delivery."""
    read: list[tuple[int, Telegram]] = []
    refused = list(given.refused)
    for frame in given.frames:
        try:
            told = _timed(frame.read(known.meter_of(frame)), frame.received_at)
        except TelegramRefusedError as error:
            refused.append(_refused_frame(frame, error.fault))
            continue
        told.reading.metering_point = frame.metering_point
        read.append((frame.item, told))
    return _understood(given.items, read, refused)


def understood_uplink(body: bytes, devices: Mapping[str, Meter]) -> Understood:
    """Read an uplink. devices: the meter that each module sits in, by EUI in small letters."""
    try:
        sent = lorawan.uplink(body)
    except TelegramRefusedError as error:
        return _understood(1, [], [Refused.by(0, "", error.fault, body.decode("utf-8", "replace"))])
    meter = devices.get(sent.device_eui)
    try:
        if meter is None:
            raise TelegramRefusedError(faults.UNKNOWN_DEVICE)
        told = _timed(lorawan.carried(sent, meter), sent.counter.sent_at)
    except TelegramRefusedError as error:
        return _understood(1, [], [_refused_uplink(sent, meter, error.fault)])
    return _understood(1, [(0, told)], [])._replace(
        heard=[Heard(0, sent.device_eui, sent.counter, told.reading.serial)]
    )


def refused_count(heard: Heard, fault: Fault) -> Refused:
    """Refuse an uplink for its counter."""
    one = Refused.by(heard.item, "f_cnt", fault, heard.device_eui)
    return one._replace(serial=heard.serial, read_at=heard.counter.sent_at)


def uplinks_device(body: bytes) -> str | None:
    """Give the EUI of the module that an uplink is of; None where it is no uplink."""
    try:
        return lorawan.uplink(body).device_eui
    except TelegramRefusedError:
        return None


def _timed(told: Telegram, received_at: datetime) -> Telegram:
    """Let the moment of reception count where the meter's clock cannot be right."""
    if received_at - MOST_BEHIND <= told.reading.read_at <= received_at + MOST_AHEAD:
        return told
    told.reading.read_at = received_at
    return told._replace(statuses=(*told.statuses, mbus_status.CLOCK_DEVIATES))


def _understood(items: int, read: Sequence[tuple[int, Telegram]], refused: list[Refused]) -> Understood:
    rows = [msgspec.structs.asdict(told.reading) | {"withdrawn": False} for _, told in read]
    readings = pa.RecordBatch.from_pylist(rows, schema=METER_READINGS)
    statuses = [
        Status(item, told.reading.serial, told.reading.read_at, told.statuses)
        for item, told in read
        if told.statuses and told.reading.serial is not None
    ]
    parsed = Parsed(items, readings, np.array([item for item, _ in read], np.int64), [])
    ordered = sorted(refused, key=lambda one: one.item)
    return Understood.of(parsed)._replace(refused=ordered, statuses=statuses)


def _refused_frame(frame: Frame, fault: Fault) -> Refused:
    serial = frame.serial or frame.digits
    waits_for = meter_mended(serial) if serial and fault in MENDED_AT_THE_METER else None
    return Refused.by(frame.item, "frame", fault, frame.data.hex())._replace(
        serial=serial, metering_point=frame.metering_point, read_at=frame.received_at, waits_for=waits_for
    )


def _refused_uplink(sent: lorawan.Sent, meter: Meter | None, fault: Fault) -> Refused:
    waits_for = device_mended(sent.device_eui) if fault in MENDED_AT_THE_DEVICE else None
    if meter and meter.serial and fault in MENDED_AT_THE_METER:
        waits_for = meter_mended(meter.serial)
    return Refused.by(0, "", fault, f"{sent.device_eui} {sent.payload}")._replace(
        serial=meter.serial if meter else None, read_at=sent.counter.sent_at, waits_for=waits_for
    )
