"""The service's HTTP interface for staff systems: documents in, documents and determinations out."""

from functools import partial
from typing import Any, Literal

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from psycopg import DataError
from pydantic import ValidationError

from schemas.price_list_terms import PriceListTerms
from schemas.price_lists import PriceList
from schemas.values import Key
from services.common import problems, web
from services.common.table_imports import ImportAnswer, imported
from services.contracts import (
    choosing_api,
    costs_api,
    determinations_api,
    effects_api,
    handlers,
    metrics,
    power_runs_api,
    signing_api,
    withdrawals_api,
)
from services.contracts.core import documents, price_list_documents
from services.contracts.core.refusals import FaultyPriceListError, Refusal, RefusedError
from services.contracts.economists import economist_or_key
from services.contracts.imports import import_table
from services.contracts.parts import Parts
from services.contracts.store import Change, contracts, customers, facilities, price_lists

CONFLICTS = {
    Refusal.CONTRACTS_OVERLAP,
    Refusal.CONTRACT_IS_ANOTHERS,
    Refusal.NOT_ELIGIBLE,
    Refusal.PRICE_LIST_WITHDRAWN,
    Refusal.TOO_LATE_TO_TELL,
    Refusal.NO_CONTRACT_TODAY,
    Refusal.WINTER_NOT_OVER,
    Refusal.POWER_IS_CHOSEN,
    Refusal.POWER_IS_OF_MONTHS,
    Refusal.DAY_NOT_COME,
    Refusal.RUN_NOT_FINISHED,
    Refusal.NO_PRICES,
    Refusal.OFFER_TOO_LATE,
    Refusal.TERM_IS_LATER,
    Refusal.OFFER_SIGNED,
    Refusal.OFFER_IS_CUSTOMERS,
    Refusal.OFFER_EXPIRED,
    Refusal.OFFER_REPLACED,
    Refusal.CONTRACT_CHANGED,
    Refusal.PRICES_CHANGED,
    Refusal.NOT_IDENTIFIED,
}
"""What is well written and contradicts what is stored, or the day; answered with 409."""
NOT_ALLOWED = {Refusal.ONLY_ADMINISTRATORS, Refusal.ONLY_ECONOMISTS, Refusal.ONLY_LOOKS}
"""What whoever asks may not do; answered with 403."""
MAX_REFUSED_SHOWN = 1_000
PRICE_LIST_UNREADABLE = "This is no price list, in short or as tariffs; mend what the errors name. Nothing was taken."
PRICE_LIST_FAULTY = "Nobody could be billed by this price list; mend what the errors name. Nothing was taken."


def app(parts: Parts) -> FastAPI:
    """Give the web app. Most paths want the key for staff systems.

    Runs, effects and withdrawals want that or an economist's session, signing a session, what a year costs neither.
    """
    api = web.app("contracts", parts.settings)

    @api.exception_handler(RefusedError)
    async def refused(_: Request, error: RefusedError) -> Response:
        code = error.refusal.value
        errors = [{"field": error.field, "code": code, "reason": error.detail}] if error.field else None
        return web.Problem(_status(error.refusal), code, error.detail, errors).response()

    @api.exception_handler(FaultyPriceListError)
    async def faulty(_: Request, error: FaultyPriceListError) -> Response:
        errors = [{"field": one.where, "code": "price_list", "reason": one.what} for one in error.faults]
        return web.Problem(422, "faulty_price_list", PRICE_LIST_FAULTY, errors).response()

    @api.exception_handler(DataError)
    async def unstorable(_: Request, __: DataError) -> Response:
        detail = "A text holds a character that cannot be stored, such as NUL (\\u0000); leave it out."
        return web.Problem(422, "unstorable_character", detail).response()

    key = [Depends(web.integration_key(parts.settings))]
    asking = economist_or_key(parts)
    decided = (power_runs_api.routes(parts, asking), effects_api.routes(parts), withdrawals_api.routes(parts, asking))
    api.include_router(signing_api.visitor_routes(parts), prefix="/v1")
    api.include_router(signing_api.staff_routes(parts), prefix="/v1", dependencies=key)
    for router in (
        _documents(parts),
        _lookups(parts),
        _prices(parts),
        _imports(parts),
        determinations_api.routes(parts),
    ):
        api.include_router(router, prefix="/v1", dependencies=key)
    for router in decided:
        api.include_router(router, prefix="/v1", dependencies=[Depends(asking)])
    api.include_router(costs_api.public_routes(parts), prefix=costs_api.PUBLIC)
    api.include_router(costs_api.contract_routes(parts), prefix="/v1")
    api.include_router(choosing_api.routes(parts), prefix="/v1")
    return api


def _status(refusal: Refusal) -> int:
    if refusal in NOT_ALLOWED:
        return 403
    return 409 if refusal in CONFLICTS else 422


def _answer(response: Response, kind: str, change: Change, **identity: Any) -> dict[str, Any]:
    metrics.DOCUMENTS.labels(kind, change.value).inc()
    response.status_code = 201 if change is Change.CREATED else 200
    return {"result": change.value, **identity}


