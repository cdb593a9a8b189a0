"""`rebuild` by hand: of metering points named, or of all; says what differs, and mends it where that is asked."""

import argparse
import asyncio
import time
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from services.common import logs, one_zone, process
from services.common.postgres import Database
from services.ingest.core.differences import Difference
from services.ingest.handlers import ReadingHandlers
from services.ingest.rebuild import NAMED_AT_MOST, Compared, FiguresDifferError, Rebuild, counted, in_a_sentence
from services.ingest.settings import IngestSettings
from services.ingest.store import rebuild as store

log = logs.get_logger()
Say = Callable[[str], None]

ROWS_AT_ONCE = 100_000
LOOPS = 2
"""One computes while the other one waits for PostgreSQL."""
CONNECTIONS = LOOPS + 1


class UnknownPointsError(Exception):
    """There are no such metering points."""


async def run(arguments: Sequence[str], stop: asyncio.Event) -> None:
    """Rebuild as a process of its own, by arguments as of a command line."""
    parser = argparse.ArgumentParser("services.ingest rebuild")
    parser.add_argument("numbers", nargs="*", metavar="ID", help="metering points by their numbers")
    parser.add_argument("--all", action="store_true", help="every metering point")
    parser.add_argument("--mend", action="store_true", help="store what follows from the readings, and tell of it")
    given = parser.parse_args(arguments)
    if given.all == bool(given.numbers):
        parser.error("name metering points, or say --all")
    settings = IngestSettings()
    url, numbers = settings.database_url.get_secret_value(), None if given.all else given.numbers

    def say(text: str) -> None:
        log.info("rebuild", said=text)

    await process.unless_stopped(stop, rebuild(url, settings.zone, numbers, say, mend=given.mend))


async def rebuild(url: str, zone: ZoneInfo, numbers: Collection[str] | None, say: Say, *, mend: bool) -> None:
    """Compare metering points, by their numbers or all, with their readings; mend what differs where asked to.

    Raises UnknownPointsError, FiguresDifferError once all is compared, and ZoneDiffersError.
    """
    database = Database(url, 1, CONNECTIONS)
    await database.open()
    try:
        await one_zone.check(database, zone)
        readings = ReadingHandlers(database, zone, 0)
        ids = await _points(database, numbers)
        async with database.transaction() as tx:
            names = (await readings.reference(tx)).number_by_point

        def told(compared: Compared) -> None:
            for one in compared.differences:
                say(_words(one, names[one.point_id], zone))

        began = time.monotonic()
        found = await Rebuild(database, readings, zone, ROWS_AT_ONCE).compare(ids, told, LOOPS, mend=mend)
    finally:
        await database.close()
    say(_summary(found, time.monotonic() - began))
    if found.differences:
        raise FiguresDifferError(in_a_sentence(found.differences, names) + ("; it was mended" if mend else ""))


async def _points(database: Database, numbers: Collection[str] | None) -> list[int]:
    async with database.transaction() as tx:
        if numbers is None:
            return await store.every_point(tx, 0, 1)
        found = await store.points_named(tx, sorted(numbers))
    unknown = sorted(set(numbers) - set(found))
    if unknown:
        raise UnknownPointsError(f"there are no metering points {', '.join(unknown[:NAMED_AT_MOST])} here")
    return sorted(found.values())


def _words(one: Difference, number: str, zone: ZoneInfo) -> str:
    first, last = (datetime.fromtimestamp(at_s, zone).isoformat(" ", "minutes") for at_s in (one.first_s, one.last_s))
    return f"{number}: {one.kind} differ in {counted(one.rows, 'row')}, from {first} to {last}"


def _summary(found: Compared, seconds: float) -> str:
    text = (
        f"Compared {counted(found.points, 'metering point')} with {counted(found.readings, 'reading')}:"
        f" {counted(found.hours, 'hour')}, {counted(found.days, 'day')}, in {seconds:.1f} s."
    )
    if found.waiting:
        text += f" Waiting to be judged again, and left to that: {counted(found.waiting, 'metering point')}."
    return text if found.differences else text + " Nothing differs."
