"""From the readings of a window to verdicts, hour marks and hours: the way of a reading, in one place."""

from typing import NamedTuple

import numpy as np

from services.heat.arrays import UNKNOWN, Bool, Int64, difference, run_starts
from services.heat.days import HourRows
from services.heat.hour_marks import ESTIMATED, HOUR_S, Marks, hour_marks, hours_between, mark_quality
from services.heat.temperatures import flow_weighted_centi_c, sampled_centi_c
from services.ingest.core.chain import Candidates, judge, rise
from services.ingest.core.installations import NOT_INSTALLED, Installations, Terms
from services.ingest.core.readings import SENTINELS, ReadingRows, verdicts_by_claim, without_sentinels
from services.ingest.core.verdict import Verdict

WH, LITRES, FORWARD, RETURN = range(4)
"""The registers by their column in arrays of marks."""


class Accepted(NamedTuple):
    """The readings of a window that count, with registers that run on over rollover and meter exchange."""

    rows: ReadingRows
    segment: Int64
    running: Int64
    """(n, 4): Wh, l, forward and return integral. Equal to the meter's own at the start of the window."""
    offset: Int64
    """(n, 4): what was added to the meter's own registers."""
    is_unsure: Bool
    """(n,): True where a meter was exchanged since the reading before, and its last or first register was not noted."""


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
    in the middle of their series, which must then be at an accepted reading.

    What is refused alone is set aside before any claim is weighed, so that it pushes no good reading out.
    """
    result = refused_alone(rows, terms)
    claimed = np.flatnonzero(result == 0)
    result[claimed] = verdicts_by_claim(rows.take(claimed))
    chained = np.flatnonzero(result == 0)
    result[chained] = judge(candidates(rows.take(chained), terms.take(chained), starts_inside[chained]))
    return result


def refused_alone(rows: ReadingRows, terms: Terms) -> Int64:
    """Judge what no other reading can excuse: of a meter that sits elsewhere, or a register that no meter shows.

    (n,) of the verdict, 0 where others must decide. A withdrawal takes back whatever the register said.
    """
    shows = rows.withdrawn == 0
    return np.select(
        [
            terms.segment == NOT_INSTALLED,
            shows & np.isin(rows.energy_wh, SENTINELS),
            shows & _is_above_modulus(rows, terms),
        ],
        [int(Verdict.METER_NOT_INSTALLED), int(Verdict.SENTINEL), int(Verdict.REGISTER_ABOVE_MODULUS)],
        0,
    ).astype(np.int64)


def _is_above_modulus(rows: ReadingRows, terms: Terms) -> Bool:
    # Taken modulo they would fit in somewhere, as what nobody used. One register alone refuses the reading, since it
    # says that the meter is not the one noted, or its modulus is wrong.
    has_energy, has_volume = terms.modulus_wh > 0, terms.modulus_l > 0
    energy_above = has_energy & (rows.energy_wh >= terms.modulus_wh)
    return energy_above | (has_volume & (without_sentinels(rows.volume_l) >= terms.modulus_l))


def candidates(rows: ReadingRows, terms: Terms, starts_inside: Bool) -> Candidates:
    """Lay readings out for the judging of their chain: one series per meter at a point."""
    is_first = np.zeros(len(rows.point_id), bool)
    is_first[run_starts(rows.point_id)] = True
    return Candidates(
        # A point without meters has the segment -1.
        rows.point_id * 2**31 + terms.segment + 1,
        rows.read_at_s,
        rows.energy_wh,
        without_sentinels(rows.volume_l),
        terms.modulus_wh,
        terms.modulus_l,
        terms.tolerance_wh,
        terms.maximum_w,
        is_first & starts_inside,
    )


def registers_of(rows: ReadingRows) -> Int64:
    """Give the registers as the meter shows them, (n, 4); UNKNOWN where it shows a sentinel beside an energy."""
    others = (rows.volume_l, rows.forward_lc, rows.return_lc)
    return np.stack([rows.energy_wh, *map(without_sentinels, others)], axis=1)


def accepted(rows: ReadingRows, verdict: Int64, terms: Terms, installations: Installations) -> Accepted:
    """Pick the readings that count and let their registers run on where a meter rolls over or is exchanged."""
    which = np.flatnonzero(verdict == int(Verdict.ACCEPTED))
    kept = rows.take(which)
    segment = terms.segment[which]
    registers = registers_of(kept)
    offset = np.zeros_like(registers)
    follow = np.flatnonzero(kept.point_id[1:] == kept.point_id[:-1]) + 1
    offset[follow, WH] = _step(registers[:, WH], terms.modulus_wh[which], segment, follow, installations, "wh")
    offset[follow, LITRES] = _step(registers[:, LITRES], terms.modulus_l[which], segment, follow, installations, "l")
    for column in (FORWARD, RETURN):
        offset[follow, column] = _step(registers[:, column], segment * 0, segment, follow, None, "lc")
    if offset.any():
        offset = _summed_within(kept.point_id, offset)
    running = np.where(registers == UNKNOWN, UNKNOWN, np.where(registers == UNKNOWN, 0, registers) + offset)
    is_unsure = np.zeros(len(which), bool)
    is_unsure[follow] = ~_is_noted(segment, follow, installations)
    return Accepted(kept, segment, running, offset, is_unsure)


def _step(
    register: Int64,
    modulus: Int64,
    segment: Int64,
    later: Int64,
    installations: Installations | None,
    unit: str,
) -> Int64:
    """Give what must be added from each reading on so that the register runs on from the reading before."""
    earlier = later - 1
    known = (register[later] != UNKNOWN) & (register[earlier] != UNKNOWN)
    new, old = np.where(known, register[later], 0), np.where(known, register[earlier], 0)
    rolled = rise(register, modulus, earlier, later) - (new - old)
    step = np.where(known & (modulus[later] > 0), rolled, 0)
    exchanged = known & (segment[later] != segment[earlier])
    if not exchanged.any():
        return step
    return np.where(exchanged, old - new + _across(new, old, segment, later, installations, unit), step)


def _across(
    new: Int64, old: Int64, segment: Int64, later: Int64, installations: Installations | None, unit: str
) -> Int64:
    """Give what was used between the old meter's last reading and the new one's first, where it is known.

    By the stop register of the one and the start register of the other, and by both of each meter that sat between
    them and was never read; nothing where they were not noted.
    """
    if installations is None or len(installations.point_id) == 0:
        return np.zeros_like(new)
    stop = installations.stop_wh if unit == "wh" else installations.stop_l
    start = installations.start_wh if unit == "wh" else installations.start_l
    modulus = installations.modulus_wh if unit == "wh" else installations.modulus_l
    before, after = segment[later - 1].clip(0), segment[later].clip(0)
    unread = np.concatenate(([0], np.cumsum(_counted(start, stop, modulus))))
    by_unread = unread[after] - unread[np.minimum(before + 1, after)]
    return _counted(old, stop[before], modulus[before]) + by_unread + _counted(start[after], new, modulus[after])


def _is_noted(segment: Int64, later: Int64, installations: Installations) -> Bool:
    """Tell for pairs of readings whether what was used between them is known, whatever meters were exchanged."""
    before, after = segment[later - 1], segment[later]
    is_exchanged = before != after
    if not is_exchanged.any():
        return ~is_exchanged
    first, last = before.clip(0), after.clip(0)
    lacks_one = (installations.start_wh == UNKNOWN) | (installations.stop_wh == UNKNOWN)
    lacking = np.concatenate(([0], np.cumsum(lacks_one)))
    unread_known = lacking[last] == lacking[np.minimum(first + 1, last)]
    known = (installations.stop_wh[first] != UNKNOWN) & (installations.start_wh[last] != UNKNOWN) & unread_known
    return ~is_exchanged | known


def _counted(earlier: Int64, later: Int64, modulus: Int64) -> Int64:
    """Give what a meter counted from one of its registers to another; 0 where one is not known.

    A fall is a rollover where that is the shorter way, else a mistake in what was noted, which counts as nothing.
    """
    risen = difference(later, earlier)
    rolled = risen + modulus
    has_rolled = (risen < 0) & (rolled >= 0) & (rolled < modulus // 2)
    return np.where(has_rolled, rolled, risen.clip(0))


def _summed_within(owner: Int64, steps: Int64) -> Int64:
    total = np.cumsum(steps, axis=0)
    first = np.concatenate(([0], np.flatnonzero(owner[1:] != owner[:-1]) + 1))
    counts = np.diff(np.append(first, len(owner)))
    # The first reading of an owner has a step of zero, so its total is what came before it.
    return total - np.repeat(total[first], counts, axis=0)


def marks_of(counted: Accepted, seeds: Seeds) -> tuple[Marks, Int64]:
    """Read the running registers off at full hours, the seeds put first; returns the marks and their quality.

    A seed is left out where the window's own first mark is the same one.
    """
    own = hour_marks(counted.rows.point_id, counted.rows.read_at_s, counted.running)
    quality = mark_quality(own.distance_s)
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
    )
    return merged, np.concatenate((seeds.quality, quality))[order]


def hours_of(counted: Accepted, marks: Marks, quality: Int64) -> HourRows:
    """Take the hours between marks, with their supply and return temperature.

    Temperatures come from the meter's integrals where it has them, else from the samples of the hour. An hour in which
    a meter was exchanged, and what it showed was not noted, is estimated at its end, whatever the next one begins with.
    """
    hours = hours_between(marks.owner, marks.at_s, marks.values, quality)
    end_quality = np.where(_are_unsure(counted, hours.owner, hours.starts_s), ESTIMATED, hours.end_quality)
    energy, volume, forward, back = hours.values.T
    return HourRows(
        hours.owner,
        hours.starts_s,
        energy,
        volume,
        forward,
        back,
        _temperature(counted, hours.owner, hours.starts_s, forward, volume, counted.rows.supply_c),
        _temperature(counted, hours.owner, hours.starts_s, back, volume, counted.rows.return_c),
        hours.start_quality,
        end_quality,
    )


def _are_unsure(counted: Accepted, owner: Int64, starts_s: Int64) -> Bool:
    rows = counted.rows
    result = np.zeros(len(owner), bool)
    for later in np.flatnonzero(counted.is_unsure):
        since_s, until_s = rows.read_at_s[later - 1], rows.read_at_s[later]
        result |= (owner == rows.point_id[later]) & (starts_s < until_s) & (starts_s + HOUR_S > since_s)
    return result


def _temperature(
    counted: Accepted, owner: Int64, starts_s: Int64, integral: Int64, volume: Int64, samples: np.ndarray
) -> Int64:
    by_integral = flow_weighted_centi_c(integral, volume)
    missing: Bool = by_integral == UNKNOWN
    if not missing.any():
        return by_integral
    rows = counted.rows
    sampled = sampled_centi_c(rows.point_id, rows.read_at_s, counted.running[:, LITRES], samples, owner, starts_s)
    return np.where(missing, sampled, by_integral)
