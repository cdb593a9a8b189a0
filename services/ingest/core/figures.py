"""From the readings of a window to verdicts, hour marks and hours: the way of a reading, in one place."""

from typing import NamedTuple

import numpy as np

from services.heat.arrays import UNKNOWN, Bool, Int64, owner_time_key, run_starts
from services.heat.days import HourRows
from services.heat.gaps import Gaps, Shapes, long_gaps
from services.heat.hour_marks import (
    ESTIMATED,
    HOUR_S,
    INTERPOLATED,
    MANUAL,
    SHAPED,
    Hours,
    Marks,
    hour_marks,
    hours_between,
    mark_quality,
)
from services.heat.temperatures import flow_weighted_centi_c, placed_in_hours, sampled_centi_c
from services.ingest.core.candidates import Candidates
from services.ingest.core.chain import judge
from services.ingest.core.installations import NOT_INSTALLED, Terms
from services.ingest.core.outage import outage_zeros
from services.ingest.core.readings import (
    ReadingRows,
    are_estimates,
    are_operators,
    are_sentinels,
    has_other_versions,
    has_samples,
    verdicts_by_claim,
    without_sentinels,
)
from services.ingest.core.running import LITRES, Accepted
from services.ingest.core.verdict import FIRST_REFUSED, Verdict

NO_METERS_W = 2**29
"""More than any meter counts; its product with any time between readings fits into 64 bits."""
SERIES_OF_A_POINT = 2**31


class Seeds(NamedTuple):
    """Marks known from before the window, one per owner at most: the newest mark of a point that only grows."""

    owner: Int64
    at_s: Int64
    values: Int64
    quality: Int64


NO_SEEDS = Seeds(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros((0, 4), np.int64), np.zeros(0, np.int64))


def verdicts(rows: ReadingRows, terms: Terms, starts_inside: Bool) -> Int64:
    """Judge every reading of a window.

    rows: sorted by `in_order`, without duplicates. starts_inside: (n,) True for the points whose window begins
    in the middle of their series, which must then be at an accepted reading that shows more than zero.

    What is refused alone is set aside before any claim is weighed, so that it pushes no good reading out. Where the
    readings around refuse the version of an instant that counts, the next one has its turn.
    """
    result = refused_alone(rows, terms)
    of_all = candidates(rows, terms)
    is_asked = result == 0
    while True:
        result[is_asked] = verdicts_by_claim(rows, is_asked)
        is_chained = result == 0
        result[is_chained] = _chained(anchored(of_all.take(is_chained), starts_inside[is_chained]))
        # One that conflicts waits for its turn; it silences nobody.
        is_refused = is_asked & (result >= FIRST_REFUSED) & (result != Verdict.CONFLICTING_VALUES)
        silencing = is_refused & has_other_versions(rows, is_asked)
        if not silencing.any():
            return result
        is_asked &= ~silencing


def _chained(chain: Candidates) -> Int64:
    is_outage = outage_zeros(chain)
    if not is_outage.any():
        return judge(chain)
    result = np.full(len(is_outage), int(Verdict.OUTAGE_ZERO))
    result[~is_outage] = judge(chain.take(~is_outage))
    return result


def refused_alone(rows: ReadingRows, terms: Terms) -> Int64:
    """Judge what no other reading can excuse: of a meter that sits elsewhere, or a register that no meter shows.

    (n,) of the verdict, 0 where others must decide. A withdrawal takes back whatever the register said. An operator
    knows a register from a sign for 'no value'.
    """
    shows = rows.withdrawn == 0
    result = np.zeros(len(shows), np.int64)
    result[shows & are_above_modulus(rows, terms)] = int(Verdict.REGISTER_ABOVE_MODULUS)
    result[shows & are_sentinels(rows.energy_wh) & ~are_operators(rows)] = int(Verdict.SENTINEL)
    result[terms.segment == NOT_INSTALLED] = int(Verdict.METER_NOT_INSTALLED)
    return result


def are_above_modulus(rows: ReadingRows, terms: Terms) -> Bool:
    """Tell which readings show a register that their meter cannot show."""
    # Taken modulo they would fit in somewhere, as what nobody used. One register alone refuses the reading, since it
    # says that the meter is not the one noted, or its modulus is wrong.
    has_energy, has_volume = terms.modulus_wh > 0, terms.modulus_l > 0
    energy_above = has_energy & (rows.energy_wh >= terms.modulus_wh)
    if not has_volume.any():
        return energy_above
    return energy_above | (has_volume & (without_sentinels(rows.volume_l) >= terms.modulus_l))


def candidates(rows: ReadingRows, terms: Terms) -> Candidates:
    """Lay readings out for the judging of their chain: one series per meter at a point.

    To what an operator says a register may have risen however fast.
    """
    return Candidates(
        # A point without meters has the segment -1.
        rows.point_id * SERIES_OF_A_POINT + terms.segment + 1,
        rows.read_at_s,
        rows.energy_wh,
        without_sentinels(rows.volume_l),
        terms.modulus_wh,
        terms.modulus_l,
        terms.tolerance_wh,
        np.where(are_operators(rows), NO_METERS_W, terms.maximum_w),
        np.zeros(len(rows.point_id), bool),
    )


