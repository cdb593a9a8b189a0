"""The power signature: how a facility's mean power follows the outdoor temperature, for many facilities at once."""

from enum import IntEnum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from services.heat.arrays import Bool, Float64, Int64

FEWEST_DAYS = 120
NARROWEST_SPAN_C = 10.0
LOWEST_R2 = 0.5
"""Below these a signature is refused. Source: features.md N4; settings of whoever asks."""

HEATING_BALANCES_C = np.arange(6.0, 22.5, 0.5)
COOLING_BALANCES_C = np.arange(4.0, 24.5, 0.5)
FACILITIES_AT_ONCE = 500
"""So that what is worked on fits the processor's own memory: twice as fast as all at once."""


class Refused(IntEnum):
    """Why a facility has no signature. The number is stored and never changed."""

    NOT = 0
    TOO_FEW_DAYS = 1
    TOO_NARROW_SPAN = 2
    NOT_BY_TEMPERATURE = 3


class Limits(NamedTuple):
    """What a signature must rest on."""

    days: int = FEWEST_DAYS
    span_c: float = NARROWEST_SPAN_C
    r2: float = LOWEST_R2


class Signatures(NamedTuple):
    """A base load and, on one side of a balance temperature, a straight line: (f,) each, NaN where refused."""

    base_kw: Float64
    slope_kw_per_c: Float64
    """How much more power a degree colder takes (cooling: a degree warmer), never negative."""
    balance_c: Float64
    r2: Float64
    """Known wherever a line could be drawn, also where it was too weak."""
    days: Int64
    refused: Int64


def heating_signatures(outdoor_c: Float64, power_kw: Float64, limits: Limits | None = None) -> Signatures:
    """Fit mean daily power against mean daily outdoor temperature: base + slope * max(0, balance - outdoor).

    outdoor_c: (d,) of one station, power_kw: (f, d) of its facilities, NaN where a day was not measured or has no
    temperature. The balance temperature is the one of every half degree from 6 to 22 C whose least squares fit
    explains most; of equal ones the lowest. Source: domain.md, Figures: "Power signature".
    """
    return _signatures(outdoor_c, power_kw, _hinges(-outdoor_c, -HEATING_BALANCES_C), HEATING_BALANCES_C, limits)


def cooling_signatures(outdoor_c: Float64, power_kw: Float64, limits: Limits | None = None) -> Signatures:
    """Fit base + slope * max(0, outdoor - balance), the balance temperature from 4 to 24 C; else as for heating."""
    return _signatures(outdoor_c, power_kw, _hinges(outdoor_c, COOLING_BALANCES_C), COOLING_BALANCES_C, limits)


def expected_kw(signatures: Signatures, outdoor_c: Float64, is_cooling: bool = False) -> Float64:
    """Give the mean power that each signature expects at each temperature; (f, t)."""
    beyond_c = outdoor_c[None, :] - signatures.balance_c[:, None]
    beyond_c = np.maximum(0.0, beyond_c if is_cooling else -beyond_c)
    return signatures.base_kw[:, None] + signatures.slope_kw_per_c[:, None] * beyond_c


def _hinges(outdoor_c: Float64, balances_c: Float64) -> Float64:
    return np.maximum(0.0, outdoor_c[:, None] - balances_c[None, :])


def _signatures(
    outdoor_c: Float64, power_kw: Float64, hinges: Float64, balances_c: Float64, limits: Limits | None
) -> Signatures:
    has_temperature = ~np.isnan(outdoor_c)
    if not has_temperature.all():
        outdoor_c, power_kw, hinges = outdoor_c[has_temperature], power_kw[:, has_temperature], hinges[has_temperature]
    regressors = np.concatenate((np.ones((len(outdoor_c), 1)), hinges, hinges**2), axis=1)
    work = np.empty((2, min(len(power_kw), FACILITIES_AT_ONCE), len(outdoor_c)))
    firsts = range(0, max(len(power_kw), 1), FACILITIES_AT_ONCE)
    parts = [
        _fitted(outdoor_c, power_kw[at : at + FACILITIES_AT_ONCE], regressors, balances_c, limits or Limits(), work)
        for at in firsts
    ]
    return Signatures._make(np.concatenate(columns) for columns in zip(*parts, strict=True))


