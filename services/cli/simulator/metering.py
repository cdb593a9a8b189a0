"""Metering points and the meters that sit there: how they are read, and what their registers can do."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

import numpy as np

from schemas.facilities import Category
from schemas.values import Medium
from services.cli.simulator.buildings import YEAR_H, Building
from services.cli.simulator.calendar import DAY_S
from services.cli.simulator.chance import Stream, chance
from services.cli.simulator.flaws import Flaw, Rates
from services.cli.simulator.registers import Registers
from services.heat.arrays import Int64

YEAR_S = YEAR_H * 3600
DAILY = -1
DAILY_SHARE, PAST_THE_HOUR_SHARE, INTEGRALS_SHARE = 0.15, 0.20, 0.5
FIRST_LATENCY_S, LAST_LATENCY_S = 60, 1_500
"""How long after its time a reading reaches the head-end."""
MODULUS_YEARS = 30
"""A register has as many digits as it needs for so many years."""
SMALLEST_MODULUS_WH = 10**9
PLAUSIBLE_FACTOR = 3
SMALLEST_MAXIMUM_KW = 20
WHOLE_KWH = 1_000


class Naming(IntEnum):
    """What a head-end names in its readings."""

    SERIAL = 0
    BOTH = 1
    METERING_POINT = 2


@dataclass(frozen=True)
class MeteringPoint:
    """Where a building takes heat or cold, and how its meter is read."""

    number: str
    building: Building
    medium: Medium
    minute: int
    """Minutes past the hour at which the meter is read; DAILY: at midnight only."""
    has_integrals: bool
    """True where the meter counts litre-degrees; else it gives samples of both temperatures."""
    latency_s: int
    naming: Naming
    years_installed: float

    @property
    def design_w(self) -> float:
        """The power that the point was built for."""
        is_heat = self.medium is Medium.HEAT
        return self.building.design_w if is_heat else self.building.cooling_design_w

    @property
    def maximum_kw(self) -> int:
        """What the point can plausibly reach."""
        return max(SMALLEST_MAXIMUM_KW, round(PLAUSIBLE_FACTOR * self.design_w / 1000))

    @property
    def year_wh(self) -> float:
        """The energy of a usual year."""
        return self.building.year_wh if self.medium is Medium.HEAT else self.building.cooling_design_w * 600

    @property
    def place(self) -> int:
        """The point's own number in every draw: it depends on the building alone."""
        return self.building.number * 2 + (self.medium is Medium.COOLING)

    def serial(self, seed: int, meter: int) -> str:
        """Give the serial of the first meter, 0, or the one after it, 1."""
        return f"{seed:02d}{self.building.number:05d}{1 + meter + 2 * (self.medium is Medium.COOLING)}"


@dataclass(frozen=True)
class Meter:
    """One meter at its metering point. Registers are those it shows: Wh, l, forward and return litre-degrees."""

    serial: str
    point: int
    installed_s: int
    removed_s: int | None
    offset: tuple[int, int, int, int]
    """What the metering point's running registers are ahead of the meter's own."""
    start: tuple[int, int] | None
    """Wh and l as noted at the installation, where they were noted."""
    stop: tuple[int, int] | None
    modulus_wh: int
    resolution_wh: int
    rolls_over: bool

    def shown_wh(self, running_wh: Int64) -> Int64:
        """Give what the meter shows: its own register, rolled over, cut to what it resolves."""
        own = (running_wh - self.offset[0]) % self.modulus_wh
        return own - own % self.resolution_wh


def metering_points(seed: int, building: Building) -> list[MeteringPoint]:
    """Give a building's metering point for heat and, where it is cooled, the one for cold."""
    media = [Medium.HEAT, Medium.COOLING] if building.is_cooled else [Medium.HEAT]
    return [_metering_point(seed, building, medium) for medium in media]


