"""Episodes as they are stored, and who was told of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from schemas.values import PointId, UserId
from services.alerts.core.differences import Stored
from services.alerts.core.episodes import Episode
from services.common.postgres import Transaction

_STANDING = """
    SELECT rule_id, episode_id, extract(epoch FROM opened_at)::int8, extract(epoch FROM closed_at)::int8,
           extreme, limit_value, told
      FROM alerts.episode
     WHERE rule_id = ANY(%s) AND state <> 'withdrawn'
     ORDER BY opened_at
"""
_ADD = """
    INSERT INTO alerts.episode (episode_id, rule_id, point_id, opened_at, closed_at, extreme, limit_value, state, told)
    VALUES (%s, %s, %s, to_timestamp(%s), to_timestamp(%s), %s, %s, %s, %s)
"""
_CHANGE = """
    UPDATE alerts.episode
       SET opened_at = to_timestamp(%(opened_s)s), closed_at = to_timestamp(%(closed_s)s), extreme = %(extreme)s,
           limit_value = %(limit)s, told = told OR %(told)s,
           state = CASE WHEN %(closed_s)s::int8 IS NOT NULL THEN 'closed'
                        WHEN acknowledged_at IS NOT NULL THEN 'acknowledged' ELSE 'open' END
     WHERE episode_id = %(episode_id)s
"""
_WITHDRAW = "UPDATE alerts.episode SET state = 'withdrawn' WHERE episode_id = ANY(%s)"
# Who may no longer look at the point is not told, whatever rules he once made.
_TELL = """
    INSERT INTO alerts.message (cause_id, recipient_id, channel, step)
    SELECT DISTINCT episode.episode_id, visible.user_id, 'portal', %(step)s
      FROM alerts.episode
      JOIN alerts.rule USING (rule_id)
      JOIN permissions_v1.visible_period AS visible
        ON visible.point_id = episode.point_id
       AND episode.opened_at >= visible.valid_from AND episode.opened_at < visible.valid_to
       AND visible.valid_from <= now() AND visible.valid_to > now()
     WHERE episode.episode_id = %(episode_id)s AND (rule.user_id IS NULL OR rule.user_id = visible.user_id)
    ON CONFLICT (cause_id, recipient_id, channel, step) DO NOTHING
"""
_ACKNOWLEDGE = """
    UPDATE alerts.episode
       SET state = 'acknowledged', acknowledged_by = %(user_id)s, acknowledged_at = clock_timestamp()
     WHERE episode_id = %(episode_id)s AND state = 'open'
"""
_EPISODE = """
    SELECT state, episode_id, extract(epoch FROM opened_at)::int8,
           extract(epoch FROM closed_at)::int8, extreme, limit_value, told
      FROM alerts.episode
     WHERE episode_id = %s
       FOR UPDATE
"""


@dataclass(frozen=True)
class Known(Stored):
    """A stored episode, and whether anybody was told of it."""

    told: bool


async def standing(tx: Transaction, rule_ids: Sequence[UUID]) -> dict[UUID, list[Stored]]:
    """Give the episodes of rules that were not withdrawn, by rule and time."""
    found: dict[UUID, list[Stored]] = {rule_id: [] for rule_id in rule_ids}
    for rule_id, *known in await (await tx.execute(_STANDING, [list(rule_ids)])).fetchall():
        found[rule_id].append(Known(*known))
    return found


async def add(
    tx: Transaction, episode_id: UUID, rule_id: UUID, point_id: PointId, episode: Episode, told: bool
) -> None:
    """Store a new episode."""
    state = "open" if episode.closed_s is None else "closed"
    await tx.execute(
        _ADD,
        [
            episode_id,
            rule_id,
            point_id,
            episode.opened_s,
            episode.closed_s,
            episode.extreme,
            episode.limit,
            state,
            told,
        ],
    )


async def change(tx: Transaction, episode_id: UUID, episode: Episode, told: bool) -> None:
    """Store what an episode is now; it stays acknowledged if it was."""
    await tx.execute(_CHANGE, vars(episode) | {"episode_id": episode_id, "told": told})


async def withdraw(tx: Transaction, episode_ids: Sequence[UUID]) -> None:
    """Store that episodes never were."""
    await tx.execute(_WITHDRAW, [list(episode_ids)])


async def tell(tx: Transaction, episode_id: UUID, step: str) -> None:
    """Tell everybody whom a step concerns in My Pages, each once."""
    await tx.execute(_TELL, {"episode_id": episode_id, "step": step})


async def episode(tx: Transaction, episode_id: UUID) -> tuple[str, Known] | None:
    """Lock and give an episode: its state and what is stored of it."""
    row: tuple[Any, ...] | None = await (await tx.execute(_EPISODE, [episode_id])).fetchone()
    return (row[0], Known(*row[1:])) if row else None


async def acknowledge(tx: Transaction, episode_id: UUID, user_id: UserId | None) -> bool:
    """Store that somebody has seen an open episode; False where it is not open any more or was seen before."""
    return (await tx.execute(_ACKNOWLEDGE, {"episode_id": episode_id, "user_id": user_id})).rowcount == 1
