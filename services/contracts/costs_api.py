"""What does it cost? The calculator and the price lists in force for everybody; a contract's year for who sees it."""

from collections.abc import Callable, Iterable
from datetime import date
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Depends, Header, Request, Response
from pydantic import ValidationError

from schemas.price_lists import PriceList, PriceListChanged
from schemas.values import Key, PriceListId
from services.common import problems, web
from services.common.postgres import Transaction
from services.contracts import costs
from services.contracts.core import calculation as core
from services.contracts.core import cost_document
from services.contracts.core.cost_answers import calculated, listed
from services.contracts.core.energy_profiles import EnergyProfiles
from services.contracts.core.network_means import OF_AT_LEAST
from services.contracts.core.simulation import Choices
from services.contracts.core.tariff_catalogue import Version
from services.contracts.parts import Parts
from services.contracts.printing import Printer
from services.contracts.store import costs as store
from services.contracts.store import network_means
from services.contracts.store.tariff_versions import KnownVersions, withdrawn

PUBLIC = "/public"
Session = Annotated[str | None, Header()]
Authorization = Annotated[str | None, Header()]
Language = Literal["sv", "en"]
UNANSWERABLE = "This has no cost; mend what the errors name."


def public_routes(parts: Parts) -> APIRouter:
    """Give what everybody may ask, without a key. The gateway passes it on within limits."""
    router = web.router()
    profiles, known = energy_profiles(parts), KnownVersions()

    @router.get("/price-lists")
    async def in_force(on: date | None = None) -> dict[str, Any]:
        day = on or parts.today()
        async with parts.database.transaction() as tx:
            lists = by_id(await known.read(tx))
            gone = {one.price_list_id for one in await withdrawn(tx) if one.withdrawn_on <= day}
            networks = await network_means.of_all(tx, OF_AT_LEAST)
        versions = [lists[name].in_force(day) for name in sorted(lists.keys() - gone)]
        return {"on": day, "price_lists": [listed(one, day, networks) for one in versions if one is not None]}

    @router.get("/calculation")
    async def calculation(request: Request) -> dict[str, Any]:
        question = _question(request)
        async with parts.database.transaction() as tx:
            lists, gone = by_id(await known.read(tx)), await withdrawn(tx)
            networks = await network_means.of_all(tx, OF_AT_LEAST)
        try:
            core.require_offered(question.price_list_id, gone, question.on or parts.today())
            return calculated(core.calculation(question, lists, profiles, parts.today(), networks))
        except core.CannotCalculateError as error:
            raise refused(error) from error

    return router


def key_or_session(parts: Parts) -> Callable[[str | None, str | None], str | None]:
    """Make the dependency that lets in a visitor's session, which it gives, or staff systems by their key."""
    check_key = web.integration_key(parts.settings)

    def asking(kulvert_session: Session = None, authorization: Authorization = None) -> str | None:
        if kulvert_session is None:
            check_key(authorization)
        return kulvert_session

    return asking


def contract_routes(parts: Parts) -> APIRouter:
    """Give what staff systems, and visitors of a contract by their session, may ask of its year."""
    router = web.router()
    asking = key_or_session(parts)
    profiles, printer = energy_profiles(parts), Printer()

    @router.get("/contracts/{contract_number}/estimate")
    async def estimate(contract_number: Key, session: Annotated[str | None, Depends(asking)]) -> dict[str, Any]:
        return await _estimated(parts, profiles, contract_number, session)

    @router.get("/contracts/{contract_number}/estimate.pdf")
    async def estimate_pdf(
        contract_number: Key, session: Annotated[str | None, Depends(asking)], language: Language = "sv"
    ) -> Response:
        found = await _estimated(parts, profiles, contract_number, session)
        made = cost_document.of_estimate(found, language, parts.settings.seller_name, parts.today())
        return _pdf(await printer.pdf(made, parts.today()), "kostnadsberakning", contract_number)

    @router.get("/contracts/{contract_number}/simulation")
    async def simulation(
        request: Request, contract_number: Key, session: Annotated[str | None, Depends(asking)]
    ) -> dict[str, Any]:
        return await _simulated(parts, request, contract_number, session)

    @router.get("/contracts/{contract_number}/simulation.pdf")
    async def simulation_pdf(
        request: Request,
        contract_number: Key,
        session: Annotated[str | None, Depends(asking)],
        language: Language = "sv",
    ) -> Response:
        found = await _simulated(parts, request, contract_number, session)
        made = cost_document.of_simulation(found, language, parts.settings.seller_name, parts.today())
        return _pdf(await printer.pdf(made, parts.today()), "simulering", contract_number)

    return router


