"""What a facility uses in a normal year, month by month, on what that rests, and how far off it may be."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple

import numpy as np

from schemas.facilities import Category
from schemas.price_list_terms import WeightedBy
from schemas.values import Medium
from services.contracts.core.energy_profiles import EnergyProfiles
from services.contracts.core.network_means import NetworkMeans
from services.contracts.core.year_cost import MONTHS, Prices, Used, assumed, spread
from services.heat.arrays import UNKNOWN, Bool, Float64, Int64
from services.heat.degree_days import HEATING_BASE_C
from services.heat.local_time import EPOCH
from services.heat.signature import Signatures, cooling_signatures, expected_kw, heating_signatures
from services.heat.tariff.table import Charge

HOURS_OF_A_DAY = 24
DAYS_OF_FIT = 365
DEVIATIONS = 2
"""How many standard deviations the stated uncertainty is: about 19 years in 20."""
MONTH_DAYS = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])


class Basis(StrEnum):
    """What a normal year rests on. The value is shown and never renamed."""

    SIGNATURE = "signature"
    HISTORY = "corrected_months"
    PART_OF_YEAR = "part_of_year"
    PROFILE = "category_profile"
    YEARLY_ENERGY = "yearly_energy"


class Uncertainty(StrEnum):
    """How the uncertainty was reckoned. The value is shown and never renamed."""

    RESIDUALS = "signature_residuals"
    YEARS = "spread_of_years"
    NOT_KNOWN = "not_known"


class DayRows(NamedTuple):
    """A metering point's days, rising: (d,) each, UNKNOWN where it is not known."""

    day: Int64
    energy_wh: Int64
    highest_wh: Int64
    hours: Int64
    measured_hours: Int64
    litres: Int64
    return_wh_c: Float64
    """Energy times return temperature, NaN where there is none."""
    with_return_wh: Int64
    return_l_c: Float64
    """Water times return temperature, NaN where there is none."""
    return_l: Int64
    """The water that return_l_c is of."""

    @property
    def month(self) -> Int64:
        """The month of the calendar of each, 0 being January."""
        return _month(self.day)

    def take(self, which: Bool) -> "DayRows":
        """Pick days."""
        return DayRows._make(column[which] for column in self)


class Weather(NamedTuple):
    """A station's daily means, rising: (t,) each; and the degree days of its normal months, None where unknown."""

    day: Int64
    mean_c: Float64
    normal_degree_days: Float64 | None


class MonthRow(NamedTuple):
    """A month's energy; None of what is not known whole. corrected_wh: as it would have been in a normal year."""

    month: date
    energy_wh: int | None
    corrected_wh: int | None


class NormalYear(NamedTuple):
    """A normal year's energy, January first; plus_minus_kwh: two standard deviations of the year, None if unknown."""

    kwh: Int64
    basis: Basis
    rests_on: int
    """Days of the signature, or months of the history."""
    r2: float | None
    plus_minus_kwh: int | None
    uncertainty: Uncertainty


def by_signature(days: DayRows, weather: Weather, is_cooling: bool) -> NormalYear | None:
    """Reckon a normal year by the facility's own signature over the newest year; None where there is none.

    Its uncertainty: what the months of that year were off what the signature says, as if each were by chance.
    """
    outdoor_c, fit = fit_days(days, weather)
    if len(fit.day) == 0:
        return None
    power_kw = fit.energy_wh / (1_000 * fit.hours.astype(np.float64))
    fitted = (cooling_signatures if is_cooling else heating_signatures)(outdoor_c, power_kw[None, :])
    if fitted.refused[0]:
        return None
    wh = _normal_months(fitted, weather, is_cooling)
    if wh is None:
        return None
    off = (power_kw - expected_kw(fitted, outdoor_c, is_cooling)[0]) * HOURS_OF_A_DAY
    by_month = np.bincount(fit.month, off, MONTHS)
    plus_minus = round(DEVIATIONS * float(np.sqrt((by_month**2).sum())))
    kwh = spread(round(float(wh.sum())), np.maximum(wh, 1e-9))
    return NormalYear(kwh, Basis.SIGNATURE, len(fit.day), float(fitted.r2[0]), plus_minus, Uncertainty.RESIDUALS)


def fit_days(days: DayRows, weather: Weather) -> tuple[Float64, DayRows]:
    """Give the days of the newest year that are measured whole and have a temperature, and these; (t,) each."""
    if len(days.day) == 0 or len(weather.day) == 0:
        return np.zeros(0), days.take(np.zeros(len(days.day), np.bool_))
    at = np.searchsorted(weather.day, days.day).clip(0, len(weather.day) - 1)
    is_whole = (days.measured_hours == days.hours) & (days.energy_wh != UNKNOWN) & (weather.day[at] == days.day)
    which = is_whole & (days.day > days.day.max() - DAYS_OF_FIT)
    return weather.mean_c[at][which], days.take(which)


