"""Differences: what changed between the episodes that are stored and those that the figures now say."""

from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from services.alerts.core.episodes import Episode


@dataclass(frozen=True)
class Stored:
    """An episode as it was last stored, withdrawn ones left out."""

    episode_id: UUID
    opened_s: int
    closed_s: int | None
    extreme: float
    limit: float

    def is_as(self, episode: Episode) -> bool:
        """Tell whether the figures still say exactly what is stored."""
        return (self.opened_s, self.closed_s, self.extreme, self.limit) == (
            episode.opened_s,
            episode.closed_s,
            episode.extreme,
            episode.limit,
        )


class Differences(NamedTuple):
    """opened: new episodes. changed: stored ones with what they are now. withdrawn: stored ones that never were."""

    opened: list[Episode]
    changed: list[tuple[Stored, Episode]]
    withdrawn: list[Stored]


def differences(stored: list[Stored], now: list[Episode]) -> Differences:
    """Match stored and new episodes by overlap, each with at most one other, the earliest first.

    A corrected reading that moves an episode's ends leaves it the same episode, acknowledged and told as it was;
    where two become one, the earlier goes on and the other is withdrawn; where one falls apart, its first part
    goes on and the rest is new.
    """
    left = sorted(stored, key=lambda one: one.opened_s)
    opened: list[Episode] = []
    changed: list[tuple[Stored, Episode]] = []
    for episode in sorted(now, key=lambda one: one.opened_s):
        match = next((one for one in left if _overlap(one, episode)), None)
        if match is None:
            opened.append(episode)
            continue
        left.remove(match)
        if not match.is_as(episode):
            changed.append((match, episode))
    return Differences(opened, changed, left)


def _overlap(one: Stored, other: Episode) -> bool:
    begins_before_other_ends = other.closed_s is None or one.opened_s < other.closed_s
    ends_after_other_begins = one.closed_s is None or one.closed_s > other.opened_s
    return begins_before_other_ends and ends_after_other_begins
