"""What is wrong with a reading by itself, whoever sent it and whatever else is known."""

from datetime import datetime
from typing import NamedTuple

import numpy as np

from services.heat.arrays import UNKNOWN, Float64, Int64
from services.ingest.core.verdict import Verdict

FIRST_READ_AT_S = 631_238_400
"""1990-01-02, before any meter that is read from afar."""
LAST_READ_AT_S = 2_871_676_800
"""2060-12-31, where the calendar of local days ends."""
MAXIMUM_REGISTER = 10**15
"""Wh, l and litre-degrees beyond this no meter counts to."""
MAXIMUM_SAMPLE = 1e9
"""l/h, W and C beyond this no meter shows."""


class Fault(NamedTuple):
    """A fault of form, in words for whoever sent the reading."""

    field: str
    reason: str


FAULTS: dict[Verdict, Fault] = {
    Verdict.FIELD_MISSING: Fault("energy_wh", "give the energy register, in whole Wh"),
    Verdict.TIME_OUT_OF_RANGE: Fault("read_at", "give a time from 1990-01-02 to 2060-12-31"),
    Verdict.TIME_IN_FUTURE: Fault(
        "read_at", "read_at, or recorded_at, lies ahead of our clock; send the reading once it is past"
    ),
    Verdict.NEGATIVE_REGISTER: Fault("energy_wh", "energy and volume registers never fall below 0"),
    Verdict.OUT_OF_RANGE: Fault("energy_wh", "registers reach to 10^15 at most, samples to 10^9"),
    Verdict.NOT_FINITE: Fault("return_c", "samples are finite numbers; leave out what is not known"),
}
"""The faults that columns of readings can have; others are found before there are columns."""


class FormColumns(NamedTuple):
    """The columns that can be wrong by themselves: (n,) each, UNKNOWN or NaN where nothing was given."""

    read_at_s: Int64
    recorded_s: Int64
    registers: tuple[Int64, ...]
    """Wh, litres, forward and return integral."""
    samples: tuple[Float64, ...]


def form_refusals(given: FormColumns, latest_s: Int64 | int) -> Int64:
    """Name what is wrong with each reading by itself; 0 where nothing is.

    latest_s: the latest instant that a reading may be of, or recorded at, by the clock of the door that it came in by.
    Source: domain.md, VEE rule 2.
    """
    registers = given.registers
    negative = np.any([(column < 0) & (column != UNKNOWN) for column in registers[:2]], axis=0)
    too_large = np.any([(np.abs(column) > MAXIMUM_REGISTER) & (column != UNKNOWN) for column in registers], axis=0)
    infinite = np.any([np.isinf(column) for column in given.samples], axis=0)
    too_large |= np.any([np.abs(column) > MAXIMUM_SAMPLE for column in given.samples], axis=0) & ~infinite
    outside = _is_outside(given.read_at_s) | ((given.recorded_s != UNKNOWN) & _is_outside(given.recorded_s))
    refusals: dict[Verdict, np.ndarray] = {
        Verdict.FIELD_MISSING: registers[0] == UNKNOWN,
        Verdict.TIME_OUT_OF_RANGE: outside,
        # A version recorded in the future would win over every later correction.
        Verdict.TIME_IN_FUTURE: np.maximum(given.read_at_s, given.recorded_s) > latest_s,
        Verdict.NEGATIVE_REGISTER: negative,
        Verdict.OUT_OF_RANGE: too_large,
        Verdict.NOT_FINITE: infinite,
    }
    return np.select(list(refusals.values()), [int(verdict) for verdict in refusals], 0).astype(np.int64)


def is_within_calendar(moment: datetime) -> bool:
    """Tell whether an instant lies where readings and local days can."""
    # Compared by the year first: at the ends of Python's calendar there is no UTC.
    return 1980 < moment.year < 2070 and FIRST_READ_AT_S <= moment.timestamp() <= LAST_READ_AT_S


def _is_outside(at_s: Int64) -> np.ndarray:
    return (at_s < FIRST_READ_AT_S) | (at_s > LAST_READ_AT_S)