def _fitted(
    outdoor_c: Float64, all_kw: Float64, regressors: Float64, balances_c: Float64, limits: Limits, work: Float64
) -> Signatures:
    """Solve the normal equations of every balance temperature at once, by sums over the days: a product for each side.

    regressors: (d, 1 + 2b) of one, the hinge of each balance temperature, and its square. work: twice as large as
    all_kw at least, used again and again, since fresh memory costs more than the sums.
    """
    weight, power_kw = work[:, : len(all_kw)]
    is_known = ~np.isnan(all_kw)
    weight[:], power_kw[:] = is_known, all_kw
    np.copyto(power_kw, 0.0, where=~is_known)
    balances = len(balances_c)
    counted, sum_x, sum_x2 = np.split(weight @ regressors, [1, 1 + balances], axis=1)
    sum_kw, sum_x_kw = np.split(power_kw @ regressors[:, : 1 + balances], [1], axis=1)
    days, sum_kw = counted[:, 0].astype(np.int64), sum_kw[:, 0]
    count = np.maximum(days, 1).astype(np.float64)
    spread_kw = np.einsum("fd,fd->f", power_kw, power_kw) - sum_kw**2 / count
    spread_x = sum_x2 - sum_x**2 / count[:, None]
    common = sum_x_kw - sum_x * sum_kw[:, None] / count[:, None]
    can_fit = (spread_x > 1e-9 * count[:, None]) & (common > 0)
    slopes = np.where(can_fit, common / np.where(can_fit, spread_x, 1.0), 0.0)
    explained_kw = slopes * common
    best, rows = explained_kw.argmax(axis=1), np.arange(len(power_kw))
    slope = slopes[rows, best]
    has_spread = spread_kw > 1e-9 * count
    r2 = np.where(has_spread, explained_kw[rows, best] / np.where(has_spread, spread_kw, 1.0), 0.0)
    refused = _refusals(days, _span(outdoor_c, is_known), r2, limits)
    kept = refused == Refused.NOT
    return Signatures(
        np.where(kept, (sum_kw - slope * sum_x[rows, best]) / count, np.nan),
        np.where(kept, slope, np.nan),
        np.where(kept, balances_c[best], np.nan),
        r2,
        days,
        refused,
    )


def _span(outdoor_c: Float64, is_known: Bool) -> Float64:
    """Give how far apart the coldest and the warmest day of each facility are; (f,)."""
    order = np.argsort(outdoor_c, kind="stable")
    return _first_known(outdoor_c, is_known, order[::-1]) - _first_known(outdoor_c, is_known, order)


def _first_known(outdoor_c: Float64, is_known: Bool, order: Int64) -> Float64:
    """Give the temperature of the first day in an order that each facility has; (f,), 0 where it has none."""
    result, waiting = np.zeros(len(is_known)), np.flatnonzero(is_known.any(axis=1))
    # Most have the first day, or the second, so that few are left to ask for the next.
    for day in order:
        if len(waiting) == 0:
            break
        has_day = is_known[waiting, day]
        result[waiting[has_day]] = outdoor_c[day]
        waiting = waiting[~has_day]
    return result


def _refusals(days: npt.NDArray[np.int64], span_c: Float64, r2: Float64, limits: Limits) -> Int64:
    return np.select(
        [days < limits.days, span_c < limits.span_c, r2 < limits.r2],
        [int(Refused.TOO_FEW_DAYS), int(Refused.TOO_NARROW_SPAN), int(Refused.NOT_BY_TEMPERATURE)],
        int(Refused.NOT),
    ).astype(np.int64)
