"""A batch in shares: hours are made for so many metering points at once that all of them fit into memory."""

import numpy as np

from services.heat.arrays import UNKNOWN, Int64, run_starts
from services.heat.hour_marks import HOUR_S
from services.ingest.core.outcome import PointStates
from services.ingest.core.readings import ReadingRows

HOURS_AT_ONCE = 250_000
"""About 100 MB while they are worked on."""
LATE_BY_S = 400 * 24 * HOUR_S
"""A reading so late may be the first of all, with hours to come from it up to the newest; others have neighbours."""


def hours_to_come(rows: ReadingRows, states: PointStates) -> Int64:
    """Reckon for each point how many hours its new readings complete, a few too many rather than too few; (m,).

    rows: sorted by `in_order`; states: of exactly their points. A reading an hour is an hour, but one that comes
    after years, or from a meter whose clock was set back, is as many as lie between.
    """
    at_s, first = rows.read_at_s, run_starts(rows.point_id)
    before_s = np.roll(at_s, 1)
    oldest_s = at_s[first]
    newest_s = np.where(states.newest_s == UNKNOWN, oldest_s, states.newest_s)
    is_known_before = (newest_s < oldest_s) | (newest_s > oldest_s + LATE_BY_S)
    before_s[first] = np.where(is_known_before, newest_s, oldest_s)
    return np.add.reduceat(np.abs(at_s - before_s) // HOUR_S + 1, first)


def shares(hours: Int64) -> list[Int64]:
    """Part points, by their hours (m,), into runs of at most HOURS_AT_ONCE together, or of one point; as indexes."""
    cuts: list[int] = []
    together = 0
    for index, more in enumerate(hours.tolist()):
        if index and together + more > HOURS_AT_ONCE:
            cuts.append(index)
            together = 0
        together += more
    return np.split(np.arange(len(hours)), cuts)
