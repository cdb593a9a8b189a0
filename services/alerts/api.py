"""The service's HTTP interface: rules and acknowledgements, from staff systems and from persons in My Pages."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, FastAPI, Header, Response
from pydantic import BaseModel, ConfigDict, Field

from schemas.alerts import Direction, Quantity
from schemas.values import PointId, UserId
from services.alerts import handlers, suggesting
from services.alerts.core.rules import Rule
from services.alerts.handlers import Judge
from services.alerts.settings import AlertsSettings
from services.alerts.store import episodes, rules
from services.common import web
from services.common.postgres import Database, Transaction

Limit = Annotated[float, Field(ge=-100, le=1_000_000, allow_inf_nan=False)]
Point = Annotated[int, Field(ge=1, le=2**31 - 1)]


@dataclass(frozen=True)
class Parts:
    """What the requests need."""

    database: Database
    settings: AlertsSettings
    judge: Judge


@dataclass(frozen=True)
class Caller:
    """Who asks: a person by the token of his session, or a staff system by its key (no token)."""

    session_token: str | None


class RuleDocument(BaseModel):
    """A rule as it is put. Limits and hysteresis in C or kW; a season without a limit is not watched."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    point_id: Point
    quantity: Quantity
    direction: Direction = Direction.ABOVE
    summer_limit: Limit | None = None
    winter_limit: Limit | None = None
    hysteresis: Annotated[float, Field(ge=0, le=100_000, allow_inf_nan=False)] = 0
    minimum_values: Annotated[int, Field(ge=1, le=1000)] = 1
    user_id: UUID | None = None


