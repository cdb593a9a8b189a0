"""A visitor's contracts, and above them what changes: price lists that go, with both yearly costs."""

from typing import Any

from fastapi import APIRouter, Request, Response

from services.gateway.core.cost_formats import cost_formats
from services.gateway.portal.visits import Parts
from services.gateway.store import agreements, facilities
from services.heat.power_methods.highest import OF_MONTH

CONTRACTS_SHOWN = 300


def routes(parts: Parts) -> APIRouter:
    """Give the route of the page."""
    router = APIRouter(include_in_schema=False)

    @router.get("/contracts")
    async def contracts(request: Request) -> Response:
        today = parts.today()
        async with parts.visit(request) as visit:
            places = {one["point_id"]: one for one in await facilities.facilities(visit.connection, today)}
            shown = list(places)[:CONTRACTS_SHOWN]
            terms = await agreements.contracts_of(visit.connection, shown, today)
            ids = {term[name] for term in terms for name in ("price_list_id", "replaced_by") if term[name]}
            lists = await agreements.price_lists(visit.connection, sorted(ids), today)
        return parts.page(
            "contracts.html",
            visit,
            200,
            places=places,
            contracts=by_contract(terms, shown),
            points=len(places),
            points_shown=len(shown),
            notices=[term for term in terms if term["withdrawn_on"]],
            names={name: one["name"] for name, one in lists.items()},
            by_month={name for name, one in lists.items() if one["power_method"] in OF_MONTH},
            **cost_formats(visit.visitor.language),
        )

    return router


def by_contract(terms: list[dict[str, Any]], points: list[int]) -> list[list[dict[str, Any]]]:
    """Put the terms of each contract together, earliest first; contracts in the order of their metering points."""
    found: dict[Any, list[dict[str, Any]]] = {}
    for term in terms:
        found.setdefault(term["contract_id"], []).append(term)
    order = {point: at for at, point in enumerate(points)}
    return sorted(found.values(), key=lambda own: order[own[0]["point_id"]])
