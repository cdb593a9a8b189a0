"""Rules as they are stored, and who may look at their points."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from schemas.alerts import Direction, Quantity
from schemas.values import PointId, UserId
from services.alerts.core.rules import Rule
from services.common.postgres import Transaction

_LOCK = """
    SELECT rule_id, point_id, user_id, quantity, direction, summer_limit, winter_limit, hysteresis, minimum_values
      FROM alerts.rule
     WHERE point_id = ANY(%s) AND quantity = ANY(%s)
     ORDER BY rule_id
       FOR UPDATE
"""
_RULE = """
    SELECT rule_id, point_id, user_id, quantity, direction, summer_limit, winter_limit, hysteresis, minimum_values
      FROM alerts.rule
     WHERE rule_id = %s
       FOR UPDATE
"""
_OF_EPISODE = """
    SELECT rule_id, point_id, user_id, quantity, direction, summer_limit, winter_limit, hysteresis, minimum_values
      FROM alerts.rule
     WHERE rule_id = (SELECT rule_id FROM alerts.episode WHERE episode_id = %s)
       FOR UPDATE
"""
_OF_POINT = """
    SELECT rule_id, point_id, user_id, quantity, direction, summer_limit, winter_limit, hysteresis, minimum_values
      FROM alerts.rule
     WHERE point_id = %s
     ORDER BY rule_id
"""
_PUT = """
    INSERT INTO alerts.rule AS old (rule_id, point_id, user_id, quantity, direction, summer_limit, winter_limit,
                                    hysteresis, minimum_values)
    VALUES (%(rule_id)s, %(point_id)s, %(user_id)s, %(quantity)s, %(direction)s, %(summer_limit)s, %(winter_limit)s,
            %(hysteresis)s, %(minimum_values)s)
    ON CONFLICT (rule_id) DO UPDATE
       SET summer_limit = excluded.summer_limit, winter_limit = excluded.winter_limit,
           hysteresis = excluded.hysteresis, minimum_values = excluded.minimum_values,
           changed_at = clock_timestamp()
     WHERE (old.summer_limit, old.winter_limit, old.hysteresis, old.minimum_values)
           IS DISTINCT FROM
           (excluded.summer_limit, excluded.winter_limit, excluded.hysteresis, excluded.minimum_values)
"""
_OPEN_SESSION = "SELECT set_config('kulvert.session_token', %s, true)"
_WHO = "SELECT permissions.current_user_id(), permissions.is_staff()"
_SEES = """
    SELECT EXISTS (SELECT FROM permissions_v1.visible_period AS visible
                    WHERE visible.user_id = %s AND visible.point_id = %s
                      AND visible.valid_from <= now() AND visible.valid_to > now())
"""
_ACTS_FOR = """
    SELECT EXISTS (SELECT FROM permissions_v1.visible_period AS visible
                    WHERE visible.user_id = %s AND visible.point_id = %s AND visible.level IN ('full', 'administrator')
                      AND visible.valid_from <= now() AND visible.valid_to > now())
"""
_KNOWN_POINT = "SELECT EXISTS (SELECT FROM contracts_v1.metering_point WHERE point_id = %s)"


async def lock_rules(tx: Transaction, points: Iterable[PointId], quantities: Iterable[Quantity]) -> list[Rule]:
    """Lock and give the rules of points, so that two workers never judge one rule at once."""
    rows = await (await tx.execute(_LOCK, [list(points), [str(one) for one in quantities]])).fetchall()
    return [_rule(row) for row in rows]


async def rule(tx: Transaction, rule_id: UUID) -> Rule | None:
    """Lock and give one rule."""
    row = await (await tx.execute(_RULE, [rule_id])).fetchone()
    return _rule(row) if row else None


async def rule_of_episode(tx: Transaction, episode_id: UUID) -> Rule | None:
    """Lock and give an episode's rule; before the episode, as judging does, so that the two never deadlock."""
    row = await (await tx.execute(_OF_EPISODE, [episode_id])).fetchone()
    return _rule(row) if row else None


async def rules_of(tx: Transaction, point_id: PointId) -> list[Rule]:
    """Give the rules of a point."""
    return [_rule(row) for row in await (await tx.execute(_OF_POINT, [point_id])).fetchall()]


async def put_rule(tx: Transaction, wanted: Rule) -> bool:
    """Store a rule; True where that changed anything. Its point, owner and quantity stay what they were first."""
    parameters = vars(wanted) | {"quantity": str(wanted.quantity), "direction": str(wanted.direction)}
    return (await tx.execute(_PUT, parameters)).rowcount == 1


async def person_of(tx: Transaction, session_token: str) -> tuple[UserId | None, bool]:
    """Give whose session a token is, None where it is over, and whether that is one of the utility's staff."""
    await tx.execute(_OPEN_SESSION, [session_token])
    row = await (await tx.execute(_WHO)).fetchone()
    return (row[0], bool(row[1])) if row else (None, False)


async def sees(tx: Transaction, user_id: UserId, point_id: PointId) -> bool:
    """Tell whether a person may look at a point today."""
    row = await (await tx.execute(_SEES, [user_id, point_id])).fetchone()
    return bool(row and row[0])


async def acts_for(tx: Transaction, user_id: UserId, point_id: PointId) -> bool:
    """Tell whether a person may do today what counts for everybody at a point: full access, or an administrator."""
    row = await (await tx.execute(_ACTS_FOR, [user_id, point_id])).fetchone()
    return bool(row and row[0])


async def is_known(tx: Transaction, point_id: PointId) -> bool:
    """Tell whether there is such a metering point."""
    row = await (await tx.execute(_KNOWN_POINT, [point_id])).fetchone()
    return bool(row and row[0])


def _rule(row: tuple[Any, ...]) -> Rule:
    rule_id, point_id, user_id, quantity, direction, *numbers = row
    return Rule(rule_id, PointId(point_id), user_id, Quantity(quantity), Direction(direction), *numbers)
