"""The answers to why a figure is what it is, for staff."""

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

import cramjam
from fastapi import APIRouter, Path, Response

from schemas.values import Key
from services.common import web
from services.common.postgres import Database
from services.heat.hour_marks import HOUR_S
from services.ingest import explaining
from services.ingest.core.form import is_within_calendar
from services.ingest.store import explained

Month = Annotated[str, Path(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$")]
HOUR_WANTED = "write an hour as in 2019-01-05T07, in local time, or with an offset, as in 2019-10-27T02+01:00"
_HOUR = re.compile(r"(\d{4}-\d{2}-\d{2})[T ](\d{2})(:\d{2}(:\d{2})?)?(Z|[+-]\d{2}:\d{2})?", re.ASCII)


class AmbiguousHourError(ValueError):
    """A local hour that is there twice, or not at all."""


def hour_named(text: str, zone: ZoneInfo) -> datetime:
    """Read an hour, which any instant of it names. Raises ValueError, which says what to write instead."""
    written = _HOUR.fullmatch(text)
    if written is None:
        raise ValueError(HOUR_WANTED)
    day, hour, minutes, _, offset = written.groups()
    try:
        named = datetime.fromisoformat(f"{day}T{hour}{minutes or ':00'}{offset or ''}")
    except ValueError as error:
        raise ValueError(HOUR_WANTED) from error
    if offset is None:
        named = _in_zone(named, text, zone)
    if not is_within_calendar(named):
        raise ValueError("give a time from 1990-01-02 to 2060-12-31")
    return datetime.fromtimestamp(int(named.timestamp()) // HOUR_S * HOUR_S, UTC)


def _in_zone(named: datetime, text: str, zone: ZoneInfo) -> datetime:
    first, second = (named.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if first.utcoffset() == second.utcoffset():
        return first
    if first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != named:
        raise AmbiguousHourError(f"{text} is not there in {zone.key}: the clock passes over it")
    ways = " or ".join(one.isoformat(timespec="hours") for one in (first, second))
    raise AmbiguousHourError(f"{text} is there twice in {zone.key}; write {ways}")


def explanations(database: Database, zone: ZoneInfo) -> APIRouter:
    """Give the requests; whoever includes them asks for the key."""
    router = web.router()

    @router.get("/points/{number}/explain/hours/{starts_at}")
    async def explain_hour(number: Key, starts_at: str) -> dict[str, Any]:
        try:
            hour = hour_named(starts_at, zone)
        except ValueError as error:
            raise web.Problem(422, "no_such_hour", str(error)) from error
        async with database.transaction() as tx:
            return _known(await explaining.hour(tx, number, hour, zone), number)

    @router.get("/points/{number}/explain/days/{day}")
    async def explain_day(number: Key, day: date) -> dict[str, Any]:
        _check(day)
        async with database.transaction() as tx:
            return _known(await explaining.day(tx, number, day, zone), number)

    @router.get("/points/{number}/explain/months/{month}")
    async def explain_month(number: Key, month: Month) -> dict[str, Any]:
        first = date.fromisoformat(f"{month}-01")
        _check(first.replace(day=2))
        async with database.transaction() as tx:
            return _known(await explaining.month(tx, number, first, zone), number)

    @router.get("/deliveries/{delivery_id}/bytes")
    async def get_bytes(delivery_id: UUID) -> Response:
        async with database.transaction() as tx:
            found = await explained.payload(tx, delivery_id)
        if found is None:
            raise web.Problem(404, "not_found", "There is no such delivery, or its bytes are not kept any more.")
        content_type, zstd_bytes = found
        # Whatever it says it is, no browser is to take it for a page.
        headers = {"Content-Disposition": "attachment", "X-Content-Type-Options": "nosniff"}
        return Response(bytes(cramjam.zstd.decompress(zstd_bytes)), media_type=content_type, headers=headers)

    return router


def _check(day: date) -> None:
    if not is_within_calendar(datetime(day.year, day.month, day.day, 12, tzinfo=UTC)):
        raise web.Problem(422, "no_such_day", "Give a day from 1990-01-02 to 2060-12-30.")


def _known(found: dict[str, Any] | None, number: str) -> dict[str, Any]:
    if found is None:
        raise web.Problem(404, "not_found", f"There is no metering point '{number}' here.")
    return found
