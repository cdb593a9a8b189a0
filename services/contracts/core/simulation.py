"""What a year of a facility's own use would have cost otherwise: another price list, power, cooling, less, or shifted.

All of it is reckoned on the facility's own hours: they are lessened and moved, and months, days and the methods that
measure power see what becomes of them.
"""

from collections.abc import Callable
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Annotated, NamedTuple

import numpy as np
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from schemas.price_list_terms import PowerMethod
from schemas.values import Activity, Key, PointId
from services.contracts.core.annual_estimate import DayRows, efficiency, used_in
from services.contracts.core.calculation import CannotCalculateError
from services.contracts.core.measuring import Asked, measure
from services.contracts.core.measuring import DayRows as MeasuredRows
from services.contracts.core.measuring import Weather as MeasuredWeather
from services.contracts.core.methods import months_method_of, newest_period, rule_of
from services.contracts.core.month_powers import measured, measured_all
from services.contracts.core.network_means import NetworkMeans
from services.contracts.core.own_hours import HOURS_OF_A_DAY, OwnHours, Window, by_days, saved, shifted
from services.contracts.core.year_cost import MONTHS, Prices, Used
from services.heat.arrays import UNKNOWN, Float64, Int64
from services.heat.power_methods.decision import decide
from services.heat.power_methods.measurement import Period, Statistic, mean_power

WHOLE_KW = Decimal(1)
CENTI = Decimal("0.01")
WH_PER_CENTI_KW = 10
DAYS_OF_A_YEAR = 365
KWH_PER_M3_C = 1.16
"""What a cubic metre of water gives up for each degree that it is cooled. Source: domain.md, "excess flow"."""


def _by_commas(given: object) -> object:
    """Take a list as it stands in a query: texts between commas; an empty one is none."""
    return tuple(one for one in given.split(",") if one) if isinstance(given, str) else given


class Choices(BaseModel):
    """What is otherwise; nothing given is today.

    shifted_percent: so much of each day's highest hour goes to others; of the highest between two hours of the clock,
    where these are given. options: of the price list, in place of those that the contract has; without it these stay,
    as far as the price list offers them. One that it has already keeps its days, a new one counts the whole year.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    price_list_id: Key | None = None
    options: Annotated[tuple[Key, ...] | None, Field(max_length=50), BeforeValidator(_by_commas)] = None
    power_kw: Annotated[Decimal | None, Field(gt=0, le=1_000_000, decimal_places=2, allow_inf_nan=False)] = None
    cooling_c: Annotated[Decimal, Field(ge=0, le=20, decimal_places=2, allow_inf_nan=False)] = Decimal(0)
    saved_percent: Annotated[Decimal, Field(ge=0, le=90, decimal_places=1, allow_inf_nan=False)] = Decimal(0)
    shifted_percent: Annotated[Decimal, Field(ge=0, le=50, decimal_places=1, allow_inf_nan=False)] = Decimal(0)
    shifted_from_hour: Annotated[int, Field(ge=0, lt=HOURS_OF_A_DAY)] = 0
    shifted_to_hour: Annotated[int, Field(gt=0, le=HOURS_OF_A_DAY)] = HOURS_OF_A_DAY

    @property
    def window(self) -> Window:
        """The hours that are moved. Raises CannotCalculateError where there are none."""
        if self.shifted_to_hour <= self.shifted_from_hour:
            reason = f"it must be later than shifted_from_hour, which is {self.shifted_from_hour}"
            raise CannotCalculateError("shifted_to_hour", "not_later", reason)
        return Window(self.shifted_from_hour, self.shifted_to_hour)


class PowerBy(StrEnum):
    """Where a power comes from. The value is shown and never renamed."""

    IN_FORCE = "in_force"
    CHOSEN = "chosen"
    MEASURED = "measured"
    FOLLOWS = "follows"
    NOT_MEASURABLE = "not_measurable"
    YEARLY_ENERGY = "yearly_energy"
    MONTHS = "months"


class Power(NamedTuple):
    """A power that is billed; measured_kw: what the method gives on the days as they would have been.

    Of a chosen power it is the highest hour of the newest year where no method measures any. By a yearly energy all
    are MWh.
    """

    kw: Decimal
    by: PowerBy
    measured_kw: Decimal | None = None

    @property
    def is_below_measured(self) -> bool:
        """Whether a power is chosen that the days do not keep to."""
        return self.by is PowerBy.CHOSEN and self.measured_kw is not None and self.kw < self.measured_kw


class Place(NamedTuple):
    """Where water is used: what its network's newest means are, and whether it cools."""

    means: NetworkMeans
    is_cooling: bool


