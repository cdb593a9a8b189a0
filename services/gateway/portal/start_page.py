"""The start page: is anything wrong, and is it more than last year?"""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import JSONResponse

from services.gateway.core import charts
from services.gateway.core.spans import Span
from services.gateway.core.status import Status, silent_without_from, status
from services.gateway.core.sums import change
from services.gateway.portal.sections import section
from services.gateway.portal.visits import Parts
from services.gateway.store import agreements, alerts, facilities, figures
from services.gateway.store.reader import Connection

INVOICES_SHOWN = 5
DAYS_SHOWN = 31
FACILITIES_SHOWN = 300
MOST_SUMMED = 1_000
"""Metering points whose days are summed while the page waits; staff, who see all, get no sum."""
ORDER = list(Status)


def routes(parts: Parts) -> APIRouter:
    """Give the start page's routes: the page, and its chart's data."""
    router = APIRouter(include_in_schema=False)

    @router.get("/start")
    async def start(request: Request) -> Response:
        async with parts.visit(request) as visit:
            connection = visit.connection
            points = await facilities.facilities(connection, parts.today())
            ids = [point["point_id"] for point in points]
            since = silent_without_from(datetime.now(UTC), parts.settings.longest_silence)
            heard_of = await facilities.heard_of(connection, ids, since)
            opened = await section(connection, "alerts", lambda: alerts.open_episodes(connection, ids))
            invoices = await section(
                connection, "invoices", lambda: agreements.invoices(connection, ids, INVOICES_SHOWN)
            )
            energy = await section(connection, "energy", lambda: _energy(connection, points))
        listed = by_facility(points, {episode["point_id"] for episode in opened or []}, heard_of)
        return parts.page(
            "start.html",
            visit,
            facilities=listed[:FACILITIES_SHOWN],
            count=len(listed),
            is_summed=len(points) <= MOST_SUMMED,
            counts=Counter(facility["status"].value for facility in listed),
            opened=opened,
            names={point["point_id"]: point for point in points},
            invoices=invoices,
            energy=energy,
            has_pdf=bool(parts.settings.billing_url),
        )

    @router.get("/start/days")
    async def days(request: Request) -> Response:
        async with parts.visit(request) as visit:
            points = await facilities.facilities(visit.connection, parts.today())
            energy = await _energy(visit.connection, points)
        if energy is None:
            raise HTTPException(404)
        drawn = charts.day_chart(energy["rows"], energy["before"], energy["asked"], [], visit.visitor.language)
        return JSONResponse(drawn)

    return router


async def _energy(connection: "Connection", points: list[Any]) -> dict[str, Any] | None:
    """Sum the newest days over the heat of all facilities, or, where there is no heat, over the cooling.

    None where there are no figures, or too many metering points to sum.
    """
    asked = shown_days(points)
    if asked is None or len(points) > MOST_SUMMED:
        return None
    medium = "heat" if any(point["medium"] == "heat" for point in points) else "cooling"
    ids = [point["point_id"] for point in points if point["medium"] == medium]
    rows = await figures.days_of_all(connection, ids, asked.first, asked.last)
    first, last = charts.year_before_day(asked.first), charts.year_before_day(asked.last)
    before = await figures.days_of_all(connection, ids, first, last)
    return {
        "asked": asked,
        "medium": medium,
        "rows": rows,
        "before": before,
        "energy_wh": sum(row["energy_wh"] for row in rows) if rows else None,
        "change": change(rows, before) if rows else None,
        "with_figures": max((row["points"] for row in rows), default=0),
        "points": len(ids),
    }


def shown_days(points: list[Any]) -> Span | None:
    """Give the newest 31 days that any of the metering points has figures of; None where none has any."""
    newest: date | None = max((point["newest_day"] for point in points if point["newest_day"]), default=None)
    return None if newest is None else Span(newest - timedelta(days=DAYS_SHOWN - 1), newest)


def by_facility(points: list[Any], with_alert: set[int], heard_of: set[int]) -> list[dict[str, Any]]:
    """Put metering points together by facility, each with its worst status; worst first. heard_of: those not silent."""
    found: dict[UUID, dict[str, Any]] = {}
    for point in points:
        judged = status(point["point_id"] not in heard_of, point["point_id"] in with_alert)
        known = found.setdefault(point["facility_id"], {**dict(point), "status": judged})
        known["status"] = min(known["status"], judged, key=ORDER.index)
    return sorted(found.values(), key=lambda facility: (ORDER.index(facility["status"]), facility["name"]))
