"""The draft District Heating Tariff API 0.1.0: the operator's prices for everybody, facilities' tariffs for who may.

What the draft leaves open is read as docs/tariff-api.md says.
"""

import asyncio
import hmac
import re
from datetime import date
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, FastAPI, Header, Path, Request, Response
from pydantic import BaseModel, ValidationError

from schemas.values import KEY_PATTERN
from services.common import problems, web
from services.common.plain_problems import PlainProblems
from services.common.postgres import Transaction
from services.contracts import tariff_openapi
from services.contracts.core import tariff_prices
from services.contracts.core.tariff_answers import (
    InfoResponse,
    TariffMapping,
    TariffResponse,
    TariffsResponse,
    TariffsSearchRequest,
    TariffsSearchResponse,
)
from services.contracts.core.tariff_catalogue import Catalogue, Given, Operator, Version, Withdrawn
from services.contracts.core.tariff_prices import NotOfferedError
from services.contracts.core.tariff_questions import Id, PricesQuestion
from services.contracts.parts import Parts
from services.contracts.store import tariff_clients, tariff_versions
from services.contracts.store.tariff_versions import KnownVersions
from services.contracts.tariff_clients import digest

PREFIX = "/tariff-api"
IMPLEMENTATION_VERSION = "0.1.0"
MAX_BODY_BYTES = 256 * 1024
BODY_TIMEOUT_S = 10.0
NOT_OFFERED = "This rate stands at a market or changes with the hour of the day; it is not worked out here."

Stored = tuple[tuple[Version, ...], tuple[Withdrawn, ...]]

_encoder = msgspec.json.Encoder(decimal_format="number")


class Shelf:
    """The catalogue as the price lists now stand, and what everybody asks of it, made once until something changes."""

    def __init__(self, parts: Parts) -> None:
        self._settings = parts.settings
        self._known = KnownVersions()
        self._stored: Stored = ((), ())
        self._catalogue = self._made(self._stored)
        self._public: tuple[Catalogue, date, bytes] | None = None

    async def catalogue(self, tx: Transaction) -> Catalogue:
        """Give the catalogue of what is stored."""
        stored = (await self._known.read(tx), await tariff_versions.withdrawn(tx))
        if stored != self._stored:
            # A large utility's takes a while, in which others are answered.
            self._catalogue = await asyncio.to_thread(self._made, stored)
            self._stored = stored
        return self._catalogue

    def public(self, catalogue: Catalogue, today: date) -> bytes:
        """Give the answer with every public tariff."""
        if self._public is None or self._public[:2] != (catalogue, today):
            self._public = (catalogue, today, _encoded(_tariffs(catalogue.public(today))))
        return self._public[2]

    def _made(self, stored: Stored) -> Catalogue:
        settings = self._settings
        operator = Operator(settings.seller_name, settings.seller_organisation_number)
        return Catalogue(*stored, operator, settings.zone)


def app(parts: Parts) -> FastAPI:
    """Give the web app, which answers below PREFIX alone."""
    api = web.app("contracts", parts.settings, MAX_BODY_BYTES, BODY_TIMEOUT_S)
    # To be sent on would show who asks an address that only services have.
    api.router.redirect_slashes = False
    shelf = Shelf(parts)
    for router in (_public(parts, shelf), _search(parts, shelf)):
        api.include_router(router, prefix=PREFIX)
    api.add_middleware(PlainProblems)
    return api


def _public(parts: Parts, shelf: Shelf) -> APIRouter:
    router = web.router()
    document = msgspec.json.encode(tariff_openapi.document(PREFIX))

    @router.get("/openapi.json")
    async def openapi() -> Response:
        return _json(document)

    @router.get("/info")
    async def info() -> Response:
        catalogue = await _catalogue(parts, shelf)
        return _answer(
            InfoResponse(
                implementation_version=IMPLEMENTATION_VERSION,
                tariff_data_last_updated=catalogue.last_changed(parts.today()),
                operator=parts.settings.seller_name,
                time_zone=parts.settings.zone.key,
            )
        )

    @router.get("/tariffs")
    async def tariffs() -> Response:
        return _json(shelf.public(await _catalogue(parts, shelf), parts.today()))

    @router.get("/tariffs/{id}")
    async def tariff(tariff_id: Annotated[Id, Path(alias="id")]) -> Response:
        found = (await _catalogue(parts, shelf)).with_id(tariff_id)
        if found is None:
            raise web.Problem(404, "not_found", "There is no public tariff with that id.")
        return _answer(TariffResponse(tariff=found.tariff, calendar_patterns=found.calendar_patterns))

    @router.get("/prices")
    async def prices(request: Request) -> Response:
        question = _question(request)
        catalogue = await _catalogue(parts, shelf)
        try:
            window = question.window(parts.today(), catalogue.zone)
        except ValueError as error:
            raise web.Problem(400, "empty_span", str(error)) from error
        try:
            if question.component_id is not None:
                found = tariff_prices.of_component(catalogue, question.component_id, window)
            else:
                found = tariff_prices.of_product(catalogue, question.product or "", window)
        except NotOfferedError as error:
            raise web.Problem(501, "not_offered", NOT_OFFERED) from error
        if found is None:
            raise web.Problem(404, "not_found", "There is no public price of that component or product.")
        return _answer(found)

    return router


