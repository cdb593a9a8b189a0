"""Weather stations, their normal years, and what follows from the weather, over HTTP."""

from datetime import date
from typing import Any

from fastapi import APIRouter, Response

from schemas.values import Key
from services.common import web
from services.common.postgres import Database
from services.ingest import normal_years, signature, stations
from services.ingest.core import documents


def weather_commands(database: Database) -> APIRouter:
    """Give the requests of staff systems about stations and signatures."""
    router = web.router()

    @router.put("/stations/{station_id}")
    async def put_station(station_id: Key, station: documents.Station, response: Response) -> dict[str, Any]:
        async with database.transaction() as tx:
            change, now = await stations.put_station(tx, station_id, station)
        response.status_code = web.status_of(change)
        return {"station_id": station_id, "result": change.value, "neighbours": now.neighbours}

    @router.put("/stations/{station_id}/normal-year")
    async def put_normal_year(station_id: Key, normal_year: documents.NormalYear) -> dict[str, Any]:
        async with database.transaction() as tx:
            await normal_years.put(tx, station_id, normal_year)
        return {"station_id": station_id, "source": normal_year.source}

    @router.delete("/stations/{station_id}/normal-year")
    async def delete_normal_year(station_id: Key) -> dict[str, Any]:
        async with database.transaction() as tx:
            had_one = await normal_years.forget(tx, station_id)
        return {"station_id": station_id, "result": "deleted" if had_one else "unchanged"}

    @router.get("/points/{number}/signature")
    async def get_signature(number: Key, until: date | None = None) -> dict[str, Any]:
        async with database.transaction() as tx:
            found = await signature.signature(tx, number, until)
        if found is None:
            raise web.Problem(404, "not_found", f"There is no metering point '{number}' here.")
        return found

    return router
