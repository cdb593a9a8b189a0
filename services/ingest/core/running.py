"""Registers that run on from a point's first reading, over rollover, meter exchange and volumes that are missing."""

from typing import NamedTuple

import numpy as np

from services.heat.arrays import UNKNOWN, Bool, Int64, counted_up, difference
from services.heat.hour_marks import interpolated
from services.ingest.core.candidates import rise
from services.ingest.core.installations import Installations, Terms
from services.ingest.core.readings import ReadingRows, without_sentinels
from services.ingest.core.verdict import Verdict

WH, LITRES, FORWARD, RETURN = range(4)
"""The registers by their column in arrays of marks."""

BRIDGED_WITHIN_S = 31 * 86_400
"""How far apart two volumes may be for the readings without one between them to be given theirs.

Without an end every reading that comes late to a meter whose flow sensor is dead would need all since it died.
"""


class Accepted(NamedTuple):
    """The readings of a window that count, with registers that run on over rollover and meter exchange."""

    rows: ReadingRows
    segment: Int64
    running: Int64
    """(n, 4): Wh, l, forward and return integral. Equal to the meter's own at the start of the window."""
    offset: Int64
    """(n, 4): what was added to the meter's own registers."""
    is_unsure: Bool
    """(n,): True where a meter was exchanged since the reading before, and its last or first register is not known."""
    is_bridged: Bool
    """(n,): True where the volume is not the meter's own but lies between those of the readings around."""


class _Pairs(NamedTuple):
    """Readings of a point that follow each other, the earlier and the later of each pair by index."""

    earlier: Int64
    later: Int64

    def take(self, which: Int64) -> "_Pairs":
        """Pick pairs by index."""
        return _Pairs(self.earlier[which], self.later[which])


def registers_of(rows: ReadingRows) -> Int64:
    """Give the registers as the meter shows them, (n, 4); UNKNOWN where it shows a sentinel beside an energy."""
    others = (rows.volume_l, rows.forward_lc, rows.return_lc)
    return np.stack([rows.energy_wh, *map(without_sentinels, others)]).T


def accepted(rows: ReadingRows, verdict: Int64, terms: Terms, installations: Installations) -> Accepted:
    """Pick the readings that count and let their registers run on where a meter rolls over or is exchanged.

    installations: with the stop registers that were read, where none are noted.
    """
    which = np.flatnonzero(verdict == int(Verdict.ACCEPTED))
    kept, terms = rows.take(which), terms.take(which)
    registers = registers_of(kept)
    follow = _following(kept.point_id)
    with_volume = _with_volume(kept, registers[:, LITRES])
    offset = np.zeros_like(registers)
    offset[follow.later, WH] = _steps(registers[:, WH], follow, terms, installations, "wh")
    offset[with_volume.later, LITRES] = _steps(registers[:, LITRES], with_volume, terms, installations, "l")
    for column in (FORWARD, RETURN):
        offset[follow.later, column] = _steps(registers[:, column], follow, terms, installations, "lc")
    running = registers
    if offset.any():
        offset = _summed_within(kept.point_id, offset)
        running = np.where(registers == UNKNOWN, UNKNOWN, np.where(registers == UNKNOWN, 0, registers) + offset)
    is_bridged = _bridge(running[:, LITRES], kept.read_at_s, with_volume)
    is_unsure = np.zeros(len(which), bool)
    is_unsure[follow.later] = ~_is_known(kept.read_at_s, terms.segment, follow, installations)
    return Accepted(kept, terms.segment, running, offset, is_unsure, is_bridged)


def _following(point_id: Int64) -> _Pairs:
    later = np.flatnonzero(point_id[1:] == point_id[:-1]) + 1
    return _Pairs(later - 1, later)


def _with_volume(rows: ReadingRows, litres: Int64) -> _Pairs:
    """Pair the readings that show a volume, over those between that show none."""
    known = np.flatnonzero(litres != UNKNOWN)
    follow = _following(rows.point_id[known])
    earlier, later = known[follow.earlier], known[follow.later]
    is_near = (later == earlier + 1) | (rows.read_at_s[later] - rows.read_at_s[earlier] <= BRIDGED_WITHIN_S)
    return _Pairs(earlier[is_near], later[is_near])


