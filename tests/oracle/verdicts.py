"""Which readings count, by plain loops over whole numbers.

Slow, since every judging looks at every pair of readings that it may look at.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import groupby, pairwise
from typing import NamedTuple

LOOKAHEAD = 24
DEFAULT_RESOLUTION_WH = 1_000
SENTINELS = {4_294_967_295, 16_777_215}
ACCEPTED, SUPERSEDED, WITHDRAWN, OVERTAKEN, STOP_REGISTER = 1, 2, 3, 5, 6
WENT_BACKWARDS, ABOVE_MAXIMUM, SENTINEL, NOT_INSTALLED, ABOVE_MODULUS, OUTAGE_ZERO, EXCHANGED = range(10, 17)
CONFLICTING, IMPLAUSIBLE_STOP = 17, 18
RUN_LASTS_S, RUN_READINGS = 48 * 3600, 3
ORDINARY_TIMES_MEAN, ORDINARY_TIMES_MOST = 20, 3
LITRES_TOLERANCE = 1_000
GIGAWATT_M_PER_S = 2**28
OPERATOR = 101
"""The rank of what an operator says."""
YIELDING = 102
"""The rank of an operator's word that what operators said of an instant counts no more."""
NO_METERS_W = 2**29
"""Faster than that nothing rises, not even to what an operator says."""
ESTIMATE = -1
"""The rank of what nobody read: an estimate ahead of the last reading."""


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
    smoothing: bool = False


def without_sentinels(reading: Reading) -> Reading:
    """Take a register beside the energy's as not given where it shows a sentinel."""
    volume_l, forward_lc, return_lc = (
        None if one in SENTINELS else one for one in (reading.volume_l, reading.forward_lc, reading.return_lc)
    )
    return reading._replace(volume_l=volume_l, forward_lc=forward_lc, return_lc=return_lc)


class Judged(NamedTuple):
    """The verdict on every reading, by instant and content hash, and those that count, in order."""

    verdicts: dict[tuple[int, int], int]
    accepted: list[Reading]


def judged_as_read(readings: Sequence[Reading], places: Sequence[Place], maximum_w: int) -> Judged:
    """Judge what no other reading excuses, then the claims to each instant, then what hangs together.

    Where what hangs together refuses a version, the next one of that instant has its turn.
    """
    alone = {(one.read_at_s, one.content_hash): _alone(one, places) for one in readings}
    refused = {key: verdict for key, verdict in alone.items() if verdict}
    while True:
        candidates = [one for one in readings if (one.read_at_s, one.content_hash) not in refused]
        verdicts, chained = by_claim(candidates)
        accepted = []
        for _, series in sorted(series_of(chained, places).items()):
            place = place_at(places, series[0].read_at_s)
            verdicts |= _together(series, place, maximum_w)
            accepted += [one for one in series if verdicts[one.read_at_s, one.content_hash] == ACCEPTED]
        versions = Counter(one.read_at_s for one in candidates)
        silencing = {
            key: verdict
            for key, verdict in verdicts.items()
            if verdict >= 10 and verdict != CONFLICTING and versions[key[0]] > 1
        }
        if not silencing:
            return Judged(refused | verdicts, sorted(accepted, key=lambda one: one.read_at_s))
        refused |= silencing


def _together(series: Sequence[Reading], place: Place | None, maximum_w: int) -> dict[tuple[int, int], int]:
    """Judge the readings of one meter at one place by each other: an outage's zeros first, then the chain."""
    zeros = _outage_zeros(series, place, maximum_w)
    others = [one for one in series if one not in zeros]
    flags = chain(others, place, maximum_w)
    found = {(one.read_at_s, one.content_hash): OUTAGE_ZERO for one in zeros}
    for index, one in enumerate(others):
        found[one.read_at_s, one.content_hash] = verdict(others, flags, index, place)
    return found


def _outage_zeros(series: Sequence[Reading], place: Place | None, maximum_w: int) -> list[Reading]:
    """Runs of zeros that what is before does not lead to, or that nothing behind goes on from."""
    result: list[Reading] = []
    for is_zero, run in groupby(enumerate(series), key=lambda pair: _is_zero(pair[1])):
        if not is_zero:
            continue
        zeros = list(run)
        first, last = zeros[0][0], zeros[-1][0]
        before = series[first - 1] if first else None
        behind = [one for one in series[last + 1 :] if not _is_zero(one)][:LOOKAHEAD]
        is_explained = before is None or follows(before, series[first], place, maximum_w)
        goes_on = [
            (follows(series[last], one, place, maximum_w), before and follows(before, one, place, maximum_w))
            for one in behind
        ]
        decisive = next((pair for pair in goes_on if any(pair)), (False, False))
        from_zero, from_before = any(pair[0] for pair in goes_on), decisive[1]
        in_place = from_zero and (is_explained or not from_before) if behind else is_explained
        result += [] if in_place else [one for _, one in zeros]
    return result


