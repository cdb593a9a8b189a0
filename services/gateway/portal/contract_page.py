"""A contract's pages: what a normal year costs, and what its own newest would have cost otherwise."""

from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

import httpx
from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import StreamingResponse
from starlette.background import BackgroundTask

from services.gateway.core import subscription
from services.gateway.core.cost_formats import cost_formats
from services.gateway.core.typed import LONGEST, typed
from services.gateway.portal.commands import NOT_HERE, answered, headers_for
from services.gateway.portal.facility_page import chosen_point
from services.gateway.portal.visits import Parts, Visit
from services.gateway.store import agreements

CHOICES = (
    *("price_list_id", "power_kw", "cooling_c", "saved_percent"),
    *("shifted_percent", "shifted_from_hour", "shifted_to_hour"),
)
UNANSWERABLE = 422
OF_NO_FIELD = ""
"""Where a fault names no field: it is the contract that lacks something."""


class Seen(NamedTuple):
    """A visitor's contract of today at a metering point, None where there is none."""

    visit: Visit
    points: list[Any]
    facility: Any
    contract: Any
    powers: list[Any]
    months_method: str | None


def routes(parts: Parts) -> APIRouter:
    """Give the routes of a contract's costs: two pages, and each as PDF."""
    router = APIRouter(include_in_schema=False)

    @router.get("/facilities/{facility_id}/contract")
    async def contract(request: Request, facility_id: str, point: str = "") -> Response:
        seen = await _seen(parts, request, facility_id, point)
        found, faults = await _asked(parts, seen, "estimate", {})
        return _page(parts, "contract.html", seen, found, faults)

    @router.get("/facilities/{facility_id}/contract.pdf")
    async def contract_pdf(request: Request, facility_id: str, point: str = "") -> Response:
        return await _pdf(parts, await _seen(parts, request, facility_id, point), "estimate", {})

    @router.get("/facilities/{facility_id}/contract/simulate")
    async def simulate(request: Request, facility_id: str, point: str = "") -> Response:
        seen = await _seen(parts, request, facility_id, point)
        texts = dict(request.query_params)
        choices = typed(texts, CHOICES)
        lists = await _lists(parts, seen)
        offering = _offering(seen, choices, lists)
        # Boxes of another price list than the chosen one say nothing of what this one offers.
        is_of_it = offering is not None and texts.get("options_of") == offering["price_list_id"]
        ticked = request.query_params.getlist("option") if is_of_it else None
        asked = choices | ({} if ticked is None else {"options": ",".join(ticked)})
        found, faults = await _asked(parts, seen, "simulation", asked)
        return _page(
            parts,
            "simulate.html",
            seen,
            found,
            faults,
            given={name: texts.get(name, "")[:LONGEST] for name in CHOICES},
            lists=lists,
            offering=offering,
            ticked=_going_on(found, parts.today()) if ticked is None else ticked,
            query=urlencode(asked | ({"point": point} if point else {})),
        )

    @router.get("/facilities/{facility_id}/contract/simulate.pdf")
    async def simulate_pdf(request: Request, facility_id: str, point: str = "") -> Response:
        seen = await _seen(parts, request, facility_id, point)
        texts = dict(request.query_params)
        options = {name: texts[name] for name in ("options",) if name in texts}
        return await _pdf(parts, seen, "simulation", typed(texts, CHOICES) | options)

    return router


async def _seen(parts: Parts, request: Request, facility_id: str, point: str) -> Seen:
    """Read the contract under the visitor's session. The transaction ends before another service is asked."""
    async with parts.visit(request) as visit:
        points, facility = await chosen_point(parts, visit, facility_id, point)
        today, point_id = parts.today(), facility["point_id"]
        terms = await agreements.contracts(visit.connection, point_id, today)
        powers = await agreements.powers(visit.connection, point_id)
    lasting, method = subscription.lasting(powers, terms), subscription.months_method(terms, today)
    return Seen(visit, points, facility, subscription.counting(terms, today), lasting, method)


async def _get(parts: Parts, seen: Seen, what: str, query: Mapping[str, str]) -> httpx.Response:
    number = quote(seen.contract["contract_number"], safe="")
    url = f"{parts.settings.contracts_url}/v1/contracts/{number}/{what}"
    asked = parts.client.build_request("GET", url, params=dict(query), headers=headers_for(seen.visit.token))
    answer = await answered(what, parts.client.send(asked, stream=True))
    if answer.status_code in NOT_HERE:
        await answer.aclose()
        raise HTTPException(404)
    return answer


async def _asked(
    parts: Parts, seen: Seen, what: str, query: Mapping[str, str]
) -> tuple[dict[str, Any] | None, dict[str, str]]:
    """Ask for a contract's year; gives what was found, or by field what is wrong."""
    if seen.contract is None or not parts.settings.contracts_url:
        return None, {}
    answer = await _get(parts, seen, what, query)
    await answer.aread()
    if answer.status_code == UNANSWERABLE:
        return None, {fault["field"]: fault["code"] for fault in answer.json()["errors"]}
    found: dict[str, Any] = answer.json()
    return found, {}


async def _lists(parts: Parts, seen: Seen) -> list[dict[str, Any]]:
    """Give the price lists in force that are for the same medium; whether it may choose one is told at the choice."""
    if not parts.settings.contracts_url:
        return []
    answer = await answered("price_lists", parts.client.get(f"{parts.settings.contracts_url}/public/price-lists"))
    return [one for one in answer.json()["price_lists"] if one["medium"] == seen.facility["medium"]]


def _offering(seen: Seen, choices: Mapping[str, str], lists: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Give the price list whose options are to be chosen from; None where it is not in force, or there is none."""
    if seen.contract is None:
        return None
    wanted = choices.get("price_list_id") or seen.contract["price_list_id"]
    return next((one for one in lists if one["price_list_id"] == wanted), None)


def _going_on(found: dict[str, Any] | None, today: date) -> list[str] | None:
    """Name the options that the contract has of a price list, as far as the cost is known by it."""
    if found is None:
        return None
    options = found["otherwise"]["agreed"]["options"]
    return [one["reference"] for one in options if one["valid_to"] is None or one["valid_to"] > today.isoformat()]


def _page(
    parts: Parts, name: str, seen: Seen, found: dict[str, Any] | None, faults: dict[str, str], **values: Any
) -> Response:
    language = seen.visit.visitor.language
    return parts.page(
        name,
        seen.visit,
        UNANSWERABLE if faults.keys() - {OF_NO_FIELD} else 200,
        facility=seen.facility,
        which=f"?point={quote(seen.facility['number'])}" if len(seen.points) > 1 else "",
        contract=seen.contract,
        months_method=seen.months_method,
        in_force=subscription.in_force(seen.powers, parts.today()),
        found=found,
        lacks=faults.get(OF_NO_FIELD),
        faults={field: code for field, code in faults.items() if field},
        **cost_formats(language),
        **values,
    )


async def _pdf(parts: Parts, seen: Seen, what: str, query: Mapping[str, str]) -> Response:
    if seen.contract is None or not parts.settings.contracts_url:
        raise HTTPException(404)
    answer = await _get(parts, seen, f"{what}.pdf", {**query, "language": seen.visit.visitor.language})
    if answer.status_code != 200:
        await answer.aclose()
        raise HTTPException(404)
    kept = {name: answer.headers[name] for name in ("content-disposition",) if name in answer.headers}
    return StreamingResponse(
        answer.aiter_bytes(), media_type="application/pdf", headers=kept, background=BackgroundTask(answer.aclose)
    )
