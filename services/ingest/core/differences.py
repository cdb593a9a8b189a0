"""Where what is stored is not what follows from the readings."""

from enum import StrEnum
from typing import NamedTuple

import numpy as np

from services.heat.arrays import Int64, run_starts
from services.ingest.core.outcome import Outcome, PointStates
from services.ingest.core.vee.rules import joined_flags

DAY_S = 24 * 3600


class Kind(StrEnum):
    """What differs."""

    VERDICTS = "verdicts"
    HOURS = "hours"
    DAYS = "days"
    FLAGS = "flags"
    STATE = "state"


class Difference(NamedTuple):
    """Rows of one kind and one metering point that differ, from the first to the last of them."""

    point_id: int
    kind: Kind
    rows: int
    first_s: int
    last_s: int


def differences(stored: PointStates, found: Outcome) -> list[Difference]:
    """Say what differs, by point and kind. found: of whole series judged anew, so nothing is new in it but what lacks.

    stored: the states of the same points as they are stored.
    """
    flags = joined_flags(found.flags.new, found.flags.gone)
    moved = np.flatnonzero(_is_moved(stored, found.states))
    return [
        *_by_point(Kind.VERDICTS, found.rejudged.point_id, found.rejudged.read_at_s),
        *_by_point(Kind.HOURS, found.hours.owner, found.hours.starts_s),
        *_by_point(Kind.DAYS, found.days.owner, found.days.day * DAY_S),
        *_by_point(Kind.FLAGS, flags.point_id, flags.starts_s),
        *_by_point(Kind.STATE, stored.point_id[moved], found.states.newest_s[moved].clip(0)),
    ]


def _is_moved(one: PointStates, other: PointStates) -> Int64:
    columns = (np.atleast_2d((left != right).T).any(axis=0) for left, right in zip(one, other, strict=True))
    return np.logical_or.reduce(list(columns))


def _by_point(kind: Kind, point_id: Int64, at_s: Int64) -> list[Difference]:
    order = np.lexsort((at_s, point_id))
    point_id, at_s = point_id[order], at_s[order]
    starts = run_starts(point_id)
    ends = np.append(starts[1:], len(point_id))[: len(starts)]
    spans = zip(point_id[starts], ends - starts, at_s[starts], at_s[ends - 1], strict=True)
    return [Difference(point, kind, rows, first, last) for point, rows, first, last in (map(int, one) for one in spans)]
