"""The service's HTTP interface: readings from head-ends, meters and weather from staff systems."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any, NamedTuple
from uuid import UUID

from aiokafka import AIOKafkaProducer
from fastapi import APIRouter, Depends, FastAPI, Header, Request, Response
from fastapi.responses import JSONResponse

from schemas.event import JSON
from schemas.topics import OUTDOOR_TEMPERATURE
from schemas.values import Key, StationId
from schemas.weather import OutdoorTemperatureObserved
from services.common import logs, web
from services.common.bodies import media_type, require_utf8
from services.common.kafka import outgoing
from services.common.postgres import Database
from services.common.problems import away
from services.common.table_imports import ImportAnswer, imported
from services.ingest import metering, metrics
from services.ingest.backlog import Backlog
from services.ingest.core import documents
from services.ingest.core.observed import NEVER_SAID, unusable
from services.ingest.core.parsed import BadDeliveryError
from services.ingest.core.refusals import Refusal, RefusedError
from services.ingest.editing import note_meter
from services.ingest.editing_api import operators_commands
from services.ingest.explaining_api import explanations
from services.ingest.imports import import_meters
from services.ingest.observed_hours import ObservedHours, observed_hours
from services.ingest.receiving import BrokerAwayError, KeyReusedError, Receipt, Receiver, send_acknowledged
from services.ingest.settings import IngestSettings
from services.ingest.sources.written import NDJSON, PARSERS
from services.ingest.store import Change, deliveries, meters, stations
from services.ingest.store.deliveries import Source
from services.ingest.telegram_api import telegram_commands
from services.ingest.understanding import TELEGRAM_LINES, TELEGRAMS, UPLINK, Understanding
from services.ingest.weather_api import weather_commands

STATUS_OF_REFUSAL = {Refusal.INSTALLATIONS_OVERLAP: 409, Refusal.KEY_IS_TAKEN: 409, Refusal.EDIT_ID_IS_TAKEN: 409}
STATUS_OF_BAD_DELIVERY = {"empty": 422, "too_many_items": 413}
MAX_REFUSED_SHOWN = 100
RETRY_AFTER_S = 1
EVENT_WITH_READINGS = "up"
IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{1,200}")


@dataclass(frozen=True)
class Parts:
    """What the requests need."""

    database: Database
    producer: AIOKafkaProducer
    receiver: Receiver
    understanding: Understanding
    backlog: Backlog
    settings: IngestSettings


class Sender(NamedTuple):
    """What the headers of a delivery say."""

    authorization: str | None
    idempotency_key: str | None


def _sender(
    authorization: Annotated[str | None, Header()] = None, idempotency_key: Annotated[str | None, Header()] = None
) -> Sender:
    return Sender(authorization, idempotency_key)


def app(parts: Parts) -> FastAPI:
    """Give the web app. Readings want their source's key, the rest the key for staff systems."""
    api = web.app("ingest", parts.settings, parts.settings.max_body_bytes, parts.settings.body_seconds)

    @api.exception_handler(RefusedError)
    async def refused(_: Request, error: RefusedError) -> Response:
        return web.Problem(STATUS_OF_REFUSAL.get(error.refusal, 422), error.refusal.value, error.detail).response()

    @api.exception_handler(BadDeliveryError)
    async def bad_delivery(_: Request, error: BadDeliveryError) -> Response:
        return web.Problem(STATUS_OF_BAD_DELIVERY.get(error.code, 400), error.code, error.detail).response()

    @api.exception_handler(BrokerAwayError)
    async def broker_away(_: Request, error: BrokerAwayError) -> Response:
        # Whether the broker has the readings is not known then; sent again, they count once all the same.
        detail = f"The broker has not acknowledged the readings ({error}); send them again."
        return away("broker_away", detail, web.RETRY_AFTER_S).response()

    staff = [Depends(web.integration_key(parts.settings))]
    api.include_router(_readings(parts), prefix="/v1")
    of_weather = weather_commands(parts.database)
    telegrams = telegram_commands(parts.database, parts.understanding)
    for router in (_documents(parts), _lookups(parts), _imports(parts), _weather(parts), telegrams, of_weather):
        api.include_router(router, prefix="/v1", dependencies=staff)
    for router in (
        explanations(parts.database, parts.settings.zone),
        operators_commands(parts.database, parts.settings.zone, parts.settings.future_seconds),
    ):
        api.include_router(router, prefix="/v1", dependencies=staff)
    return api


