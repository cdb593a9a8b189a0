"""What meters showed at the instant of an exchange gives the hours of having noted it, in whatever order it comes."""

from datetime import UTC, datetime
from itertools import permutations
from typing import Any

import numpy as np
import psycopg
import pytest

from deploy.local.stack import Stack
from services.ingest import explaining
from services.ingest.core.verdict import Verdict
from services.ingest.rebuild import Rebuild
from services.ingest.store.points import Touched
from tests.builders import HOUR_S, MIDNIGHT_S, Points
from tests.integration.ingest.conftest import STOCKHOLM, Worker

HOURS = """
    SELECT (extract(epoch FROM starts_at)::bigint - %s) / 3600, energy_wh, volume_l, start_quality, end_quality
      FROM ingest.hour WHERE point_id = %s AND energy_wh IS NOT NULL ORDER BY starts_at
"""
DAYS = """
    SELECT day, energy_wh, volume_l, register_wh, register_l, is_measured, quality
      FROM ingest.day WHERE point_id = %s ORDER BY day
"""
AT_EXCHANGE = """
    SELECT meter.serial, reading.energy_wh, reading.verdict FROM ingest.reading LEFT JOIN ingest.meter USING (meter_id)
     WHERE point_id = %s AND read_at = to_timestamp(%s) ORDER BY 1, 2
"""
EXCHANGE_S = MIDNIGHT_S + 6 * HOUR_S
MEASURED, ESTIMATED = 1, 3

Row = dict[str, Any]


class House:
    """A metering point with an old meter until 6:00 and a new one from then on."""

    def __init__(self, points: Points, **noted: int) -> None:
        (self.point,) = points.add()
        self.old, self.new = f"old-{self.point}", f"new-{self.point}"
        points.install(self.old, self.point, MIDNIGHT_S, EXCHANGE_S, **noted)
        points.install(self.new, self.point, EXCHANGE_S)
        self._points = points

    def read(self, serial: str, hour: float, energy_wh: int, volume_l: int | None, **more: Any) -> Row:
        at_s = MIDNIGHT_S + int(hour * HOUR_S)
        named = {"metering_point": f"MP-{self.point}", "serial": serial}
        return named | {"read_at": at_s, "energy_wh": energy_wh, "volume_l": volume_l} | more

    def before(self) -> list[Row]:
        """The old meter rises by 1 kWh and 20 l an hour, and is last read at 5:00."""
        return [self.read(self.old, hour, 50_000 + 1_000 * hour, 900 + 20 * hour) for hour in range(6)]

    def behind(self, first: int = 7) -> list[Row]:
        """The new one begins at 300 Wh and 4 l, and rises by 2 kWh and 30 l an hour for two days."""
        return [self.read(self.new, hour, 300 + 2_000 * (hour - 6), 4 + 30 * (hour - 6)) for hour in range(first, 50)]

    def at_exchange(self, wh: int = 55_800, litres: int | None = 1_017, **more: Any) -> Row:
        """The old meter's last word: 0.8 kWh and 17 l since 5:00."""
        return self.read(self.old, 6, wh, litres, **more)

    def hours(self) -> list[tuple[Any, ...]]:
        return self._points.rows(HOURS, [MIDNIGHT_S, self.point])

    def days(self) -> list[tuple[Any, ...]]:
        return self._points.rows(DAYS, [self.point])

    def said_at_exchange(self) -> list[tuple[Any, ...]]:
        return [row[1:] for row in self._points.rows(AT_EXCHANGE, [self.point, EXCHANGE_S])]


async def noting(worker: Worker, points: Points, **noted: int) -> House:
    """Have the exchange's hours with registers that were noted, and not read."""
    house = House(points, **noted)
    await worker.take([*house.before(), *house.behind(6)])
    return house


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_a_stop_register_that_is_read_gives_the_hours_of_one_that_is_noted_in_any_order(
    worker: Worker, points: Points, order: tuple[int, ...]
) -> None:
    noted = await noting(worker, points, stop_wh=55_800)
    house = House(points)
    parts = [house.before(), [house.at_exchange(litres=None)], house.behind(6)]
    for part in order:
        await worker.take(parts[part])
    assert house.said_at_exchange() == [(300, Verdict.ACCEPTED), (55_800, Verdict.STOP_REGISTER)]
    assert (house.hours(), house.days()) == (noted.hours(), noted.days())
    # 55.0 kWh at 5:00 and 55.8 at the exchange, on the hour; the new meter's 300 Wh are where it begins.
    assert [row[1] for row in house.hours()[4:7]] == [1_000, 800, 2_000]
    assert house.hours()[5][3:] == (MEASURED, MEASURED)


