"""What the utility's economists see and decide: price lists, what versions do, which lists go, the year's powers."""

from collections.abc import Mapping
from datetime import datetime
from itertools import groupby
from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

import httpx
from fastapi import APIRouter, Form, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from services.gateway.core.cost_formats import cost_formats
from services.gateway.core.formats import percent_signed
from services.gateway.core.typed import LONGEST
from services.gateway.core.version_states import version_states
from services.gateway.portal import security
from services.gateway.portal.commands import NOT_HERE, UnansweredError, answered, headers_for
from services.gateway.portal.visits import Parts, Visit
from services.gateway.store import price_lists

PATH = "/ops/prices"
ECONOMIST = "economist"
ONLY_LOOKS = "only_looks"
SAID = ("run_not_finished", "unknown_metering_point")
"""What a decision may meet that the page could not know when it was opened; each has its words."""
EFFECT = ("price_list_id", "before", "after", "year")
WITHDRAWAL = ("price_list_id", "on", "first", "second", "cause")
DECISIONS = ("changed", "within_threshold", "same_kw", "nothing_in_force", "not_determined")
SHOWN = 200
"""Proposals on a page, and contracts of a trial."""
LONGEST_S = 120
"""So long a page waits for what is reckoned over all contracts, or decided of them."""
Token = Annotated[str, Form(max_length=100)]
Text = Annotated[str, Form(max_length=200)]


def routes(parts: Parts) -> APIRouter:
    """Give the page and its two decisions; for everybody but economists there is no such page."""
    router = APIRouter(include_in_schema=False)

    @router.get(PATH)
    async def prices(request: Request) -> Response:
        visit, known = await _known(parts, request)
        return await _page(parts, visit, known, dict(request.query_params))

    @router.post(f"{PATH}/runs/{{run_id}}/approve")
    async def approve(
        request: Request,
        run_id: UUID,
        point: Annotated[list[str], Form()] = [],  # noqa: B006 - FastAPI takes a copy.
        every: Text = "",
        form_token: Token = "",
    ) -> Response:
        visit = await _deciding(parts, request, form_token)
        if point or every:
            chosen = {} if every else {"metering_points": point}
            body = {"approved_by": visit.visitor.name, **chosen}
            _hold_to_done(await _ask(parts, visit, "POST", f"/power-runs/{run_id}/approve", json=body))
        return RedirectResponse(f"{PATH}?run={run_id}#run", 303)

    @router.post(f"{PATH}/withdrawal")
    async def withdraw(
        request: Request,
        price_list_id: Text = "",
        on: Text = "",
        first: Text = "",
        second: Text = "",
        cause: Text = "",
        really: Text = "",
        form_token: Token = "",
    ) -> Response:
        visit = await _deciding(parts, request, form_token)
        given = dict(zip(WITHDRAWAL, (price_list_id, on, first, second, cause), strict=True))
        body = {
            "withdrawn_on": on,
            "replaced_by": [one for one in (first, second) if one],
            "who": visit.visitor.name,
            "cause": cause,
            "dry_run": not really,
        }
        found, fault = _found(
            await _ask(parts, visit, "PUT", f"/price-lists/{quote(price_list_id, safe='')}/withdrawal", json=body)
        )
        if found is not None and really:
            return RedirectResponse(f"{PATH}#withdrawals", 303)
        visit, known = await _known(parts, request)
        return await _page(parts, visit, known, {}, withdrawing=given, trial=found, withdrawal_fault=fault)

    return router


async def _known(parts: Parts, request: Request) -> tuple[Visit, dict[str, Any]]:
    """Read what the views know. The transaction ends before another service is asked."""
    today = parts.today()
    async with parts.visit(request) as visit:
        _hold_to_economist(visit)
        rows = await price_lists.versions(visit.connection)
        on_them = await price_lists.contracts_on_them(visit.connection, today)
        withdrawals = await price_lists.withdrawals(visit.connection, today)
    lists = []
    for name, own in groupby(rows, key=lambda row: row["price_list_id"]):
        versions = list(own)
        states = version_states(versions, today)
        befores = [*(one["version"] for one in versions[1:]), None]
        lists.append(
            {
                "price_list_id": name,
                "name": next(
                    (one["name"] for one, state in zip(versions, states, strict=True) if state == "in_force"), None
                )
                or versions[0]["name"],
                "contracts": on_them.get(name, 0),
                "versions": [
                    {**one, "state": state, "before": before}
                    for one, state, before in zip(versions, states, befores, strict=True)
                ],
            }
        )
    return visit, {"lists": lists, "withdrawals": withdrawals, "today": today}


