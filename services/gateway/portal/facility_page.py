"""A facility's page: its latest figures, a period of energy, power, alerts, invoices and contract."""

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import JSONResponse

from services.gateway.core import charts, formats
from services.gateway.core.spans import Resolution, Span, span
from services.gateway.portal.sections import section
from services.gateway.store import facilities

if TYPE_CHECKING:
    from services.gateway.portal.pages import Parts, Visit

ROWS_SHOWN = 12
LATEST_WITHIN = timedelta(days=3)


def routes(parts: "Parts") -> APIRouter:
    """Give the routes of a facility: its page and its chart's data."""
    router = APIRouter(include_in_schema=False)

    @router.get("/facilities/{facility_id}")
    async def facility(request: Request, facility_id: str, point: str = "") -> Response:
        async with parts.visit(request) as visit:
            points, chosen = await _chosen(visit, facility_id, point)
            return await _page(parts, visit, request, points, chosen)

    @router.get("/facilities/{facility_id}/{kind}")
    async def chart(request: Request, facility_id: str, kind: str, point: str = "") -> Response:
        if kind not in ("days", "hours"):
            raise HTTPException(404)
        async with parts.visit(request) as visit:
            _, chosen = await _chosen(visit, facility_id, point)
            asked = _span(parts, request, chosen)
            drawn = await _figures(parts, visit, chosen, asked)
        return JSONResponse(drawn["chart"])

    return router


async def _chosen(visit: "Visit", facility_id: str, point: str) -> tuple[list[Any], Any]:
    try:
        known = UUID(facility_id)
    except ValueError:
        raise HTTPException(404) from None
    points = await facilities.facilities(visit.connection, known)
    found = [one for one in points if not point or one["number"] == point]
    if not found:
        # Another's facility and one that there is not are the same to this visitor.
        raise HTTPException(404)
    return points, found[0]


def _span(parts: "Parts", request: Request, chosen: Any) -> Span:
    newest = chosen["newest_day"] or parts.today() - timedelta(days=1)
    return span(request.query_params.get("from"), request.query_params.get("to"), newest)


async def _figures(parts: "Parts", visit: "Visit", chosen: Any, asked: Span) -> dict[str, Any]:
    """Read a span's figures, and lay them out for the chart and for the table."""
    connection, language, zone = visit.connection, visit.visitor.language, parts.settings.zone
    point_id, station_id = chosen["point_id"], chosen["station_id"]
    powers = await facilities.powers(connection, point_id)
    if asked.resolution is Resolution.HOUR:
        start = datetime.combine(asked.first, time(), zone).astimezone(UTC)
        end = datetime.combine(asked.last + timedelta(days=1), time(), zone).astimezone(UTC)
        rows = await facilities.hours(connection, point_id, start, end, station_id)
        drawn = charts.hour_chart(rows, asked, zone, language)
        table = [
            {**dict(row), "label": formats.hour_label(row["starts_at"].astimezone(zone), language)} for row in rows
        ]
        return {"chart": drawn, "rows": table, "before_wh": 0, "powers": powers}
    rows = await facilities.days(connection, point_id, asked.first, asked.last, station_id)
    first, last = charts.year_before_day(asked.first), charts.year_before_day(asked.last)
    before = await facilities.days(connection, point_id, first, last, None)
    drawn = charts.day_chart(rows, before, asked, powers, language)
    table = [{**dict(row), "label": row["day"].isoformat()} for row in rows]
    # Compared only where the year before is as whole as this one; otherwise the gap would pass for a saving.
    is_comparable = len(before) >= len(rows) > 0 and all(row["energy_wh"] is not None for row in (*rows, *before))
    before_wh = sum(row["energy_wh"] for row in before) if is_comparable else 0
    return {"chart": drawn, "rows": table, "before_wh": before_wh, "powers": powers}


async def _page(parts: "Parts", visit: "Visit", request: Request, points: list[Any], chosen: Any) -> Response:
    connection, point_id = visit.connection, chosen["point_id"]
    asked = _span(parts, request, chosen)
    drawn = await _figures(parts, visit, chosen, asked)
    newest = chosen["newest_day"]
    since = datetime.combine(newest, time(), UTC) - LATEST_WITHIN if newest else datetime.now(UTC) - LATEST_WITHIN
    latest = await facilities.newest_hour(connection, point_id, since)
    ids = [point_id]
    episodes = await section(connection, "alerts", lambda: facilities.episodes(connection, ids, ROWS_SHOWN))
    invoices = await section(connection, "invoices", lambda: facilities.invoices(connection, ids, ROWS_SHOWN))
    return parts.page(
        "facility.html",
        visit,
        facility=chosen,
        points=points,
        asked=asked,
        periods=periods(asked, newest or parts.today() - timedelta(days=1)),
        latest=latest,
        rows=drawn["rows"],
        sums=sums(drawn["rows"], drawn["before_wh"]),
        powers=drawn["powers"],
        contracts=await facilities.contracts(connection, point_id),
        episodes=episodes,
        invoices=invoices,
        can_acknowledge=bool(parts.settings.alerts_url),
        has_pdf=bool(parts.settings.billing_url),
        now=datetime.now(UTC),
    )


def periods(asked: Span, newest: Any) -> dict[str, Span]:
    """Give the spans that a page leads to: lengths that end where this one does, and the neighbours."""
    last = min(asked.last, newest)
    lengths = {"year": 365, "month": 31, "week": 7, "day": 1}
    found = {name: Span(last - timedelta(days=length - 1), last) for name, length in lengths.items()}
    return {**found, "earlier": asked.moved(-1), "later": asked.moved(1)}


def sums(rows: list[dict[str, Any]], before_wh: int) -> dict[str, Any]:
    """Add a period up: energy, its highest measured hour, the share of measured hours, and against the year before."""
    known = [row for row in rows if row["energy_wh"] is not None]
    energy_wh = sum(row["energy_wh"] for row in known)
    is_by_day = bool(rows) and "maximum_hour_wh" in rows[0]
    hours = sum(row["hours_expected"] for row in rows) if is_by_day else len(rows)
    measured = sum(row["hours_measured"] for row in rows) if is_by_day else _count_measured(rows)
    highest = [row["maximum_hour_wh"] if is_by_day else row["energy_wh"] for row in known]
    if not is_by_day:
        # An estimated hour is never a highest.
        highest = [row["energy_wh"] for row in known if row["quality"] == "measured"]
    return {
        "energy_wh": energy_wh if known else None,
        "highest_wh": max((value for value in highest if value is not None), default=None),
        "measured": measured / hours * 100 if hours else None,
        "change": (energy_wh - before_wh) / before_wh * 100 if before_wh else None,
    }


def _count_measured(rows: list[dict[str, Any]]) -> int:
    return sum(row["quality"] == "measured" for row in rows)
