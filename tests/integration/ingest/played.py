"""Histories on the stack: their meters in the tables, their readings as messages to the worker."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from itertools import groupby, zip_longest
from typing import Any, NamedTuple

import numpy as np
import psycopg

from deploy.local.stack import Stack
from services.ingest.decode import Message
from services.ingest.store.points import Touched
from tests.builders import batch
from tests.integration.ingest.conftest import Worker
from tests.integration.ingest.histories import Course, History, Row


class Played(NamedTuple):
    """A history on the metering point that it is played on."""

    point_id: int
    history: History

    def rows(self, indexes: Sequence[int]) -> list[Row]:
        """Give rows with their metering point and the serials of their meters."""
        return [self._named(self.history.rows[index]) for index in indexes]

    def _named(self, row: Row) -> Row:
        serial = None if row["meter"] is None else self.serial(row["meter"])
        return row | {"metering_point": f"MP-{self.point_id}", "serial": serial}

    def serial(self, meter: int) -> str:
        """Name a meter of this metering point."""
        return f"{self.point_id}-{meter}"


def messages(worker: Worker, rows: list[Row]) -> list[Message]:
    """Lay rows out as messages, one for each rank among them."""
    by_rank = groupby(sorted(rows, key=lambda row: row["rank"]), key=lambda row: row["rank"])
    return [replace(worker.message(batch(_columns(row) for row in some)), rank=rank) for rank, some in by_rank]


def _columns(row: Row) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in ("rank", "meter")}


def name_meters(stack: Stack, played: list[Played]) -> None:
    """Make the meters of histories known, not yet installed anywhere."""
    with psycopg.connect(stack.admin_dsn) as connection:
        for one in played:
            for place in one.history.places:
                connection.execute(
                    "INSERT INTO ingest.meter (serial, modulus_wh, modulus_l, resolution_wh, smoothing)"
                    " VALUES (%s, %s, %s, %s, %s)",
                    [one.serial(place.meter_id), *place.modulus, place.resolution_wh, place.smoothing],
                )
        connection.execute("UPDATE ingest.reference_version SET version = version + 1")


def register(stack: Stack, played: list[Played]) -> None:
    """Register where the meters of histories sat."""
    with psycopg.connect(stack.admin_dsn) as connection:
        for one in played:
            for place in one.history.places:
                connection.execute(
                    "INSERT INTO ingest.meter_installation (meter_id, point_id, installed_at, removed_at, start_wh,"
                    " start_l, stop_wh, stop_l) SELECT meter_id, %s, to_timestamp(%s), to_timestamp(%s), %s, %s, %s, %s"
                    " FROM ingest.meter WHERE serial = %s",
                    [
                        *(one.point_id, place.installed_s, place.removed_s),
                        *(*place.start, *place.stop, one.serial(place.meter_id)),
                    ],
                )
        connection.execute("UPDATE ingest.reference_version SET version = version + 1")


async def register_late(stack: Stack, worker: Worker, played: list[Played]) -> None:
    """Register meters behind readings that may be there already, and have those judged again."""
    with_meters = [one for one in played if one.history.places]
    if not with_meters:
        return
    register(stack, with_meters)
    last = [max(row["read_at"] for row in one.history.rows) for one in with_meters]
    touched = Touched(
        np.array([one.point_id for one in with_meters]),
        np.array([one.history.places[0].installed_s for one in with_meters]),
        np.array(last),
    )
    async with worker.database.transaction() as tx:
        await worker.handlers.rejudge(tx, touched)


async def play(stack: Stack, worker: Worker, played: list[Played], plan: Sequence[Course]) -> AsyncIterator[None]:
    """Let histories come in side by side, delivery by delivery; stops after each for whoever looks."""
    name_meters(stack, played)
    for turn, deliveries in enumerate(zip_longest(*([*one.deliveries, []] for one in plan), fillvalue=[])):
        due = [one for one, course in zip(played, plan, strict=True) if course.registered_after == turn]
        await register_late(stack, worker, due)
        rows = [row for one, indexes in zip(played, deliveries, strict=True) for row in one.rows(indexes)]
        if rows:
            await worker.store(messages(worker, rows))
        yield