def _documents(parts: Parts) -> APIRouter:
    router = web.router()
    database = parts.database

    @router.put("/networks/{network_id}")
    async def put_network(network_id: Key, network: documents.Network, response: Response) -> dict[str, Any]:
        async with database.transaction() as tx:
            change = await handlers.put_network(tx, network_id, network)
        return _answer(response, "networks", change, network_id=network_id)

    @router.put("/facilities/{facility_number}")
    async def put_facility(facility_number: Key, facility: documents.Facility, response: Response) -> dict[str, Any]:
        async with database.transaction() as tx:
            change, facility_id = await handlers.put_facility(tx, facility_number, facility)
        return _answer(response, "facilities", change, facility_id=facility_id)

    @router.put("/metering-points/{number}")
    async def put_metering_point(number: Key, point: documents.MeteringPoint, response: Response) -> dict[str, Any]:
        async with database.transaction() as tx:
            change, point_id = await handlers.put_metering_point(tx, number, point)
        return _answer(response, "metering-points", change, point_id=point_id)

    @router.put("/customers/{customer_number}")
    async def put_customer(customer_number: Key, customer: documents.Customer, response: Response) -> dict[str, Any]:
        async with database.transaction() as tx:
            change, customer_id = await handlers.put_customer(tx, customer_number, customer, parts.sealer)
        return _answer(response, "customers", change, customer_id=customer_id)

    @router.put("/contracts/{contract_number}")
    async def put_contract(contract_number: Key, contract: documents.Contract, response: Response) -> dict[str, Any]:
        async with database.transaction() as tx:
            change, contract_id = await handlers.put_contract(tx, contract_number, contract)
        return _answer(response, "contracts", change, contract_id=contract_id)

    return router


def _lookups(parts: Parts) -> APIRouter:
    router = web.router()
    database = parts.database

    @router.get("/facilities/{facility_number}")
    async def get_facility(facility_number: Key) -> dict[str, Any]:
        async with database.transaction() as tx:
            found = await facilities.facility(tx, facility_number)
            if found is None:
                raise _missing("facility", facility_number)
            event = await facilities.facility_event(tx, found[0])
        return {**found[1].model_dump(mode="json"), **event.model_dump(mode="json", include=_IDENTITY | {"points"})}

    @router.get("/metering-points/{number}")
    async def get_metering_point(number: Key) -> dict[str, Any]:
        async with database.transaction() as tx:
            found = await facilities.metering_point(tx, number)
        if found is None:
            raise _missing("metering point", number)
        point_id, facility_id, point = found
        return {"point_id": point_id, "number": number, "facility_id": facility_id, **point.model_dump(mode="json")}

    @router.get("/customers/{customer_number}")
    async def get_customer(customer_number: Key) -> dict[str, Any]:
        async with database.transaction() as tx:
            found = await customers.customer(tx, customer_number)
        if found is None:
            raise _missing("customer", customer_number)
        return {
            "customer_id": found.customer_id,
            "customer_number": customer_number,
            **found.document.model_dump(mode="json", exclude={"identity_number"}),
            "has_identity_number": found.identity_digest is not None,
        }

    @router.get("/contracts/{contract_number}")
    async def get_contract(contract_number: Key) -> dict[str, Any]:
        async with database.transaction() as tx:
            found = await contracts.contract(tx, contract_number)
            if found is None:
                raise _missing("contract", contract_number)
            event = await contracts.contract_event(tx, found.contract_id)
        whole = event.model_dump(mode="json", exclude={"changed_from"})
        return {
            **whole,
            "customer_number": found.document.customer_number,
            "metering_point": found.document.metering_point,
        }

    return router


def _price_list(document: dict[str, Any]) -> PriceListTerms:
    try:
        return price_list_documents.price_list(document)
    except ValidationError as error:
        raise web.Problem(422, "invalid", PRICE_LIST_UNREADABLE, problems.faults_of(error.errors())) from error


def _prices(parts: Parts) -> APIRouter:
    router = web.router()
    database = parts.database

    @router.put("/price-lists/{price_list_id}")
    async def put_price_list(price_list_id: Key, document: dict[str, Any], response: Response) -> dict[str, Any]:
        terms = _price_list(document)
        try:
            async with database.transaction() as tx:
                change = await handlers.put_price_list(tx, price_list_id, terms)
                version = (await price_lists.versions(tx, price_list_id))[-1].version
                lacks = [one._asdict() for one in await price_lists.options_without_price(tx, price_list_id, terms)]
        except FaultyPriceListError as error:
            raise FaultyPriceListError(price_list_documents.as_written(document, error.faults)) from error
        named = {"price_list_id": price_list_id, "version": version, "options_without_price": lacks}
        return _answer(response, "price-lists", change, **named)

    @router.get("/price-lists")
    async def list_price_lists() -> dict[str, list[str]]:
        async with database.transaction() as tx:
            return {"price_lists": await price_lists.price_list_ids(tx)}

    @router.get("/price-lists/{price_list_id}")
    async def get_price_list(price_list_id: Key) -> dict[str, tuple[PriceList, ...]]:
        async with database.transaction() as tx:
            versions = await price_lists.versions(tx, price_list_id)
        if not versions:
            raise _missing("price list", price_list_id)
        return {"versions": versions}

    return router


def _imports(parts: Parts) -> APIRouter:
    router = web.router()

    @router.post("/import/{kind}")
    async def import_(
        kind: Literal["networks", "facilities", "metering-points", "customers", "contracts"], request: Request
    ) -> ImportAnswer:
        store = partial(import_table, parts.database, parts.sealer, kind, parts.settings.import_batch_rows)
        return await imported(request, store, MAX_REFUSED_SHOWN)

    return router


_IDENTITY = {"facility_id", "facility_number", "version"}


def _missing(what: str, number: str) -> web.Problem:
    return web.Problem(404, "not_found", f"There is no {what} '{number}' here.")
