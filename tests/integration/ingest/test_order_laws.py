"""The law of the tables: they are a function of what was read, whatever came first, and equal a plain computation."""

import asyncio
from datetime import date
from fractions import Fraction
from itertools import zip_longest
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deploy.local.stack import Stack
from services.common.postgres import Database
from tests.builders import Points
from tests.integration.ingest.conftest import STOCKHOLM, Worker
from tests.integration.ingest.histories import MAXIMUM_KW, Course, History, Row, courses, histories
from tests.integration.ingest.played import Played, messages, name_meters, register, register_late
from tests.integration.ingest.tables import Tables, tables
from tests.oracle import figures as oracle
from tests.oracle.flags import flags


@st.composite
def _played(draw: st.DrawFn) -> tuple[History, Course]:
    history = draw(histories())
    return history, draw(courses(len(history.rows)))


# Many histories to an example: a turn of many points costs little more than one of a few, and hypothesis repeats in
# each example much of what it has drawn before.
@settings(max_examples=9, suppress_health_check=list(HealthCheck))
@given(drawn=st.lists(_played(), min_size=12, max_size=18))
def test_the_tables_are_a_function_of_the_readings_and_equal_a_plain_computation(
    stack: Stack, drawn: list[tuple[History, Course]]
) -> None:
    ids = Points(stack).add(2 * len(drawn), MAXIMUM_KW)
    straight = [Played(point, history) for point, (history, _) in zip(ids[: len(drawn)], drawn, strict=True)]
    mixed = [Played(point, history) for point, (history, _) in zip(ids[len(drawn) :], drawn, strict=True)]
    name_meters(stack, [*straight, *mixed])
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
        register(stack, straight)
        await _store(worker, [row for one in straight for row in one.rows(range(len(one.history.rows)))])
        turns = zip_longest(*([*course.deliveries, []] for course in plan), fillvalue=[])
        for turn, deliveries in enumerate(turns):
            due = [one for one, course in zip(mixed, plan, strict=True) if course.registered_after == turn]
            await register_late(stack, worker, due)
            rows = [row for one, indexes in zip(mixed, deliveries, strict=True) for row in one.rows(indexes)]
            await _store(worker, rows)
    finally:
        await database.close()


async def _store(worker: Worker, rows: list[Row]) -> None:
    items = messages(worker, rows)
    if items:
        await worker.store(items)


def _equals_the_oracle(stored: Tables, history: History) -> None:
    expected = oracle.figures(stored.readings(), history.places, MAXIMUM_KW, STOCKHOLM)
    hours = stored.hours()
    # Without a volume is another content than a volume of zero, which the comparison does not tell apart.
    distinct = {tuple(row.items()): row for row in history.rows}
    assert stored.sent() == sorted(_sent(row) for row in distinct.values())
    assert stored.verdicts() == expected.verdicts
    assert {start: _without_temperatures(hour) for start, hour in hours.items()} == {
        start: _without_temperatures(hour) for start, hour in expected.hours.items()
    }
    assert stored.days() == expected.days
    assert stored.offset() == expected.offset
    assert set(stored.flag) == flags(hours, history.places, STOCKHOLM)
    assert stored.sums_of_return() == {day: _sums_of_return(hours, day) for day in expected.days}
    assert stored.weighed() == {day: oracle.weighed(_present(hours, day)) for day in expected.days}
    for start, hour in hours.items():
        for column in ("supply_c", "return_c"):
            found, exact = getattr(hour, column), getattr(expected.hours[start], column)
            assert (found is None) == (exact is None)
            # Half a hundredth is what rounding to hundredths may move it; the rest is the sum's in floats.
            assert found is None or abs(found - exact) <= Fraction(501, 100_000)


def _without_temperatures(hour: oracle.Hour) -> oracle.Hour:
    return hour._replace(supply_c=None, return_c=None)


def _sums_of_return(hours: dict[int, oracle.Hour], day: date) -> tuple[int, int]:
    known = [(hour.energy_wh, hour.return_c) for hour in _present(hours, day) if hour.return_c is not None]
    return int(sum(wh * 100 * celsius for wh, celsius in known)), sum(wh for wh, _ in known)


def _present(hours: dict[int, oracle.Hour], day: date) -> list[oracle.Hour]:
    return [hours[start] for start in oracle.day_hours(day, STOCKHOLM) if start in hours]


def _sent(row: Row) -> tuple[Any, ...]:
    return tuple(row[name] or 0 for name in ("read_at", "recorded_at", "rank", "energy_wh", "volume_l", "withdrawn"))
