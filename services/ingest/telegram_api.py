"""The commands of staff systems about telegrams: what meters and modules need to be read, and reading again."""

from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from schemas.values import Key
from services.common import web
from services.common.postgres import Database
from services.common.table_imports import ImportAnswer, imported
from services.ingest import modules
from services.ingest.core.documents import Moment
from services.ingest.modules import Device, DeviceEui, MeterTelegrams
from services.ingest.store import replays, statuses, telegrams
from services.ingest.understanding import Understanding

MAX_REFUSED_SHOWN = 100
FIRST_AT, LAST_AT = datetime(1990, 1, 2, tzinfo=UTC), datetime(2060, 12, 31, tzinfo=UTC)
Most = Annotated[int, Query(ge=1, le=10_000)]


def telegram_commands(database: Database, understanding: Understanding) -> APIRouter:
    """Give the commands; whoever includes them asks for the key."""
    router = web.router()
    router.include_router(_statuses(database))

    @router.put("/meters/{serial}/telegrams")
    async def put_meter_telegrams(serial: Key, noted: MeterTelegrams, response: Response) -> dict[str, Any]:
        async with database.transaction() as tx:
            change = await modules.put_meter(tx, understanding, serial, noted)
        response.status_code = web.status_of(change)
        return {"serial": serial, "result": change.value}

    @router.get("/meters/{serial}/telegrams")
    async def get_meter_telegrams(serial: Key) -> dict[str, Any]:
        async with database.transaction() as tx:
            found = await telegrams.by_serial(tx, [serial])
        if not found:
            raise web.Problem(404, "not_found", f"Nothing is noted here of the telegrams of meter '{serial}'.")
        return modules.shown(found[0])

    @router.put("/devices/{device_eui}")
    async def put_device(device_eui: DeviceEui, device: Device, response: Response) -> dict[str, Any]:
        async with database.transaction() as tx:
            change = await modules.put_device(tx, device_eui, device)
        response.status_code = web.status_of(change)
        return {"device_eui": device_eui.lower(), "result": change.value}

    @router.get("/devices/{device_eui}")
    async def get_device(device_eui: DeviceEui) -> dict[str, Any]:
        async with database.transaction() as tx:
            found = await telegrams.device(tx, device_eui.lower())
        if found is None:
            raise web.Problem(404, "not_found", f"There is no device '{device_eui}' here.")
        last = found.last
        return {
            "meter": found.serial,
            "heard_at": last.sent_at if last else None,
            "session": last.session if last else None,
            "counter": last.value if last else None,
        }

    @router.post("/import/devices")
    async def post_devices(request: Request) -> ImportAnswer:
        return await imported(request, partial(modules.import_devices, database, understanding), MAX_REFUSED_SHOWN)

    @router.post("/deliveries/{delivery_id}/replay", status_code=202)
    async def post_replay(delivery_id: UUID) -> dict[str, Any]:
        async with database.transaction() as tx:
            holds_telegrams = await replays.holds_telegrams(tx, delivery_id)
            if holds_telegrams:
                await replays.add(tx, delivery_id)
        if holds_telegrams is None:
            raise web.Problem(404, "not_found", "There is no such delivery, or its bytes are not kept any more.")
        if not holds_telegrams:
            detail = "The delivery holds readings, not telegrams; there is nothing to decode anew."
            raise web.Problem(422, "no_telegrams", detail)
        return {"delivery_id": str(delivery_id), "result": "waiting"}

    return router


def _statuses(database: Database) -> APIRouter:
    router = web.router()

    @router.get("/points/{number}/statuses")
    async def get_statuses(
        number: Key, from_at: Moment = FIRST_AT, to_at: Moment = LAST_AT, most: Most = 1_000
    ) -> dict[str, Any]:
        async with database.transaction() as tx:
            found = await statuses.of_point(tx, number, from_at, to_at, most)
        if found is None:
            raise web.Problem(404, "not_found", f"There is no metering point '{number}' here.")
        return {"metering_point": number, "statuses": [one._asdict() for one in found]}

    return router