def _bridge(litres: Int64, read_at_s: Int64, with_volume: _Pairs) -> Bool:
    """Give readings without a volume one that rises evenly between their neighbours'; tells which they are."""
    counts = with_volume.later - with_volume.earlier - 1
    between = counted_up(with_volume.earlier + 1, counts)
    before, after = np.repeat(with_volume.earlier, counts), np.repeat(with_volume.later, counts)
    since_s, span_s = read_at_s[between] - read_at_s[before], read_at_s[after] - read_at_s[before]
    litres[between] = interpolated(litres[before], litres[after], since_s, span_s)
    is_bridged = np.zeros(len(litres), bool)
    is_bridged[between] = True
    return is_bridged


def _steps(register: Int64, pairs: _Pairs, terms: Terms, installations: Installations, unit: str) -> Int64:
    """Give what must be added from each later reading on so that the register runs on from the earlier one."""
    earlier, later = pairs
    step = np.zeros(len(later), np.int64)
    is_known = (register[later] != UNKNOWN) & (register[earlier] != UNKNOWN)
    is_exchanged = terms.segment[later] != terms.segment[earlier]
    rolls = np.flatnonzero(is_known & ~is_exchanged & (register[later] < register[earlier]))
    step[rolls] = _rolled(register, _modulus(terms, unit), pairs.take(rolls))
    exchanged = np.flatnonzero(is_known & is_exchanged)
    if len(exchanged):
        step[exchanged] = _crossed(register, terms.segment, pairs.take(exchanged), installations, unit)
    return step


def _rolled(register: Int64, modulus: Int64, pairs: _Pairs) -> Int64:
    return rise(register, modulus, *pairs) - (register[pairs.later] - register[pairs.earlier])


def _crossed(register: Int64, segment: Int64, pairs: _Pairs, installations: Installations, unit: str) -> Int64:
    new, old = register[pairs.later], register[pairs.earlier]
    return old - new + _across(new, old, segment, pairs, installations, unit)


def _modulus(terms: Terms, unit: str) -> Int64:
    # The integrals count in fractions of what the other registers do, and never reach their end.
    return {"wh": terms.modulus_wh, "l": terms.modulus_l, "lc": np.zeros_like(terms.modulus_l)}[unit]


def _across(new: Int64, old: Int64, segment: Int64, pairs: _Pairs, installations: Installations, unit: str) -> Int64:
    """Give what was used between the old meter's last reading and the new one's first, where it is known.

    By the stop register of the one and the start register of the other, and by both of each meter that sat between
    them and was never read; nothing where they are not known, as the integrals never are.
    """
    if unit == "lc" or len(installations.point_id) == 0:
        return np.zeros_like(new)
    stop = installations.stop_wh if unit == "wh" else installations.stop_l
    start = installations.start_wh if unit == "wh" else installations.start_l
    modulus = installations.modulus_wh if unit == "wh" else installations.modulus_l
    before, after = segment[pairs.earlier].clip(0), segment[pairs.later].clip(0)
    unread = np.concatenate(([0], np.cumsum(_counted(start, stop, modulus))))
    by_unread = unread[after] - unread[np.minimum(before + 1, after)]
    return _counted(old, stop[before], modulus[before]) + by_unread + _counted(start[after], new, modulus[after])


def _is_known(read_at_s: Int64, segment: Int64, pairs: _Pairs, installations: Installations) -> Bool:
    """Tell for pairs of readings whether what was used between them is known, whatever meters were exchanged.

    A reading at the very instant at which its meter was put says what the meter began with.
    """
    before, after = segment[pairs.earlier], segment[pairs.later]
    is_exchanged = before != after
    if not is_exchanged.any():
        return ~is_exchanged
    first, last = before.clip(0), after.clip(0)
    lacks_one = (installations.start_wh == UNKNOWN) | (installations.stop_wh == UNKNOWN)
    lacking = np.concatenate(([0], np.cumsum(lacks_one)))
    unread_known = lacking[last] == lacking[np.minimum(first + 1, last)]
    begins_known = (installations.start_wh[last] != UNKNOWN) | (
        installations.installed_s[last] == read_at_s[pairs.later]
    )
    return ~is_exchanged | ((installations.stop_wh[first] != UNKNOWN) & begins_known & unread_known)


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