def _is_zero(reading: Reading) -> bool:
    return reading.energy_wh == 0 and not reading.volume_l


def by_claim(readings: Sequence[Reading]) -> tuple[dict[tuple[int, int], int], list[Reading]]:
    """Of each instant the version of the highest rank, then recorded last, then a withdrawal, then the larger hash."""
    verdicts: dict[tuple[int, int], int] = {}
    by_instant: dict[int, list[Reading]] = defaultdict(list)
    for reading in readings:
        by_instant[reading.read_at_s].append(reading)
    chained = []
    for at_s in sorted(by_instant):
        *others, reading = _by_what_they_claim(by_instant[at_s])
        for other in others:
            verdicts[at_s, other.content_hash] = CONFLICTING if _is_a_toss(other, reading) else SUPERSEDED
        if reading.withdrawn:
            verdicts[at_s, reading.content_hash] = WITHDRAWN
        else:
            chained.append(reading)
    return verdicts, chained


def _by_what_they_claim(versions: Sequence[Reading]) -> list[Reading]:
    """What operators said yields to all else where the last thing they said is that it does."""
    in_order = sorted(versions, key=claim)
    of_operators = sorted((one for one in versions if one.rank >= OPERATOR), key=lambda one: claim(one)[1:])
    if not of_operators or of_operators[-1].rank != YIELDING:
        return in_order
    return sorted(in_order, key=lambda one: one.rank < OPERATOR)


def _is_a_toss(other: Reading, winner: Reading) -> bool:
    """Tell whether two values claim as much, so that only their hashes decide."""
    is_withdrawal = other.withdrawn or winner.withdrawn
    return claim(other)[:3] == claim(winner)[:3] and not is_withdrawal and other.registers[:2] != winner.registers[:2]


def claim(one: Reading) -> tuple[int, int, bool, int]:
    return one.rank, one.recorded_us, one.withdrawn, one.content_hash


def _alone(reading: Reading, places: Sequence[Place]) -> int:
    """The verdict on a reading that no other can excuse, 0 for none."""
    if not is_installed(places, reading):
        return NOT_INSTALLED
    if reading.withdrawn:
        return 0
    if reading.energy_wh in SENTINELS and reading.rank != OPERATOR:
        return SENTINEL
    return ABOVE_MODULUS if is_above_modulus(place_at(places, reading.read_at_s), reading) else 0


def is_installed(places: Sequence[Place], reading: Reading) -> bool:
    if not places:
        return reading.meter_id is None
    place = place_at(places, reading.read_at_s)
    return place is not None and reading.meter_id in (None, place.meter_id)


def is_above_modulus(place: Place | None, reading: Reading) -> bool:
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


def follows(earlier: Reading, later: Reading, place: Place | None, maximum_w: int) -> bool:
    modulus_wh, modulus_l = place.modulus if place else (0, 0)
    risen_wh = risen(earlier.energy_wh, later.energy_wh, modulus_wh)
    most_w = NO_METERS_W if later.rank == OPERATOR else maximum_w
    most_wh = most_w * (later.read_at_s - earlier.read_at_s) // 3600
    step_wh = place.resolution_wh if place else DEFAULT_RESOLUTION_WH
    is_shown = earlier.volume_l is not None and later.volume_l is not None
    risen_l = risen(earlier.volume_l or 0, later.volume_l or 0, modulus_l) if is_shown else 0
    # At the highest power a litre for each Wh is water that is cooled by less than a degree.
    return 0 <= risen_wh <= most_wh + step_wh and 0 <= risen_l <= most_wh + LITRES_TOLERANCE


class Chain(NamedTuple):
    """Of each reading whether it counts, and whether it is another meter's that nobody registered."""

    accepted: list[bool]
    tied: list[bool]


