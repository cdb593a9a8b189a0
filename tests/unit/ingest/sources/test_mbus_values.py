"""The table of what VIFs stand for, held against pymbusparser's own, which was written by others from the standard."""

from fractions import Fraction

import pymbusparser
import pytest

from services.ingest.sources import mbus_values

COUNT = 123_456
# Whole units of ours in one of theirs; a calorie is 4.1868 J.
UNITS = {
    "W.h": Fraction(1),
    "J": Fraction(1, 3_600),
    "cal": Fraction("4.1868") / 3_600,
    "m3": Fraction(1_000),
    "W": Fraction(1),
    "J.h-1": Fraction(1, 3_600),
    "m3.h-1": Fraction(1_000),
    "m3.min-1": Fraction(60_000),
    "m3.s-1": Fraction(3_600_000),
    "Cel": Fraction(1),
    "K": Fraction(1),
}
QUANTITIES = {
    "Energy": "energy_wh",
    "Volume": "volume_l",
    "Power": "power_w",
    "Volume flow": "flow_l_per_h",
    "Flow temperature": "supply_c",
    "Return temperature": "return_c",
    "Temperature difference": "difference_k",
}
ALL_VIFS = [bytes([vif]) for vif in range(0x7B)] + [bytes([0xFB, vife]) for vife in range(0x80)]


def by_pymbusparser(vib: bytes) -> tuple[str, Fraction] | None:
    """Give what a count is, in our units; None where it is nothing that a reading has."""
    try:
        (record,) = pymbusparser.parse_records(b"\x03" + vib + COUNT.to_bytes(3, "little"))
    except (pymbusparser.MbusParserError, ValueError):
        return None
    names = [QUANTITIES[name] for name in record["quantities"] if name in QUANTITIES]
    if len(names) != 1 or record.get("unit") not in UNITS:
        return None
    return names[0], Fraction(record["value"]["value"]) * UNITS[record["unit"]]


def test_every_unit_of_a_reading_is_what_others_read_it_as() -> None:
    known = {vib: mbus_values.quantity(vib, None) for vib in ALL_VIFS}
    ours = {
        vib: (one.name, one.step * COUNT)
        for vib, one in known.items()
        if one is not None and one.name in QUANTITIES.values()
    }
    theirs = {vib: one for vib in ALL_VIFS if (one := by_pymbusparser(vib)) is not None}
    assert ours == theirs
    assert len(ours) == 8 * 8 + 3 * 4 + 14


def test_a_gigacalorie_is_1163_kilowatt_hours() -> None:
    hundred_mcal = mbus_values.quantity(b"\xfb\x0f", None)
    assert hundred_mcal is not None
    assert hundred_mcal.step * 10 == 1_163_000


@pytest.mark.parametrize("vib", [b"", b"\xfb", b"\xfd", b"\x7c", b"\x7f", b"\xff", b"\xff\x07", b"\xfd\x08", b"\x6e"])
def test_whatever_else_a_record_holds_is_no_reading(vib: bytes) -> None:
    assert mbus_values.quantity(vib, None) is None
