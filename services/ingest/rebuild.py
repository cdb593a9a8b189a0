"""Figures computed anew from nothing but their readings, and held against those that are stored."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields
from zoneinfo import ZoneInfo

import numpy as np
from psycopg.errors import SerializationFailure

from services.common import epoch
from services.common.postgres import Database
from services.heat.arrays import Int64
from services.ingest.core.differences import Difference, differences
from services.ingest.core.readings import ReadingRows
from services.ingest.core.recompute import BEGINNING_S, END_S
from services.ingest.handlers import ReadingHandlers
from services.ingest.judging import Judging
from services.ingest.store import outcome, points
from services.ingest.store import rebuild as store
from services.ingest.store.points import Touched
from services.ingest.store.rebuild import Sizes

POINTS_AT_ONCE = 200
"""Of how many metering points the sizes are asked for together."""
NAMED_AT_MOST = 10
"""Metering points in one sentence."""
NOTHING = ReadingRows._make(np.zeros(0, np.int64) for _ in ReadingRows._fields)


class FiguresDifferError(Exception):
    """Stored figures are not what follows from their readings."""


@dataclass(frozen=True)
class Compared:
    """What a comparison has seen."""

    points: int = 0
    readings: int = 0
    hours: int = 0
    days: int = 0
    waiting: int = 0
    """Metering points that differ, and that wait to be judged again: they are left to that."""
    differences: tuple[Difference, ...] = ()

    def __add__(self, other: "Compared") -> "Compared":
        """Put two comparisons together."""
        return Compared(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))


class Rebuild:
    """Compares the figures of metering points with their readings, a few points at a time.

    A point is compared as of one instant, and locked only where it is mended; so nobody who stores has to wait.
    """

    def __init__(self, database: Database, readings: ReadingHandlers, zone: ZoneInfo, rows_at_once: int) -> None:
        """rows_at_once: how many readings and hours are held in memory together, unless one point has more."""
        self._database = database
        self._readings = readings
        self._zone = zone
        self._rows_at_once = rows_at_once

    async def compare(
        self, point_ids: Sequence[int], told: Callable[[Compared], None], loops: int = 1, *, mend: bool = False
    ) -> Compared:
        """Compare metering points, or mend those that differ, too. told: is given what each few of them have shown.

        loops: how many of them are at work, one computing while another one waits for PostgreSQL.
        """
        parts = await asyncio.gather(*(self._compare(point_ids[first::loops], told, mend) for first in range(loops)))
        return sum(parts, Compared())

    async def _compare(self, point_ids: Sequence[int], told: Callable[[Compared], None], mend: bool) -> Compared:
        seen = Compared()
        for first in range(0, len(point_ids), POINTS_AT_ONCE):
            async with self._database.transaction() as tx:
                sizes = await store.sizes(tx, point_ids[first : first + POINTS_AT_ONCE])
            for share in self._shares(sizes):
                compared = await self._compared(share)
                if mend:
                    await self._mend(compared.differences)
                told(compared)
                seen += compared
        return seen

    def _shares(self, sizes: Sizes) -> Iterator[Sizes]:
        ends = np.cumsum(sizes.readings + sizes.hours)
        cuts = np.flatnonzero(np.diff(ends // self._rows_at_once)) + 1
        return (sizes.take(which) for which in np.split(np.arange(len(ends)), cuts))

    async def _compared(self, share: Sizes) -> Compared:
        while True:
            # Another one has noted meanwhile that it wants a signature that is wanted here, too; now it is there.
            with suppress(SerializationFailure):
                found, waiting = await self._differences(share.point_id)
                break
        return Compared(
            points=len(share.point_id),
            readings=int(share.readings.sum()),
            hours=int(share.hours.sum()),
            days=int(share.days.sum()),
            waiting=len(waiting),
            differences=tuple(one for one in found if one.point_id not in waiting),
        )

    async def _differences(self, point_id: Int64) -> tuple[list[Difference], set[int]]:
        """Compare metering points; gives what differs, and which of these points wait to be judged again."""
        async with self._database.transaction() as tx:
            await store.look_at_one_instant(tx)
            reference, floor = await self._readings.reference(tx), await epoch.version_floor(tx)
            states = await points.states(tx, point_id)
            judging = Judging(tx, reference, self._zone, floor)
            found = differences(states, await judging.recomputed(_whole(point_id), NOTHING, states))
            return found, await store.waiting(tx, sorted({one.point_id for one in found}))

    async def _mend(self, found: Sequence[Difference]) -> None:
        """Store what follows from the readings; it is told of like what was judged again."""
        for point_id in sorted({one.point_id for one in found}):
            async with self._database.transaction() as tx:
                changes = await self._readings.rejudge(tx, _whole(np.array([point_id])))
                await outcome.note_far(tx, changes._replace(far=np.array([point_id])), "rebuilt")


def _whole(point_id: Int64) -> Touched:
    """Give the whole series of metering points."""
    return Touched(point_id, np.full(len(point_id), BEGINNING_S), np.full(len(point_id), END_S - 1))


def in_a_sentence(found: Sequence[Difference], names: Mapping[int, str]) -> str:
    """Say how much differs, and of whom. names: the numbers of metering points."""
    which = sorted({one.point_id for one in found})
    named = ", ".join(names.get(one, str(one)) for one in which[:NAMED_AT_MOST])
    rows = counted(sum(one.rows for one in found), "row")
    more = ", ..." if len(which) > NAMED_AT_MOST else ""
    return f"what is stored of {counted(len(which), 'metering point')} ({named}{more}) differs in {rows}"


def counted(number: int, noun: str) -> str:
    """Write so many of something."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
