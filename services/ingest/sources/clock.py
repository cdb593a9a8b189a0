"""What a file's times without an offset were taken as, told so that a wrong zone does not pass unseen."""

from collections.abc import Mapping
from typing import NamedTuple


class Clock(NamedTuple):
    """How local times were taken.

    lines_at: how many lines at each offset, in seconds ahead of UTC. normal_s: the zone's offset in winter; None where
    it has no summer time. shows_summer: whether the file itself shows that its clock is set forward in summer: spring's
    hour is missing where each other one is there, or autumn's is there twice.
    """

    lines_at: Mapping[int, int]
    normal_s: int | None
    shows_summer: bool

    @property
    def rests_on_zone_alone(self) -> bool:
        """Tell whether nothing but the zone says that these lines are of summer time."""
        in_summer = self.normal_s is not None and any(offset_s > self.normal_s for offset_s in self.lines_at)
        return in_summer and not self.shows_summer


def notes_of(clocks: Mapping[str, Clock], zone_column: str | int | None) -> tuple[str, ...]:
    """Say how times were taken, where any of them has no offset."""
    by = "in the profile" if zone_column is None else f"in the profile or the column {zone_column}"
    return tuple(told(clock, zone, by) for zone, clock in clocks.items())


def told(clock: Clock, zone: str, by: str) -> str:
    """Say what times were taken as and by what; where summer time was taken on a zone's word alone, that too."""
    offsets = " and ".join(f"{_written(offset_s)} ({lines:,})" for offset_s, lines in sorted(clock.lines_at.items()))
    taken = f"times without an offset were taken as {offsets}, by zone = '{zone}' {by}"
    if not clock.rests_on_zone_alone:
        return taken
    return (
        f"{taken}; nothing in the file shows that its clock is set forward in summer: where it keeps normal time all"
        f" year, write zone = '{_written(clock.normal_s or 0)}'"
    )


def _written(offset_s: int) -> str:
    minutes = abs(offset_s) // 60
    return f"{'-' if offset_s < 0 else '+'}{minutes // 60:02}:{minutes % 60:02}"