async def _deciding(parts: Parts, request: Request, form_token: str) -> Visit:
    async with parts.visit(request) as visit:
        _hold_to_economist(visit)
    if not security.is_form_token(visit.token, form_token):
        raise HTTPException(403, "forged")
    return visit


def _hold_to_economist(visit: Visit) -> None:
    if visit.visitor.staff_role != ECONOMIST:
        raise HTTPException(404)


async def _page(
    parts: Parts,
    visit: Visit,
    known: Mapping[str, Any],
    query: Mapping[str, str],
    withdrawing: Mapping[str, str] | None = None,
    trial: Mapping[str, Any] | None = None,
    withdrawal_fault: str = "",
) -> Response:
    language = visit.visitor.language
    asked = {name: query.get(name, "")[:LONGEST] for name in EFFECT}
    effect, effect_fault = await _effect(parts, visit, asked)
    return parts.page(
        "ops_prices.html",
        visit,
        422 if effect_fault or withdrawal_fault else 200,
        **known,
        names={one["price_list_id"]: one["name"] for one in known["lists"]},
        asked=asked | {"year": asked["year"] or str(known["today"].year - 1)},
        effect=effect,
        effect_fault=effect_fault,
        run=await _run(parts, visit, query),
        withdrawing=withdrawing or dict.fromkeys(WITHDRAWAL, ""),
        trial=trial,
        withdrawal_fault=withdrawal_fault,
        shown=SHOWN,
        percent=lambda value: percent_signed(value, language),
        **cost_formats(language),
    )


async def _effect(parts: Parts, visit: Visit, asked: Mapping[str, str]) -> tuple[dict[str, Any] | None, str]:
    """Ask for a version's effect where one is named; gives it, or the name of what is wrong."""
    if not all(asked.values()):
        return None, ""
    query = {name: asked[name] for name in ("before", "after", "year")}
    return _found(
        await _ask(parts, visit, "GET", f"/price-lists/{quote(asked['price_list_id'], safe='')}/effect", params=query)
    )


async def _run(parts: Parts, visit: Visit, query: Mapping[str, str]) -> dict[str, Any] | None:
    """Give the newest run, or the one that is named, with a page of its proposals; None where nobody answers."""
    try:
        known = _hold_to_done(await _ask(parts, visit, "GET", "/power-runs"))
        runs = known["runs"]
        if not runs:
            return known
        run_id = query.get("run") or runs[0]["run_id"]
        if run_id not in [one["run_id"] for one in runs]:
            raise HTTPException(404)
        whole = _hold_to_done(await _ask(parts, visit, "GET", f"/power-runs/{run_id}"))
        decision = query.get("decision", DECISIONS[0])
        params = {"decision": decision, "limit": str(SHOWN)} | ({"after": query["from"]} if "from" in query else {})
        listed = await _ask(parts, visit, "GET", f"/power-runs/{run_id}/proposals", params=params)
        proposals = _hold_to_done(listed)["proposals"]
    except UnansweredError:
        return None
    finished_at = whole["finished_at"] and datetime.fromisoformat(whole["finished_at"])
    chosen = whole | {"finished_at": finished_at}
    return {**known, "chosen": chosen, "decision": decision, "proposals": proposals}


async def _ask(parts: Parts, visit: Visit, method: str, path: str, **more: Any) -> httpx.Response:
    """Ask contracts under the economist's own session. Raises UnansweredError, and HTTPException 403 or 404."""
    if not parts.settings.contracts_url:
        raise UnansweredError("ops_prices: no address of contracts is set")
    url = f"{parts.settings.contracts_url}/v1{path}"
    asking = parts.client.request(method, url, headers=headers_for(visit.token), timeout=LONGEST_S, **more)
    answer = await answered("ops_prices", asking)
    if answer.status_code == httpx.codes.FORBIDDEN and _code(answer) == ONLY_LOOKS:
        raise HTTPException(403, ONLY_LOOKS)
    if answer.status_code in NOT_HERE:
        raise HTTPException(404)
    return answer


def _hold_to_done(answer: httpx.Response) -> dict[str, Any]:
    """Give what was answered. What a page offers is never refused but where something else has happened meanwhile."""
    if answer.is_error:
        code = _code(answer)
        raise HTTPException(answer.status_code if code in SAID else 404, code)
    found: dict[str, Any] = answer.json()
    return found


def _found(answer: httpx.Response) -> tuple[dict[str, Any] | None, str]:
    """Give what was answered, or the name of why it was not."""
    return (None, _code(answer)) if answer.is_error else (answer.json(), "")


def _code(answer: httpx.Response) -> str:
    """Give the name of why something is refused."""
    return str(answer.json().get("code", ""))
