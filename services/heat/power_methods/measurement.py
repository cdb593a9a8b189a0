"""What every method is given and what it finds: days of many metering points in, a measurement of each out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from services.heat.arrays import UNKNOWN, Bool, Float64, Int64
from services.heat.weekdays import weekdays

WH_PER_KWH = 1000
MEAN_PARTS = 23 * 24 * 25
"""The smallest number that days of 23, 24 and 25 hours all divide, so that mean powers are whole numbers."""


class Reason(StrEnum):
    """Why a power was not determined. The value is stored, shown to customers and never renamed."""

    NO_TEMPERATURE = "no_temperature"
    RUN_TOO_SHORT = "run_too_short"
    TOO_FEW_COLD_DAYS = "too_few_cold_days"
    TOO_FEW_MEASURED_DAYS = "too_few_measured_days"
    LINE_NOT_FALLING = "line_not_falling"
    NO_POWER_AT_MINUS_FIVE = "no_power_at_minus_five"
    TOO_WARM = "too_warm"
    NO_POWER_MEASURED = "no_power_measured"
    NO_NORMAL_YEAR = "no_normal_year"
    POWER_IS_CHOSEN = "power_is_chosen"
    POWER_IS_OF_MONTHS = "power_is_of_months"


class Statistic(StrEnum):
    """What of a day a method looks at."""

    HIGHEST_HOUR = "highest_hour"
    MEAN_POWER = "mean_power"
    NOTHING = "nothing"

    @property
    def units_per_kw(self) -> int:
        """Into how many whole parts a kW is divided, so that every day's figure is a whole number of them."""
        return WH_PER_KWH * MEAN_PARTS if self is Statistic.MEAN_POWER else WH_PER_KWH


class DaysInUse(StrEnum):
    """Which days a method takes."""

    BY_ACTIVITY = "by_activity"
    WEEKDAYS = "weekdays"
    ALL = "all"

    def of(self, day: Int64, is_used_all_week: bool) -> Bool:
        """Tell which days (since 1970) count for facilities of one kind of activity; (d,) in, (d,) out."""
        if self is DaysInUse.WEEKDAYS or (self is DaysInUse.BY_ACTIVITY and not is_used_all_week):
            return weekdays(day)
        return np.ones(len(day), np.bool_)


@dataclass(frozen=True)
class Period:
    """The days from `first` up to, not including, `end` (days since 1970)."""

    first: int
    end: int

    @property
    def days(self) -> int:
        """The length in days."""
        return self.end - self.first


@dataclass(frozen=True, eq=False)
class Days:
    """The days that a method asked for, of n metering points by one weather station and with one kind of activity.

    day: (d,) local days since 1970, strictly rising. mean_c: (d,) daily mean temperature, NaN where there is none.
    power: (n, d) the method's statistic in its whole parts, UNKNOWN of a day that is not complete or not measured.
    in_use: (d,) whether the day counts for the activity.
    """

    day: Int64
    mean_c: Float64
    power: Int64
    in_use: Bool

    @property
    def period(self) -> Period:
        """All of them."""
        return Period(int(self.day[0]), int(self.day[-1]) + 1)


@dataclass(frozen=True, eq=False)
class NormalYears:
    """What n metering points use in a normal year, and through how many hours their categories divide it.

    wh: (n,), UNKNOWN where there is none. milli_hours: (n,) thousandths of an hour, UNKNOWN where the caller has none
    for the category.
    """

    wh: Int64
    milli_hours: Int64


@dataclass(frozen=True, eq=False)
class Points:
    """The days that a power rests on: day (p,), daily mean temperature (p,), the day's statistic (p,) in kW."""

    day: Int64
    mean_c: Float64
    power_kw: Float64


@dataclass(frozen=True)
class Line:
    """The straight line power = intercept + slope * temperature, and how well it fits."""

    slope_kw_per_c: float
    intercept_kw: float
    r2: float


@dataclass(frozen=True, eq=False)
class Measurement:
    """A measured power with all it rests on, or the reason why there is none and what was found until then.

    coverage: the share of the period's days in use that were measured and looked at, 0 to 1.
    """

    reason: Reason | None
    period: Period | None = None
    points: Points | None = None
    coverage: float | None = None
    line: Line | None = None
    measured_kw: Decimal | None = None


class Method(NamedTuple):
    """One utility's way to measure subscription power.

    period_before: the newest days that it needs which are all over on a day. measure: one measurement of each
    metering point, (n,). read_at_c: where it reads its line off, None where it draws none. is_exact: True where what is
    measured counts as it is, without a threshold and not in whole kW.
    """

    name: str
    statistic: Statistic
    days_in_use: DaysInUse
    period_before: Callable[[date], Period]
    measure: Callable[[Days], Sequence[Measurement]]
    read_at_c: float | None = None
    is_exact: bool = False


def mean_power(energy_wh: Int64, hours: Int64) -> Int64:
    """Give days' mean powers in whole parts; (n, d) energies and (d,) hours in, UNKNOWN where the energy is."""
    whole = MEAN_PARTS % np.maximum(hours, 1) == 0
    parts = MEAN_PARTS // np.maximum(hours, 1)
    known = (energy_wh != UNKNOWN) & whole & (hours > 0)
    return np.where(known, np.where(known, energy_wh, 0) * parts, UNKNOWN)


def in_hundredths(numerator: int, denominator: int, units_per_kw: int) -> Decimal:
    """Give numerator / denominator parts of a kW as kW, rounded once, half up, to 0.01. In whole numbers throughout."""
    return Decimal((200 * numerator + denominator * units_per_kw) // (2 * denominator * units_per_kw)).scaleb(-2)
