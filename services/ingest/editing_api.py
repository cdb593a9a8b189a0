"""What waits for operators, what they do about it, and the log of what they did."""

from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Body, Query, Response

from schemas.values import Key
from services.common import web
from services.common.postgres import Database
from services.ingest import editing, estimating_ahead, work_list
from services.ingest.core import edits as documents
from services.ingest.core.documents import Moment
from services.ingest.core.estimates_ahead import EstimatesAhead
from services.ingest.store import edits
from services.ingest.work_list import Order, Wanted

MOST = 1_000
Most = Annotated[int, Query(ge=1, le=MOST)]
Skip = Annotated[int, Query(ge=0, le=1_000_000)]
Days = Annotated[int, Query(ge=0, le=36_500)]
Name = Annotated[str, Query(min_length=1, max_length=40)]


def operators_commands(database: Database, zone: ZoneInfo, future_seconds: int) -> APIRouter:
    """Give the requests; whoever includes them asks for the key."""
    router = web.router()

    @router.get("/work-list")
    async def get_work_list(
        reason: Name | None = None,
        point: Name | None = None,
        older_than: Days = 0,
        order: Order = Order.ENERGY,
        skip: Skip = 0,
        most: Most = 100,
    ) -> dict[str, Any]:
        if reason is not None and reason not in work_list.reasons():
            raise web.Problem(422, "unknown_reason", f"A reason is one of: {', '.join(work_list.reasons())}.")
        async with database.transaction() as tx:
            return await work_list.waiting(tx, Wanted(reason, point, older_than, order, skip, most))

    @router.put("/edits/{edit_id}")
    async def put_edit(edit_id: UUID, edit: Annotated[documents.Edit, Body()], response: Response) -> dict[str, Any]:
        async with database.transaction() as tx:
            change, readings = await editing.put(tx, edit_id, edit, future_seconds)
        response.status_code = web.status_of(change)
        return {"edit_id": str(edit_id), "result": change.value, "readings": readings}

    @router.post("/estimates-ahead")
    async def post_estimates_ahead(asked: Annotated[EstimatesAhead, Body()]) -> dict[str, Any]:
        async with database.transaction() as tx:
            estimates = await estimating_ahead.estimate_ahead(tx, asked, zone, future_seconds)
        return {"until": asked.until.isoformat(), "dry_run": asked.dry_run, "estimates": estimates}

    @router.get("/edits")
    async def get_edits(point: Key | None = None, before: Moment | None = None, most: Most = 100) -> dict[str, Any]:
        async with database.transaction() as tx:
            return {"edits": await edits.listed(tx, point, before, most)}

    return router
