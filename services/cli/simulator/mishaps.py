"""Flaws befall readings: each reading suffers one at most, so that all can be undone exactly."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from services.cli.simulator.chance import Stream, chance
from services.cli.simulator.flaws import Flaw, Rates
from services.cli.simulator.metering import DAILY, YEAR_S, MeteringPoint
from services.cli.simulator.readings import RETURN_C, SUPPLY_C, Rows, joined
from services.cli.simulator.registers import FORWARD, LITRES, WH
from services.heat.arrays import UNKNOWN, Bool, Float64, Int64, run_starts
from services.heat.hour_marks import HOUR_S

SINGLE = (
    Flaw.DUPLICATE, Flaw.OUT_OF_ORDER, Flaw.LATE, Flaw.SENTINEL, Flaw.SPIKE, Flaw.CORRECTION, Flaw.WITHDRAWAL,
    Flaw.FALLEN_REGISTER, Flaw.FALSE_PEAK,
)  # fmt: skip
"""Flaws of one reading."""
RUNS = {Flaw.GAP: (2, 72), Flaw.OUTAGE: (1, 8)}
"""Flaws of some hours, from the shortest to the longest."""
LASTING = {Flaw.COUNTERS_DISAGREE: (6, 48), Flaw.DEAD_SENSOR: (48, 480), Flaw.WRONG_CLOCK: (24, 480)}
"""The same, of meters that are read every hour. They are drawn by themselves, so that none moves the ones above."""
CLOCK_CHANGE_HOURS = (3, 24)
KINDS = tuple(Flaw)
NONE = -1

SENTINELS_WH = (4_294_967_295, 16_777_215)
"""All bits set, of 32 and of 24."""
SPIKE_HOURS = (30, 300)
"""A spike is what the point could reach at most in so many hours; far more than between two readings."""
FALL_HOURS = (30, 150)
"""A register falls by what the point could reach at most in so many hours."""
WRONG_HOURS = (0.02, 0.3)
OUT_OF_ORDER_READINGS = (1.2, 4.5)
"""A reading comes after so many that follow it."""
LATE_S = (6 * HOUR_S, 10 * 24 * HOUR_S)
AGAIN_S = (600, 6 * HOUR_S)
CORRECTED_S = (2 * HOUR_S, 4 * 24 * HOUR_S)
CLOCK_OFF_MINUTES = (5, 50)


class _Run(NamedTuple):
    """A flaw that lasts."""

    flaw: Flaw
    begin_s: float
    end_s: float
    shift_s: int
    """By how much it moves the stamps of readings."""


class Events(NamedTuple):
    """What befell readings, and which: the truth about them is complete."""

    flaw: Int64
    """(e,) index into KINDS."""
    true: Rows
    """Readings that should have come, in place of what did."""
    true_event: Int64
    """Index of the event that each of them belongs to."""


class Delivered(NamedTuple):
    """What the head-ends really send."""

    rows: Rows
    event: Int64
    """(n,) index of the event that a row is part of, or NONE."""
    events: Events


class _Plan(NamedTuple):
    flaw: Int64
    """(n,) per reading: index into KINDS or NONE."""
    event: Int64
    """(n,) per reading: equal for readings that one flaw befell together, NONE without."""
    shift_s: Int64
    """(n,) by how much a clock moves the stamp."""
    size: Int64
    """(n,) between 0 and 1,000: how bad it is."""


def befall(
    rows: Rows, seed: int, points: Sequence[MeteringPoint], rates: Rates, changes: Sequence[tuple[int, int]]
) -> Delivered:
    """Let flaws befall readings (sorted by metering point and time); changes: the clock changes of the period."""
    plan = _plan(rows, seed, points, rates, changes)
    maximum_wh = np.array([point.maximum_kw * 1000 for point in points])[rows.point]
    sent, event = _changed(rows, plan, maximum_wh)
    befallen = np.flatnonzero((plan.event != NONE) & (plan.flaw != KINDS.index(Flaw.WITHDRAWAL)))
    first = np.unique(plan.event[plan.event != NONE], return_index=True)[1]
    kinds = plan.flaw[plan.event != NONE][first]
    return Delivered(sent, event, Events(kinds, rows.take(befallen), plan.event[befallen]))


def _plan(
    rows: Rows, seed: int, points: Sequence[MeteringPoint], rates: Rates, changes: Sequence[tuple[int, int]]
) -> _Plan:
    count = len(rows.point)
    nothing = np.zeros(count, np.int64)
    cannot = _cannot_befall(rows, points)
    plan = _Plan(np.full(count, NONE), np.full(count, NONE), nothing.copy(), nothing.copy())
    starts = run_starts(rows.point)
    events = 0
    for start, end in zip(starts, np.append(starts[1:], count), strict=True):
        # Views, so that what is planned for one metering point stands in the plan for all.
        here = _Plan._make(column[start:end] for column in plan)
        point, read_at_s = points[rows.point[start]], rows.read_at_s[start:end]
        dice = chance(seed, Stream.READING_FLAWS, point.place)
        runs = _runs(read_at_s, dice, rates, changes) + _lasting(seed, point, read_at_s, rates)
        events = _plan_runs(here, read_at_s, runs, events)
        events = _plan_single(here, cannot[:, start:end], dice, rates, events)
    return plan


def _cannot_befall(rows: Rows, points: Sequence[MeteringPoint]) -> Bool:
    """Tell which readings a flaw of one reading would leave as they are, (len(SINGLE), n)."""
    result = np.zeros((len(SINGLE), len(rows.point)), bool)
    maximum_wh = np.array([point.maximum_kw * 1000 for point in points])[rows.point]
    is_daily = np.array([point.minute == DAILY for point in points])[rows.point]
    is_first = np.append(True, rows.meter[1:] != rows.meter[:-1])
    shown_before = np.roll(rows.registers[:, WH], 1)
    result[SINGLE.index(Flaw.FALLEN_REGISTER)] = is_first | (rows.registers[:, WH] < maximum_wh * FALL_HOURS[1])
    result[SINGLE.index(Flaw.FALSE_PEAK)] = is_first | is_daily | (rows.registers[:, WH] <= shown_before)
    return result


def _plan_runs(plan: _Plan, read_at_s: Int64, runs: Sequence[_Run], events: int) -> int:
    """Write into the plan what befalls one metering point for some time; gives the number of events so far."""
    for flaw, begin_s, end_s, shift_s in runs:
        hit = slice(*np.searchsorted(read_at_s, [begin_s, end_s]).tolist())
        if hit.start == hit.stop or (plan.event[hit] != NONE).any():
            continue
        plan.flaw[hit], plan.event[hit], plan.shift_s[hit] = KINDS.index(flaw), events, shift_s
        events += 1
    return events


def _plan_single(plan: _Plan, cannot: Bool, dice: np.random.Generator, rates: Rates, events: int) -> int:
    """Write into the plan what befalls single readings of a metering point; gives the number of events so far."""
    count = len(plan.flaw)
    upper = np.cumsum([rates[flaw] for flaw in SINGLE])
    which = np.searchsorted(upper, dice.random(count), side="right")
    is_hit = (which < len(SINGLE)) & (plan.event == NONE)
    is_hit &= ~cannot[np.minimum(which, len(SINGLE) - 1), np.arange(count)]
    single = np.flatnonzero(is_hit)
    plan.flaw[single] = np.array([KINDS.index(flaw) for flaw in SINGLE])[which[single]]
    plan.event[single] = events + np.arange(len(single))
    plan.size[:] = dice.integers(0, 1_000, count)
    return events + len(single)


def _runs(read_at_s: Int64, dice: np.random.Generator, rates: Rates, changes: Sequence[tuple[int, int]]) -> list[_Run]:
    """Draw flaws of some hours."""
    result: list[_Run] = []
    is_unaware = bool(dice.random() < rates[Flaw.CLOCK_CHANGE])
    for at_s, forward_s in changes:
        lasts_s = int(dice.integers(*CLOCK_CHANGE_HOURS)) * HOUR_S
        if is_unaware:
            # Read by the old clock, the new time lies as far ahead as the clock was set forward.
            result.append(_Run(Flaw.CLOCK_CHANGE, at_s, at_s + lasts_s, forward_s))
    return result + [run for flaw, hours in RUNS.items() for run in _of_some_hours(flaw, hours, read_at_s, dice, rates)]


def _lasting(seed: int, point: MeteringPoint, read_at_s: Int64, rates: Rates) -> list[_Run]:
    """Draw flaws of meters that are read every hour; one that counts integrals gives no samples of temperatures."""
    if point.minute == DAILY:
        return []
    dice = chance(seed, Stream.LASTING_FLAWS, point.place)
    runs = [run for flaw, hours in LASTING.items() for run in _of_some_hours(flaw, hours, read_at_s, dice, rates)]
    off_s = 60 * dice.integers(*CLOCK_OFF_MINUTES, len(runs)) * dice.choice([-1, 1], len(runs))
    return [
        run._replace(shift_s=shift_s if run.flaw is Flaw.WRONG_CLOCK else 0)
        for run, shift_s in zip(runs, off_s.tolist(), strict=True)
        if run.flaw is not Flaw.DEAD_SENSOR or not point.has_integrals
    ]


def _of_some_hours(
    flaw: Flaw, hours: tuple[int, int], read_at_s: Int64, dice: np.random.Generator, rates: Rates
) -> list[_Run]:
    span_s = float(read_at_s[-1] - read_at_s[0])
    result = []
    for _ in range(dice.poisson(rates[flaw] * span_s / YEAR_S)):
        begin_s = read_at_s[0] + dice.random() * span_s
        result.append(_Run(flaw, begin_s, begin_s + int(dice.integers(hours[0], hours[1] + 1)) * HOUR_S, 0))
    return result


def _changed(rows: Rows, plan: _Plan, maximum_wh: Int64) -> tuple[Rows, Int64]:
    """Give what is sent, sorted as the readings were, then what is sent beside; and the event of each."""
    sent = rows._replace(
        read_at_s=rows.read_at_s + plan.shift_s,
        sent_at_s=rows.sent_at_s.copy(),
        registers=rows.registers.copy(),
        samples=rows.samples.copy(),
    )
    outage = _which(plan, Flaw.OUTAGE)
    sent.registers[outage] = np.where(sent.registers[outage] == UNKNOWN, UNKNOWN, 0)
    sent.samples[outage] *= 0
    sentinel = _which(plan, Flaw.SENTINEL)
    sent.registers[sentinel, WH] = np.array(SENTINELS_WH)[plan.size[sentinel] % len(SENTINELS_WH)]
    spike = _which(plan, Flaw.SPIKE)
    sent.registers[spike, WH] += (maximum_wh[spike] * _between(plan.size[spike], SPIKE_HOURS)).astype(np.int64)
    fallen = _which(plan, Flaw.FALLEN_REGISTER)
    sent.registers[fallen, WH] -= (maximum_wh[fallen] * _between(plan.size[fallen], FALL_HOURS)).astype(np.int64)
    stale = _which(plan, Flaw.FALSE_PEAK)
    sent.registers[stale] = rows.registers[stale - 1]
    _stand_still(sent, plan)
    correction = _which(plan, Flaw.CORRECTION)
    sent.registers[correction, WH] = _wrong_wh(rows, correction, plan, maximum_wh)
    late = _which(plan, Flaw.LATE)
    sent.sent_at_s[late] += _between(plan.size[late], LATE_S).astype(np.int64)
    overtaken = _which(plan, Flaw.OUT_OF_ORDER)
    readings = _between(plan.size[overtaken], OUT_OF_ORDER_READINGS)
    sent.sent_at_s[overtaken] += (_interval_s(rows)[overtaken] * readings).astype(np.int64)
    withdrawal = _which(plan, Flaw.WITHDRAWAL)
    kept = np.flatnonzero(plan.flaw != KINDS.index(Flaw.GAP))
    event = np.where(plan.flaw == KINDS.index(Flaw.WITHDRAWAL), NONE, plan.event)
    duplicate = _which(plan, Flaw.DUPLICATE)
    together = joined(
        sent.take(kept),
        _sent_again(rows, duplicate, plan),
        _touched(rows.take(correction), plan.size[correction]),
        *_never_were(rows, withdrawal, plan, maximum_wh),
    )
    beside = plan.event[np.concatenate((duplicate, correction, withdrawal, withdrawal))]
    return together, np.concatenate((event[kept], beside))


def _stand_still(sent: Rows, plan: _Plan) -> None:
    """Let counters and sensors show for as long as a flaw lasts what they showed when it began."""
    still = _which(plan, Flaw.COUNTERS_DISAGREE)
    # A meter that is installed meanwhile counts rightly.
    still = still[sent.meter[still] == sent.meter[_first_of_event(plan, still)]]
    at_first = sent.registers[_first_of_event(plan, still)]
    has_integrals = at_first[:, FORWARD] != UNKNOWN
    sent.registers[still, FORWARD:] = at_first[:, FORWARD:]
    sent.registers[still[~has_integrals], LITRES] = at_first[~has_integrals, LITRES]
    dead = _which(plan, Flaw.DEAD_SENSOR)
    first = _first_of_event(plan, dead)
    sensor = np.where(plan.size[first] % 2 == 0, SUPPLY_C, RETURN_C)
    sent.samples[dead, sensor] = sent.samples[first, sensor]


def _first_of_event(plan: _Plan, which: Int64) -> Int64:
    """Give for each reading of lasting flaws the first one that the same flaw befell."""
    _, first, event = np.unique(plan.event[which], return_index=True, return_inverse=True)
    return which[first[event]]


def _sent_again(rows: Rows, which: Int64, plan: _Plan) -> Rows:
    again = rows.take(which)
    return again._replace(sent_at_s=again.sent_at_s + _between(plan.size[which], AGAIN_S).astype(np.int64))


def _touched(rows: Rows, size: Int64) -> Rows:
    """Give the readings as the head-end sends them again later, saying when it touched them."""
    at_s = rows.sent_at_s + _between(size, CORRECTED_S).astype(np.int64)
    return rows._replace(sent_at_s=at_s, recorded_at_s=at_s)


def _never_were(rows: Rows, which: Int64, plan: _Plan, maximum_wh: Int64) -> tuple[Rows, Rows]:
    """Give readings half an hour after others that no meter ever gave, and their withdrawals."""
    wrong = rows.take(which)
    registers = wrong.registers.copy()
    registers[:, WH] = _wrong_wh(rows, which, plan, maximum_wh)
    half_an_hour_s = HOUR_S // 2
    wrong = wrong._replace(
        read_at_s=wrong.read_at_s + half_an_hour_s,
        sent_at_s=wrong.sent_at_s + half_an_hour_s,
        registers=registers,
    )
    return wrong, _touched(wrong, plan.size[which])._replace(is_withdrawn=np.ones(len(which), bool))


def _interval_s(rows: Rows) -> Int64:
    """Give the time between readings at each metering point, (n,)."""
    interval_s = np.diff(rows.read_at_s, append=rows.read_at_s[-1:])
    interval_s[np.append(run_starts(rows.point)[1:], len(interval_s)) - 1] = HOUR_S
    return interval_s


def _wrong_wh(rows: Rows, which: Int64, plan: _Plan, maximum_wh: Int64) -> Int64:
    hours = _between(plan.size[which], WRONG_HOURS)
    return rows.registers[which, WH] + (maximum_wh[which] * hours).astype(np.int64)


def _which(plan: _Plan, flaw: Flaw) -> Int64:
    return np.flatnonzero(plan.flaw == KINDS.index(flaw))


def _between(size: Int64, limits: tuple[float, float]) -> Float64:
    return limits[0] + (limits[1] - limits[0]) * size / 1_000