def _readings(parts: Parts) -> APIRouter:
    router = web.router()

    @router.post("/readings", status_code=202)
    async def post_readings(request: Request, sender: Annotated[Sender, Depends(_sender)]) -> Response:
        return await _received(parts, request, sender, {one: one for one in PARSERS})

    @router.post("/telegrams", status_code=202)
    async def post_telegrams(request: Request, sender: Annotated[Sender, Depends(_sender)]) -> Response:
        return await _received(parts, request, sender, {JSON: TELEGRAMS, NDJSON: TELEGRAM_LINES})

    @router.post("/uplinks", status_code=202)
    async def post_uplink(
        request: Request, sender: Annotated[Sender, Depends(_sender)], event: str = EVENT_WITH_READINGS
    ) -> Response:
        await _source(parts, sender.authorization)
        # ChirpStack posts joins, acknowledgements and the like to the same address.
        if event != EVENT_WITH_READINGS:
            return Response(status_code=204)
        return await _received(parts, request, sender, {JSON: UPLINK})

    @router.get("/deliveries/{delivery_id}")
    async def get_delivery(delivery_id: UUID, authorization: Annotated[str | None, Header()] = None) -> dict[str, Any]:
        source = None if _is_staff(parts, authorization) else await _source(parts, authorization)
        async with parts.database.transaction() as tx:
            found = await deliveries.show(tx, delivery_id)
        # Another source's delivery looks as if it were not there.
        if found is None or (source is not None and found["source_id"] != source.source_id):
            raise web.Problem(404, "not_found", "There is no such delivery of this source.")
        return {name: value for name, value in found.items() if name != "source_id"}

    return router


async def _received(parts: Parts, request: Request, sender: Sender, forms: Mapping[str, str]) -> Response:
    """Take in what a request brings. forms: by content type, how it is written."""
    source = await _source(parts, sender.authorization)
    if source.kind == "bulk" and parts.backlog.is_long:
        detail = "The worker is behind with what bulk sources sent before; send the readings again later."
        raise away("worker_behind", detail, RETRY_AFTER_S, status=429)
    form = forms[_content_type(request, forms)]
    if sender.idempotency_key is not None and not IDEMPOTENCY_KEY.fullmatch(sender.idempotency_key):
        raise web.Problem(400, "bad_header", "Idempotency-Key has 1 to 200 visible ASCII characters, without spaces.")
    body = await request.body()
    try:
        receipt = await parts.receiver.receive(source, form, body, sender.idempotency_key)
    except KeyReusedError as error:
        raise web.Problem(
            409, "key_reused", "This Idempotency-Key came with another body before; use a new one for each body."
        ) from error
    if not receipt.is_of_use:
        detail = "No reading of the delivery can be used; 'refused' says why."
        return web.Problem(422, "nothing_taken", detail).response(**_shown(receipt))
    return JSONResponse(_shown(receipt), 202)


async def _source(parts: Parts, authorization: str | None) -> Source:
    source = await parts.receiver.source(web.sha256_hex(web.bearer(authorization)))
    if source is None:
        raise web.Problem(401, "key_unknown", "The key is not known here.")
    if source.state == "revoked":
        raise web.Problem(403, "key_revoked", "The key was revoked; ask the utility for a new one.")
    return source


def _is_staff(parts: Parts, authorization: str | None) -> bool:
    try:
        web.integration_key(parts.settings)(authorization)
    except web.Problem:
        return False
    return True


def _content_type(request: Request, forms: Mapping[str, str]) -> str:
    given = media_type(request)
    encoding = request.headers.get("content-encoding", "identity").lower()
    if given not in forms or encoding != "identity":
        known = ", ".join(forms)
        raise web.Problem(415, "content_type", f"Send one of {known}, without a Content-Encoding.")
    require_utf8(request)
    return given


