"""The start page: is anything wrong?"""

from collections import Counter
from typing import TYPE_CHECKING, Any
from uuid import UUID

from fastapi import APIRouter, Request, Response

from services.gateway.core.status import Status, status
from services.gateway.portal.sections import section
from services.gateway.store import facilities

if TYPE_CHECKING:
    from services.gateway.portal.pages import Parts

ALERTS_SHOWN = 200
ORDER = list(Status)


def routes(parts: "Parts") -> APIRouter:
    """Give the start page's route."""
    router = APIRouter(include_in_schema=False)

    @router.get("/start")
    async def start(request: Request) -> Response:
        async with parts.visit(request) as visit:
            connection = visit.connection
            points = await facilities.facilities(connection)
            ids = [point["point_id"] for point in points]
            episodes = await section(connection, "alerts", lambda: facilities.episodes(connection, ids, ALERTS_SHOWN))
            invoices = await section(connection, "invoices", lambda: facilities.invoices(connection, ids, 1))
        opened = [episode for episode in episodes or [] if episode["closed_at"] is None]
        listed = by_facility(points, {episode["point_id"] for episode in opened}, parts)
        return parts.page(
            "start.html",
            visit,
            facilities=listed,
            counts=Counter(facility["status"].value for facility in listed),
            opened=None if episodes is None else opened,
            names={point["point_id"]: point for point in points},
            invoices=invoices,
        )

    return router


def by_facility(points: list[Any], with_alert: set[int], parts: "Parts") -> list[dict[str, Any]]:
    """Put metering points together by facility, each with its worst status; worst first."""
    found: dict[UUID, dict[str, Any]] = {}
    for point in points:
        judged = status(point["newest_day"], parts.today(), point["point_id"] in with_alert)
        known = found.setdefault(
            point["facility_id"], {**dict(point), "status": judged, "newest_day": point["newest_day"]}
        )
        known["status"] = min(known["status"], judged, key=ORDER.index)
    return sorted(found.values(), key=lambda facility: (ORDER.index(facility["status"]), facility["name"]))