class OwnYears(NamedTuple):
    """The days of the year of own hours, as they were and as they would have been."""

    today: DayRows
    otherwise: DayRows


class Facility(NamedTuple):
    """What a power is measured by. mean_c: (d,) of the days from `first`, NaN where there is none."""

    point_id: PointId
    activity: Activity
    days: DayRows
    weather: Callable[[Period], Float64]
    today: date


def otherwise(own: OwnHours, choices: Choices) -> OwnHours:
    """Give hours as they would have been. Raises CannotCalculateError."""
    lessened = saved(own, 1 - float(choices.saved_percent) / 100) if choices.saved_percent else own
    window = choices.window
    return shifted(lessened, float(choices.shifted_percent) / 100, window) if choices.shifted_percent else lessened


def days_otherwise(own: OwnHours, stored: DayRows, choices: Choices) -> DayRows:
    """Give days as they would have been. stored: as they were; the water goes with the energy.

    Raises CannotCalculateError.
    """
    days = by_days(otherwise(own, choices), stored)
    return days._replace(litres=_times(days.litres, 1 - float(choices.saved_percent) / 100))


def _times(column: Int64, factor: float) -> Int64:
    known = column != UNKNOWN
    return np.where(known, np.rint(np.where(known, column, 0) * factor), UNKNOWN).astype(np.int64)


def cooled_better(used: Used, by_c: Decimal, is_cooling: bool) -> Used:
    """Give the flow and return temperature of water that is cooled so much more (of cooling: warmed).

    The energy is the same, so the flow falls as the difference of temperatures rises: V = E / (1.16 * difference).
    Where neither was known, both are the price list's references, from which they fall as much.
    """
    centi = int(by_c * 100)
    has_flow = (used.litres > 0) & (used.kwh > 0)
    difference_c = 1_000 * used.kwh / (KWH_PER_M3_C * np.where(has_flow, used.litres, 1))
    share = difference_c / (difference_c + float(by_c)) if centi else np.ones(MONTHS)
    litres = np.where(has_flow, np.rint(used.litres * share), used.litres).astype(np.int64)
    return used._replace(litres=litres, return_centi_c=used.return_centi_c + (centi if is_cooling else -centi))


def amount_otherwise(
    facility: Facility,
    changed: DayRows,
    in_force: Decimal,
    methods: tuple[PowerMethod | None, PowerMethod | None],
    choices: Choices,
    years: OwnYears,
) -> Power:
    """Give the power, or the yearly energy, that would be billed. Raises CannotCalculateError.

    A yearly energy in force changes as much as the year's does; by a price list of another method it is the year's own.
    Of a price list that counts each month's own peaks it is the highest month's.
    """
    before, after = methods
    if after is PowerMethod.YEARLY_ENERGY:
        return _energy_otherwise(in_force, after is before, choices, years)
    if after is not None and after.is_of_month:
        return _months_otherwise(after, choices, years.otherwise)
    power = power_otherwise(facility, changed, in_force, methods, choices)
    has_none = before is PowerMethod.YEARLY_ENERGY or (before is not None and before.is_of_month)
    if has_none and power.by is PowerBy.NOT_MEASURABLE:
        reason = "the price list bills a power, and its method measures none on these hours; choose a power"
        raise CannotCalculateError("power_kw", "missing", reason)
    return power


def _energy_otherwise(in_force: Decimal, is_same: bool, choices: Choices, years: OwnYears) -> Power:
    if choices.power_kw is not None:
        raise CannotCalculateError(
            "power_kw", "not_for_this_list", "the price list goes by the yearly energy; leave it out"
        )
    was, becomes = year_kwh(years.today), year_kwh(years.otherwise)
    own = Decimal(becomes).scaleb(-3)
    follows = in_force * becomes / was if is_same and was else own
    return Power(follows.quantize(CENTI, ROUND_HALF_UP), PowerBy.YEARLY_ENERGY, own)


def _months_otherwise(method: PowerMethod, choices: Choices, year: DayRows) -> Power:
    if choices.power_kw is not None:
        reason = "the price list bills each month by its own peaks; leave it out"
        raise CannotCalculateError("power_kw", "not_for_this_list", reason)
    return Power(highest_month_kw(year, method), PowerBy.MONTHS)


def highest_month_kw(year: DayRows, method: PowerMethod) -> Decimal:
    """Give the highest of a year's months' own powers. Raises CannotCalculateError where none is measured."""
    highest = int(measured(year, method).max())
    if highest == UNKNOWN:
        raise CannotCalculateError("", "peaks_not_measured", "too few days are measured in each of the year's months")
    return Decimal(highest).scaleb(-2)


