"""Registers to hour marks, and marks to hours: where hourly power begins."""

from typing import NamedTuple

import numpy as np

from services.heat.arrays import UNKNOWN, Bool, Int64, counted_up, difference, owner_time_key, run_starts
from services.heat.gaps import HOUR_S as HOUR_S
from services.heat.gaps import NO_SHAPES, SHAPED_FROM_S, Shapes, courses

MISSING, MEASURED, INTERPOLATED, ESTIMATED, MANUAL = range(5)
"""Qualities by number, in the order of schemas.power.QUALITIES."""
SHAPED = 5
"""The grade of a mark that is estimated by the facility's own signature; its quality is ESTIMATED."""
FROM_BEST = np.array([MISSING, MEASURED, INTERPOLATED, MANUAL, ESTIMATED, SHAPED])
"""Grades from the best to the worst. What an operator decided of a register is better known than what is a guess."""
BADNESS = np.argsort(FROM_BEST)
"""The place of each grade among these, by its number; so does the database tell it (ingest.badness)."""

MEASURED_WITHIN_S = 75 * 60
INTERPOLATED_WITHIN_S = SHAPED_FROM_S


class Marks(NamedTuple):
    """Registers read off at full hours: one row per owner and hour, sorted so."""

    owner: Int64
    at_s: Int64
    values: Int64
    """(m, registers), UNKNOWN where a register is not known at either side of the mark."""
    distance_s: Int64
    """Seconds between the two readings around the mark; 0 for a reading on the mark."""
    is_shaped: Bool
    """True where the mark follows the course that is expected of a gap, and not a straight line."""


class Hours(NamedTuple):
    """Hours as differences of marks: one row per owner and hour, sorted so."""

    owner: Int64
    starts_s: Int64
    values: Int64
    """(h, registers), the rise of each register over the hour."""
    start_quality: Int64
    end_quality: Int64


def hour_marks(owner: Int64, read_at_s: Int64, registers: Int64, shapes: Shapes = NO_SHAPES) -> Marks:
    """Read each owner's registers off at every full hour that two of its readings bracket.

    owner: (n,) not falling, 0 <= owner < 2**29. read_at_s: (n,) seconds since 1970, strictly rising within an
    owner. registers: (n, r) whole Wh, litres, ..., never falling within an owner, or UNKNOWN. Between two
    readings a register rises linearly, or as `shapes` expects of that gap. Each mark is rounded once, half up,
    so hours taken as differences of marks sum exactly to the register's own difference, however the readings
    were spread. Source: domain.md, VEE rules 4 and 5.
    """
    starts = run_starts(owner)
    ends = np.append(starts[1:], len(owner))[: len(starts)] - 1
    first = -(-read_at_s[starts] // HOUR_S)
    counts = (read_at_s[ends] // HOUR_S - first + 1).clip(0)
    mark_owner = np.repeat(owner[starts], counts)
    at_s = counted_up(first, counts) * HOUR_S
    right = np.searchsorted(owner_time_key(owner, read_at_s), owner_time_key(mark_owner, at_s))
    left = np.where(read_at_s[right] == at_s, right, right - 1)
    span_s = read_at_s[right] - read_at_s[left]
    is_shaped, share, whole = courses(shapes, mark_owner, read_at_s[left], at_s)
    share, whole = np.where(is_shaped, share, at_s - read_at_s[left]), np.where(is_shaped, whole, span_s)
    values = np.stack([interpolated(column[left], column[right], share, whole) for column in registers.T]).T
    return Marks(mark_owner, at_s, values, span_s, is_shaped)


def interpolated(before: Int64, after: Int64, since: Int64, span: Int64) -> Int64:
    """Let registers rise evenly from before to after: (n,) each, `since` of `span` gone by; rounded half up.

    UNKNOWN where one of them is.
    """
    rise = difference(after, before)
    known = rise != UNKNOWN
    # Integers throughout: a float would round a mark differently when its neighbours change. Whole and rest
    # apart, since the product of a large rise and a long span would overflow.
    whole, rest = np.divmod(np.where(known, rise, 0), span.clip(1))
    risen = whole * since + (2 * rest * since + span) // (2 * span.clip(1))
    return np.where(known, np.where(known, before, 0) + risen, UNKNOWN)


def mark_quality(distance_s: Int64, is_shaped: Bool) -> Int64:
    """Grade marks by the distance between the readings around them. Source: domain.md, VEE; pitfall 17."""
    return np.select(
        [distance_s <= MEASURED_WITHIN_S, distance_s <= INTERPOLATED_WITHIN_S, is_shaped],
        [MEASURED, INTERPOLATED, SHAPED],
        ESTIMATED,
    ).astype(np.int64)


def worse_of(one: Int64, other: Int64) -> Int64:
    """Give the worse of two grades; (n,) each."""
    return FROM_BEST[np.maximum(BADNESS[one], BADNESS[other])]


def worst_of_each(grades: Int64, starts: Int64) -> Int64:
    """Give the worst grade of each run that begins at one of the indexes; (n,) and (m,) in, (m,) out."""
    return FROM_BEST[np.maximum.reduceat(BADNESS[grades], starts)]


def hours_between(owner: Int64, at_s: Int64, values: Int64, quality: Int64) -> Hours:
    """Take hours as differences of marks that follow each other within an owner.

    All arrays as in Marks, with each mark's quality in place of its distance. Registers that fell or are not
    known give UNKNOWN.
    """
    begins = np.flatnonzero((owner[1:] == owner[:-1]) & (at_s[1:] == at_s[:-1] + HOUR_S))
    rises = difference(values.T[:, begins + 1], values.T[:, begins]).T
    return Hours(
        owner[begins],
        at_s[begins],
        np.where(rises < 0, UNKNOWN, rises),
        quality[begins],
        quality[begins + 1],
    )
