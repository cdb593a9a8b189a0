"""Many contracts' powers measured at once: from stored days to measurements that know what they rest on."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

import numpy as np

from schemas.price_list_terms import PowerMethod
from schemas.values import Activity, PointId
from services.contracts.core.methods import rule_of
from services.heat.arrays import UNKNOWN, Float64, Int64
from services.heat.power_methods import yearly_energy
from services.heat.power_methods.category_number import measure_normal_years
from services.heat.power_methods.measurement import Days, Measurement, NormalYears, Period


class Asked(NamedTuple):
    """A metering point whose power is to be measured."""

    point_id: PointId
    station_id: str | None
    activity: Activity
    method: PowerMethod
    utilisation_hours: Decimal | None = None
    """What a category's energy is divided by, where the method is the category number."""


@dataclass(frozen=True, eq=False)
class DayRows:
    """Stored days, r of them, in any order and each of a point and a day once.

    power: the method's statistic in its whole parts, UNKNOWN of a day that is not complete or not measured.
    """

    point_id: Int64
    day: Int64
    power: Int64
    revision: Int64


@dataclass(frozen=True, eq=False)
class Weather:
    """A station's daily mean temperatures over a period, NaN where there is none, and their revisions, else 0."""

    mean_c: Float64
    revision: Int64


class Measured(NamedTuple):
    """A measurement with the days that were looked at, and the revisions of what it rests on.

    These are of the measuring period's days, and of the temperatures of all days that were looked at: which of them are
    the period follows from the weather alone. Revisions only rise, so a sum over the same days is the same only where
    none of them has changed.
    """

    measurement: Measurement
    looked_at: Period
    revision_sum: int
    newest_revision: int


def measure(
    asked: Sequence[Asked], period: Period, rows: DayRows, weather: Mapping[str, Weather]
) -> dict[PointId, Measured]:
    """Measure metering points by the one method that all of them have; days that are missing stay missing."""
    points = np.array(sorted(one.point_id for one in asked), np.int64)
    power = np.full((len(points), period.days), UNKNOWN)
    revision = np.zeros((len(points), period.days), np.int64)
    at = (np.searchsorted(points, rows.point_id), rows.day - period.first)
    power[at], revision[at] = rows.power, rows.revision
    found: dict[PointId, Measured] = {}
    for some in _alike(asked):
        which = np.searchsorted(points, [one.point_id for one in some])
        known = weather.get(some[0].station_id or "", without_weather(period))
        measurements = rule_of(some[0].method).measure(_days(some[0], period, power[which], known))
        found |= _with_revisions(some, measurements, period, revision[which], known)
    return found


def measure_by_category(
    asked: Sequence[Asked],
    period: Period,
    rows: DayRows,
    weather: Mapping[str, Weather],
    normal_wh: Mapping[PointId, int],
) -> dict[PointId, Measured]:
    """Measure metering points by their normal years and the hours of their categories. rows: for their revisions."""
    found = measure(asked, period, rows, weather)
    wh = [normal_wh.get(one.point_id, UNKNOWN) for one in asked]
    normal = NormalYears(np.array(wh, np.int64), np.array([_milli_hours(one) for one in asked], np.int64))
    measurements = zip(asked, measure_normal_years(normal), strict=True)
    return {one.point_id: found[one.point_id]._replace(measurement=measured) for one, measured in measurements}


def _milli_hours(one: Asked) -> int:
    if one.method is PowerMethod.YEARLY_ENERGY:
        return yearly_energy.MILLI_HOURS
    return UNKNOWN if one.utilisation_hours is None else int(one.utilisation_hours * 1_000)


def without_weather(period: Period) -> Weather:
    """Give the weather of a point that has no station, or one that nobody measured at."""
    return Weather(np.full(period.days, np.nan), np.zeros(period.days, np.int64))


def _alike(asked: Iterable[Asked]) -> Iterable[list[Asked]]:
    by_what_counts: dict[tuple[str | None, Activity], list[Asked]] = defaultdict(list)
    for one in asked:
        by_what_counts[one.station_id, one.activity].append(one)
    return by_what_counts.values()


def _days(one: Asked, period: Period, power: Int64, weather: Weather) -> Days:
    day = np.arange(period.first, period.end, dtype=np.int64)
    in_use = rule_of(one.method).days_in_use.of(day, one.activity is Activity.SEVEN_DAY)
    return Days(day, weather.mean_c, power, in_use)


def _with_revisions(
    asked: Sequence[Asked], measurements: Sequence[Measurement], period: Period, revision: Int64, weather: Weather
) -> dict[PointId, Measured]:
    found = {}
    for one, measured, own in zip(asked, measurements, revision, strict=True):
        window = measured.period or period
        inside = slice(window.first - period.first, window.end - period.first)
        both = own[inside], weather.revision
        newest = max(int(each.max(initial=0)) for each in both)
        found[one.point_id] = Measured(measured, period, sum(int(each.sum()) for each in both), newest)
    return found
