"""Subscription power by a straight line through a winter's daily highest hours, read off at -5 C."""

from datetime import date

import numpy as np

from services.heat.arrays import Bool, Int64, run_starts
from services.heat.local_time import EPOCH
from services.heat.power_methods.line import Reading, measured_by_line, without_temperature
from services.heat.power_methods.measurement import (
    Days,
    DaysInUse,
    Measurement,
    Method,
    Period,
    Reason,
    Statistic,
)
from services.heat.power_methods.periods import season

READ_AT_C = -5.0
COLDEST_C, MILDEST_C = -10.0, 0.0
COLD_DAYS_ONE_IN = 5
SHORTEST_RUN_DAYS = 21
NOVEMBER, MARCH = 11, 3
READING = Reading(READ_AT_C, Statistic.HIGHEST_HOUR, Reason.NO_POWER_AT_MINUS_FIVE)


def winter(first_year: int) -> tuple[int, int]:
    """Give the winter's first day, 1 November, and the day after its last, 31 March, as days since 1970."""
    return (date(first_year, 11, 1) - EPOCH).days, (date(first_year + 1, 4, 1) - EPOCH).days


def measure(days: Days) -> list[Measurement]:
    """Find the measuring period in a winter's days, draw each line and read it off at -5 C.

    days: of November to March. Days that are not in use, or without power, stay in the period, as the weather alone
    decides it. Source: domain.md, Subscription power.
    """
    known = ~np.isnan(days.mean_c)
    if not known.any():
        return without_temperature(days)
    cold = (days.mean_c >= COLDEST_C) & (days.mean_c <= MILDEST_C)
    segments = _unbroken(days.day, known)
    if max(end - start for start, end in segments) < SHORTEST_RUN_DAYS:
        return [Measurement(Reason.RUN_TOO_SHORT)] * len(days.power)
    run = longest_run(cold, segments)
    if run is None:
        return [Measurement(Reason.TOO_FEW_COLD_DAYS)] * len(days.power)
    start, end = run
    is_asked = days.in_use.copy()
    is_asked[:start] = is_asked[end:] = False
    return measured_by_line(days, Period(int(days.day[start]), int(days.day[end - 1]) + 1), is_asked, READING)


def longest_run(cold: Bool, segments: list[tuple[int, int]]) -> tuple[int, int] | None:
    """Find the longest run of at least 21 days of which a fifth or more are cold, the latest of equally long ones.

    cold: (n,). segments: unbroken spans [start, end) that a run may not leave. Returns [start, end) or None.
    With +4 for a cold day and -1 for another, a run qualifies when its sum is not negative. So for each end the
    earliest start is the first whose prefix sum is not above the end's own; and since that start always is a
    new lowest prefix sum, it is found by bisection among the running minima.
    """
    best: tuple[int, int] | None = None
    for start, end in segments:
        balance = np.concatenate([[0], np.cumsum(np.where(cold[start:end], COLD_DAYS_ONE_IN - 1, -1))])
        lowest = np.minimum.accumulate(balance)
        earliest = np.searchsorted(-lowest, -balance, side="left")
        length = np.arange(len(balance)) - earliest
        last = len(length) - 1 - int(np.argmax(length[::-1]))
        longest = int(length[last])
        if longest >= SHORTEST_RUN_DAYS and (best is None or longest >= best[1] - best[0]):
            best = (start + int(earliest[last]), start + last)
    return best


def _unbroken(day: Int64, known: Bool) -> list[tuple[int, int]]:
    """Split days into spans that follow each other without a gap and all have a temperature."""
    at = np.flatnonzero(known)
    # Equal within a span: both its place and its date grow by one from day to day.
    starts = run_starts((at - np.arange(len(at))) + (day[at] - np.arange(len(at))))
    ends = np.append(starts[1:], len(at))
    return [(int(at[start]), int(at[end - 1]) + 1) for start, end in zip(starts, ends, strict=True)]


METHOD = Method(
    "minus_five", Statistic.HIGHEST_HOUR, DaysInUse.BY_ACTIVITY, season(NOVEMBER, MARCH), measure, READ_AT_C
)
