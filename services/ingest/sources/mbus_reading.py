"""Records of a meter to its reading."""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from functools import partial
from typing import NamedTuple

from services.ingest.core.form import MAXIMUM_REGISTER, MAXIMUM_SAMPLE
from services.ingest.sources import mbus_clock, mbus_status, mbus_values
from services.ingest.sources import telegram_faults as faults
from services.ingest.sources.json_readings import Reading
from services.ingest.sources.mbus_records import Record, records
from services.ingest.sources.telegram import Medium, Meter, Telegram, TelegramRefusedError

MEDIA = {
    0x04: Medium.HEAT,
    0x0A: Medium.COOLING,
    0x0B: Medium.COOLING,
    0x0C: Medium.HEAT,
    0x0D: Medium.HEAT_AND_COOLING,
}
"""Device types of EN 13757-7, table 13; 0A and 04 measure the volume at the outlet, 0B and 0C at the inlet."""

IDENTIFICATION_BYTES = 4
_STEPS_OF_AN_INTEGRAL = 100
"""A count of Kamstrup's E8 and E9 is a hundred steps of the volume register, times a degree; see the README."""


class Speaker(NamedTuple):
    """Who speaks, and what is known before the values are read."""

    serial: str | None
    manufacturer: str | None
    device_type: int | None
    """None where the telegram does not say."""
    statuses: Sequence[str]


Named = Mapping[str, Sequence[tuple[Record, Fraction]]]
"""Per name of a quantity, the current records that give it, each with its step."""


def named_values(payload: bytes, maker: str | None) -> Named:
    """Give the current values of a payload by what they are. Raises TelegramRefusedError."""
    named: dict[str, list[tuple[Record, Fraction]]] = {}
    for record in records(payload, partial(_counts, maker=maker)):
        known = mbus_values.quantity(record.vib, maker)
        if known is not None and record.is_current and mbus_values.is_number(record):
            named.setdefault(known.name, []).append((record, known.step))
    return named


def _counts(record: Record, maker: str | None) -> bool:
    return mbus_values.is_number(record) and mbus_values.quantity(record.vib, maker) is not None


def serial_of(identification: bytes, meter: Meter) -> str:
    """Give the serial by which a meter is registered, from its identification number. Raises TelegramRefusedError.

    identification: four bytes of BCD, the lowest first. A meter that is not known is named by all eight digits.
    """
    digits = identification[::-1].hex()
    if not digits.isdecimal():
        raise TelegramRefusedError(faults.BAD_IDENTIFICATION)
    if meter.serial is None:
        return digits
    if meter.serial.lstrip("0") != digits.lstrip("0"):
        raise TelegramRefusedError(faults.ANOTHER_METER)
    return meter.serial


def telegram(named: Named, speaker: Speaker, meter: Meter, received_at: datetime) -> Telegram:
    """Make a reading of what a meter said. Raises TelegramRefusedError.

    received_at: when the telegram came; it counts where the meter gives no valid time of its own.
    """
    medium = _medium(speaker.device_type)
    energy, cooling = _energies(named, medium)
    read_at, clock_statuses = _read_at(named, meter, received_at)
    reading = Reading(
        serial=speaker.serial,
        read_at=read_at,
        energy_wh=energy,
        volume_l=_register(named.get("volume_l", ())),
        forward_lc=_integral(named, "forward_count", meter),
        return_lc=_integral(named, "return_count", meter),
        flow_l_per_h=_sample(named, "flow_l_per_h"),
        power_w=_sample(named, "power_w"),
        supply_c=_sample(named, "supply_c"),
        return_c=_sample(named, "return_c"),
    )
    statuses = dict.fromkeys([*speaker.statuses, *clock_statuses, *_flagged(named)])
    difference_k = _sample(named, "difference_k")
    return Telegram(reading, medium, cooling, difference_k, speaker.manufacturer, tuple(statuses))


def _medium(device_type: int | None) -> Medium | None:
    if device_type is not None and device_type not in MEDIA:
        raise TelegramRefusedError(faults.NOT_A_HEAT_METER)
    return MEDIA[device_type] if device_type is not None else None


def _read_at(named: Named, meter: Meter, received_at: datetime) -> tuple[datetime, list[str]]:
    records_of_time = [record for record, _ in named.get("clock", ())]
    for shown in filter(None, map(mbus_clock.clock, records_of_time)):
        return mbus_clock.instant(shown, meter.zone), []
    is_invalid = any(map(mbus_clock.is_clock, records_of_time))
    return received_at, [mbus_status.CLOCK_INVALID] if is_invalid else []


def _energies(named: Named, medium: Medium | None) -> tuple[int, int | None]:
    """Give the register of energy, and that of cold beside it."""
    own = "cooling_wh" if medium is Medium.COOLING else "heat_wh"
    given = named.get("energy_wh") or named.get(own)
    if not given:
        raise TelegramRefusedError(faults.NO_ENERGY)
    energy = _register(given)
    if energy is None:
        raise TelegramRefusedError(faults.SENTINEL)
    return energy, None if medium is Medium.COOLING else _register(named.get("cooling_wh", ()))


def _register(given: Sequence[tuple[Record, Fraction]]) -> int | None:
    """Read a register in whole units; None where it is not given, or the meter has no value for it.

    Where it is given in several steps the finest counts, and the others must say the same.
    """
    values = []
    for record, step in sorted(given, key=lambda one: one[1]):
        count = mbus_values.count(record)
        if count is not None and not mbus_values.is_all_ones(record):
            values.append((mbus_values.exact(count, step), step))
    if not values:
        return None
    finest = values[0][0]
    if finest < 0:
        raise TelegramRefusedError(faults.NEGATIVE)
    if finest > MAXIMUM_REGISTER:
        raise TelegramRefusedError(faults.OUT_OF_RANGE)
    # Two cut from the same register differ by less than the coarser step.
    if any(abs(other - finest) >= step for other, step in values[1:]):
        raise TelegramRefusedError(faults.CONTRADICTING)
    return math.floor(finest)


def _integral(named: Named, name: str, meter: Meter) -> int | None:
    """Read a register of volume times temperature, whose step no telegram tells."""
    given = named.get(name, ())
    if meter.integral_step_lc is not None:
        return _register([(record, Fraction(meter.integral_step_lc)) for record, _ in given])
    steps_l = [step for _, step in named.get("volume_l", ())]
    return _register([(record, min(steps_l) * _STEPS_OF_AN_INTEGRAL) for record, _ in given]) if steps_l else None


def _sample(named: Named, name: str) -> float | None:
    for record, step in named.get(name, ()):
        count = mbus_values.count(record)
        if count is not None:
            return _within_range(mbus_values.real(count, step))
    return None


def _within_range(sample: float | None) -> float | None:
    if sample is not None and abs(sample) > MAXIMUM_SAMPLE:
        raise TelegramRefusedError(faults.OUT_OF_RANGE)
    return sample


def _flagged(named: Named) -> list[str]:
    info_codes = [record.data for record, _ in named.get("info_code", ())]
    flags = [record.data for record, _ in named.get("error_flags", ())]
    return [
        *(name for data in info_codes for name in mbus_status.of_info_code(int.from_bytes(data, "little"))),
        *(name for data in flags for name in mbus_status.of_error_flags(int.from_bytes(data, "little"))),
    ]
