"""Which hours are odd, by plain loops over the hours of whole local days."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from typing import NamedTuple
from zoneinfo import ZoneInfo

from tests.oracle.figures import MEASURED, Hour, day_hours
from tests.oracle.verdicts import Place, place_at

SPIKE, FALSE_PEAK, COUNTERS_DISAGREE, AGAINST_PHYSICS, DEAD_SENSOR = range(1, 6)
Flag = tuple[int, int]
"""When the hour starts, and the rule."""


class _Day(NamedTuple):
    hours: dict[int, Hour]
    step_wh: int
    is_cooling: bool

    def measured(self) -> dict[int, Hour]:
        return {at: hour for at, hour in self.hours.items() if hour.start_quality == hour.end_quality == MEASURED}


def flags(hours: Mapping[int, Hour], places: Sequence[Place], zone: ZoneInfo, is_cooling: bool = False) -> set[Flag]:
    """Flag the hours of every day that is there from midnight to midnight."""
    result: set[Flag] = set()
    for date in {datetime.fromtimestamp(at_s, zone).date() for at_s in hours}:
        starts = day_hours(date, zone)
        if not all(start in hours for start in starts):
            continue
        place = place_at(places, starts[0])
        day = _Day({start: hours[start] for start in starts}, place.resolution_wh if place else 1_000, is_cooling)
        for rule in (_spikes, _false_peaks, _counters, _physics, _sensors):
            result |= set(rule(day))
    return result


def _spikes(day: _Day) -> Iterator[Flag]:
    ranked = sorted((hour.energy_wh for hour in day.measured().values()), reverse=True)
    if len(ranked) < 3 or ranked[0] - ranked[2] <= 3 * day.step_wh:
        return
    if ranked[2] == 0 or Fraction(ranked[0] - ranked[2], ranked[2]) > Fraction(18, 10):
        yield from ((at, SPIKE) for at, hour in day.measured().items() if hour.energy_wh == ranked[0])


def _false_peaks(day: _Day) -> Iterator[Flag]:
    measured, starts = day.measured(), sorted(day.hours)
    if sum(hour.energy_wh == 0 for hour in measured.values()) > 2:
        return
    for four in zip(starts, starts[1:], starts[2:], starts[3:], strict=False):
        if not all(start in measured for start in four):
            continue
        before, missing, doubled, behind = (measured[start].energy_wh for start in four)
        mean = Fraction(before + behind, 2)
        is_used = min(before, behind) >= 3 * day.step_wh
        if missing == 0 and is_used and Fraction(16, 10) * mean <= doubled <= Fraction(26, 10) * mean:
            yield from ((four[1], FALSE_PEAK), (four[2], FALSE_PEAK))


def _counters(day: _Day) -> Iterator[Flag]:
    for at, hour in day.measured().items():
        if hour.forward_lc is not None and hour.return_lc is not None:
            cooled = Fraction(hour.forward_lc - hour.return_lc)
            if _is_outside(day, hour.energy_wh, cooled, Fraction(2_000)):
                yield at, COUNTERS_DISAGREE


def _physics(day: _Day) -> Iterator[Flag]:
    for at, hour in day.measured().items():
        has_integrals = hour.forward_lc is not None and hour.return_lc is not None
        if has_integrals or hour.volume_l is None or hour.supply_c is None or hour.return_c is None:
            continue
        cooling = hour.supply_c - hour.return_c
        margin = abs(hour.volume_l * cooling) / 5 + 10 * abs(cooling)
        if _is_outside(day, hour.energy_wh, hour.volume_l * cooling, margin):
            yield at, AGAINST_PHYSICS


def _is_outside(day: _Day, energy_wh: int, cooled: Fraction, margin: Fraction) -> bool:
    cooled = -cooled if day.is_cooling else cooled
    most, least = Fraction(14, 10) * max(Fraction(0), cooled + margin), Fraction(9, 10) * (cooled - margin)
    return energy_wh - day.step_wh > most or energy_wh + day.step_wh < least


def _sensors(day: _Day) -> Iterator[Flag]:
    in_use = {at: hour for at, hour in day.measured().items() if hour.energy_wh > max(1_000, 3 * day.step_wh)}
    supplies = [hour.supply_c for hour in in_use.values() if hour.supply_c is not None]
    returns = [hour.return_c for hour in in_use.values() if hour.return_c is not None]
    for at, hour in in_use.items():
        is_inverted = False
        if hour.supply_c is not None and hour.return_c is not None:
            warmer = hour.return_c - hour.supply_c
            is_inverted = (-warmer if day.is_cooling else warmer) > 1
        if is_inverted or _stands_still(supplies) or _stands_still(returns):
            yield at, DEAD_SENSOR


def _stands_still(shown: Sequence[Fraction]) -> bool:
    return len(shown) >= 20 and len(set(shown)) == 1 and shown[0].denominator != 1