def anchored(chain: Candidates, starts_inside: Bool) -> Candidates:
    """Take the first reading of a point as accepted where its window begins in the middle of its series."""
    first = run_starts(chain.series // SERIES_OF_A_POINT)
    chain.is_anchor[first] = starts_inside[first]
    return chain


def gaps_of(counted: Accepted) -> Gaps:
    """Find the gaps between readings that count which are too long for a straight line."""
    return long_gaps(counted.rows.point_id, counted.rows.read_at_s)


def marks_of(counted: Accepted, seeds: Seeds, shapes: Shapes) -> tuple[Marks, Int64]:
    """Read the running registers off at full hours, the seeds put first; returns the marks and their quality.

    A seed is left out where the window's own first mark is the same one.
    """
    own = hour_marks(counted.rows.point_id, counted.rows.read_at_s, counted.running, shapes)
    quality = mark_quality(own.distance_s, own.is_shaped)
    is_manual = _rest_on(are_operators(counted.rows), counted, own)
    quality = np.where(is_manual & (quality <= INTERPOLATED), MANUAL, quality)
    is_ahead = _rest_on(are_estimates(counted.rows), counted, own)
    quality = np.where(is_ahead & (quality != SHAPED), ESTIMATED, quality)
    if len(seeds.owner) == 0:
        return own, quality
    owner = np.concatenate((seeds.owner, own.owner))
    at_s = np.concatenate((seeds.at_s, own.at_s))
    order = np.lexsort((at_s, owner))
    unique = np.ones(len(order), bool)
    unique[1:] = (np.diff(owner[order]) != 0) | (np.diff(at_s[order]) != 0)
    order = order[unique]
    merged = Marks(
        owner[order],
        at_s[order],
        np.concatenate((seeds.values, own.values))[order],
        np.concatenate((seeds.at_s * 0, own.distance_s))[order],
        np.concatenate((seeds.at_s < 0, own.is_shaped))[order],
    )
    return merged, np.concatenate((seeds.quality, quality))[order]


def _rest_on(which: Bool, counted: Accepted, marks: Marks) -> Bool:
    """Tell which marks rest on one of these readings: where one of the two around is. Source: domain.md, VEE."""
    if not which.any():
        return np.zeros(len(marks.owner), bool)
    keys, wanted = (owner_time_key(*pair) for pair in ((counted.rows[:2]), (marks.owner, marks.at_s)))
    right = np.searchsorted(keys, wanted)
    left = np.where(keys[right] == wanted, right, right - 1)
    return which[left] | which[right]


def hours_of(counted: Accepted, marks: Marks, quality: Int64) -> HourRows:
    """Take the hours between marks, with their supply and return temperature.

    Temperatures come from the meter's integrals where it has them, else from the samples of the hour. An hour in which
    a meter was exchanged, and what it showed is not known, is estimated at its end, whatever the next one begins with.
    """
    hours = hours_between(marks.owner, marks.at_s, marks.values, quality)
    end_quality = np.where(_are_unsure(counted, hours.owner, hours.starts_s), ESTIMATED, hours.end_quality)
    energy, volume, forward, back = hours.values.T
    supply_centi_c, return_centi_c = _temperatures(counted, hours)
    return HourRows(
        hours.owner,
        hours.starts_s,
        energy,
        volume,
        forward,
        back,
        supply_centi_c,
        return_centi_c,
        hours.start_quality,
        end_quality,
    )


def _are_unsure(counted: Accepted, owner: Int64, starts_s: Int64) -> Bool:
    """Tell of each hour whether a part of it lies between two readings of which it is not known what was used."""
    if not counted.is_unsure.any():
        return np.zeros(len(owner), bool)
    before, after = _readings_around(counted, owner, starts_s)
    unsure = np.cumsum(counted.is_unsure)
    return unsure[after] > unsure[before]


def _are_bridged(counted: Accepted, owner: Int64, starts_s: Int64) -> Bool:
    """Tell of each hour whether a reading whose volume is not the meter's own has a part in it."""
    before, after = _readings_around(counted, owner, starts_s)
    bridged = np.concatenate(([0], np.cumsum(counted.is_bridged)))
    return bridged[after + 1] > bridged[before]


def _readings_around(counted: Accepted, owner: Int64, starts_s: Int64) -> tuple[Int64, Int64]:
    """Give the index of the last reading at or before the beginning of each hour, and of the first that ends it."""
    keys = owner_time_key(counted.rows.point_id, counted.rows.read_at_s)
    before = np.searchsorted(keys, owner_time_key(owner, starts_s), side="right") - 1
    after = np.searchsorted(keys, owner_time_key(owner, starts_s + HOUR_S))
    return before, after


def _temperatures(counted: Accepted, hours: Hours) -> tuple[Int64, Int64]:
    """Give supply and return temperature of hours, from the integrals where they have them, else from samples."""
    _, litres, forward, back = hours.values.T
    supply, returned = flow_weighted_centi_c(forward, litres), flow_weighted_centi_c(back, litres)
    if counted.is_bridged.any():
        are_bridged = _are_bridged(counted, hours.owner, hours.starts_s)
        supply[are_bridged] = returned[are_bridged] = UNKNOWN
    rows = counted.rows
    if not ((supply == UNKNOWN) | (returned == UNKNOWN)).any() or not has_samples(rows).any():
        return supply, returned
    volume_l = counted.running[:, LITRES]
    placed = placed_in_hours(rows.point_id, rows.read_at_s, volume_l, hours.owner, hours.starts_s)
    return (
        np.where(supply == UNKNOWN, sampled_centi_c(placed, rows.supply_c), supply),
        np.where(returned == UNKNOWN, sampled_centi_c(placed, rows.return_c), returned),
    )
