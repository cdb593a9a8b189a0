"""Options of a contract's price list and its price agreements: read by all who see it, chosen by administrators."""

from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

import httpx
from fastapi import APIRouter, Form, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from services.gateway.core.cost_formats import cost_formats
from services.gateway.portal import security, signing_page
from services.gateway.portal.commands import NOT_HERE, answered, headers_for
from services.gateway.portal.facility_page import chosen_point
from services.gateway.portal.visits import Parts, Visit
from services.gateway.store import agreements, facilities, offers

PATH = "/contracts/options"
Text = Annotated[str, Form(max_length=100)]
Chosen = Annotated[list[str], Form(max_length=50)]


def routes(parts: Parts) -> APIRouter:
    """Give the page, and its form, which ends at the offer that was made of the choice."""
    router = APIRouter(prefix=PATH, include_in_schema=False)

    @router.get("")
    async def options(request: Request, facility: str = "", point: str = "") -> Response:
        if facility:
            return await _page(parts, request, facility, point)
        async with parts.visit(request) as visit:
            seen = await facilities.facilities(visit.connection, parts.today())
        return parts.page("options_of.html", visit, points=seen, path=PATH)

    @router.post("")
    async def choose(
        request: Request, facility: Text, point: Text = "", option: Chosen | None = None, form_token: Text = ""
    ) -> Response:
        async with parts.visit(request) as visit:
            _, chosen = await chosen_point(parts, visit, facility, point)
            contract = await _contract_of(parts, visit, chosen["point_id"])
        if contract is None:
            raise HTTPException(404)
        if not security.is_form_token(visit.token, form_token):
            raise HTTPException(403, "forged")
        url = _url(parts, contract)
        asking = parts.client.post(url, json={"options": option or []}, headers=headers_for(visit.token))
        answer = await answered("choose_options", asking)
        if answer.status_code == httpx.codes.CREATED:
            return RedirectResponse(f"{signing_page.PATH}/{UUID(answer.json()['offer_id'])}", 303)
        if answer.status_code in (401, 404):
            raise HTTPException(404)
        return await _page(parts, request, facility, point, str(answer.json().get("code", "")), answer.status_code)

    return router


async def _page(
    parts: Parts, request: Request, facility: str, point: str, refused: str = "", status: int = httpx.codes.OK
) -> Response:
    async with parts.visit(request) as visit:
        points, chosen = await chosen_point(parts, visit, facility, point)
        contract = await _contract_of(parts, visit, chosen["point_id"])
        offered = await offers.offers(visit.connection, chosen["point_id"])
    found, lacks = await _choices(parts, visit, contract) if contract else (None, "no_contract_today")
    query = {"facility": facility} | ({"point": chosen["number"]} if len(points) > 1 else {})
    return parts.page(
        "options.html",
        visit,
        status,
        facility=chosen,
        points=points,
        which=f"?point={quote(chosen['number'])}" if len(points) > 1 else "",
        fields=query,
        path=PATH,
        found=found,
        lacks=lacks,
        refused=refused,
        offers=offered,
        **cost_formats(visit.visitor.language),
    )


async def _choices(parts: Parts, visit: Visit, contract: Any) -> tuple[dict[str, Any] | None, str]:
    """Give what a contract may have and has, or the word for why there is nothing."""
    if not parts.settings.contracts_url:
        return None, ""
    asking = parts.client.get(_url(parts, contract), headers=headers_for(visit.token))
    answer = await answered("options", asking)
    if answer.status_code in NOT_HERE:
        raise HTTPException(404)
    if answer.status_code != httpx.codes.OK:
        return None, str(answer.json().get("code", ""))
    found: dict[str, Any] = answer.json()
    return found, ""


async def _contract_of(parts: Parts, visit: Visit, point_id: int) -> Any:
    """Give the visitor's contract of today at a metering point, None where there is none."""
    today = parts.today()
    terms = await agreements.contracts(visit.connection, point_id, today)
    counting = (
        one for one in terms if one["valid_from"] <= today and (one["valid_to"] is None or one["valid_to"] > today)
    )
    return next(counting, None)


def _url(parts: Parts, contract: Any) -> str:
    if not parts.settings.contracts_url:
        raise HTTPException(404)
    return f"{parts.settings.contracts_url}/v1/contracts/{quote(contract['contract_number'], safe='')}/options"