async def test_without_a_register_at_the_exchange_its_hour_is_estimated(worker: Worker, points: Points) -> None:
    house = House(points)
    await worker.take([*house.before(), *house.behind(7)])
    assert [(row[0], row[3:]) for row in house.hours()[4:7]] == [
        (4, (MEASURED, MEASURED)),
        (5, (MEASURED, ESTIMATED)),
        (6, (2, ESTIMATED)),
    ]


async def test_volume_is_conserved_across_an_exchange_whose_registers_are_read(worker: Worker, points: Points) -> None:
    house = House(points)
    await worker.take([*house.before(), house.at_exchange(), *house.behind(6)])
    assert [row[2] for row in house.hours()[4:7]] == [20, 17, 30]


async def test_a_stop_register_counts_though_the_new_meter_is_read_later_than_the_exchange(
    worker: Worker, points: Points
) -> None:
    house = House(points)
    points.rows(
        "UPDATE ingest.meter_installation SET start_wh = 300 WHERE point_id = %s AND installed_at = to_timestamp(%s)"
        " RETURNING 1",
        [house.point, EXCHANGE_S],
    )
    points.rows("UPDATE ingest.reference_version SET version = version + 1 RETURNING 1")
    await worker.take([*house.before(), house.at_exchange(), *house.behind(7)])
    # 0.8 kWh of the old meter and 2 of the new one between 5:00 and 7:00, risen evenly.
    assert [row[1] for row in house.hours()[4:8]] == [1_000, 1_400, 1_400, 2_000]


async def test_a_stop_register_that_comes_late_is_corrected_and_withdrawn_leaves_no_trace(
    worker: Worker, points: Points
) -> None:
    house = House(points)
    await worker.take([*house.before(), *house.behind(6)])
    without = house.hours(), house.days()
    assert house.hours()[5][1:] == (0, 0, MEASURED, ESTIMATED)
    await worker.take([house.at_exchange()])
    assert house.hours()[5][1:] == (800, 17, MEASURED, MEASURED)
    await worker.take([house.at_exchange(55_900, recorded_at=EXCHANGE_S + 60)])
    assert house.hours()[5][1:] == (900, 17, MEASURED, MEASURED)
    await worker.take([house.at_exchange(recorded_at=EXCHANGE_S + 120, withdrawn=True)])
    assert (house.hours(), house.days()) == without


async def test_an_implausible_stop_register_waits_for_an_operator_and_one_that_is_noted_settles_it(
    stack: Stack, worker: Worker, points: Points
) -> None:
    house = House(points)
    await worker.take([*house.before(), *house.behind(6), house.at_exchange(54_000)])
    assert house.said_at_exchange() == [(300, Verdict.ACCEPTED), (54_000, Verdict.IMPLAUSIBLE_STOP)]
    assert house.hours()[5][1:] == (0, 0, MEASURED, ESTIMATED)
    with psycopg.connect(stack.admin_dsn) as connection:
        connection.execute(
            "UPDATE ingest.meter_installation SET stop_wh = 55800 WHERE point_id = %s AND removed_at IS NOT NULL",
            [house.point],
        )
        connection.execute("UPDATE ingest.reference_version SET version = version + 1")
    span = (np.array([one]) for one in (house.point, MIDNIGHT_S, EXCHANGE_S))
    async with worker.database.transaction() as tx:
        await worker.handlers.rejudge(tx, Touched(*span))
    assert house.said_at_exchange() == [(300, Verdict.ACCEPTED), (54_000, Verdict.SUPERSEDED)]
    assert house.hours()[5][1] == 800


async def test_the_explanation_of_an_exchange_names_the_registers_that_were_read(
    worker: Worker, points: Points
) -> None:
    house = House(points)
    await worker.take([*house.before(), house.at_exchange(), *house.behind(6)])
    at_five = datetime.fromtimestamp(MIDNIGHT_S + 5 * HOUR_S, UTC)
    async with worker.database.transaction() as tx:
        found = await explaining.hour(tx, f"MP-{house.point}", at_five, STOCKHOLM)
    assert found is not None
    assert (found["adds_up"], found["derived_wh"], found["not_used"]) == (True, 800, [])
    assert found["hour"]["rule"].endswith(
        "; a meter was put at 2024-01-10 06:00, at 0.300 kWh (as it was read at that instant),"
        " where the one before had ended at 55.800 kWh (as it was read at that instant)"
    )
    [shown] = found["stop_registers"]
    assert (shown["serial"], shown["energy_wh"], shown["verdict"], shown["why_not"]) == (
        house.old, 55_800, "stop_register", None,
    )  # fmt: skip


async def test_figures_across_an_exchange_that_was_read_follow_from_the_readings_alone(
    worker: Worker, points: Points
) -> None:
    house = House(points)
    await worker.take([*house.before(), house.at_exchange(), *house.behind(6)])
    compared = await Rebuild(worker.database, worker.handlers, STOCKHOLM, 1_000).compare([house.point], lambda _: None)
    assert (compared.readings, compared.differences) == (51, ())