def _search(parts: Parts, shelf: Shelf) -> APIRouter:
    router = web.router()

    @router.post("/tariffs/search")
    async def search(asked: TariffsSearchRequest, authorization: Annotated[str | None, Header()] = None) -> Response:
        secret = web.bearer(authorization)
        wanted = list(dict.fromkeys(asked.facility_ids))
        async with parts.database.transaction() as tx:
            await _check(tx, parts, secret, wanted)
            rows = await tariff_clients.on_day(tx, wanted, parts.today())
            catalogue = await shelf.catalogue(tx)
        found: dict[str, list[Given]] = {number: [] for number in wanted}
        for number, price_list_id, in_force, unit in rows:
            given = catalogue.of_facility(price_list_id, in_force, unit, parts.today())
            if given is not None:
                found[number].append(given)
        without = [number for number, given in found.items() if not given]
        if without:
            raise web.Problem(404, "no_tariff", f"Facility '{without[0]}' has no tariff today.")
        return _answer(_mapped(found))

    return router


async def _check(tx: Transaction, parts: Parts, secret: str, wanted: list[str]) -> None:
    """Let through who may ask for all of it. Raises Problem 401, 403 or 404.

    What is not one's own and what does not exist are refused alike, so that nothing can be tried out.
    """
    hashed = digest(secret)
    if hmac.compare_digest(hashed.hex(), parts.settings.integration_key_sha256):
        possible = [number for number in wanted if re.fullmatch(KEY_PATTERN, number)]
        if len(possible) < len(wanted) or await tariff_clients.unknown_facilities(tx, possible):
            raise web.Problem(404, "not_found", "One of the facilities does not exist.")
        return
    own = await tariff_clients.facilities_of(tx, hashed)
    if own is None:
        problem = web.Problem(401, "token_unknown", "The token is not known here.")
        problem.headers["WWW-Authenticate"] = "Bearer"
        raise problem
    if not own.issuperset(wanted):
        raise web.Problem(403, "not_yours", "One of the facilities is not yours to ask for; nothing was looked up.")


def _mapped(found: dict[str, list[Given]]) -> TariffsSearchResponse:
    tariffs = {given.tariff.id: given.tariff for all_given in found.values() for given in all_given}
    facilities = {
        tariff_id: [number for number, given in found.items() if any(one.tariff.id == tariff_id for one in given)]
        for tariff_id in tariffs
    }
    return TariffsSearchResponse(
        tariffs=tuple(tariffs.values()),
        mappings=tuple(TariffMapping(tariff_id=one, facility_ids=tuple(of)) for one, of in facilities.items()),
    )


def _tariffs(public: list[Given]) -> TariffsResponse:
    patterns = {pattern.reference: pattern for given in public for pattern in given.calendar_patterns}
    return TariffsResponse(tariffs=tuple(one.tariff for one in public), calendar_patterns=tuple(patterns.values()))


def _question(request: Request) -> PricesQuestion:
    try:
        return PricesQuestion.model_validate(dict(request.query_params))
    except ValidationError as error:
        raise web.Problem(
            400, "invalid", "The question does not fit; see errors.", problems.faults_of(error.errors())
        ) from error


async def _catalogue(parts: Parts, shelf: Shelf) -> Catalogue:
    async with parts.database.transaction() as tx:
        return await shelf.catalogue(tx)


def _answer(document: BaseModel) -> Response:
    return _json(_encoded(document))


def _json(body: bytes) -> Response:
    return Response(body, media_type="application/json")


def _encoded(document: BaseModel) -> bytes:
    """Write a document as the draft has it: no nulls, and numbers as they were decided, to the last digit."""
    return _encoder.encode(_said(document.model_dump(exclude_none=True)))


def _said(value: Any) -> Any:
    # "include" none of the days, as an empty list might be read, is not what leaving it out means.
    if isinstance(value, dict):
        return {name: _said(one) for name, one in value.items() if one or name not in ("include", "exclude")}
    return [_said(one) for one in value] if isinstance(value, list | tuple) else value
