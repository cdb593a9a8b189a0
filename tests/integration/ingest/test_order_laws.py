"""The law of the tables: they are a function of what was read, whatever came first, and equal a plain computation."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction
from itertools import groupby, zip_longest
from typing import Any, NamedTuple

import numpy as np
import psycopg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deploy.local.stack import Stack
from services.common.postgres import Database
from services.ingest.store.points import Touched
from tests import oracle
from tests.builders import Points, batch
from tests.integration.ingest.conftest import STOCKHOLM, Worker
from tests.integration.ingest.histories import MAXIMUM_KW, Course, History, Row, courses, histories
from tests.integration.ingest.tables import Tables, tables


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


@st.composite
def _played(draw: st.DrawFn) -> tuple[History, Course]:
    history = draw(histories())
    return history, draw(courses(len(history.rows)))


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(drawn=st.lists(_played(), min_size=1, max_size=6))
def test_the_tables_are_a_function_of_the_readings_and_equal_a_plain_computation(
    stack: Stack, drawn: list[tuple[History, Course]]
) -> None:
    ids = Points(stack).add(2 * len(drawn), MAXIMUM_KW)
    straight = [Played(point, history) for point, (history, _) in zip(ids[: len(drawn)], drawn, strict=True)]
    mixed = [Played(point, history) for point, (history, _) in zip(ids[len(drawn) :], drawn, strict=True)]
    _name_meters(stack, [*straight, *mixed])
    asyncio.run(_play(stack, straight, mixed, [course for _, course in drawn]))
    for one, other in zip(straight, mixed, strict=True):
        at_once, in_pieces = tables(stack, one.point_id), tables(stack, other.point_id)
        _equals_the_oracle(at_once, one.history)
        assert in_pieces.comparable() == at_once.comparable()


async def _play(stack: Stack, straight: list[Played], mixed: list[Played], plan: list[Course]) -> None:
    database = Database(stack.dsn("ingest"), 1, 3)
    await database.open()
    try:
        worker = Worker(database)
        _register(stack, straight)
        await _store(worker, [row for one in straight for row in one.rows(range(len(one.history.rows)))])
        turns = zip_longest(*([*course.deliveries, []] for course in plan), fillvalue=[])
        for turn, deliveries in enumerate(turns):
            due = [one for one, course in zip(mixed, plan, strict=True) if course.registered_after == turn]
            await _register_late(stack, worker, due)
            rows = [row for one, indexes in zip(mixed, deliveries, strict=True) for row in one.rows(indexes)]
            await _store(worker, rows)
    finally:
        await database.close()


async def _store(worker: Worker, rows: list[Row]) -> None:
    by_rank = groupby(sorted(rows, key=lambda row: row["rank"]), key=lambda row: row["rank"])
    items = [replace(worker.message(batch(_columns(row) for row in some)), rank=rank) for rank, some in by_rank]
    if items:
        await worker.store(items)


def _columns(row: Row) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in ("rank", "meter")}


def _name_meters(stack: Stack, played: list[Played]) -> None:
    with psycopg.connect(stack.admin_dsn) as connection:
        for one in played:
            for place in one.history.places:
                connection.execute(
                    "INSERT INTO ingest.meter (serial, modulus_wh, modulus_l, resolution_wh) VALUES (%s, %s, %s, %s)",
                    [one.serial(place.meter_id), *place.modulus, place.resolution_wh],
                )
        connection.execute("UPDATE ingest.reference_version SET version = version + 1")


def _register(stack: Stack, played: list[Played]) -> None:
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


async def _register_late(stack: Stack, worker: Worker, played: list[Played]) -> None:
    """Register meters behind readings that may be there already, and have those judged again."""
    with_meters = [one for one in played if one.history.places]
    if not with_meters:
        return
    _register(stack, with_meters)
    last = [max(row["read_at"] for row in one.history.rows) for one in with_meters]
    touched = Touched(
        np.array([one.point_id for one in with_meters]),
        np.array([one.history.places[0].installed_s for one in with_meters]),
        np.array(last),
    )
    async with worker.database.transaction() as tx:
        await worker.handlers.rejudge(tx, touched)


def _equals_the_oracle(stored: Tables, history: History) -> None:
    expected = oracle.figures(stored.readings(), history.places, MAXIMUM_KW, STOCKHOLM)
    assert stored.sent() == sorted({_sent(row) for row in history.rows})
    assert stored.verdicts() == expected.verdicts
    assert {start: _without_temperatures(hour) for start, hour in stored.hours().items()} == {
        start: _without_temperatures(hour) for start, hour in expected.hours.items()
    }
    assert stored.days() == expected.days
    assert stored.offset() == expected.offset
    assert stored.sums_of_return() == {day: _sums_of_return(stored.hours(), day) for day in expected.days}
    for start, hour in stored.hours().items():
        for column in ("supply_c", "return_c"):
            found, exact = getattr(hour, column), getattr(expected.hours[start], column)
            assert (found is None) == (exact is None)
            # Half a hundredth is what rounding to hundredths may move it; the rest is the sum's in floats.
            assert found is None or abs(found - exact) <= Fraction(501, 100_000)


def _without_temperatures(hour: oracle.Hour) -> oracle.Hour:
    return hour._replace(supply_c=None, return_c=None)


def _sums_of_return(hours: dict[int, oracle.Hour], day: date) -> tuple[int, int]:
    present = [hours[start] for start in oracle.day_hours(day, STOCKHOLM) if start in hours]
    known = [(hour.energy_wh, hour.return_c) for hour in present if hour.return_c is not None]
    return int(sum(wh * 100 * celsius for wh, celsius in known)), sum(wh for wh, _ in known)


def _sent(row: Row) -> tuple[Any, ...]:
    return tuple(row[name] or 0 for name in ("read_at", "recorded_at", "rank", "energy_wh", "volume_l", "withdrawn"))
