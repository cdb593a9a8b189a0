"""A column of figures to numbers in its field's own unit, whichever unit the file or each line of it writes."""

from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from services.heat.arrays import UNKNOWN, Bool, Int64
from services.ingest.sources import decimals
from services.ingest.sources.decimals import Style
from services.ingest.sources.profile_parts import REGISTER_UNITS, ValueColumn, spelling
from services.ingest.sources.refusals import Fault
from services.ingest.sources.rows import Values

SENTINEL = Fault("sentinel", "the meter's sign for 'no value' stands where the energy register should")
ENERGY_MISSING = Fault("field_missing", "the energy register is empty")
NEGATIVE = Fault("negative_register", "a register cannot be below zero")
ABOVE_MODULUS = Fault(
    "register_above_modulus", "the register is not below its modulus; mend the profile's modulus or unit"
)
UNKNOWN_UNIT = Fault(
    "unknown_unit",
    "the line's unit is missing, or none that this field can be given in; see unit_column in the profile",
)
FAULTS = (*decimals.FAULTS, SENTINEL, ENERGY_MISSING, NEGATIVE, ABOVE_MODULUS, UNKNOWN_UNIT)
_NEVER_NEGATIVE = ("energy_wh", "volume_l")


class Figures(NamedTuple):
    """A column's figures (n,), faults as 1 + their place in FAULTS (0: none), and how many sentinels were emptied."""

    values: Values
    faults: Values
    emptied: int


def figures(text: Any, value: ValueColumn, style: Style) -> Figures:
    """Read a column that is in one unit. text: (n,) Arrow strings without space around."""
    return _in_unit(text, value, style, value.factor)


def figures_by_line(text: Any, units: Any, value: ValueColumn, style: Style) -> Figures:
    """Read a column of which each line says its unit. units: (n,) Arrow strings without space around."""
    encoded = units.dictionary_encode()
    factor_of = [value.factor_of(spelling(unit)) for unit in encoded.dictionary.to_pylist()]
    unit = encoded.indices.to_numpy()
    empty = _in_unit(pa.array([""] * len(text), text.type), value, style, Fraction(1))
    values, faults, emptied = empty.values, empty.faults, 0
    for number, factor in enumerate(factor_of):
        of_unit = unit == number
        part = text.filter(pa.array(of_unit))
        if factor is None:
            # A line without this figure needs no unit of it.
            is_given = pc.not_equal(decimals.without(part, value.sentinels)[0], "").to_numpy(zero_copy_only=False)
            faults[np.flatnonzero(of_unit)[is_given]] = FAULTS.index(UNKNOWN_UNIT) + 1
            continue
        read = _in_unit(part, value, style, factor)
        values[of_unit], faults[of_unit] = read.values, read.faults
        emptied += read.emptied
    return Figures(values, faults, emptied)


def _in_unit(text: Any, value: ValueColumn, style: Style, factor: Fraction) -> Figures:
    if value.field in REGISTER_UNITS:
        return _register(text, value, style, factor)
    text, is_sentinel = decimals.without(text, value.sentinels)
    sample, faults = decimals.real(text, style, factor)
    is_sentinel |= np.isin(sample, decimals.reals(value.sentinels, style, factor))
    return Figures(np.where(is_sentinel, np.nan, sample), faults.astype(np.int8), int(is_sentinel.sum()))


def _register(text: Any, value: ValueColumn, style: Style, factor: Fraction) -> Figures:
    text, is_sentinel = decimals.without(text, value.sentinels)
    if value.resolution is not None:
        # Cut to its step, a register a hair below it would be a whole step lower.
        text = decimals.without_noise(text, style)
    register, faults = decimals.whole(text, style, factor)
    is_number = register != UNKNOWN
    is_sentinel |= is_number & np.isin(register, decimals.wholes(value.sentinels, style, factor))
    is_energy = value.field == "energy_wh"
    is_empty = (register == UNKNOWN) & is_energy
    is_negative = (register < 0) & is_number & (value.field in _NEVER_NEGATIVE)
    is_above = _above_modulus(register, value, style, factor) & ~is_sentinel
    wrong = [is_sentinel & is_energy, is_empty, is_negative, is_above]
    numbers = [FAULTS.index(fault) + 1 for fault in (SENTINEL, ENERGY_MISSING, NEGATIVE, ABOVE_MODULUS)]
    faults = np.select([faults != 0, *wrong], [faults, *numbers], 0)
    register = np.where(is_sentinel, UNKNOWN, _cut(register, value, style, factor))
    return Figures(register, faults.astype(np.int8), 0 if is_energy else int(is_sentinel.sum()))


def _above_modulus(register: Int64, value: ValueColumn, style: Style, factor: Fraction) -> Bool:
    if value.modulus is None:
        return np.zeros(len(register), np.bool_)
    return register >= decimals.wholes([value.modulus], style, factor)[0]


def _cut(register: Int64, value: ValueColumn, style: Style, factor: Fraction) -> Int64:
    if value.resolution is None:
        return register
    step = decimals.wholes([value.resolution], style, factor)[0]
    return np.where(register == UNKNOWN, UNKNOWN, register // step * step)
