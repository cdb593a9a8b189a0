"""Estimates ahead of the last reading: which of them stand.

An estimate is a reading of the lowest rank that nobody read: what the registers may show at a midnight behind the last
reading, for an invoice that cannot wait. It counts until something is read at that instant or behind it, and then is as
if it had never been.
"""

import numpy as np

from services.heat.arrays import Bool, Int64
from services.ingest.core.candidates import follows
from services.ingest.core.figures import are_above_modulus, candidates
from services.ingest.core.installations import Terms
from services.ingest.core.readings import ReadingRows, verdicts_by_claim
from services.ingest.core.verdict import Verdict

ACCEPTED, OVERTAKEN = int(Verdict.ACCEPTED), int(Verdict.OVERTAKEN_ESTIMATE)


def with_estimates(rows: ReadingRows, terms: Terms, is_read: Bool, read: Int64) -> Int64:
    """Give the verdicts on all readings of a window, from those on what was read.

    rows, terms, is_read: (n,), sorted by `in_order`; read: of those that are no estimates, judged without them.
    An estimate stands where it lies behind every reading that counts and goes on plausibly from the last of them, or
    from the estimates between, on the same meter. Of several of one instant the one recorded last counts.
    """
    verdict = np.zeros(len(is_read), np.int64)
    verdict[is_read] = read
    estimates = np.flatnonzero(~is_read)
    if len(estimates) == 0:
        return verdict
    claim = verdicts_by_claim(rows.take(estimates))
    # Two estimates are no two readings that contradict each other; nobody must settle that.
    verdict[estimates] = np.where(claim == int(Verdict.CONFLICTING_VALUES), int(Verdict.SUPERSEDED), claim)
    verdict[estimates[claim == 0]] = OVERTAKEN
    for index in _standing(rows, terms, np.flatnonzero(verdict == ACCEPTED), estimates[claim == 0]):
        verdict[index] = ACCEPTED
    return verdict


def _standing(rows: ReadingRows, terms: Terms, counted: Int64, estimates: Int64) -> list[int]:
    """Pick the estimates that stand, by index. counted: the readings that count, estimates: one an instant."""
    chain = candidates(rows, terms)
    is_possible = ~are_above_modulus(rows, terms)
    last = dict(zip(rows.point_id[counted].tolist(), counted.tolist(), strict=True))
    standing = []
    for index, point_id in zip(estimates.tolist(), rows.point_id[estimates].tolist(), strict=True):
        before = last.get(point_id)
        if before is None or not is_possible[index] or terms.segment[index] != terms.segment[before]:
            continue
        is_behind = rows.read_at_s[index] > rows.read_at_s[before]
        if is_behind and follows(chain, np.array([before]), np.array([index]))[0]:
            last[point_id] = index
            standing.append(index)
    return standing
