"""What a comparison of figures with their readings needs: which metering points, how large, and which still wait."""

from collections.abc import Sequence
from typing import NamedTuple

from services.common import bulk
from services.common.bulk import Kind
from services.common.postgres import Transaction
from services.heat.arrays import Int64
from services.ingest.store.points import array_literal

# One instant of all tables: whoever stores meanwhile is neither seen nor stopped.
_SNAPSHOT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"

_ALL = """
    SELECT point_id FROM ingest.point_state WHERE point_id %% %(parts)s::int = %(part)s::int ORDER BY point_id
"""
_NAMED = "SELECT number, point_id FROM ingest.point WHERE number = ANY(%s)"

_SIZES = """
    SELECT wanted.point_id,
           (SELECT count(*) FROM ingest.reading WHERE reading.point_id = wanted.point_id),
           (SELECT count(*) FROM ingest.hour WHERE hour.point_id = wanted.point_id),
           (SELECT count(*) FROM ingest.day WHERE day.point_id = wanted.point_id)
      FROM unnest(%s::int[]) AS wanted(point_id)
     ORDER BY wanted.point_id
"""
_SIZE_KINDS: tuple[Kind, ...] = ("int4", "int8", "int8", "int8")

# Their figures are not yet what their readings, meters and temperatures say, and nothing is wrong with that.
_WAITING = """
    SELECT point_id FROM ingest.rejudge WHERE changed_from IS NULL AND point_id = ANY(%(point_ids)s::int[])
     UNION
    SELECT point_id FROM ingest.signature WHERE is_stale AND point_id = ANY(%(point_ids)s::int[])
     UNION
    SELECT point.point_id
      FROM ingest.temperature_change AS change JOIN ingest.point ON point.station_id = change.station_id
     WHERE point.point_id = ANY(%(point_ids)s::int[])
"""


class Sizes(NamedTuple):
    """How much is stored of metering points: (m,) each, sorted by point_id."""

    point_id: Int64
    readings: Int64
    hours: Int64
    days: Int64

    def take(self, which: Int64) -> "Sizes":
        """Pick points by index."""
        return Sizes._make(column[which] for column in self)


async def look_at_one_instant(tx: Transaction) -> None:
    """Let all that this transaction reads be as it was at one instant. The first thing to do in it."""
    await tx.execute(_SNAPSHOT)


async def every_point(tx: Transaction, part: int, parts: int) -> list[int]:
    """Give the metering points of one part of so many; of part 0 of 1 all."""
    return [row[0] for row in await (await tx.execute(_ALL, {"part": part, "parts": parts})).fetchall()]


async def points_named(tx: Transaction, numbers: Sequence[str]) -> dict[str, int]:
    """Give those metering points of the numbers that are there."""
    return dict(await (await tx.execute(_NAMED, [list(numbers)])).fetchall())


async def sizes(tx: Transaction, point_ids: Sequence[int]) -> Sizes:
    """Count what is stored of metering points."""
    return Sizes(*await bulk.copy_out(tx, _SIZES, _SIZE_KINDS, [array_literal(point_ids)]))


async def waiting(tx: Transaction, point_ids: Sequence[int]) -> set[int]:
    """Give those of the metering points that wait to be judged again."""
    if not point_ids:
        return set()
    rows = await (await tx.execute(_WAITING, {"point_ids": array_literal(point_ids)})).fetchall()
    return {row[0] for row in rows}
