"""What must be stored of a town, from its truth alone: each hour's energy, and which hours a flaw touches."""

from datetime import datetime
from typing import Any, NamedTuple

import numpy as np

from services.cli.simulator import truth
from services.cli.simulator.calendar import midnights
from services.cli.simulator.flaws import NO_FLAWS, Flaw, Rates
from services.cli.simulator.metering import DAILY
from services.cli.simulator.registers import WH
from services.cli.simulator.town import SWEDEN, Town, town
from services.heat.arrays import Bool, Float64, Int64
from services.heat.hour_marks import HOUR_S

Line = dict[str, Any]
OF_METERS = (Flaw.RESOLUTION, Flaw.ROLLOVER, Flaw.EXCHANGE)
HARMLESS = (Flaw.DUPLICATE, Flaw.OUT_OF_ORDER, Flaw.LATE, Flaw.CORRECTION, Flaw.WITHDRAWAL)
"""Nothing of them is left once everything has come."""
BESIDE_ENERGY = (Flaw.COUNTERS_DISAGREE, Flaw.DEAD_SENSOR)
"""They leave the energy as it is."""


class Expected(NamedTuple):
    """What the truth says of p metering points and h hours."""

    lines: list[Line]
    """Every flaw."""
    point_of: dict[str, int]
    marks_wh: Float64
    """(p, h + 1) what perfect registers, read when this town's were, say at each full hour."""
    tolerance_wh: Int64
    """(p,) by how much a difference of the register as it is shown may miss that of the perfect one."""
    is_daily: Bool
    """(p,)"""
    is_off: Bool
    """(p, h + 1) marks that flaws have moved, or that no reading is near to."""
    is_odd: Bool
    """(p, h) hours that some flaw touches, be it in their energy or beside it."""
    midnights: Int64
    """(d + 1,) each local midnight, as the number of its hour mark."""


def expected(one: Town, rates: Rates) -> Expected:
    """Work out what must follow from a town that was built with these rates."""
    lines = list(truth.flaws(one))
    point_of = {point.number: index for index, point in enumerate(one.points)}
    hours = (one.to_s - one.from_s) // HOUR_S
    is_off = np.zeros((len(one.points), hours + 1), bool)
    is_odd = np.zeros((len(one.points), hours), bool)
    for line in lines:
        if line["kind"] not in HARMLESS:
            index, marks = point_of[line["metering_point"]], touched_marks(one, line)
            is_odd[index, np.unique(np.concatenate((marks - 1, marks)).clip(0, hours - 1))] = True
            if line["kind"] not in BESIDE_ENERGY:
                is_off[index, marks] = True
    return Expected(
        lines,
        point_of,
        _marks_wh(one, rates, hours),
        _tolerance_wh(one),
        np.array([point.minute == DAILY for point in one.points]),
        is_off,
        is_odd,
        (midnights(one.from_s, one.to_s, SWEDEN) - one.from_s) // HOUR_S,
    )


def touched_marks(one: Town, line: Line) -> Int64:
    """Give the full hours, by number, at which a flaw may have moved what the register is read off as."""
    hours = (one.to_s - one.from_s) // HOUR_S
    if line["kind"] == Flaw.RESOLUTION or line["kind"] == Flaw.ROLLOVER:
        return np.zeros(0, np.int64)
    near_s = _interval_s(one, line)
    parts = [np.zeros(0, np.int64)]
    for at_s in instants(line):
        # A mark between two readings moves with either; one on a reading with that alone.
        first, last = (at_s - near_s - one.from_s) // HOUR_S + 1, -(-(at_s + near_s - one.from_s) // HOUR_S) - 1
        parts.append(np.arange(max(first, 0), min(last, hours) + 1))
    return np.unique(np.concatenate(parts))


def instants(line: Line) -> list[int]:
    """Give every instant at which something was said, or should have been."""
    if not isinstance(line["said"], list):
        return [second(line["from"])]
    return sorted({second(reading["read_at"]) for reading in (*line["said"], *line["true"])})


def second(at: str) -> int:
    """Read a time of the truth's, as seconds since 1970."""
    return int(datetime.fromisoformat(at).timestamp())


def _interval_s(one: Town, line: Line) -> int:
    point = next(point for point in one.points if point.number == line["metering_point"])
    # The shortest local day.
    return 23 * HOUR_S if point.minute == DAILY else HOUR_S


def _marks_wh(one: Town, rates: Rates, hours: int) -> Float64:
    """Read perfect registers off between the readings of the same town without flaws of readings."""
    flawless = {**NO_FLAWS, **{flaw: rates[flaw] for flaw in OF_METERS}}
    clean = town(one.seed, len(one.buildings), one.first_day, one.end_day, flawless).delivered.rows
    at_s = one.from_s + HOUR_S * np.arange(hours + 1)
    result = np.empty((len(one.points), hours + 1))
    for index in range(len(one.points)):
        read_at_s = np.unique(clean.read_at_s[clean.point == index])
        running = one.registers.at(np.full(len(read_at_s), index), read_at_s)[:, WH]
        result[index] = np.interp(at_s, read_at_s, running)
    return result


def _tolerance_wh(one: Town) -> Int64:
    # Each of an hour's marks is cut off to a step of the register, and rounded once.
    result = np.zeros(len(one.points), np.int64)
    for meter in one.meters:
        result[meter.point] = meter.resolution_wh
    return result
