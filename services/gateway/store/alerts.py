"""Alerts of the metering points that a visitor sees."""

from typing import Any

from services.gateway.store.reader import Connection, Row

# Those that are open come first: however many have closed since, an open one is never pushed off the page.
# Who may acknowledge is decided by the alerts service; here it is told so that nobody is offered what he may not do.
_EPISODES = """
    SELECT episode.episode_id, episode.point_id, episode.opened_at, episode.closed_at, episode.extreme,
           episode.limit_value, episode.state, episode.quantity,
           $3 OR rule.user_id IS NOT NULL
           OR EXISTS (SELECT FROM permissions_v1.visible_period AS own
                       WHERE own.point_id = episode.point_id AND own.level IN ('full', 'administrator')
                         AND own.valid_from <= now() AND own.valid_to > now()) AS may_acknowledge
      FROM alerts_v1.episode AS episode
      JOIN alerts_v1.rule AS rule USING (rule_id)
     WHERE episode.point_id = ANY($1::int[]) AND episode.state <> 'withdrawn'
     ORDER BY episode.closed_at IS NOT NULL, episode.opened_at DESC
     LIMIT $2
"""
_OPEN = """
    SELECT episode.episode_id, episode.point_id, episode.opened_at, episode.closed_at, episode.extreme,
           episode.limit_value, episode.state, episode.quantity
      FROM alerts_v1.episode AS episode
     WHERE episode.point_id = ANY($1::int[]) AND episode.state IN ('open', 'acknowledged')
     ORDER BY episode.opened_at DESC
"""


async def episodes(connection: Connection, points: list[int], limit: int, is_staff: bool) -> list[Row]:
    """Give alerts, the open ones first, then the newest, each with whether the visitor may acknowledge it."""
    rows: list[Any] = await connection.fetch(_EPISODES, points, limit, is_staff)
    return rows


async def open_episodes(connection: Connection, points: list[int]) -> list[Row]:
    """Give all open alerts, acknowledged ones too; a rule has at most one, so they are few."""
    rows: list[Any] = await connection.fetch(_OPEN, points)
    return rows
