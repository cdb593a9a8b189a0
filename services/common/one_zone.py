"""The time zone of an installation is one fact: the database remembers it, and whoever starts keeps to it."""

from zoneinfo import ZoneInfo

from services.common.postgres import Database

REMEMBERED = "SELECT name FROM installation.time_zone"


class ZoneDiffersError(Exception):
    """A process was told another time zone than the database was made with."""


async def check(database: Database, zone: ZoneInfo) -> None:
    """Stop before a day is cut at another midnight than those before it. Raises ZoneDiffersError."""
    async with database.transaction() as tx:
        row = await (await tx.execute(REMEMBERED)).fetchone()
    compare(row[0] if row else None, zone.key)


def compare(remembered: str | None, told: str) -> None:
    """Hold the zone that a process was told against the one that the database remembers. Raises ZoneDiffersError."""
    if remembered is None:
        raise ZoneDiffersError("the database has no time zone yet: prepare it first, with python -m deploy.prepare")
    if told != remembered:
        raise ZoneDiffersError(
            f"KULVERT_TIME_ZONE is {told}, but this database was made for {remembered}, and its days, periods and"
            f" invoices are cut at midnight there: set KULVERT_TIME_ZONE={remembered} for every service and for"
            " deploy.prepare. What is stored cannot be carried over; for another zone make a new database and send"
            " the readings again"
        )