def chain(series: Sequence[Reading], place: Place | None, maximum_w: int) -> Chain:
    """Accept from each accepted reading the next that begins the longest chain among the twenty-four from it on.

    The first of all may begin a long run instead, however long the chain of others behind it. Never one that goes on
    from a long run of refused ones as that run itself did.
    """
    accepted, tied = [False] * len(series), [False] * len(series)
    anchor: Reading | None = None
    begin = 0
    for position in range(len(series)):
        ahead = series[position : position + LOOKAHEAD]
        run = _rival_run(series, begin, position, place, maximum_w)
        goes_on = [_goes_on(run, candidate, place) for candidate in ahead]
        tied[position] = goes_on[0]
        is_first_run = anchor is None and _is_long(_run_from(series, position, place, maximum_w))
        fits = [anchor is None or follows(anchor, one, place, maximum_w) for one in ahead]
        links = [one and not other for one, other in zip(fits, goes_on, strict=True)]
        if is_first_run or _begins_the_longest(ahead, links, place, maximum_w):
            accepted[position] = True
            anchor, begin = series[position], position + 1
    return Chain(accepted, tied)


def _begins_the_longest(ahead: Sequence[Reading], links: Sequence[bool], place: Place | None, maximum_w: int) -> bool:
    if not links[0]:
        return False
    length = [1] * len(ahead)
    for index in reversed(range(len(ahead))):
        for later in range(index + 1, len(ahead)):
            if 1 + length[later] > length[index] and follows(ahead[index], ahead[later], place, maximum_w):
                length[index] = 1 + length[later]
    return all(length[0] >= length[index] for index, is_link in enumerate(links) if is_link)


def _run_from(series: Sequence[Reading], first: int, place: Place | None, maximum_w: int) -> list[Reading]:
    """Readings that follow each other, each the one before it."""
    run = [series[first]]
    for reading in series[first + 1 :]:
        if not follows(run[-1], reading, place, maximum_w):
            break
        run.append(reading)
    return run


def _is_long(run: Sequence[Reading]) -> bool:
    return len(run) >= RUN_READINGS and run[-1].read_at_s - run[0].read_at_s >= RUN_LASTS_S


def _rival_run(series: Sequence[Reading], begin: int, end: int, place: Place | None, maximum_w: int) -> list[Reading]:
    """Give the latest long run among the refused readings from begin to end."""
    found: list[Reading] = []
    first = begin
    for index in range(begin, end):
        if index > begin and not follows(series[index - 1], series[index], place, maximum_w):
            first = index
        if _is_long(series[first : index + 1]):
            found = list(series[first : index + 1])
    return found


def _goes_on(run: Sequence[Reading], candidate: Reading, place: Place | None) -> bool:
    """Whether each register rises from a run by no more than is ordinary for it."""
    if not run:
        return False
    tolerances = (place.resolution_wh if place else DEFAULT_RESOLUTION_WH, LITRES_TOLERANCE)
    return all(_rises_ordinarily(run, candidate, column, tolerances[column], place) for column in (0, 1))


def _rises_ordinarily(
    run: Sequence[Reading], candidate: Reading, column: int, tolerance: int, place: Place | None
) -> bool:
    """Whether a register rises by twenty times the run's mean at most, and three times its most."""
    modulus = place.modulus[column] if place else 0
    shown = [(one.read_at_s, value) for one in run if (value := one.registers[column]) is not None]
    register = candidate.registers[column]
    if len(shown) < 2 or register is None:
        return True
    steps = [(to_s - from_s, risen(old, new, modulus)) for (from_s, old), (to_s, new) in pairwise(shown)]
    mean = 1_000 * sum(rise for _, rise in steps) // (shown[-1][0] - shown[0][0])
    most = max(1_000 * rise // span_s for span_s, rise in steps)
    ordinary = min(ORDINARY_TIMES_MEAN * mean, ORDINARY_TIMES_MOST * most, GIGAWATT_M_PER_S)
    rise = risen(shown[-1][1], register, modulus)
    return 0 <= rise <= tolerance + ordinary * (candidate.read_at_s - shown[-1][0]) // 1_000


def verdict(series: Sequence[Reading], flags: Chain, index: int, place: Place | None) -> int:
    """Name what is wrong with a refused reading: it fell, or else it rose too far, since the accepted one before it.

    Before the first accepted one it is seen from there: if that one is lower, this one was too high.
    """
    accepted = flags.accepted
    if accepted[index]:
        return ACCEPTED
    if flags.tied[index]:
        return EXCHANGED
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
