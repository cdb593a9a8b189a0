"""What does it cost? The calculator and the price lists in force for everybody; a contract's year for who sees it."""

from datetime import date
from typing import Any

from fastapi import APIRouter, Request
from pydantic import ValidationError

from schemas.price_lists import PriceListChanged
from services.common import problems, web
from services.common.postgres import Transaction
from services.contracts.core import calculation as core
from services.contracts.core.cost_answers import calculated, listed
from services.contracts.core.energy_profiles import EnergyProfiles
from services.contracts.parts import Parts
from services.contracts.store import price_lists

PUBLIC = "/public"
UNANSWERABLE = "This has no cost; mend what the errors name."


def public_routes(parts: Parts) -> APIRouter:
    """Give what everybody may ask, without a key. The gateway passes it on within limits."""
    router = web.router()
    profiles = energy_profiles(parts)

    @router.get("/price-lists")
    async def in_force(on: date | None = None) -> dict[str, Any]:
        day = on or parts.today()
        async with parts.database.transaction() as tx:
            lists = await known_lists(tx)
        versions = [known.in_force(day) for known in lists.values()]
        return {"on": day, "price_lists": [listed(one, day) for one in versions if one is not None]}

    @router.get("/calculation")
    async def calculation(request: Request) -> dict[str, Any]:
        question = _question(request)
        async with parts.database.transaction() as tx:
            lists = await known_lists(tx)
        try:
            return calculated(core.calculation(question, lists, profiles, parts.today()))
        except core.CannotCalculateError as error:
            raise refused(error) from error

    return router


def energy_profiles(parts: Parts) -> EnergyProfiles:
    """Read the utility's profiles. Raises pydantic.ValidationError, so that a faulty file stops the start."""
    return EnergyProfiles.model_validate_json(parts.settings.energy_profiles.read_text())


async def known_lists(tx: Transaction) -> dict[str, PriceListChanged]:
    """Give every price list, of which versions are read once and kept."""
    ids = await price_lists.price_list_ids(tx)
    return {one: await price_lists.price_list_event(tx, one) for one in ids}


def refused(error: core.CannotCalculateError) -> web.Problem:
    """Say of a question without an answer which field is wrong."""
    fault = {"field": error.field, "code": error.code, "reason": error.reason}
    return web.Problem(422, error.code, f"{error.field}: {error.reason}", [fault])


def _question(request: Request) -> core.Question:
    try:
        return core.Question.model_validate({name: one for name, one in request.query_params.items() if one})
    except ValidationError as error:
        raise web.Problem(422, "invalid", UNANSWERABLE, problems.faults_of(error.errors())) from error
