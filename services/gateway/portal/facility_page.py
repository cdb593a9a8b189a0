"""A facility's page: its latest figures, a period of energy, power, alerts, invoices and contract."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import JSONResponse

from services.gateway.core import charts, formats, subscription
from services.gateway.core.spans import Resolution, Span, neighbours, span
from services.gateway.core.sums import sums
from services.gateway.portal.sections import section
from services.gateway.portal.visits import Parts, Visit
from services.gateway.portal.words import WORDS
from services.gateway.store import agreements, alerts, facilities, figures, offers

ROWS_SHOWN = 12
LATEST_WITHIN = timedelta(days=3)


def routes(parts: Parts) -> APIRouter:
    """Give the routes of a facility: its page and the data of its charts."""
    router = APIRouter(include_in_schema=False)

    @router.get("/facilities/{facility_id}")
    async def facility(request: Request, facility_id: str, point: str = "") -> Response:
        async with parts.visit(request) as visit:
            points, chosen = await chosen_point(parts, visit, facility_id, point)
            return await _page(parts, visit, request, points, chosen)

    @router.get("/facilities/{facility_id}/{kind}")
    async def chart(request: Request, facility_id: str, kind: str, point: str = "") -> Response:
        if kind not in ("days", "hours", "power"):
            raise HTTPException(404)
        async with parts.visit(request) as visit:
            _, chosen = await chosen_point(parts, visit, facility_id, point)
            if kind == "power":
                return JSONResponse(await _power_chart(parts, visit, chosen))
            powers = await _lasting(parts, visit, chosen["point_id"])
            drawn = await _figures(parts, visit, chosen, _span(parts, request, chosen), powers)
        return JSONResponse(drawn["chart"])

    return router


async def chosen_point(parts: Parts, visit: Visit, facility_id: str, point: str) -> tuple[list[Any], Any]:
    """Give a facility's metering points that the visitor sees, and the chosen one. Raises HTTPException 404."""
    try:
        known = UUID(facility_id)
    except ValueError:
        raise HTTPException(404) from None
    points = await facilities.facilities(visit.connection, parts.today(), known)
    found = [one for one in points if not point or one["number"] == point]
    if not found:
        # Another's facility and one that there is not are the same to this visitor.
        raise HTTPException(404)
    return points, found[0]


def _span(parts: Parts, request: Request, chosen: Any) -> Span:
    newest = chosen["newest_day"] or parts.today() - timedelta(days=1)
    return span(request.query_params.get("from"), request.query_params.get("to"), newest)


async def _figures(parts: Parts, visit: Visit, chosen: Any, asked: Span, powers: Sequence[Any]) -> dict[str, Any]:
    """Read a span's figures, and lay them out for the chart and for the table. powers: those in force."""
    connection, language, zone = visit.connection, visit.visitor.language, parts.settings.zone
    point_id, station_id = chosen["point_id"], chosen["station_id"]
    if asked.resolution is Resolution.HOUR:
        start = datetime.combine(asked.first, time(), zone).astimezone(UTC)
        end = datetime.combine(asked.last + timedelta(days=1), time(), zone).astimezone(UTC)
        rows = await figures.hours(connection, point_id, start, end, station_id)
        drawn = charts.hour_chart(rows, asked, powers, zone, language)
        table = [
            {**dict(row), "label": formats.hour_label(row["starts_at"].astimezone(zone), language)} for row in rows
        ]
        return {"chart": drawn, "rows": table, "before": []}
    rows = await figures.days(connection, point_id, asked.first, asked.last, station_id)
    first, last = charts.year_before_day(asked.first), charts.year_before_day(asked.last)
    before = await figures.days(connection, point_id, first, last, None)
    drawn = charts.day_chart(rows, before, asked, powers, language)
    table = [{**dict(row), "label": row["day"].isoformat()} for row in rows]
    return {"chart": drawn, "rows": table, "before": before}


async def _lasting(parts: Parts, visit: Visit, point_id: int) -> list[Any]:
    contracts = await agreements.contracts(visit.connection, point_id, parts.today())
    return subscription.lasting(await agreements.powers(visit.connection, point_id), contracts)


async def _power_chart(parts: Parts, visit: Visit, chosen: Any) -> dict[str, Any]:
    found = await agreements.determination(visit.connection, chosen["point_id"])
    if found is None:
        raise HTTPException(404)
    counts = subscription.in_force(await _lasting(parts, visit, chosen["point_id"]), parts.today())
    in_force_kw = float(counts["kw"]) if counts and counts["unit"] == "kW" else None
    language = visit.visitor.language
    return subscription.power_chart(found, in_force_kw, json.loads(found["points"]), WORDS[language], language)


async def _page(parts: Parts, visit: Visit, request: Request, points: list[Any], chosen: Any) -> Response:
    connection, point_id, today = visit.connection, chosen["point_id"], parts.today()
    asked = _span(parts, request, chosen)
    contracts = await agreements.contracts(connection, point_id, today)
    powers = await agreements.powers(connection, point_id)
    lasting = subscription.lasting(powers, contracts)
    drawn = await _figures(parts, visit, chosen, asked, lasting)
    newest = chosen["newest_day"]
    since = datetime.combine(newest, time(), UTC) - LATEST_WITHIN if newest else datetime.now(UTC) - LATEST_WITHIN
    ids, is_staff = [point_id], visit.visitor.staff_role is not None
    return parts.page(
        "facility.html",
        visit,
        facility=chosen,
        points=points,
        asked=asked,
        periods=neighbours(asked, newest or today - timedelta(days=1)),
        latest=await figures.newest_hour(connection, point_id, since),
        rows=drawn["rows"],
        sums=sums(drawn["rows"], drawn["before"]),
        in_force=subscription.in_force(lasting, today),
        coming=subscription.coming(lasting, today),
        powers=powers,
        determined=await _determined(visit, point_id),
        offers=await section(connection, "offers", lambda: offers.offers(connection, point_id)),
        contracts=contracts,
        months_method=subscription.months_method(contracts, today),
        episodes=await section(connection, "alerts", lambda: alerts.episodes(connection, ids, ROWS_SHOWN, is_staff)),
        invoices=await section(connection, "invoices", lambda: agreements.invoices(connection, ids, ROWS_SHOWN)),
        can_acknowledge=bool(parts.settings.alerts_url),
        has_pdf=bool(parts.settings.billing_url),
    )


async def _determined(visit: Visit, point_id: int) -> dict[str, Any] | None:
    """Give the newest determination in words; None where the visitor has none to see."""
    found = await agreements.determination(visit.connection, point_id)
    if found is None:
        return None
    language = visit.visitor.language
    points, words = json.loads(found["points"]), WORDS[language]
    return {
        **dict(found),
        "points": points,
        "is_drawn": any(point["mean_c"] is not None for point in points),
        "measured_in": subscription.measured_in(found["method"]),
        "read_at": subscription.read_at(found["method"], words, language),
        "verdict": subscription.verdict(found, words, language),
    }
