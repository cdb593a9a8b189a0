"""The power of a month that is billed by its own peaks: of which days it is, and what was measured of them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import NamedTuple

import numpy as np

from schemas.contracts import PowerInForce
from schemas.values import PointId
from services.billing.core.parts import OwnPower, Part, Span
from services.heat.arrays import UNKNOWN, Bool, Int64
from services.heat.local_time import EPOCH
from services.heat.power_methods.highest import OF_MONTH
from services.heat.power_methods.measurement import Statistic, mean_power
from services.heat.power_methods.month_peaks import month_powers

MOST_DAYS = 31
DAY_BITS = 20
"""A day since 1970 fits in as many bits for the next 2,800 years."""


class MeasuredDays(NamedTuple):
    """Days of metering points of which every hour is measured: (r,) each, in any order."""

    point_id: Int64
    day: Int64
    energy_wh: Int64
    hours: Int64
    highest_wh: Int64


class Wanted(NamedTuple):
    """A contract's days in a month, and the method of its price list."""

    point_id: PointId
    span: Span
    method: str


def own_powers(wanted: Sequence[Wanted], days: MeasuredDays) -> list[OwnPower]:
    """Measure powers, one of each that is wanted, whatever months they are of."""
    by_method: dict[str, list[int]] = defaultdict(list)
    for place, one in enumerate(wanted):
        by_method[one.method].append(place)
    found: dict[int, OwnPower] = {}
    for method, places in by_method.items():
        measured = _by_method(method, [wanted[place] for place in places], days)
        found |= dict(zip(places, measured, strict=True))
    return [found[place] for place in range(len(wanted))]


def _by_method(method: str, wanted: Sequence[Wanted], days: MeasuredDays) -> list[OwnPower]:
    peaks = OF_MONTH[method]
    is_mean = peaks.statistic is Statistic.MEAN_POWER
    of_rows = mean_power(days.energy_wh, days.hours) if is_mean else days.highest_wh
    power, is_asked = _laid_out(wanted, days, of_rows)
    found = month_powers(power, is_asked, peaks)
    return [
        OwnPower(
            method,
            None if centi_kw == UNKNOWN else centi_kw,
            tuple(one.span.first + timedelta(days=place) for place in np.flatnonzero(is_peak).tolist()),
        )
        for one, centi_kw, is_peak in zip(wanted, found.centi_kw.tolist(), found.is_peak, strict=True)
    ]


def _laid_out(wanted: Sequence[Wanted], days: MeasuredDays, of_rows: Int64) -> tuple[Int64, Bool]:
    """Lay stored days out as (n, 31), from each one's first day on, and tell which of these are asked for."""
    first = np.array([(one.span.first - EPOCH).days for one in wanted], np.int64)
    length = np.array([one.span.days for one in wanted], np.int64)
    is_asked = np.arange(MOST_DAYS) < length[:, None]
    if len(of_rows) == 0:
        return np.full(is_asked.shape, UNKNOWN), is_asked
    order = np.argsort(_key(days.point_id, days.day))
    stored = _key(days.point_id, days.day)[order]
    points = np.array([one.point_id for one in wanted], np.int64)
    keys = _key(points[:, None], first[:, None] + np.arange(MOST_DAYS))
    at = np.searchsorted(stored, keys).clip(0, len(stored) - 1)
    return np.where(stored[at] == keys, of_rows[order][at], UNKNOWN), is_asked


def _key(point_id: Int64, day: Int64) -> Int64:
    return (point_id << DAY_BITS) | day


def wanted_of(point_id: PointId, span: Span, parts: Sequence[Part]) -> list[Wanted]:
    """Give what must be measured for the parts of a contract's month; each method is measured over all its days."""
    methods = sorted({part.own.method for part in parts if part.own is not None})
    return [Wanted(point_id, span, method) for method in methods]


def with_own_powers(parts: Sequence[Part], span: Span, measured: Mapping[str, OwnPower]) -> list[Part]:
    """Give parts the power that their month's peaks have by the method of each; an agreed one stays where none has."""
    return [part if part.own is None else _with(part, span, measured[part.own.method]) for part in parts]


def _with(part: Part, span: Span, own: OwnPower) -> Part:
    if own.centi_kw is None:
        return replace(part, own=own)
    kw = Decimal(own.centi_kw).scaleb(-2)
    power = PowerInForce(valid_from=span.first, kw=kw, method=own.method, determination_id=None)
    return replace(part, own=own, power=power)
