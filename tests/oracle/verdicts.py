"""Which readings count, by plain loops over whole numbers.

Slow, since every judging looks at every pair of readings that it may look at.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

LOOKAHEAD = 24
DEFAULT_RESOLUTION_WH = 1_000
SENTINELS = {4_294_967_295, 16_777_215}
ACCEPTED, SUPERSEDED, WITHDRAWN = 1, 2, 3
WENT_BACKWARDS, ABOVE_MAXIMUM, SENTINEL, NOT_INSTALLED, ABOVE_MODULUS = 10, 11, 12, 13, 14


class Reading(NamedTuple):
    """One version of what was read at one instant."""

    read_at_s: int
    content_hash: int
    meter_id: int | None
    rank: int
    recorded_us: int
    energy_wh: int
    volume_l: int | None
    forward_lc: int | None
    return_lc: int | None
    supply_c: float | None
    return_c: float | None
    withdrawn: bool

    @property
    def registers(self) -> tuple[int | None, ...]:
        """Wh, litres, E8, E9."""
        return self.energy_wh, self.volume_l, self.forward_lc, self.return_lc


class Place(NamedTuple):
    """A meter at the metering point, from its installation up to, not including, its removal."""

    meter_id: int
    installed_s: int
    removed_s: int | None
    start: tuple[int | None, int | None]
    """Wh and litres."""
    stop: tuple[int | None, int | None]
    modulus: tuple[int, int]
    resolution_wh: int


def without_sentinels(reading: Reading) -> Reading:
    """Take a register beside the energy's as not given where it shows a sentinel."""
    volume_l, forward_lc, return_lc = (
        None if one in SENTINELS else one for one in (reading.volume_l, reading.forward_lc, reading.return_lc)
    )
    return reading._replace(volume_l=volume_l, forward_lc=forward_lc, return_lc=return_lc)


def by_claim(readings: Sequence[Reading], places: Sequence[Place]) -> tuple[dict[tuple[int, int], int], list[Reading]]:
    """Of each instant the version of the highest rank, then recorded last, then a withdrawal, then the larger hash.

    What a meter showed that sat elsewhere, or what no meter shows, is no version of anything.
    """
    verdicts: dict[tuple[int, int], int] = {}
    by_instant: dict[int, list[Reading]] = defaultdict(list)
    for reading in readings:
        if refused := _alone(reading, places):
            verdicts[reading.read_at_s, reading.content_hash] = refused
        else:
            by_instant[reading.read_at_s].append(reading)
    chained = []
    for at_s in sorted(by_instant):
        *others, reading = sorted(by_instant[at_s], key=_claim)
        verdicts |= {(at_s, older.content_hash): SUPERSEDED for older in others}
        if reading.withdrawn:
            verdicts[at_s, reading.content_hash] = WITHDRAWN
        else:
            chained.append(reading)
    return verdicts, chained


def _claim(one: Reading) -> tuple[int, int, bool, int]:
    return one.rank, one.recorded_us, one.withdrawn, one.content_hash


def _alone(reading: Reading, places: Sequence[Place]) -> int:
    """The verdict on a reading that no other can excuse, 0 for none."""
    if not _is_installed(places, reading):
        return NOT_INSTALLED
    if reading.withdrawn:
        return 0
    if reading.energy_wh in SENTINELS:
        return SENTINEL
    return ABOVE_MODULUS if _is_above_modulus(place_at(places, reading.read_at_s), reading) else 0


def _is_installed(places: Sequence[Place], reading: Reading) -> bool:
    if not places:
        return reading.meter_id is None
    place = place_at(places, reading.read_at_s)
    return place is not None and reading.meter_id in (None, place.meter_id)


def _is_above_modulus(place: Place | None, reading: Reading) -> bool:
    """A meter never shows its modulus or more; 0 is none."""
    if place is None:
        return False
    shown = zip(reading.registers, place.modulus, strict=False)
    return any(own is not None and 0 < modulus <= own for own, modulus in shown)


def place_at(places: Sequence[Place], at_s: int) -> Place | None:
    for place in places:
        if place.installed_s <= at_s and (place.removed_s is None or at_s < place.removed_s):
            return place
    return None


def series_of(chained: Iterable[Reading], places: Sequence[Place]) -> dict[int, list[Reading]]:
    """Part the readings by installation, keyed by when it began."""
    series: dict[int, list[Reading]] = defaultdict(list)
    for reading in chained:
        place = place_at(places, reading.read_at_s)
        series[place.installed_s if place else 0].append(reading)
    return series


def risen(earlier: int, later: int, modulus: int) -> int:
    return (later - earlier) % modulus if modulus else later - earlier


def _follows(earlier: Reading, later: Reading, place: Place | None, maximum_w: int) -> bool:
    modulus_wh, modulus_l = place.modulus if place else (0, 0)
    risen_wh = risen(earlier.energy_wh, later.energy_wh, modulus_wh)
    most_wh = maximum_w * (later.read_at_s - earlier.read_at_s) // 3600
    most_wh += place.resolution_wh if place else DEFAULT_RESOLUTION_WH
    litres = (earlier.volume_l, later.volume_l)
    litres_fell = litres[0] is not None and litres[1] is not None and risen(litres[0], litres[1], modulus_l) < 0
    return 0 <= risen_wh <= most_wh and not litres_fell


def chain(series: Sequence[Reading], place: Place | None, maximum_w: int) -> list[bool]:
    """Accept, from each accepted reading, the first link of the longest chain among the next twenty-four."""
    accepted = [False] * len(series)
    anchor: Reading | None = None
    position = 0
    while position < len(series):
        ahead = series[position : position + LOOKAHEAD]
        length = [1] * len(ahead)
        for index in reversed(range(len(ahead))):
            for later in range(index + 1, len(ahead)):
                if 1 + length[later] > length[index] and _follows(ahead[index], ahead[later], place, maximum_w):
                    length[index] = 1 + length[later]
        best, best_length = -1, 0
        for index, candidate in enumerate(ahead):
            fits = anchor is None or _follows(anchor, candidate, place, maximum_w)
            if fits and length[index] > best_length:
                best, best_length = index, length[index]
        if best < 0:
            position += 1
            continue
        position += best
        accepted[position] = True
        anchor = series[position]
        position += 1
    return accepted


def verdict(series: Sequence[Reading], accepted: Sequence[bool], index: int, place: Place | None) -> int:
    """Name what is wrong with a refused reading: it fell, or else it rose too far, since the accepted one before it.

    Before the first accepted one it is seen from there: if that one is lower, this one was too high.
    """
    if accepted[index]:
        return ACCEPTED
    before = [other for other in range(index) if accepted[other]]
    if before:
        return WENT_BACKWARDS if _fell(series[before[-1]], series[index], place) else ABOVE_MAXIMUM
    after = accepted.index(True)
    return ABOVE_MAXIMUM if _fell(series[index], series[after], place) else WENT_BACKWARDS


def _fell(earlier: Reading, later: Reading, place: Place | None) -> bool:
    litres = (earlier.volume_l, later.volume_l)
    volume_rolls = bool(place and place.modulus[1])
    if litres[0] is not None and litres[1] is not None and litres[1] < litres[0] and not volume_rolls:
        return True
    return later.energy_wh < earlier.energy_wh
