"""What an M-Bus record measured, and its value, exactly.

Source: EN 13757-3:2018, tables 10 to 15; what makers added is named where it stands.
"""

import math
import struct
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from services.ingest.sources import telegram_faults as faults
from services.ingest.sources.mbus_records import Record
from services.ingest.sources.telegram import TelegramRefusedError

KAMSTRUP = "KAM"
ELVACO = "ELV"

_EXTENSION = 0x80
_FIRST_EXTENSION, _SECOND_EXTENSION, _MAKERS_OWN = 0xFB, 0xFD, 0xFF
_J = Fraction(1, 3_600)
_CAL = Fraction(41_868, 36_000_000)
"""Wh of a calorie of the International Steam Table, of which 1 Gcal is 1,163 kWh."""

_REAL = 5
_BINARY = frozenset((1, 2, 3, 4, 6, 7))
_DECIMAL = frozenset((9, 10, 11, 12, 14))


class Quantity(NamedTuple):
    """What a record measured, and how much one count of it is in the unit that the name ends in."""

    name: str
    step: Fraction


def _power_of_ten(exponent: int) -> Fraction:
    return Fraction(10) ** exponent


def _ranges() -> dict[bytes, Quantity]:
    """Lay out which VIFs count: the first code, how many follow it, what they are, the first one's exponent, a unit."""
    primary = (
        (0x00, 8, "energy_wh", -3, Fraction(1)),
        (0x08, 8, "energy_wh", 0, _J),
        (0x10, 8, "volume_l", -3, Fraction(1)),
        (0x28, 8, "power_w", -3, Fraction(1)),
        (0x30, 8, "power_w", 0, _J),
        (0x38, 8, "flow_l_per_h", -3, Fraction(1)),
        (0x40, 8, "flow_l_per_h", -4, Fraction(60)),
        (0x48, 8, "flow_l_per_h", -6, Fraction(3_600)),
        (0x58, 4, "supply_c", -3, Fraction(1)),
        (0x5C, 4, "return_c", -3, Fraction(1)),
        (0x60, 4, "difference_k", -3, Fraction(1)),
        (0x6D, 1, "clock", 0, Fraction(1)),
        (0x78, 2, "identification", 0, Fraction(1)),
    )
    # 0.1 and 1 MWh, 0.1 and 1 GJ, 0.1 to 100 Mcal, 100 and 1,000 m3, 0.1 and 1 MW, 0.1 and 1 GJ/h.
    extended = (
        (0x00, 2, "energy_wh", 5, Fraction(1)),
        (0x08, 2, "energy_wh", 8, _J),
        (0x0C, 4, "energy_wh", 5, _CAL),
        (0x10, 2, "volume_l", 5, Fraction(1)),
        (0x28, 2, "power_w", 5, Fraction(1)),
        (0x30, 2, "power_w", 8, _J),
    )
    known = {bytes([_SECOND_EXTENSION, 0x17]): Quantity("error_flags", Fraction(1))}
    for prefix, table in ((b"", primary), (bytes([_FIRST_EXTENSION]), extended)):
        for first, count, name, exponent, unit in table:
            for place in range(count):
                known[prefix + bytes([first + place])] = Quantity(name, unit * _power_of_ten(exponent + place))
    return known


_KNOWN = _ranges()

_MAKERS: dict[tuple[str, bytes], Quantity] = {
    # Registers of volume times temperature, E8 and E9, and the info code. The 602 puts 6E before them.
    (KAMSTRUP, b"\xff\x07"): Quantity("forward_count", Fraction(1)),
    (KAMSTRUP, b"\xff\x08"): Quantity("return_count", Fraction(1)),
    (KAMSTRUP, b"\xee\xff\x07"): Quantity("forward_count", Fraction(1)),
    (KAMSTRUP, b"\xee\xff\x08"): Quantity("return_count", Fraction(1)),
    (KAMSTRUP, b"\xff\x22"): Quantity("info_code", Fraction(1)),
}

_POSITIVE, _NEGATIVE, _TIMES_1000 = 0x3B, 0x3C, 0x7D
_ELVACO_COOLING = b"\xff\x02"
"""How Elvaco's modules mark the cold of a meter of both (CMi4130 and CMi4140 user's manual, Combined heat/cooling)."""


@lru_cache(maxsize=4_096)
def quantity(vib: bytes, maker: str | None) -> Quantity | None:
    """Tell what a VIF and its extensions stand for; None where it is nothing that a reading has."""
    own = _MAKERS.get((maker or "", vib))
    if own is not None:
        return own
    length = 2 if vib[:1] in (b"\xfb", b"\xfd") else 1
    plain = vib[: length - 1] + bytes(byte & ~_EXTENSION for byte in vib[length - 1 : length])
    known = _KNOWN.get(plain)
    if known is None or length == len(vib):
        return known
    return _extended(known, vib[length:], maker)


def _extended(known: Quantity, vifes: bytes, maker: str | None) -> Quantity | None:
    """Apply the extensions that leave a value what it is; any other makes something else of it."""
    if known.name == "energy_wh" and maker == ELVACO and vifes == _ELVACO_COOLING:
        return known._replace(name="cooling_wh")
    for vife in (byte & ~_EXTENSION for byte in vifes):
        if 0x70 <= vife <= 0x77:
            known = known._replace(step=known.step * _power_of_ten(vife - 0x76))
        elif vife == _TIMES_1000:
            known = known._replace(step=known.step * 1_000)
        elif known.name == "energy_wh" and vife == _POSITIVE:
            known = known._replace(name="heat_wh")
        elif known.name == "energy_wh" and vife == _NEGATIVE:
            known = known._replace(name="cooling_wh")
        else:
            return None
    return known


def is_number(record: Record) -> bool:
    """Tell whether a record's data is a number of fixed length."""
    return record.coding in _BINARY or record.coding in _DECIMAL or record.coding == _REAL


def count(record: Record) -> int | float | None:
    """Read a record's number in its own steps; None where it is the standard's sign for "no value".

    A float is what the meter sent as one, so no digit is lost; it may be infinite or NaN. Raises
    TelegramRefusedError where a decimal digit is none.
    """
    if record.coding in _BINARY:
        value = int.from_bytes(record.data, "little", signed=True)
        return None if value == -(1 << (8 * len(record.data) - 1)) else value
    if record.coding in _DECIMAL:
        return _decimal(record.data)
    real: float = struct.unpack("<f", record.data)[0]
    return real


def is_all_ones(record: Record) -> bool:
    """Tell whether a register has all its bits set: as a number without a sign, the largest there is."""
    return record.coding in _BINARY and all(byte == 0xFF for byte in record.data)


def _decimal(data: bytes) -> int:
    """Read a BCD number, whose highest digit may be F for below zero (EN 13757-3, annex A, type A)."""
    digits = data[::-1].hex()
    magnitude = digits.removeprefix("f")
    if not magnitude.isdecimal():
        raise TelegramRefusedError(faults.BAD_BCD)
    return int(magnitude) if magnitude == digits else -int(magnitude)


def exact(value: int | float, step: Fraction) -> Fraction:
    """Give a register in its unit, to the last digit. Raises TelegramRefusedError."""
    if not math.isfinite(value):
        raise TelegramRefusedError(faults.NOT_FINITE)
    return Fraction(value) * step


def real(value: int | float, step: Fraction) -> float | None:
    """Give a sample in its unit; None where the meter sent an infinite one, or no number."""
    return float(Fraction(value) * step) if math.isfinite(value) else None
