"""Every verdict: beside those on what was read, estimates ahead and what meters showed at their removal."""

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

from tests.oracle.verdicts import (
    ABOVE_MODULUS,
    ACCEPTED,
    ESTIMATE,
    IMPLAUSIBLE_STOP,
    OPERATOR,
    OVERTAKEN,
    SENTINEL,
    SENTINELS,
    STOP_REGISTER,
    SUPERSEDED,
    WITHDRAWN,
    Judged,
    Place,
    Reading,
    by_claim,
    claim,
    follows,
    is_above_modulus,
    is_installed,
    judged_as_read,
    place_at,
)


class JudgedAtPlaces(NamedTuple):
    """The verdict on every reading, those that count, and the meters with what they ended at, noted or read."""

    verdicts: dict[tuple[int, int], int]
    accepted: list[Reading]
    places: list[Place]


def judged(readings: Sequence[Reading], places: Sequence[Place], maximum_w: int) -> JudgedAtPlaces:
    """Judge what was read as if there were no estimates, and then these by what of it counts.

    What a meter showed when it was removed is none of these readings: it is held against them.
    """
    at_removal = {place.installed_s: _read_at_removal(readings, place, places) for place in places}
    apart = {id(one) for stops in at_removal.values() for one in stops}
    read = [one for one in readings if one.rank != ESTIMATE and id(one) not in apart]
    verdicts, accepted = judged_as_read(read, places, maximum_w)
    ended = []
    for place in places:
        before = [one for one in accepted if place_at(places, one.read_at_s) == place]
        stops = at_removal[place.installed_s]
        of_stops = _judged_at_removal(stops, before[-1:], place, _is_taken_back(readings, place), maximum_w)
        verdicts |= of_stops
        shown = [one for one in stops if of_stops[one.read_at_s, one.content_hash] == STOP_REGISTER]
        ended.append(_ending_at(place, shown))
    estimates = [one for one in readings if one.rank == ESTIMATE]
    of_estimates, standing = _estimates_ahead(estimates, accepted, places, maximum_w)
    return JudgedAtPlaces(verdicts | of_estimates, accepted + standing, ended)


def _read_at_removal(readings: Sequence[Reading], place: Place, places: Sequence[Place]) -> list[Reading]:
    """Readings of a meter at its removal: they name it, or nothing where nothing else sits there from then on."""
    successor = place_at(places, place.removed_s) if place.removed_s is not None else place
    if successor is not None and successor.meter_id == place.meter_id:
        return []
    named = {place.meter_id} if successor else {place.meter_id, None}
    return [
        one for one in readings if one.read_at_s == place.removed_s and one.meter_id in named and one.rank != ESTIMATE
    ]


def _is_taken_back(readings: Sequence[Reading], place: Place) -> bool:
    """Whether the last thing operators said of the instant of a removal is that nothing read at it counts."""
    said = [one for one in readings if one.read_at_s == place.removed_s and one.rank >= OPERATOR]
    last = max(said, key=lambda one: claim(one)[1:], default=None)
    return last is not None and last.withdrawn and last.rank == OPERATOR


def _judged_at_removal(
    stops: Sequence[Reading], before: Sequence[Reading], place: Place, is_taken_back: bool, maximum_w: int
) -> dict[tuple[int, int], int]:
    """Of what a meter showed at its removal the first by its claims that goes on from the reading before counts."""
    if place.stop[0] is not None:
        return {(one.read_at_s, one.content_hash): SUPERSEDED for one in stops}
    found: dict[tuple[int, int], int] = {}
    asked = []
    for one in stops:
        key = one.read_at_s, one.content_hash
        if is_taken_back and one.rank < OPERATOR:
            found[key] = SUPERSEDED
        elif not one.withdrawn and one.energy_wh in SENTINELS and one.rank != OPERATOR:
            found[key] = SENTINEL
        elif not one.withdrawn and is_above_modulus(place, one):
            found[key] = ABOVE_MODULUS
        else:
            asked.append(one)
    while asked:
        verdicts, chained = by_claim(asked)
        found |= verdicts
        for one in chained:
            goes_on = all(follows(last, one, place, maximum_w) for last in before or _begun(place, one))
            found[one.read_at_s, one.content_hash] = STOP_REGISTER if goes_on else IMPLAUSIBLE_STOP
        implausible = [one for one in chained if found[one.read_at_s, one.content_hash] == IMPLAUSIBLE_STOP]
        if not implausible:
            break
        asked = [one for one in asked if one not in implausible]
    return found


def _begun(place: Place, like: Reading) -> list[Reading]:
    """What a meter that was never read showed when it was put, as far as that is noted."""
    energy_wh, volume_l = place.start
    if energy_wh is None:
        return []
    return [like._replace(read_at_s=place.installed_s, energy_wh=energy_wh, volume_l=volume_l)]


def _ending_at(place: Place, shown: Sequence[Reading]) -> Place:
    """Let a meter end at what it showed; a volume that is noted stays."""
    for one in shown:
        place = place._replace(stop=(one.energy_wh, one.volume_l if place.stop[1] is None else place.stop[1]))
    return place


def _estimates_ahead(
    estimates: Sequence[Reading], accepted: Sequence[Reading], places: Sequence[Place], maximum_w: int
) -> Judged:
    """An estimate stands behind all that counts, where it goes on from that or from the estimate before."""
    verdicts: dict[tuple[int, int], int] = {}
    standing: list[Reading] = []
    in_order = sorted(estimates, key=lambda one: (one.read_at_s, *claim(one)))
    for at_s, versions in groupby(in_order, key=lambda one: one.read_at_s):
        *others, newest = versions
        verdicts |= {(at_s, other.content_hash): SUPERSEDED for other in others}
        before = [*accepted, *standing][-1:]
        stands = all(_goes_on_ahead(last, newest, places, maximum_w) for last in before) and bool(before)
        if stands and not newest.withdrawn:
            standing.append(newest)
        verdicts[at_s, newest.content_hash] = WITHDRAWN if newest.withdrawn else ACCEPTED if stands else OVERTAKEN
    return Judged(verdicts, standing)


def _goes_on_ahead(last: Reading, estimate: Reading, places: Sequence[Place], maximum_w: int) -> bool:
    place = place_at(places, estimate.read_at_s)
    is_of_same_meter = is_installed(places, estimate) and place == place_at(places, last.read_at_s)
    is_shown = is_of_same_meter and not is_above_modulus(place, estimate)
    return is_shown and estimate.read_at_s > last.read_at_s and follows(last, estimate, place, maximum_w)
