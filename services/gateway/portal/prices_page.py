"""Prices for everybody, and what a year would cost: a page without a log-in, and the same as data."""

from collections.abc import Mapping
from typing import Any

import httpx
from fastapi import APIRouter, HTTPException, Request, Response

from services.common import logs, web
from services.common.problems import away
from services.gateway.allowance import Allowance, sender
from services.gateway.core.cost_formats import cost_formats
from services.gateway.core.price_rows import price_rows
from services.gateway.core.typed import FIELDS, LONGEST, typed
from services.gateway.portal.commands import UnansweredError, answered
from services.gateway.portal.visits import Parts, language_of
from services.gateway.tariff_api import MAX_QUERY, RETRY_AFTER_S

CATEGORIES = ("small_house", "apartments", "premises", "industry", "public")
UNANSWERABLE = 422


def routes(parts: Parts) -> APIRouter:
    """Give the page of prices and the calculator's data."""
    router = APIRouter(include_in_schema=False)
    allowance = Allowance(parts.settings.tariff_questions_per_minute)

    def wait_s(request: Request) -> float:
        return allowance.wait_s(sender(request.client.host if request.client else ""))

    @router.get("/prices")
    async def prices(request: Request) -> Response:
        if wait_s(request) > 0:
            raise HTTPException(429, "too_many")
        return await _page(parts, request)

    @router.get("/prices/calculation")
    @router.get("/prices/price-lists")
    async def data(request: Request) -> Response:
        waiting = wait_s(request)
        if waiting > 0:
            problem = web.Problem(429, "too_many_requests", "Too many questions from one address; ask again later.")
            problem.headers["Retry-After"] = str(int(waiting) + 1)
            return problem.response()
        if len(request.url.query) > MAX_QUERY:
            return web.Problem(400, "too_long", f"The query has over {MAX_QUERY} characters.").response()
        # The path that was matched, and so one of these two.
        try:
            answer = await _asked(parts, request.url.path.removeprefix("/prices"), dict(request.query_params))
        except UnansweredError:
            return away("prices_away", "The prices cannot be read now; try again.", RETRY_AFTER_S).response()
        return Response(answer.content, answer.status_code, media_type=answer.headers["content-type"])

    return router


async def _asked(parts: Parts, path: str, query: Mapping[str, str]) -> httpx.Response:
    if not parts.settings.contracts_url:
        raise HTTPException(404)
    url = f"{parts.settings.contracts_url}/public{path}"
    headers = {web.CORRELATION_HEADER: logs.correlation_id()}
    return await answered("calculation", parts.client.get(url, params=dict(query), headers=headers))


async def _page(parts: Parts, request: Request) -> Response:
    texts = dict(request.query_params)
    given = typed(texts, FIELDS)
    lists = await _lists(parts, given)
    found, faults = None, lists["faults"]
    if "energy_mwh" in given or "power_kw" in given:
        asking = {"price_list_id": lists["lists"][0]["price_list_id"]} if lists["lists"] else {}
        answer = await _asked(parts, "/calculation", asking | {"energy_mwh": ""} | given)
        if answer.status_code == UNANSWERABLE:
            faults = faults | {fault["field"]: fault["code"] for fault in answer.json()["errors"]}
        else:
            found = answer.json()
    language = language_of(request)
    return parts.page(
        "prices.html",
        request,
        UNANSWERABLE if faults else 200,
        lists=[{**one, "rows": price_rows(one["prices"], language)} for one in lists["lists"]],
        given={name: texts.get(name, "")[:LONGEST] for name in FIELDS} | {"on": lists["on"]},
        categories=CATEGORIES,
        found=found,
        faults=faults,
        **cost_formats(language),
    )


async def _lists(parts: Parts, given: Mapping[str, str]) -> dict[str, Any]:
    """Read the lists in force on the day that was typed; where it is no day, those of today, and what is wrong."""
    answer = await _asked(parts, "/price-lists", {"on": given["on"]} if "on" in given else {})
    faults = {}
    if answer.status_code == UNANSWERABLE:
        faults = {"on": "date_parsing"}
        answer = await _asked(parts, "/price-lists", {})
    document = answer.json()
    shown_day = given.get("on", document["on"])
    return {"lists": document["price_lists"], "on": shown_day, "faults": faults}