def _shown(receipt: Receipt) -> dict[str, Any]:
    return {
        "delivery_id": str(receipt.delivery_id),
        "items": receipt.items,
        "taken": receipt.taken,
        "refused_items": len(receipt.refused),
        "refused": [
            {"item": one.item, "field": one.field, "code": one.code, "reason": one.reason}
            for one in receipt.refused[:MAX_REFUSED_SHOWN]
        ],
    }


def _documents(parts: Parts) -> APIRouter:
    router = web.router()

    @router.put("/sources/{name}")
    async def put_source(name: Key, source: documents.Source, response: Response) -> dict[str, Any]:
        async with parts.database.transaction() as tx:
            change, key = await metering.put_source(tx, name, source)
        response.status_code = web.status_of(change)
        return {"name": name, "result": change.value, "key": key}

    @router.put("/meters/{serial}")
    async def put_meter(serial: Key, meter: documents.Meter, response: Response) -> dict[str, Any]:
        async with parts.database.transaction() as tx:
            change = await metering.put_meter(tx, serial, meter)
            if change is not Change.UNCHANGED:
                await note_meter(tx, serial, meter, "PUT /v1/meters")
        response.status_code = web.status_of(change)
        return {"serial": serial, "result": change.value}

    return router


def _lookups(parts: Parts) -> APIRouter:
    router = web.router()

    @router.get("/meters/{serial}")
    async def get_meter(serial: Key) -> documents.Meter:
        async with parts.database.transaction() as tx:
            known = await meters.meter(tx, serial)
        if known is None:
            raise web.Problem(404, "not_found", f"There is no meter '{serial}' here.")
        return known.meter

    return router


def _imports(parts: Parts) -> APIRouter:
    router = web.router()

    @router.post("/import/meters")
    async def post_meters(request: Request) -> ImportAnswer:
        return await imported(request, partial(import_meters, parts.database), MAX_REFUSED_SHOWN)

    return router


def _weather(parts: Parts) -> APIRouter:
    router = web.router()

    @router.post("/outdoor-temperatures", status_code=202)
    async def post_temperatures(observed: documents.Temperatures) -> Response:
        async with parts.database.transaction() as tx:
            if not await stations.exists(tx, observed.station_id):
                raise RefusedError(
                    Refusal.UNKNOWN_STATION, f"there is no station '{observed.station_id}'; put the station first"
                )
        # What was received when never decides: a file that is sent again must not undo what was corrected since.
        recorded_at = observed.recorded_at or NEVER_SAID
        latest_s = int(datetime.now(UTC).timestamp()) + parts.settings.future_seconds
        if fault := unusable(observed.station_id, recorded_at, latest_s):
            raise web.Problem(422, "unusable", f"{fault}.")
        hours = observed_hours(observed.values, documents.ObservedHour, latest_s)
        for one in hours.refused:
            metrics.ITEMS_REFUSED.labels(one.code).inc()
        answer = _taken_hours(observed.station_id, hours)
        if not hours.taken:
            detail = "No hour of the observation can be used; 'refused' says why."
            return web.Problem(422, "nothing_taken", detail).response(**answer)
        event = OutdoorTemperatureObserved(
            station_id=StationId(observed.station_id),
            recorded_at=recorded_at,
            values=hours.taken,
            approved=observed.approved,
        )
        message = outgoing(OUTDOOR_TEMPERATURE, observed.station_id, event, correlation_id=logs.correlation_id())
        await send_acknowledged(parts.producer, [message], parts.settings.acknowledge_seconds)
        return JSONResponse(answer, 202)

    return router


def _taken_hours(station_id: str, hours: ObservedHours[documents.ObservedHour]) -> dict[str, Any]:
    return {
        "station_id": station_id,
        "values": len(hours.taken),
        "refused_values": len(hours.refused),
        "refused": [one._asdict() for one in hours.refused[:MAX_REFUSED_SHOWN]],
    }
