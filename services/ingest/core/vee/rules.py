"""The rules that flag hours, by number: the number is stored, the name is shown, neither is ever changed."""

from collections.abc import Callable, Iterable, Mapping
from enum import IntEnum
from typing import NamedTuple

import numpy as np

from services.heat.arrays import Bool, Int64
from services.heat.hour_marks import HOUR_S
from services.ingest.core.vee.false_peak import is_false_peak
from services.ingest.core.vee.laid_out import LONGEST_DAY_HOURS, DayHours
from services.ingest.core.vee.physics import counters_disagree, is_against_physics
from services.ingest.core.vee.sensors import is_dead_sensor
from services.ingest.core.vee.spike import is_spike


class Rule(IntEnum):
    """What is odd about an hour that is stored and counts all the same."""

    SPIKE = 1
    FALSE_PEAK = 2
    COUNTERS_DISAGREE = 3
    AGAINST_PHYSICS = 4
    DEAD_SENSOR = 5

    @property
    def label(self) -> str:
        """The name that people and interfaces see."""
        return self.name.lower()

    @property
    def bit(self) -> int:
        """Its place in a number that says which rules are off."""
        return 1 << (self - 1)


RULES: Mapping[Rule, Callable[[DayHours], Bool]] = {
    Rule.SPIKE: is_spike,
    Rule.FALSE_PEAK: is_false_peak,
    Rule.COUNTERS_DISAGREE: counters_disagree,
    Rule.AGAINST_PHYSICS: is_against_physics,
    Rule.DEAD_SENSOR: is_dead_sensor,
}


class Flags(NamedTuple):
    """Hours that rules have flagged: (f,) each, sorted by point, hour and rule."""

    point_id: Int64
    starts_s: Int64
    rule: Int64

    def take(self, which: Int64 | Bool) -> "Flags":
        """Pick flags by index or mask."""
        return Flags._make(column[which] for column in self)


NO_FLAGS = Flags(*(np.zeros(0, np.int64) for _ in Flags._fields))


class FlagChanges(NamedTuple):
    """Flags that are new, and those that no rule gives any more."""

    new: Flags
    gone: Flags


def flag_changes(found: Flags, stored: Flags) -> FlagChanges:
    """Set the flags that rules give for some hours against those stored of the same hours."""
    given, kept = (set(zip(*(column.tolist() for column in flags), strict=True)) for flags in (found, stored))
    return FlagChanges(_flags(given - kept), _flags(kept - given))


def rules_of(bits: int) -> tuple[str, ...]:
    """Name the rules whose bits are set."""
    return tuple(rule.label for rule in Rule if bits & rule.bit)


def bits_of(labels: Iterable[str]) -> int:
    """Give a number with the bits of rules. Raises KeyError for a name that no rule has."""
    return sum({rule.bit for label in labels for rule in [Rule[label.upper()]]})


def flags_of(days: DayHours) -> Flags:
    """Ask every rule about whole days, unless it is off for the meter."""
    parts = []
    for rule, is_flagged in RULES.items():
        # Few are flagged, and finding them in one row takes a fifth of what it takes in many.
        day, place = np.divmod(np.flatnonzero(is_flagged(days)), LONGEST_DAY_HOURS)
        is_on = (days.rules_off[day] & rule.bit) == 0
        day, place = day[is_on], place[is_on]
        parts.append(Flags(days.owner[day], days.begins_s[day] + place * HOUR_S, np.full(len(day), int(rule))))
    found = joined_flags(*parts)
    return found.take(np.lexsort((found.rule, found.starts_s, found.point_id)))


def _flags(which: set[tuple[int, ...]]) -> Flags:
    return Flags(*np.array(sorted(which), np.int64).reshape(-1, len(Flags._fields)).T)


def joined_flags(*parts: Flags) -> Flags:
    """Lay flags end to end."""
    return Flags._make(np.concatenate(columns) for columns in zip(*parts, strict=True))