def _metering_point(seed: int, building: Building, medium: Medium) -> MeteringPoint:
    dice = chance(seed, Stream.METER, building.number * 2 + (medium is Medium.COOLING))
    how = float(dice.random())
    past_the_hour = int(dice.integers(5, 12))
    reads_daily = how < DAILY_SHARE and building.category is Category.SMALL_HOUSE
    minute = DAILY if reads_daily else past_the_hour if how > 1 - PAST_THE_HOUR_SHARE else 0
    return MeteringPoint(
        number=f"T{seed}-{building.number:05d}-{'V' if medium is Medium.HEAT else 'K'}",
        building=building,
        medium=medium,
        minute=minute,
        has_integrals=bool(dice.random() < INTEGRALS_SHARE),
        latency_s=int(dice.integers(FIRST_LATENCY_S, LAST_LATENCY_S)),
        naming=Naming(int(dice.choice(3, p=[0.7, 0.2, 0.1]))),
        years_installed=float(dice.uniform(0.3, 9.0)),
    )


def modulus_wh(point: MeteringPoint) -> int:
    """Give the register's modulus: a power of ten kWh that lasts for decades."""
    modulus = SMALLEST_MODULUS_WH
    while modulus < MODULUS_YEARS * point.year_wh:
        modulus *= 10
    return modulus


@dataclass(frozen=True)
class Fate:
    """What happens to the meter of a metering point within the period."""

    resolution_wh: int
    rolls_over_after: float | None
    """The share of the period's energy after which the register rolls over."""
    exchanged_s: int | None


def fate(seed: int, point: MeteringPoint, rates: Rates, from_s: int, to_s: int) -> Fate:
    """Draw what happens to a meter; one that rolls over is not exchanged too."""
    dice = chance(seed, Stream.METER_FLAWS, point.place)
    resolution, rollover, exchange, when = dice.random(4).tolist()
    rolls_over = rollover < rates[Flaw.ROLLOVER]
    is_exchanged = not rolls_over and exchange < rates[Flaw.EXCHANGE] * (to_s - from_s) / YEAR_S
    return Fate(
        resolution_wh=WHOLE_KWH if resolution < rates[Flaw.RESOLUTION] else 1,
        rolls_over_after=0.1 + 0.8 * when if rolls_over else None,
        exchanged_s=from_s + int((0.1 + 0.8 * when) * (to_s - from_s)) if is_exchanged else None,
    )


def start_wh(point: MeteringPoint, its: Fate, grown_wh: int) -> int:
    """Give the running energy register at the beginning of the period: years of use, or close to rolling over."""
    if its.rolls_over_after is not None:
        return modulus_wh(point) - 1 - int(its.rolls_over_after * grown_wh)
    return int(point.years_installed * point.year_wh)


def meters(
    seed: int, points: Sequence[MeteringPoint], fates: Sequence[Fate], registers: Registers, from_s: int
) -> list[Meter]:
    """Give all meters of the period, in the order of the metering points and of their installation."""
    return [
        meter
        for index, (point, its) in enumerate(zip(points, fates, strict=True))
        for meter in _meters_of(seed, index, point, its, registers, from_s)
    ]


def _meters_of(
    seed: int, index: int, point: MeteringPoint, its: Fate, registers: Registers, from_s: int
) -> list[Meter]:
    first = Meter(
        serial=point.serial(seed, 0),
        point=index,
        installed_s=from_s - int(point.years_installed * 365) * DAY_S,
        removed_s=its.exchanged_s,
        offset=(0, 0, 0, 0),
        start=None,
        stop=None,
        modulus_wh=modulus_wh(point),
        resolution_wh=its.resolution_wh,
        rolls_over=its.rolls_over_after is not None,
    )
    if its.exchanged_s is None:
        return [first]
    at_exchange = registers.at(np.array([index]), np.array([its.exchanged_s]))[0]
    # A new meter has counted a little on the test bench.
    start_wh, start_l = its.resolution_wh * (1 + index % 3), 40 + index % 60
    second = replace(
        first,
        serial=point.serial(seed, 1),
        installed_s=its.exchanged_s,
        removed_s=None,
        offset=(int(at_exchange[0]) - start_wh, int(at_exchange[1]) - start_l, *at_exchange[2:].tolist()),
        start=(start_wh, start_l),
    )
    return [replace(first, stop=(int(first.shown_wh(at_exchange[:1])[0]), int(at_exchange[1]))), second]
