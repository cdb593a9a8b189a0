"""Stop registers that were read: what a meter showed at the very instant of its removal.

An installation holds up to, but without, its removal, so such a reading is not among those that count. It says what
the meter ended at, as a stop register that is noted with the installation does, and gives the same hours. One that is
noted claims more.
"""

from typing import NamedTuple

import numpy as np

from services.heat.arrays import UNKNOWN, Bool, Int64, owner_time_key
from services.ingest.core.candidates import follows
from services.ingest.core.figures import are_above_modulus, candidates
from services.ingest.core.installations import NOT_INSTALLED, Installations, Terms, begins_anew, terms
from services.ingest.core.readings import (
    OPERATOR_RANK,
    ReadingRows,
    are_estimates,
    are_operators,
    are_sentinels,
    has_other_versions,
    joined,
    verdicts_by_claim,
    without_sentinels,
)
from services.ingest.core.verdict import Verdict

ACCEPTED, STOP_REGISTER, IMPLAUSIBLE_STOP = (
    int(one) for one in (Verdict.ACCEPTED, Verdict.STOP_REGISTER, Verdict.IMPLAUSIBLE_STOP)
)


class Stops(NamedTuple):
    """Readings at the removal of their meter: by index among those of a window, and on the terms of that meter."""

    at: Int64
    rows: ReadingRows
    terms: Terms

    def take(self, which: Int64 | Bool) -> "Stops":
        """Pick readings by index or mask."""
        return Stops(self.at[which], self.rows.take(which), self.terms.take(which))


def stops_among(rows: ReadingRows, row_terms: Terms, installations: Installations) -> Stops:
    """Find the readings that say what a meter showed when it was removed.

    rows: sorted by `in_order`. They name that meter, or none where no other one sits there from then on. A meter that
    sits elsewhere, or here again, from the same instant on is read there.
    """
    possible = np.flatnonzero((row_terms.segment == NOT_INSTALLED) & ~are_estimates(rows))
    if len(possible) == 0:
        return Stops(possible, rows.take(possible), row_terms.take(possible))
    read = rows.take(possible)
    maximum_w = row_terms.maximum_w[possible]
    before = terms(installations, read.point_id, read.meter_id, read.read_at_s - 1, maximum_w)
    sat = before.segment >= 0
    # Where no meter is installed anywhere yet, there is nothing to index into.
    ends = sat.copy()
    ends[sat] = installations.removed_s[before.segment[sat]] == read.read_at_s[sat]
    ends &= ~begins_anew(installations, read.meter_id, read.read_at_s)
    return Stops(possible[ends], read.take(ends), before.take(ends))


def judged_stops(
    stops: Stops, rows: ReadingRows, row_terms: Terms, verdict: Int64, installations: Installations
) -> Int64:
    """Give the verdict on each stop register that was read; (k,).

    rows, row_terms: of the window, verdict: of the others in it. Of several versions the claims decide, as everywhere.
    The one that counts must go on plausibly from the last reading of its meter that counts, or where there is none from
    its start register, else the next version has its turn. Where the stop register is noted, or an operator took back
    what was read at the instant, all are superseded.
    """
    result = _refused_alone(stops)
    is_noted = installations.stop_wh[stops.terms.segment] != UNKNOWN
    result[is_noted | _are_taken_back(stops, rows)] = int(Verdict.SUPERSEDED)
    goes_on = _go_on(stops, rows, row_terms, verdict, installations)
    asked = np.flatnonzero(result == 0)
    while len(asked):
        versions = stops.rows.take(asked)
        claim = verdicts_by_claim(versions)
        result[asked] = np.where(claim > 0, claim, np.where(goes_on[asked], STOP_REGISTER, IMPLAUSIBLE_STOP))
        silencing = (result[asked] == IMPLAUSIBLE_STOP) & has_other_versions(versions)
        if not silencing.any():
            break
        asked = asked[~silencing]
    return result


