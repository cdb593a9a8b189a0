"""A town: everything that follows from a seed, a number of buildings, a period and how often flaws occur."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from schemas.values import Medium
from services.cli.simulator.buildings import STATIONS, Building, building
from services.cli.simulator.calendar import calendar, clock_changes, midnight_s
from services.cli.simulator.demand import LEAD_H, Climate, climate, cooling_w, heat_w
from services.cli.simulator.flaws import USUAL_FLAWS, Rates
from services.cli.simulator.metering import Meter, MeteringPoint, fate, metering_points, meters, start_wh
from services.cli.simulator.mishaps import Delivered, befall
from services.cli.simulator.readings import Rows, Temperatures, readings, table
from services.cli.simulator.registers import WH, Registers, counted, started
from services.cli.simulator.substations import cooling_water, heating_water
from services.heat.arrays import Float64, Int64
from services.heat.hour_marks import HOUR_S

BUILDINGS_AT_ONCE = 200
"""Keeps the arrays of floats small; the registers of all stay."""
MOST_BUILDINGS = 50_000
MOST_BUILDING_HOURS = 20_000_000
"""A year of some 2,000 buildings: about 8 GB of memory."""
SWEDEN = ZoneInfo("Europe/Stockholm")


@dataclass(frozen=True, eq=False)
class Town:
    """A town over a period, from one local midnight to another."""

    seed: int
    first_day: date
    end_day: date
    """The first day that is no longer in the period."""
    from_s: int
    to_s: int
    buildings: Sequence[Building]
    points: Sequence[MeteringPoint]
    meters: Sequence[Meter]
    registers: Registers
    """What perfect meters would show, from an hour before the period to an hour after it."""
    temperature_s: Int64
    """(h,) the beginning of each hour of the weather."""
    temperature_c: Float64
    """(stations, h)."""
    delivered: Delivered
    """Readings in the order of delivery."""

    @property
    def name(self) -> str:
        """What the town's network, source and numbers begin with."""
        return f"T{self.seed}"

    @property
    def stations(self) -> Sequence[str]:
        """The weather stations that the town's buildings lie at."""
        return [self.station(index) for index in range(len(self.temperature_c))]

    def station(self, index: int) -> str:
        """Give the name of a weather station."""
        return f"{self.name}-W{index + 1}"

    @property
    def true_hours(self) -> Int64:
        """What was truly used, (p, hours, 4): Wh, l, forward and return litre-degrees of each hour."""
        return self.registers.hours(self.from_s, self.to_s)

    def batches(self, most_rows: int, until_s: int | None = None) -> Iterator["Batch"]:
        """Give the readings in the order of delivery, those sent up to an instant, so many at once at most."""
        sent_at_s = self.delivered.rows.sent_at_s
        end = self.readings if until_s is None else int(np.searchsorted(sent_at_s, until_s, side="right"))
        for start in range(0, end, most_rows):
            yield self._batch(start, min(start + most_rows, end))

    def rounds(self, seconds: int, from_s: int) -> Iterator["Batch"]:
        """Give the readings sent after from_s as a head-end sends them: every so many seconds what has come in."""
        sent_at_s = self.delivered.rows.sent_at_s
        first = int(np.searchsorted(sent_at_s, from_s, side="right"))
        number = -(-sent_at_s[first:] // seconds)
        edges = first + np.flatnonzero(np.diff(number, prepend=-1, append=-1))
        for start, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
            yield self._batch(start, end)._replace(sent_at_s=int(number[start - first]) * seconds)

    @property
    def readings(self) -> int:
        """How many readings are delivered, repetitions included."""
        return len(self.delivered.rows.point)

    def _batch(self, start: int, end: int) -> "Batch":
        rows = self.delivered.rows.take(np.arange(start, end))
        return Batch(int(rows.sent_at_s[-1]), table(rows, self.points, self.meters))


class Batch(NamedTuple):
    """Readings that are sent together."""

    sent_at_s: int
    """When the last of them leaves the head-end."""
    readings: pa.Table
    """Of METER_READINGS."""


def town(
    seed: int,
    buildings: int,
    first_day: date,
    end_day: date,
    rates: Rates = USUAL_FLAWS,
    zone: ZoneInfo = SWEDEN,
) -> Town:
    """Build a town of so many buildings, and let it live from first_day up to, not including, end_day.

    The same arguments give the same town. A building, its weather and what it uses in an hour depend on the seed
    and its own number alone, not on how many others there are, nor on the period. Raises ValueError where the
    period has no day, the town no building, or both together are too much to keep in memory.
    """
    if end_day <= first_day:
        raise ValueError(f"the period ends on {end_day}, which must be after its first day, {first_day}")
    if not 1 <= buildings <= MOST_BUILDINGS:
        raise ValueError(f"a town has 1 to {MOST_BUILDINGS} buildings, not {buildings}")
    from_s, to_s = midnight_s(first_day, zone), midnight_s(end_day, zone)
    if buildings * (to_s - from_s) // HOUR_S > MOST_BUILDING_HOURS:
        most_days = MOST_BUILDING_HOURS // (24 * buildings)
        raise ValueError(f"{buildings} buildings fit in memory for {most_days} days; take fewer, or a shorter period")
    # An hour more on both sides, for meters that are read past the hour.
    with_lead = calendar(from_s - HOUR_S - LEAD_H * HOUR_S, to_s + HOUR_S, zone)
    weather = climate(seed, with_lead)
    houses = [building(seed, number) for number in range(buildings)]
    points = [point for house in houses for point in metering_points(seed, house)]
    grown, water = _lives(seed, points, weather)
    fates = [fate(seed, point, rates, from_s, to_s) for point in points]
    energy_wh = grown[:, -1, WH].tolist()
    start = [start_wh(point, its, grown_wh) for point, its, grown_wh in zip(points, fates, energy_wh, strict=True)]
    registers = Registers(from_s - HOUR_S, started(grown, np.array(start)))
    installed = meters(seed, points, fates, registers, from_s)
    clean = readings(seed, points, installed, registers, water, (from_s, to_s), zone)
    stations = min(buildings, STATIONS)
    return Town(
        seed=seed,
        first_day=first_day,
        end_day=end_day,
        from_s=from_s,
        to_s=to_s,
        buildings=houses,
        points=points,
        meters=installed,
        registers=registers,
        temperature_s=weather.calendar.starts_s[1:-1],
        temperature_c=weather.outdoor_c[:stations, 1:-1],
        delivered=_in_order(befall(clean, seed, points, rates, clock_changes(from_s, to_s, zone))),
    )


def _lives(seed: int, points: Sequence[MeteringPoint], weather: Climate) -> tuple[Int64, Temperatures]:
    """Give what every metering point uses: registers grown from zero, (p, h + 1, 4), and temperatures, (p, h)."""
    hours = len(weather.calendar.starts_s)
    grown = np.empty((len(points), hours + 1, 4), np.int64)
    water = Temperatures(*(np.empty((len(points), hours), np.float32) for _ in Temperatures._fields))
    for medium, power_of, water_of in (
        (Medium.HEAT, heat_w, heating_water),
        (Medium.COOLING, cooling_w, cooling_water),
    ):
        of_medium = [index for index, point in enumerate(points) if point.medium is medium]
        for start in range(0, len(of_medium), BUILDINGS_AT_ONCE):
            which = of_medium[start : start + BUILDINGS_AT_ONCE]
            served = [points[index].building for index in which]
            power_w = power_of(seed, served, weather)
            flow = water_of(seed, served, weather, power_w)
            grown[which] = counted(power_w, flow)
            water.supply_c[which] = flow.supply_c
            water.return_c[which] = flow.return_c
    return grown, water


def _in_order(delivered: Delivered) -> Delivered:
    rows: Rows = delivered.rows
    order = np.argsort(rows.sent_at_s, kind="stable")
    return delivered._replace(rows=rows.take(order), event=delivered.event[order])