def _normal_months(fitted: Signatures, weather: Weather, is_cooling: bool) -> Float64 | None:
    """Average what the signature expects over all years that the station knows, in kWh; None where a month is unknown.

    Where the normal year knows other degree days than these years had, the part by weather is scaled by them. In months
    of less than a degree day a day there is nothing to scale by.
    """
    month = _month(weather.day)
    count = np.bincount(month, minlength=MONTHS)
    if (count == 0).any():
        return None
    base_kw = float(fitted.base_kw[0])
    above = expected_kw(fitted, weather.mean_c, is_cooling)[0] - base_kw
    by_weather = np.bincount(month, above, MONTHS) / count
    if weather.normal_degree_days is not None and not is_cooling:
        known = np.bincount(month, np.maximum(0.0, HEATING_BASE_C - weather.mean_c), MONTHS) / count
        normal = weather.normal_degree_days / MONTH_DAYS
        is_cold = (known >= 1) & (normal >= 1)
        by_weather = by_weather * np.where(is_cold, normal / np.where(is_cold, known, 1.0), 1.0)
    return (base_kw + by_weather) * HOURS_OF_A_DAY * MONTH_DAYS


def by_history(months: Sequence[MonthRow]) -> NormalYear | None:
    """Average the corrected months, each calendar month over its years; None where one of the twelve has none.

    Its uncertainty: how far whole years, counted back from the newest month, were from each other.
    """
    known = _known_kwh(months)
    by_month: list[list[float]] = [[kwh for month, kwh in known if month.month == at + 1] for at in range(MONTHS)]
    if not all(by_month):
        return None
    means = np.array([np.mean(one) for one in by_month])
    kwh = spread(round(float(means.sum())), np.maximum(means, 1e-9))
    newest_first = [kwh for _, kwh in reversed(known)]
    whole = len(newest_first) // MONTHS
    years = [sum(newest_first[at * MONTHS : (at + 1) * MONTHS]) for at in range(whole)]
    if len(years) < 2:
        return NormalYear(kwh, Basis.HISTORY, len(known), None, None, Uncertainty.NOT_KNOWN)
    plus_minus = round(DEVIATIONS * float(np.std(years, ddof=1)))
    return NormalYear(kwh, Basis.HISTORY, len(known), None, plus_minus, Uncertainty.YEARS)


class InForce(NamedTuple):
    """What a contract is billed by: a power, or the MWh of a normal year in its place; None where it is not that."""

    kw: Decimal | None
    mwh: Decimal | None = None


def by_profile(
    months: Sequence[MonthRow], profiles: EnergyProfiles, category: Category, medium: Medium, in_force: InForce
) -> NormalYear | None:
    """Fill what is not known by the category's profile: from the months there are, else from what is in force.

    What cools has a profile of its own, whatever its category.
    """
    profile = profiles.of(medium, category)
    if profile is None:
        return None
    shares = np.array(profile.month_shares) / sum(profile.month_shares)
    known = _known_kwh(months)
    if known:
        year = sum(kwh for _, kwh in known) / sum(shares[month.month - 1] for month, _ in known)
        return _from_profile(year, shares, Basis.PART_OF_YEAR, len(known))
    if in_force.mwh is not None:
        return _from_profile(float(in_force.mwh) * 1_000, shares, Basis.YEARLY_ENERGY, 0)
    if in_force.kw is None:
        return None
    return _from_profile(float(in_force.kw) * profile.hours, shares, Basis.PROFILE, 0)


def _from_profile(year_kwh: float, shares: Float64, basis: Basis, months: int) -> NormalYear:
    kwh = spread(round(year_kwh), shares)
    return NormalYear(kwh, basis, months, None, None, Uncertainty.NOT_KNOWN)


def _known_kwh(months: Sequence[MonthRow]) -> list[tuple[date, float]]:
    """Give the months known whole; those without a correction, as where nothing depends on weather, as they were."""
    known = [(one.month, one.corrected_wh if one.corrected_wh is not None else one.energy_wh) for one in months]
    return [(month, wh / 1_000) for month, wh in sorted(known) if wh is not None]


class Efficiency(NamedTuple):
    """How a facility cooled its water, January first: UNKNOWN where it is not known."""

    l_per_mwh: Int64
    return_by_energy_centi_c: Int64
    return_by_flow_centi_c: Int64

    def returned(self, weighted_by: WeightedBy) -> Int64:
        """Give the return temperatures as a price list weighs them."""
        return self.return_by_energy_centi_c if weighted_by is WeightedBy.ENERGY else self.return_by_flow_centi_c


