"""How readings are parted into deliveries."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa

from schemas.readings import METER_READINGS
from services.ingest.sending.deliveries import LANES, arrow_stream, lanes


def readings(*names: tuple[str | None, str | None]) -> pa.Table:
    """Give a reading an hour of each metering point or serial."""
    start = datetime(2024, 1, 1, tzinfo=UTC)
    rows = [
        {
            "metering_point": point,
            "serial": serial,
            "read_at": start + timedelta(hours=hour),
            "energy_wh": hour,
            "withdrawn": False,
        }
        for hour, (point, serial) in enumerate(names)
    ]
    return pa.Table.from_pylist(rows, METER_READINGS)


def test_a_meters_readings_stay_in_one_lane_in_their_order() -> None:
    names = [(f"P{number % 7}", None) for number in range(100)] + [(None, f"S{number % 5}") for number in range(100)]
    parted = lanes(readings(*names))
    assert 1 < len(parted) <= LANES
    assert sorted(row for lane in parted for row in lane.tolist()) == list(range(200))
    lane_of: dict[tuple[str | None, str | None], int] = {}
    for number, lane in enumerate(parted):
        assert lane.tolist() == sorted(lane.tolist())
        for row in lane.tolist():
            assert lane_of.setdefault(names[row], number) == number


def test_the_lane_depends_on_the_meter_alone() -> None:
    names = [(f"P{number}", None) for number in range(50)]
    other_order = names[::-1] * 2
    lanes_of = [
        {frozenset(given[row] for row in lane.tolist()) for lane in lanes(readings(*given))}
        for given in (names, other_order)
    ]
    assert lanes_of[0] == lanes_of[1]


def test_the_same_readings_are_the_same_bytes() -> None:
    some = readings(("P1", None), ("P2", None), ("P1", None))
    parted = pa.concat_tables([some.slice(0, 1), some.slice(1)])
    assert arrow_stream(some) == arrow_stream(parted)
    with pa.ipc.open_stream(arrow_stream(some)) as stream:
        assert stream.schema.equals(METER_READINGS)
        assert [batch.num_rows for batch in stream] == [3]