def year_kwh(year: DayRows) -> int:
    """Sum what is known of a year's days, as its months are rounded."""
    return int(_month_kwh(year).sum())


def _month_kwh(year: DayRows) -> Int64:
    known = year.take(year.energy_wh != UNKNOWN)
    return np.rint(np.bincount(known.month, known.energy_wh.astype(np.float64), MONTHS) / 1_000).astype(np.int64)


def power_otherwise(
    facility: Facility,
    changed: DayRows,
    in_force: Decimal,
    methods: tuple[PowerMethod | None, PowerMethod | None],
    choices: Choices,
) -> Power:
    """Give the power that would be billed. methods: of today's price list and of the other one.

    A chosen power is itself. By another method it is what that measures, in whole kW. By the same one it is the power
    in force, changed as much as what is measured, by the rule that powers are changed by.
    """
    before, after = methods
    if choices.power_kw is not None:
        reached = (measured_kw(facility, changed, after) if after else None) or highest_kw(changed)
        return Power(choices.power_kw, PowerBy.CHOSEN, reached)
    is_changed = choices.saved_percent > 0 or choices.shifted_percent > 0
    if after is None or (after is before and not is_changed):
        return Power(in_force, PowerBy.IN_FORCE)
    now, then = measured_kw(facility, facility.days, after), measured_kw(facility, changed, after)
    if now is None or then is None:
        return Power(in_force, PowerBy.NOT_MEASURABLE)
    if after is not before:
        return Power(max(then.quantize(WHOLE_KW, ROUND_HALF_UP), WHOLE_KW), PowerBy.MEASURED, then)
    expected = (in_force * then / now).quantize(CENTI, ROUND_HALF_UP)
    return Power(decide(expected, in_force).kw or in_force, PowerBy.FOLLOWS, then)


def measured_kw(facility: Facility, days: DayRows, method: PowerMethod) -> Decimal | None:
    """Measure a power by a method over the newest of its days that are all over; None where it measures none."""
    rule = rule_of(method)
    _, period = newest_period(method, facility.today)
    inside = days.take((days.day >= period.first) & (days.day < period.end))
    is_whole = inside.measured_hours == inside.hours
    if rule.statistic is Statistic.HIGHEST_HOUR:
        power = np.where(is_whole, inside.highest_wh, UNKNOWN)
    else:
        power = mean_power(np.where(is_whole, inside.energy_wh, UNKNOWN), inside.hours)
    nothing = np.zeros(len(inside.day), np.int64)
    rows = MeasuredRows(np.full(len(inside.day), facility.point_id), inside.day, power, nothing)
    asked = Asked(facility.point_id, "own", facility.activity, method)
    weather = MeasuredWeather(facility.weather(period), np.zeros(period.days, np.int64))
    return measure([asked], period, rows, {"own": weather})[facility.point_id].measurement.measured_kw


def highest_kw(days: DayRows) -> Decimal | None:
    """Give the highest hour of the newest year's days; None where no hour is known."""
    newest = days.highest_wh[days.day > days.day.max(initial=0) - DAYS_OF_A_YEAR]
    highest_wh = int(newest.max(initial=UNKNOWN))
    return None if highest_wh <= 0 else Decimal(highest_wh).scaleb(-3)


def used_of_year(
    prices: Prices, year: DayRows, kw: Decimal, choices: Choices, place: Place
) -> tuple[Used, tuple[str, ...]]:
    """Lay out what a year's own days used. A network's mean stays where it is when the facility cools better.

    kw: what is billed, but by a price list that counts each month's own peaks.
    """
    method = months_method_of(prices.price_list)
    centi_kw = measured_all(year, method, prices) if method else int(kw * 100)
    used, assumptions = used_in(prices, _month_kwh(year), efficiency(year), centi_kw, place.means)
    used = cooled_better(used, choices.cooling_c, place.is_cooling)
    assumptions = (*assumptions, "highest_month_named") if method else assumptions
    return used._replace(overrun_centi_kw=_overrun(year, kw)[prices.calendar_months]), assumptions


def _overrun(year: DayRows, kw: Decimal) -> Int64:
    """Give by how much each month's highest hour is above the power, January first; in hundredths of a kW."""
    highest = np.zeros(MONTHS, np.int64)
    np.maximum.at(highest, year.month, np.maximum(year.highest_wh, 0))
    return np.maximum(highest // WH_PER_CENTI_KW - int(kw * 100), 0)