def efficiency(days: DayRows) -> Efficiency:
    """Give flow and mean return temperatures by calendar month, over the newest year."""
    if len(days.day) == 0:
        return Efficiency(*np.full((3, MONTHS), UNKNOWN))
    newest = days.take(days.day > days.day.max() - DAYS_OF_FIT)
    has_flow = (newest.litres != UNKNOWN) & (newest.energy_wh > 0)
    litres = np.bincount(newest.month[has_flow], newest.litres[has_flow].astype(np.float64), MONTHS)
    energy = np.bincount(newest.month[has_flow], newest.energy_wh[has_flow].astype(np.float64), MONTHS)
    has_return = (newest.with_return_wh > 0) & ~np.isnan(newest.return_wh_c)
    warmth = np.bincount(newest.month[has_return], newest.return_wh_c[has_return], MONTHS)
    warmed = np.bincount(newest.month[has_return], newest.with_return_wh[has_return].astype(np.float64), MONTHS)
    by_flow = newest.take((newest.return_l > 0) & ~np.isnan(newest.return_l_c))
    flowed = np.bincount(by_flow.month, by_flow.return_l.astype(np.float64), MONTHS)
    return Efficiency(
        _ratio(1_000_000 * litres, energy),
        _ratio(100 * warmth, warmed),
        _ratio(100 * np.bincount(by_flow.month, by_flow.return_l_c, MONTHS), flowed),
    )


def _ratio(above: Any, below: Any) -> Int64:
    is_known = below > 0
    return np.where(is_known, np.rint(above / np.where(is_known, below, 1.0)), UNKNOWN).astype(np.int64)


def used_in(
    prices: Prices, january_first_kwh: Int64, own: Efficiency, centi_kw: int | Int64, means: NetworkMeans
) -> tuple[Used, tuple[str, ...]]:
    """Lay a year's use out in the order of a price list's months, with what had to be assumed of it.

    centi_kw: the power of all months, or of each, January first.
    What is held against the network's mean is held against the newest of each calendar month; where none is known,
    against the facility's own, so that it costs and saves nothing there; nor does what is not known of the facility.
    """
    order = prices.calendar_months
    used = assumed(prices, january_first_kwh[order], np.broadcast_to(centi_kw, MONTHS)[order], means)
    flow = own.l_per_mwh[order]
    returned = own.returned(prices.price_list.extension.return_temperature_weighted_by)[order]
    has_flow, has_return = flow != UNKNOWN, returned != UNKNOWN
    litres = (2 * used.kwh * np.where(has_flow, flow, 0) + 1_000) // 2_000
    own_return = np.where(has_return, returned, used.return_centi_c)
    own_flow = np.where(has_flow, flow, used.network_l_per_mwh)
    used = used._replace(
        has_flow=has_flow,
        has_return=has_return,
        litres=np.where(has_flow, litres, used.litres),
        return_centi_c=own_return,
        network_return_centi_c=_or_own(prices.network_mean(Charge.RETURN_TEMPERATURE, means), own_return),
        network_l_per_mwh=_or_own(prices.network_mean(Charge.VOLUME, means), own_flow),
    )
    return used, tuple(_assumptions(prices, bool(has_flow.all()), bool(has_return.all()), held_against(prices, means)))


def _or_own(of_network: Int64, own: Int64) -> Int64:
    return np.where(of_network != UNKNOWN, of_network, own)


class HeldAgainst(NamedTuple):
    """In how many of the twelve months something is held against the network's mean, and of how many that is known."""

    months: int
    known: int


def held_against(prices: Prices, means: NetworkMeans) -> HeldAgainst:
    """Count the months in which the network's mean is asked for."""
    charges = (Charge.RETURN_TEMPERATURE, Charge.VOLUME)
    asked = [prices.is_against_network(charge) for charge in charges]
    lacks = [one & (prices.network_mean(charge, means) == UNKNOWN) for charge, one in zip(charges, asked, strict=True)]
    months = int(np.any(asked, axis=0).sum())
    return HeldAgainst(months, months - int(np.any(lacks, axis=0).sum()))


def _assumptions(prices: Prices, has_flow: bool, has_return: bool, held: HeldAgainst) -> list[str]:
    found = []
    known = ((Charge.VOLUME, has_flow), (Charge.RETURN_TEMPERATURE, has_return))
    if any(prices.holds(charge) and not is_known for charge, is_known in known):
        found.append("some_efficiency_unknown")
    if prices.counts_whole_flow and not has_flow:
        found.append(prices.typical_flow)
    if held.known:
        found.append("network_of_newest")
    if held.known < held.months:
        found.append("network_as_own")
    return found


def _month(day: Int64) -> Int64:
    return day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % MONTHS


def day_of(number: int) -> date:
    """Give the day of a number of days since 1970."""
    return EPOCH + timedelta(days=number)
