"""A subscription power determined for a contract: from stored days to a record that explains itself."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from math import isnan
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from schemas.contracts import YEARLY_ENERGY, PowerInForce
from schemas.price_list_terms import PowerMethod
from schemas.price_lists import PriceList, PriceListChanged
from schemas.values import DeterminationId
from services.heat.local_time import EPOCH
from services.heat.power_methods import METHODS
from services.heat.power_methods.decision import WHOLE_KW, Decision, decide, effective_on
from services.heat.power_methods.measurement import Measurement, Points, Reason


@dataclass(frozen=True)
class Outcome:
    """What findings change: compared with the power in force on the day they would count from."""

    decision: Decision
    kw: Decimal | None
    in_force_kw: Decimal | None
    effective_on: date | None


class InForce(NamedTuple):
    """What counts for a contract on a day: kW, or the MWh of a normal year, by the method that it is told as."""

    kw: Decimal
    method: str

    def is_of_the_kind_of(self, method: str) -> bool:
        """Tell whether it is what a method measures: a power is never held against a yearly energy."""
        return (self.method in YEARLY_ENERGY) == (method in YEARLY_ENERGY)


class Coming(NamedTuple):
    """By what a change of today would count: from which day, and the version of the price list on that day."""

    begins: date
    price_list: PriceList


@dataclass(frozen=True)
class Made:
    """What a determination that was made says of the power: measured, compared with what, from when."""

    determination_id: DeterminationId
    winter: str
    method: str
    measured_kw: Decimal | None
    in_force_kw: Decimal | None
    effective_on: date | None


class Point(BaseModel):
    """One day that a power rests on; without a temperature where the method asks for none and there is none."""

    model_config = ConfigDict(frozen=True)

    day: date
    mean_c: float | None
    kw: float


class Findings(BaseModel):
    """What a winter's days say, before it is compared with the power in force.

    window_to is the period's last day. reason is set where no power is determined, and only there.
    """

    model_config = ConfigDict(frozen=True)

    winter: str
    method: PowerMethod
    reason: Reason | None
    window_from: date | None
    window_to: date | None
    days: int | None
    points: tuple[Point, ...]
    slope_kw_per_c: float | None
    intercept_kw: float | None
    r2: float | None
    coverage: float | None
    measured_kw: Decimal | None

    @property
    def sha256(self) -> bytes:
        """The digest by which a determination from the same data is recognised."""
        return hashlib.sha256(self.model_dump_json().encode()).digest()


def findings_of(winter: str, method: PowerMethod, measured: Measurement) -> Findings:
    """Say what was measured of a winter in the form in which it is stored and shown."""
    period, points, line = measured.period, measured.points, measured.line
    return Findings(
        winter=winter,
        method=method,
        reason=measured.reason,
        window_from=period and day_numbered(period.first),
        window_to=period and day_numbered(period.end - 1),
        days=period and period.days,
        points=() if points is None else _points(points),
        slope_kw_per_c=line and line.slope_kw_per_c,
        intercept_kw=line and line.intercept_kw,
        r2=line and line.r2,
        coverage=measured.coverage,
        measured_kw=measured.measured_kw,
    )


def _points(points: Points) -> tuple[Point, ...]:
    columns = (points.day.tolist(), points.mean_c.tolist(), points.power_kw.tolist())
    return tuple(
        Point(day=day_numbered(day), mean_c=None if isnan(mean_c) else mean_c, kw=kw)
        for day, mean_c, kw in zip(*columns, strict=True)
    )


def begins_on(approved_on: date, price_list: PriceList | None) -> date:
    """Give the day from which a power that is changed now counts: the price list's, else the next month's first."""
    changes_on = price_list.extension.power_changes_on if price_list else None
    if changes_on is None:
        return effective_on(approved_on)
    return effective_on(approved_on, changes_on.month, changes_on.day)


def coming_list(price_list: PriceListChanged, today: date) -> Coming | None:
    """Give the version by which a power that is measured today would count; None where none counts today.

    It is measured as that version says: one that turns from kW to MWh has its yearly energies when it begins.
    """
    counts = price_list.in_force(today)
    if counts is None:
        return None
    begins = begins_on(today, counts)
    return Coming(begins, price_list.in_force(begins) or counts)


def held_against(measured_kw: Decimal | None, in_force: InForce | None, begins: date, method: str) -> Outcome:
    """Say what a measured power, or yearly energy, changes. in_force: what counts on the day `begins`.

    Where that is of the other kind nothing is compared, and what is measured takes its place: billing would hold the
    contract otherwise.
    """
    if in_force is None or in_force.is_of_the_kind_of(method):
        return outcome(measured_kw, in_force and in_force.kw, begins, method)
    if measured_kw is None:
        return outcome(None, None, begins, method)
    return Outcome(Decision.CHANGED, _in_place_of_another(measured_kw, method), None, begins)


def _in_place_of_another(measured_kw: Decimal, method: str) -> Decimal:
    return measured_kw if METHODS[method].is_exact else measured_kw.quantize(WHOLE_KW, ROUND_HALF_UP)


def outcome(measured_kw: Decimal | None, in_force_kw: Decimal | None, begins: date, method: str) -> Outcome:
    """Say what a measured power changes. in_force_kw: the power in force on the day `begins`, if there is one."""
    if measured_kw is None:
        return Outcome(Decision.NOT_DETERMINED, None, in_force_kw, None)
    decided = decide(measured_kw, in_force_kw, METHODS[method].is_exact)
    return Outcome(decided.decision, decided.kw, in_force_kw, begins if decided.kw is not None else None)


def coming_power(made: Iterable[Made], today: date) -> PowerInForce | None:
    """Give the power that winters change from a day to come, None where they change none.

    made: the newest determination of each winter, in any order. The newest winter that measured a power holds, whether
    or not it changes one; an older one changes nothing, whenever it is determined.
    """
    holds = max((one for one in made if one.measured_kw is not None), key=lambda one: one.winter, default=None)
    if holds is None or holds.measured_kw is None or holds.effective_on is None or holds.effective_on <= today:
        return None
    kw = (
        _in_place_of_another(holds.measured_kw, holds.method)
        if holds.in_force_kw is None
        else decide(holds.measured_kw, holds.in_force_kw, METHODS[holds.method].is_exact).kw
    )
    if kw is None:
        return None
    return PowerInForce(
        valid_from=holds.effective_on, kw=kw, method=holds.method, determination_id=holds.determination_id
    )


def day_numbered(number: int) -> date:
    """Give the day of a number of days since 1970."""
    return EPOCH + timedelta(days=number)
