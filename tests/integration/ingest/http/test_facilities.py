"""The copy of metering points that ingest keeps: in any order the newest counts, also when a point moves."""

import asyncio
from itertools import permutations
from typing import Any
from uuid import UUID, uuid4

import pytest

from schemas.event import CORRELATION_HEADER
from schemas.facilities import FacilityChanged, FacilityPoint
from schemas.topics import FACILITIES_CHANGED
from services.common.kafka import outgoing, send_all, start_producer
from tests import examples
from tests.integration.ingest.http.door import AT, Door, new_serial

COPY = "SELECT station_id, maximum_kw, version FROM ingest.point WHERE number = %s"


def facility(facility_id: UUID, version: int, *points: FacilityPoint) -> FacilityChanged:
    hostile = "Robert'); DROP TABLE ingest.point; --"
    identity = {"facility_id": facility_id, "version": version, "facility_name": hostile}
    return examples.event(FacilityChanged, "house_without_points", **identity, points=points)


def point(number: str, point_id: int, station_id: str, maximum_kw: int = 50) -> FacilityPoint:
    heat, _ = examples.event(FacilityChanged, "apartments_with_heat_and_cooling").points
    other = {"point_id": point_id, "number": number, "station_id": station_id, "maximum_kw": maximum_kw}
    return heat.model_copy(update=other)


def tell(door: Door, *events: FacilityChanged, **headers: str) -> None:
    async def run() -> None:
        producer = await start_producer(door.stack.kafka.bootstrap)
        try:
            # To one partition and one after the other, so that they come in this order.
            for event in events:
                await send_all(producer, [outgoing(FACILITIES_CHANGED, "one", event, **headers)])
        finally:
            await producer.stop()

    asyncio.run(run())


def new_point(door: Door) -> tuple[str, int]:
    """Give a number and an id that are not known yet, far from those of others."""
    return f"P-{new_serial()}", 500_000_000 + uuid4().int % 30_000_000


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_point_that_moved_is_where_the_newest_facility_has_it(door: Door, order: tuple[int, ...]) -> None:
    number, point_id = new_point(door)
    old_home, new_home = uuid4(), uuid4()
    told = [
        facility(old_home, 11, point(number, point_id, "north")),
        facility(new_home, 12, point(number, point_id, "south", 80)),
        facility(old_home, 13),
    ]
    tell(door, *(told[index] for index in order), *(told[index] for index in order))
    mark, mark_id = new_point(door)
    tell(door, facility(uuid4(), 14, point(mark, mark_id, "mark")))
    door.until(COPY, [("mark", 50, 14)], mark)
    assert door.rows(COPY, number) == [("south", 80, 12)]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_number_that_two_points_were_put_under_is_the_later_one_s(door: Door, order: tuple[int, ...]) -> None:
    number, lost_id = new_point(door)
    _, put_again_id = new_point(door)
    told = [
        facility(uuid4(), 21, point(number, lost_id, "north")),
        facility(uuid4(), 22, point(number, put_again_id, "south")),
    ]
    tell(door, *(told[index] for index in order))
    query = "SELECT point_id, number, version FROM ingest.point WHERE point_id = ANY(%s) ORDER BY version"
    door.until(query, [(lost_id, f"{number} ({lost_id})", 21), (put_again_id, number, 22)], [lost_id, put_again_id])


def test_readings_wait_for_their_point_and_the_one_who_told_of_it_is_found_in_the_log(door: Door) -> None:
    number, point_id = new_point(door)
    answer = door.sender.post([{"metering_point": number, "read_at": AT, "energy_wh": 5}])
    assert door.sender.judged(answer)["verdicts"] == {"unknown_metering_point": 1}
    trace = f"trace-{uuid4().hex}"
    tell(door, facility(uuid4(), 1, point(number, point_id, "north")), **{CORRELATION_HEADER.replace("-", "_"): trace})
    door.until("SELECT energy_wh, verdict FROM ingest.reading WHERE point_id = %s", [(5, 1)], point_id)
    assert door.sender.judged(answer)["verdicts"] == {"accepted": 1}
    assert trace in door.logs["worker"].read_text()


def test_a_limit_that_changes_judges_what_is_stored_again(door: Door) -> None:
    number, point_id = new_point(door)
    tell(door, facility(uuid4(), 1, point(number, point_id, "north", maximum_kw=50)))
    door.until(COPY, [("north", 50, 1)], number)
    rows: list[dict[str, Any]] = [
        {"metering_point": number, "read_at": f"2024-01-10T{hour:02d}:00:00+01:00", "energy_wh": hour * 60_000}
        for hour in range(4)
    ]
    door.sender.judged(door.sender.post(rows))
    hours = "SELECT energy_wh FROM ingest.hour WHERE point_id = %s AND energy_wh IS NOT NULL ORDER BY starts_at"
    assert door.rows(hours, point_id) == []
    tell(door, facility(uuid4(), 2, point(number, point_id, "north", maximum_kw=61)))
    door.until(hours, [(60_000,)] * 3, point_id)
