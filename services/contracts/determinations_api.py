"""Determinations by HTTP: asked for, listed, drawn, and which of them rest on days that were corrected since."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import AfterValidator, BaseModel, ConfigDict

from schemas.values import DeterminationId, Key
from services.common import web
from services.contracts.chart_pictures import png_of
from services.contracts.core.chart import Language, svg_of
from services.contracts.core.winters import winter_years
from services.contracts.correcting import Corrected, corrected_determinations
from services.contracts.determining import determine
from services.contracts.parts import Parts
from services.contracts.store import determinations
from services.contracts.store.determinations import Determination

MOST_CORRECTED = 10_000


class DeterminationRequest(BaseModel):
    """A command: determine the subscription power of a metering point from a winter such as "2018/2019"."""

    model_config = ConfigDict(extra="forbid")

    metering_point: Key
    winter: Annotated[str, AfterValidator(lambda text: (winter_years(text), text)[1])]


def routes(parts: Parts) -> APIRouter:
    """Give the paths below /v1/determinations."""
    router = web.router()
    database = parts.database

    @router.post("/determinations")
    async def post_determination(wanted: DeterminationRequest, response: Response) -> Determination:
        async with database.transaction() as tx:
            is_new, determined = await determine(tx, wanted.metering_point, wanted.winter, parts.today())
        response.status_code = 201 if is_new else 200
        return determined

    @router.get("/determinations")
    async def list_determinations(metering_point: Key) -> dict[str, list[Determination]]:
        async with database.transaction() as tx:
            return {"determinations": await determinations.determinations(tx, metering_point)}

    @router.get("/determinations/corrected")
    async def list_corrected(
        limit: Annotated[int, Query(ge=1, le=MOST_CORRECTED)] = 1_000,
    ) -> dict[str, list[Corrected]]:
        batch, zone = parts.settings.power_run_batch, parts.settings.zone
        found = await corrected_determinations(database, batch, limit, zone)
        return {"determinations": found}

    @router.get("/determinations/{determination_id}/chart.svg")
    async def get_chart(determination_id: UUID, language: Language = Language.SWEDISH) -> Response:
        return Response(await chart(determination_id, language), media_type="image/svg+xml")

    @router.get("/determinations/{determination_id}/chart.png")
    async def get_picture(determination_id: UUID, language: Language = Language.SWEDISH) -> Response:
        return Response(await png_of(await chart(determination_id, language)), media_type="image/png")

    async def chart(determination_id: UUID, language: Language) -> str:
        async with database.transaction() as tx:
            try:
                found = await determinations.determination(tx, DeterminationId(determination_id))
            except LookupError as unknown:
                detail = f"There is no determination '{determination_id}' here."
                raise web.Problem(404, "not_found", detail) from unknown
        return svg_of(found, found.metering_point, found.in_force_kw, language)

    return router