class SuggestionRequest(BaseModel):
    """The metering points to suggest rules for; few enough to be judged while the caller waits."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    points: Annotated[tuple[Point, ...], Field(min_length=1, max_length=100)]


def app(parts: Parts) -> FastAPI:
    """Give the web app."""
    api = web.app("alerts", parts.settings)
    caller = _caller(parts.settings)
    api.include_router(_rules(parts, caller), prefix="/v1")
    api.include_router(_episodes(parts, caller), prefix="/v1")
    key = [Depends(web.integration_key(parts.settings))]
    api.include_router(_suggestions(parts), prefix="/v1", dependencies=key)
    return api


def _caller(settings: AlertsSettings) -> Callable[..., Awaitable[Caller]]:
    check = web.integration_key(settings)

    async def caller(
        authorization: Annotated[str | None, Header()] = None, kulvert_session: Annotated[str | None, Header()] = None
    ) -> Caller:
        if kulvert_session:
            return Caller(kulvert_session)
        check(authorization)
        return Caller(None)

    return caller


def _rules(parts: Parts, caller: Callable[..., Awaitable[Caller]]) -> APIRouter:
    router = web.router()

    @router.put("/rules/{rule_id}")
    async def put_rule(
        rule_id: UUID, document: RuleDocument, who: Annotated[Caller, Depends(caller)], response: Response
    ) -> dict[str, Any]:
        async with parts.database.transaction() as tx:
            user_id, is_staff = await _person(tx, who)
            if not is_staff:
                if document.user_id not in (None, user_id):
                    raise web.Problem(403, "not_yours", "A person makes rules for himself only; leave user_id out.")
                document = document.model_copy(update={"user_id": user_id})
            wanted = Rule(rule_id=rule_id, **dict(document))
            await _check_point(tx, wanted.point_id, user_id, is_staff)
            known = await rules.rule(tx, rule_id)
            _check_same(known, wanted)
            changed = await handlers.put_rule(tx, parts.judge, wanted, datetime.now(UTC))
        response.status_code = 201 if known is None else 200
        return {"result": "created" if known is None else "changed" if changed else "unchanged", "rule_id": rule_id}

    @router.get("/rules/{rule_id}")
    async def get_rule(rule_id: UUID, who: Annotated[Caller, Depends(caller)]) -> Rule:
        async with parts.database.transaction() as tx:
            user_id, is_staff = await _person(tx, who)
            rule = await rules.rule(tx, rule_id)
            if rule is None or not await _may_see(tx, rule, user_id, is_staff):
                raise web.Problem(404, "unknown_rule", "There is no such rule, or not for you.")
        return rule

    @router.get("/rules")
    async def get_rules(point_id: Point, who: Annotated[Caller, Depends(caller)]) -> dict[str, list[Rule]]:
        async with parts.database.transaction() as tx:
            user_id, is_staff = await _person(tx, who)
            await _check_point(tx, PointId(point_id), user_id, is_staff)
            found = await rules.rules_of(tx, PointId(point_id))
        return {"rules": [rule for rule in found if is_staff or rule.user_id in (None, user_id)]}

    return router


def _episodes(parts: Parts, caller: Callable[..., Awaitable[Caller]]) -> APIRouter:
    router = web.router()

    @router.post("/episodes/{episode_id}/acknowledge")
    async def acknowledge(episode_id: UUID, who: Annotated[Caller, Depends(caller)]) -> dict[str, str]:
        async with parts.database.transaction() as tx:
            user_id, is_staff = await _person(tx, who)
            rule = await rules.rule_of_episode(tx, episode_id)
            found = await episodes.episode(tx, episode_id)
            if found is None or rule is None or not await _may_see(tx, rule, user_id, is_staff):
                raise web.Problem(404, "unknown_episode", "There is no such alert, or not for you.")
            await _check_level(tx, rule, user_id, is_staff)
            state, episode = found
            if state == "acknowledged":
                return {"result": "unchanged"}
            if not await handlers.acknowledge(tx, rule, episode, user_id):
                raise web.Problem(409, "not_open", f"The alert is {state}; only an open one can be acknowledged.")
        return {"result": "acknowledged"}

    return router


def _suggestions(parts: Parts) -> APIRouter:
    router = web.router()

    @router.post("/rules/suggested")
    async def suggest(request: SuggestionRequest) -> dict[str, list[Any]]:
        points = [PointId(point) for point in sorted(set(request.points))]
        async with parts.database.transaction() as tx:
            wanted = await suggesting.rules_for(tx, points, parts.settings.calendar)
            # In the order in which judging locks them.
            for rule in sorted(wanted, key=lambda one: one.rule_id):
                await handlers.put_rule(tx, parts.judge, rule, datetime.now(UTC))
        served = {rule.point_id for rule in wanted}
        return {"rules": list(wanted), "without_history": [point for point in points if point not in served]}

    return router


async def _person(tx: Transaction, who: Caller) -> tuple[UserId | None, bool]:
    """Give who asks and whether for the utility. Raises Problem 401 for a session that is over."""
    if who.session_token is None:
        return None, True
    user_id, is_staff = await rules.person_of(tx, who.session_token)
    if user_id is None:
        raise web.Problem(401, "session_over", "The session is over; log in again.")
    return user_id, is_staff


async def _check_point(tx: Transaction, point_id: PointId, user_id: UserId | None, is_staff: bool) -> None:
    allowed = await rules.is_known(tx, point_id) if is_staff else user_id and await rules.sees(tx, user_id, point_id)
    if not allowed:
        raise web.Problem(404, "unknown_point", "There is no such metering point, or not for you.")


async def _may_see(tx: Transaction, rule: Rule, user_id: UserId | None, is_staff: bool) -> bool:
    if is_staff:
        return True
    return user_id is not None and rule.user_id in (None, user_id) and await rules.sees(tx, user_id, rule.point_id)


async def _check_level(tx: Transaction, rule: Rule, user_id: UserId | None, is_staff: bool) -> None:
    """Raises Problem 403 for who may only look, where the rule is nobody's own and its alert is everybody's."""
    if is_staff or rule.user_id is not None:
        return
    if user_id is None or not await rules.acts_for(tx, user_id, rule.point_id):
        raise web.Problem(403, "only_looks", "This alert is everybody's: acknowledging it takes full access.")


def _check_same(known: Rule | None, wanted: Rule) -> None:
    """Raises Problem 404 for another's rule, 409 where the rule is to watch something else than it did."""
    if known is None:
        return
    if known.user_id != wanted.user_id:
        raise web.Problem(404, "unknown_rule", "There is no such rule, or not for you.")
    if (known.point_id, known.quantity, known.direction) != (wanted.point_id, wanted.quantity, wanted.direction):
        raise web.Problem(
            409, "rule_watches_something_else", "Point, quantity and direction stay; put another rule for others."
        )
