"""A batch in shares: so many metering points at once that their hours, and the readings around, fit into memory."""

import numpy as np

from services.heat.arrays import UNKNOWN, Int64, run_starts
from services.heat.hour_marks import HOUR_S
from services.ingest.core.candidates import LOOKAHEAD
from services.ingest.core.outcome import PointStates
from services.ingest.core.readings import ReadingRows

HOURS_AT_ONCE = 250_000
"""About 100 MB while they are worked on."""
ROWS_IN_A_WINDOW = 250
"""What one judging looks back and ahead, in whole days, of a meter that is read every hour or somewhat more often."""
LOOKED_AT_AGAIN = 4
"""As many hours that are only added at the end take the memory of one that is judged with all that lies around it."""
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


def rows_around(rows: ReadingRows, states: PointStates) -> Int64:
    """Reckon for each point how many stored readings are looked at again for its new ones; (m,).

    None where all new ones come behind settled ones, else some days of them, and all since the last that counted.
    """
    oldest_s = rows.read_at_s[run_starts(rows.point_id)]
    has_any, is_settled = states.newest_s != UNKNOWN, states.newest_s == states.accepted_s
    is_late = has_any & (oldest_s <= states.newest_s)
    is_unsettled = has_any & (~is_settled | (states.unbroken < LOOKAHEAD))
    last_s = np.where(states.accepted_s == UNKNOWN, states.newest_s, states.accepted_s)
    refused = np.where(has_any, states.newest_s - last_s, 0) // HOUR_S
    return np.where(is_late | is_unsettled, ROWS_IN_A_WINDOW + refused, 0)


def weights(hours: Int64, around: Int64) -> Int64:
    """Weigh points by the hours that are made and the readings that are looked at again; (m,) in and out."""
    return np.where(around > 0, LOOKED_AT_AGAIN * (hours + around), hours)


def shares(weights: Int64) -> list[Int64]:
    """Part points into runs of at most HOURS_AT_ONCE together, or of one point; as indexes. weights: (m,)."""
    cuts: list[int] = []
    together = 0
    for index, more in enumerate(weights.tolist()):
        if index and together + more > HOURS_AT_ONCE:
            cuts.append(index)
            together = 0
        together += more
    return np.split(np.arange(len(weights)), cuts)