async def _estimated(parts: Parts, profiles: EnergyProfiles, number: str, session: str | None) -> dict[str, Any]:
    async with parts.database.transaction() as tx:
        try:
            return await costs.estimate(tx, await visible_contract(tx, parts, number, session), profiles)
        except core.CannotCalculateError as error:
            raise refused(error) from error


async def _simulated(parts: Parts, request: Request, number: str, session: str | None) -> dict[str, Any]:
    # An empty list of options is none of them; every other field that is empty is not given.
    given = {
        name: one for name, one in request.query_params.items() if name != "language" and (one or name == "options")
    }
    try:
        choices = Choices.model_validate(given)
    except ValidationError as error:
        raise web.Problem(422, "invalid", UNANSWERABLE, problems.faults_of(error.errors())) from error
    async with parts.database.transaction() as tx:
        try:
            return await costs.simulate(tx, await visible_contract(tx, parts, number, session), choices)
        except core.CannotCalculateError as error:
            raise refused(error) from error


async def visible_contract(tx: Transaction, parts: Parts, number: str, session: str | None) -> costs.Asked:
    """Give a contract that may be asked for. Another's is as unknown as one that does not exist. Raises Problem 404."""
    today = parts.today()
    seen = costs.everything_until(today) if session is None else await store.seen_days(tx, number, session)
    contract = await store.contract(tx, number, today) if seen else None
    if seen is None or contract is None:
        raise web.Problem(404, "not_found", f"There is no contract '{number}' here.")
    return costs.Asked(contract, seen, today, parts.settings.zone)


def _pdf(pages: bytes, kind: str, number: str) -> Response:
    name = quote(f"{kind}_{number}.pdf")
    headers = {"Content-Disposition": f"inline; filename*=UTF-8''{name}"}
    return Response(pages, media_type="application/pdf", headers=headers)


def energy_profiles(parts: Parts) -> EnergyProfiles:
    """Read the utility's profiles. Raises pydantic.ValidationError, so that a faulty file stops the start."""
    return EnergyProfiles.model_validate_json(parts.settings.energy_profiles.read_text())


def by_id(versions: Iterable[Version]) -> dict[str, PriceListChanged]:
    """Put versions together by their price list, oldest first."""
    found: dict[str, list[PriceList]] = {}
    for one in versions:
        # What is stored is whole; a catalogue asks for its terms alone.
        if isinstance(one.terms, PriceList):
            found.setdefault(one.price_list_id, []).append(one.terms)
    return {
        name: PriceListChanged(price_list_id=PriceListId(name), version=known[-1].version, versions=tuple(known))
        for name, known in found.items()
    }


def refused(error: core.CannotCalculateError) -> web.Problem:
    """Say of a question without an answer which field is wrong."""
    fault = {"field": error.field, "code": error.code, "reason": error.reason}
    return web.Problem(422, error.code, f"{error.field}: {error.reason}", [fault])


def _question(request: Request) -> core.Question:
    try:
        return core.Question.model_validate({name: one for name, one in request.query_params.items() if one})
    except ValidationError as error:
        raise web.Problem(422, "invalid", UNANSWERABLE, problems.faults_of(error.errors())) from error
