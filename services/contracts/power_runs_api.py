"""Yearly runs by HTTP: begun, looked at, tried without a trace, and approved."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from schemas.values import Key
from services.common import web
from services.contracts import approving
from services.contracts.core.documents import Day, Text
from services.contracts.core.preview import Change
from services.contracts.core.proposals import LeftOut
from services.contracts.core.refusals import Refusal, RefusedError
from services.contracts.core.winters import last_whole_winter
from services.contracts.economists import Asking, Decider
from services.contracts.parts import Parts
from services.contracts.power_runs import preview
from services.contracts.store import power_runs, proposals
from services.contracts.store.power_runs import Run
from services.contracts.store.proposals import ListedProposal
from services.heat.power_methods.decision import Decision

MOST_LISTED = 10_000
FIRST_DAY = date(1991, 4, 1)


class RunRequest(BaseModel):
    """A command: measure all contracts as they are on a day; without one, today."""

    model_config = ConfigDict(extra="forbid")

    day: Day | None = None


class ApprovalRequest(BaseModel):
    """A command: let what a run proposes count; approved_by is kept. Without metering points, for all of them."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    approved_by: Text
    metering_points: Annotated[list[Key], Field(min_length=1, max_length=MOST_LISTED)] | None = None


class WholeRun(Run):
    """A run with how many contracts it proposes what for, by decision and by what became of the proposals."""

    decisions: dict[Decision, int]
    states: dict[str, int]


class Runs(BaseModel):
    """The newest runs, newest first, and whether who asks may approve what they propose."""

    runs: list[Run]
    may_decide: bool


class RunPreview(BaseModel):
    """What a run would find, with every change; nothing is stored."""

    winter: str
    decisions: dict[Decision, int]
    left_out: dict[LeftOut, int]
    changes: list[Change]


class ApprovalAnswer(BaseModel):
    """How many proposals were approved now, and what became of them.

    changed: set another power. known_before: were determined so already. lapsed: have no contract any more.
    """

    approved: int
    changed: int
    known_before: int
    lapsed: int


def routes(parts: Parts, asking: Asking) -> APIRouter:
    """Give the paths below /v1/power-runs."""
    router = web.router()
    database = parts.database

    @router.post("/power-runs")
    async def post_run(wanted: RunRequest, response: Response) -> Run:
        day = _day(wanted.day, parts)
        async with database.transaction() as tx:
            is_new, run = await power_runs.begin(tx, day, last_whole_winter(day))
        response.status_code = 201 if is_new else 200
        return run

    @router.get("/power-runs")
    async def list_runs(economist: Annotated[Decider, Depends(asking)]) -> Runs:
        async with database.transaction() as tx:
            return Runs(runs=await power_runs.runs(tx), may_decide=economist.may_decide)

    @router.get("/power-runs/preview")
    async def preview_run(day: date | None = None) -> RunPreview:
        seen = await preview(database, _day(day, parts), parts.settings.power_run_batch)
        return RunPreview(winter=seen.winter, decisions=seen.decisions, left_out=seen.left_out, changes=seen.changes())

    @router.get("/power-runs/{run_id}")
    async def get_run(run_id: UUID) -> WholeRun:
        async with database.transaction() as tx:
            run = await power_runs.run(tx, run_id)
            counts = await power_runs.counts(tx, run_id)
        if run is None:
            raise web.Problem(404, "not_found", f"There is no run '{run_id}' here.")
        return WholeRun(**run.model_dump(), decisions=_summed(counts, 0), states=_summed(counts, 1))

    @router.get("/power-runs/{run_id}/proposals")
    async def list_proposals(
        run_id: UUID,
        decision: Decision | None = None,
        after: Key | None = None,
        limit: Annotated[int, Query(ge=1, le=MOST_LISTED)] = 1_000,
    ) -> dict[str, list[ListedProposal]]:
        async with database.transaction() as tx:
            return {"proposals": await proposals.listed(tx, run_id, decision, after or "", limit)}

    @router.post("/power-runs/{run_id}/approve")
    async def approve_run(
        run_id: UUID, wanted: ApprovalRequest, economist: Annotated[Decider, Depends(asking)]
    ) -> ApprovalAnswer:
        # Who decides under a session of his own is who that session says he is.
        approval = approving.Approval(economist.name or wanted.approved_by, wanted.metering_points)
        became = await approving.approve(database, run_id, approval, parts.today())
        return ApprovalAnswer(**{name: became[name] for name in ApprovalAnswer.model_fields})

    return router


def _day(wanted: date | None, parts: Parts) -> date:
    today = parts.today()
    day = wanted or today
    if not FIRST_DAY <= day <= today:
        raise RefusedError(Refusal.DAY_NOT_COME, f"name a day from {FIRST_DAY} to today, {today}, to measure by")
    return day


def _summed(counts: list[tuple[str, str, int]], by: int) -> dict[Any, int]:
    summed: dict[Any, int] = {}
    for row in counts:
        key = row[by]
        summed[key] = summed.get(key, 0) + row[2]
    return summed