def with_stops(installations: Installations, stops: Stops, verdict: Int64) -> Installations:
    """Note with the installations the stop registers that were read and count. verdict: (k,).

    A volume that is noted, though the energy is not, stays.
    """
    counted = stops.take(verdict == STOP_REGISTER)
    if len(counted.at) == 0:
        return installations
    segment, litres = counted.terms.segment, without_sentinels(counted.rows.volume_l)
    stop_wh, stop_l = installations.stop_wh.copy(), installations.stop_l.copy()
    stop_wh[segment] = counted.rows.energy_wh
    stop_l[segment] = np.where(stop_l[segment] == UNKNOWN, litres, stop_l[segment])
    return installations._replace(stop_wh=stop_wh, stop_l=stop_l)


def _refused_alone(stops: Stops) -> Int64:
    shows = stops.rows.withdrawn == 0
    no_value = shows & are_sentinels(stops.rows.energy_wh) & ~are_operators(stops.rows)
    is_above = shows & are_above_modulus(stops.rows, stops.terms)
    reasons = [int(Verdict.SENTINEL), int(Verdict.REGISTER_ABOVE_MODULUS)]
    return np.select([no_value, is_above], reasons, 0).astype(np.int64)


def _are_taken_back(stops: Stops, rows: ReadingRows) -> Bool:
    """Tell which readings are of an instant at a metering point that an operator took back, as his last word on it.

    He names the metering point alone, and means whatever was read there.
    """
    operators = np.flatnonzero(rows.rank >= OPERATOR_RANK)
    if len(operators) == 0:
        return np.zeros(len(stops.at), bool)
    said = rows.take(operators)
    instants = owner_time_key(said.point_id, said.read_at_s)
    order = np.lexsort((said.content_hash, said.withdrawn, said.recorded_us, instants))
    wanted = owner_time_key(stops.rows.point_id, stops.rows.read_at_s)
    found = np.searchsorted(instants[order], wanted, side="right") - 1
    last = order[found.clip(0)]
    is_last_word = (found >= 0) & (instants[last] == wanted)
    return is_last_word & (said.rank[last] == OPERATOR_RANK) & (said.withdrawn[last] > 0) & ~are_operators(stops.rows)


def _go_on(stops: Stops, rows: ReadingRows, row_terms: Terms, verdict: Int64, installations: Installations) -> Bool:
    """Tell which readings go on plausibly from what is known of their meter there before.

    From its last reading that counts, else from its start register; where neither is known, whatever it shows.
    """
    segment = stops.terms.segment
    begun = stops.rows._replace(
        read_at_s=installations.installed_s[segment],
        energy_wh=installations.start_wh[segment],
        volume_l=installations.start_l[segment],
    )
    last, has_last = _last_read(stops, rows, row_terms, verdict)
    before = ReadingRows._make(
        np.where(has_last, read, start) for read, start in zip(rows.take(last), begun, strict=True)
    )
    pairs = candidates(joined(before, stops.rows), Terms._make(np.concatenate((one, one)) for one in stops.terms))
    count = len(stops.at)
    is_known = has_last | (begun.energy_wh != UNKNOWN)
    return ~is_known | follows(pairs, slice(None, count), slice(count, None))


def _last_read(stops: Stops, rows: ReadingRows, row_terms: Terms, verdict: Int64) -> tuple[Int64, Bool]:
    """Give for each the last reading of its meter there that counts, by index, and whether there is one."""
    counted = np.flatnonzero((verdict == ACCEPTED) & ~are_estimates(rows))
    if len(counted) == 0:
        return np.zeros(len(stops.at), np.int64), np.zeros(len(stops.at), bool)
    keys = owner_time_key(rows.point_id[counted], rows.read_at_s[counted])
    found = np.searchsorted(keys, owner_time_key(stops.rows.point_id, stops.rows.read_at_s)) - 1
    last = counted[found.clip(0)]
    return last, (found >= 0) & (row_terms.segment[last] == stops.terms.segment)
