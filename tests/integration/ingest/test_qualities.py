"""What an operator decided hides no guess: the worse of two qualities, wherever they meet."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from services.ingest import explaining
from services.ingest.core.readings import OPERATOR_RANK
from tests.builders import HOUR_S, MIDNIGHT_S, Points, batch
from tests.integration.ingest.conftest import STOCKHOLM, Worker

HOURS = """
    SELECT (extract(epoch FROM starts_at)::bigint - %s) / 3600, quality, rule
      FROM ingest_v1.hour WHERE point_id = %s ORDER BY starts_at
"""
VERSIONS = """
    SELECT DISTINCT quality FROM ingest_v1.hour_version
     WHERE point_id = %s AND starts_at = to_timestamp(%s) AND known_to = 'infinity'
"""
ELSEWHERE = """
    SELECT (SELECT quality FROM ingest_v1.day WHERE point_id = %s),
           (SELECT quality FROM ingest_v1.day_version WHERE point_id = %s),
           (SELECT quality FROM ingest_v1.month WHERE point_id = %s),
           (SELECT quality FROM ingest_v1.year WHERE point_id = %s)
"""


def readings(point: int, *hours: int) -> list[dict[str, Any]]:
    return [
        {"metering_point": f"MP-{point}", "read_at": MIDNIGHT_S + hour * HOUR_S, "energy_wh": 1_000 * hour}
        for hour in hours
    ]


async def said_at_six(worker: Worker, points: Points, *others: int) -> int:
    """Have readings of a day of which an operator said the one at 6:00; gives the metering point."""
    (point,) = points.add()
    said = worker.message(batch(readings(point, 6)))
    await worker.store([worker.message(batch(readings(point, *others))), replace(said, rank=OPERATOR_RANK)])
    return point


async def test_an_hour_between_an_operator_s_mark_and_a_guess_is_estimated_and_so_is_all_it_is_part_of(
    worker: Worker, points: Points
) -> None:
    point = await said_at_six(worker, points, *range(6), *range(12, 25))
    hours = points.rows(HOURS, [MIDNIGHT_S, point])
    assert [quality for _, quality, _ in hours] == [
        *["measured"] * 5, "manual", *["estimated"] * 6, *["measured"] * 12,
    ]  # fmt: skip
    assert hours[6][2] == "even_between_readings"
    assert points.rows(VERSIONS, [point, MIDNIGHT_S + 6 * HOUR_S]) == [("estimated",)]
    assert points.rows(ELSEWHERE, [point] * 4) == [("estimated",) * 4]
    async with worker.database.transaction() as tx:
        at_six = datetime.fromtimestamp(MIDNIGHT_S + 6 * HOUR_S, UTC)
        found = await explaining.hour(tx, f"MP-{point}", at_six, STOCKHOLM)
    assert found is not None
    assert found["hour"]["quality"] == "estimated"
    assert [mark["quality"] for mark in found["marks"]] == ["manual", "estimated"]


async def test_what_an_operator_decided_is_worse_than_what_lies_between_two_near_readings(
    worker: Worker, points: Points
) -> None:
    point = await said_at_six(worker, points, *range(6), *range(8, 25, 2))
    # Read every other hour, so that a mark between two readings is interpolated.
    assert [row[1] for row in points.rows(HOURS, [MIDNIGHT_S, point])[5:8]] == ["manual", "manual", "manual"]
    assert points.rows(ELSEWHERE, [point] * 4) == [("manual",) * 4]
