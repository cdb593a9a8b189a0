"""Which readings hang together: the chain of registers that rises plausibly.

A reading's verdict is a function of the readings around it, never of which came first. Going from the last
accepted reading, a reading is accepted next if it begins the longest chain that rises plausibly from there, among
itself and those behind it, `LOOKAHEAD` in all; else it is refused, and the next one is asked. So one spike is
refused once the readings after it agree with each other, and a register that is another one for good is refused
until an operator registers the exchange. A series may also begin with readings that hang together for long, though
more of another meter's follow.
"""

import numpy as np

from services.heat.arrays import Bool, Int64, run_starts
from services.ingest.core.candidates import LOOKAHEAD, Candidates, follows, is_rising
from services.ingest.core.chains import Chains, Series
from services.ingest.core.rival import Rival, is_long
from services.ingest.core.verdict import Verdict


def judge(readings: Candidates) -> Int64:
    """Give the verdict on each reading, looking from the start of each series to its end.

    Arrays are (n,). Returns (n,) of ACCEPTED, REGISTER_WENT_BACKWARDS, ABOVE_PLAUSIBLE_MAXIMUM or
    UNREGISTERED_EXCHANGE.
    """
    verdicts = np.full(len(readings.series), int(Verdict.ACCEPTED), np.int64)
    follow = follows(readings, slice(None, -1), slice(1, None))
    breaks = np.flatnonzero(~follow & (readings.series[1:] == readings.series[:-1]))
    if len(breaks) == 0:
        return verdicts
    starts = run_starts(readings.series)
    ends = np.append(starts[1:], len(verdicts))
    counts = ends - starts
    chains = Chains(readings, np.repeat(starts, counts), np.repeat(ends, counts), breaks)
    accepted, is_tied = np.ones(len(verdicts), bool), np.zeros(len(verdicts), bool)
    for broken in np.unique(np.searchsorted(starts, breaks, side="right") - 1):
        _judge_series(chains, Series(int(starts[broken]), int(ends[broken])), accepted, is_tied)
    refused = np.flatnonzero(~accepted)
    reasons = _reasons(readings, np.flatnonzero(accepted), refused)
    verdicts[refused] = np.where(is_tied[refused], int(Verdict.UNREGISTERED_EXCHANGE), reasons)
    return verdicts


def unbroken_at_end(readings: Candidates) -> Int64:
    """Count for each series how many readings at its end follow each other; all of them count as the look-ahead.

    At `LOOKAHEAD` no reading that comes after these can change the verdict on one before them.
    """
    count = len(readings.series)
    starts = run_starts(readings.series)
    if count == 0:
        return starts
    follow = np.zeros(count, bool)
    follow[1:] = follows(readings, slice(None, -1), slice(1, None))
    follow[starts] = False
    ends = np.append(starts[1:], count)
    last_break = np.maximum.accumulate(np.where(follow, -1, np.arange(count)))[ends - 1]
    is_whole = (last_break == starts) & ~readings.is_anchor[starts]
    return np.where(is_whole, LOOKAHEAD, np.minimum(ends - last_break, LOOKAHEAD))


def _judge_series(chains: Chains, series: Series, accepted: Bool, is_tied: Bool) -> None:
    """Note which readings of a series are refused, and which of them are another meter's.

    accepted, is_tied: of all readings, to be written into; all count as accepted before.
    """
    readings, (start, end) = chains.readings, series
    rival = Rival(chains, series)
    anchor = start if readings.is_anchor[start] else start - 1
    position = anchor + 1
    while position < end:
        if anchor == position - 1:
            position = chains.next_stop(position, series)
            anchor = position - 1
            if position == end:
                return
            is_next = False
        else:
            is_tied[position] = rival.has(position)
            # Most of what is refused for long does not even follow, so that the rest need not be asked.
            is_possible = not is_tied[position] and (anchor < start or chains.follows_from(anchor, position))
            is_next = is_possible and chains.is_next_link(
                anchor if anchor >= start else None, position, rival.ties(position)
            )
        is_first_run = anchor < start and is_long(readings.read_at_s, position, chains.run_end(position, series))
        if is_next or is_first_run:
            rival.forget()
            anchor = position
        else:
            accepted[position] = False
            rival.grow(position, anchor)
        position += 1


def _reasons(readings: Candidates, accepted: Int64, refused: Int64) -> Int64:
    """Name what is wrong with refused readings, as seen from the accepted one before each, else after it.

    accepted, refused: by index, in order.
    """
    before = np.searchsorted(accepted, refused) - 1
    series = readings.series
    is_first = (before < 0) | (series[accepted[before.clip(0)]] != series[refused])
    # Of every series one is accepted, at the latest its last.
    after = np.minimum(before + 1, len(accepted) - 1)
    earlier = np.where(is_first, refused, accepted[before.clip(0)])
    later = np.where(is_first, accepted[after], refused)
    fell = ~is_rising(readings, earlier, later) | (readings.energy_wh[later] < readings.energy_wh[earlier])
    # Seen from the one after it, a reading that is too high shows as a fall.
    went_backwards = np.where(is_first, ~fell, fell)
    return np.where(went_backwards, int(Verdict.REGISTER_WENT_BACKWARDS), int(Verdict.ABOVE_PLAUSIBLE_MAXIMUM))
