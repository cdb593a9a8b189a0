"""A subscription power determined for a contract: from stored days to a record that explains itself."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
from pydantic import BaseModel, ConfigDict

from schemas.contracts import PowerInForce
from schemas.price_lists import PowerMethod, PriceList
from schemas.values import Activity, DeterminationId
from services.contracts.core.refusals import Refusal, RefusedError
from services.heat.arrays import UNKNOWN
from services.heat.local_time import EPOCH
from services.heat.power_methods import minus_five
from services.heat.power_methods.decision import Decision, decide, effective_on
from services.heat.power_methods.minus_five import Measurement, Reason
from services.heat.weekdays import weekdays


@dataclass(frozen=True)
class WinterDays:
    """What is stored of a metering point's winter: days in days since 1970, only those that are known.

    highest_wh: the highest hour of each complete day of measured hours. mean_c: its station's daily means.
    """

    highest_wh: Mapping[int, int]
    mean_c: Mapping[int, float]
    revision: int


@dataclass(frozen=True)
class Outcome:
    """What findings change: compared with the power in force on the day they would count from."""

    decision: Decision
    kw: Decimal | None
    in_force_kw: Decimal | None
    effective_on: date | None


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
    """One day in the line."""

    model_config = ConfigDict(frozen=True)

    day: date
    mean_c: float
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


def winter_years(winter: str) -> int:
    """Read a winter such as "2018/2019" and give its first year. Raises ValueError."""
    match = re.fullmatch(r"(\d{4})/(\d{4})", winter)
    if match is None or int(match[2]) != int(match[1]) + 1 or not 1990 <= int(match[1]) <= 2059:
        raise ValueError("write a winter as its two years, as in 2018/2019, from 1990/1991 to 2059/2060")
    return int(match[1])


def last_day(winter: str) -> date:
    """Give a winter's last day, 31 March. Raises ValueError where it is written otherwise than "2018/2019"."""
    _, end = minus_five.winter(winter_years(winter))
    return _date(end - 1)


def require_over(winter: str, today: date) -> None:
    """Raise RefusedError for a winter of which days are still to come: they may hold its longest cold period."""
    ends_on = last_day(winter)
    if today <= ends_on:
        raise RefusedError(
            Refusal.WINTER_NOT_OVER,
            f"winter {winter} lasts until {ends_on}; ask again after that day. Three weeks later every contract's"
            " power is determined by itself",
        )


def last_whole_winter(today: date) -> str:
    """Name the winter that ended most recently."""
    this_year = f"{today.year - 1}/{today.year}"
    return this_year if today > last_day(this_year) else f"{today.year - 2}/{today.year - 1}"


def find(winter: str, stored: WinterDays, activity: Activity) -> Findings:
    """Measure the subscription power from a winter's stored days; any of them may be missing."""
    first, end = minus_five.winter(winter_years(winter))
    day = np.arange(first, end, dtype=np.int64)
    mean_c = np.array([stored.mean_c.get(number, np.nan) for number in range(first, end)])
    highest_wh = np.array([stored.highest_wh.get(number, UNKNOWN) for number in range(first, end)], np.int64)
    in_use = np.ones(len(day), np.bool_) if activity is Activity.SEVEN_DAY else weekdays(day)
    return _findings(winter, minus_five.measure(day, mean_c, highest_wh, in_use))


def _findings(winter: str, measured: Measurement) -> Findings:
    period, points, line = measured.period, measured.points, measured.line
    return Findings(
        winter=winter,
        method=PowerMethod.MINUS_FIVE,
        reason=measured.reason,
        window_from=period and _date(period.first),
        window_to=period and _date(period.end - 1),
        days=period and period.days,
        points=()
        if points is None
        else tuple(
            Point(day=_date(day), mean_c=mean_c, kw=kw)
            for day, mean_c, kw in zip(
                points.day.tolist(), points.mean_c.tolist(), points.power_kw.tolist(), strict=True
            )
        ),
        slope_kw_per_c=line and line.slope_kw_per_c,
        intercept_kw=line and line.intercept_kw,
        r2=line and line.r2,
        coverage=measured.coverage,
        measured_kw=measured.measured_kw,
    )


def begins_on(approved_on: date, price_list: PriceList | None) -> date:
    """Give the day from which a power that is changed now counts: the price list's, else the next month's first."""
    changes_on = price_list.extension.power_changes_on if price_list else None
    if changes_on is None:
        return effective_on(approved_on)
    return effective_on(approved_on, changes_on.month, changes_on.day)


def outcome(findings: Findings, in_force_kw: Decimal | None, begins: date) -> Outcome:
    """Say what findings change. in_force_kw: the power in force on the day `begins`, None where there is none."""
    if findings.measured_kw is None:
        return Outcome(Decision.NOT_DETERMINED, None, in_force_kw, None)
    decided = decide(findings.measured_kw, in_force_kw)
    return Outcome(decided.decision, decided.kw, in_force_kw, begins if decided.kw is not None else None)


def coming_power(made: Iterable[Made], today: date) -> PowerInForce | None:
    """Give the power that winters change from a day to come, None where they change none.

    made: the newest determination of each winter, in any order. The newest winter that measured a power holds, whether
    or not it changes one; an older one changes nothing, whenever it is determined.
    """
    holds = max((one for one in made if one.measured_kw is not None), key=lambda one: one.winter, default=None)
    if holds is None or holds.measured_kw is None or holds.effective_on is None or holds.effective_on <= today:
        return None
    kw = decide(holds.measured_kw, holds.in_force_kw).kw
    if kw is None:
        return None
    return PowerInForce(
        valid_from=holds.effective_on, kw=kw, method=holds.method, determination_id=holds.determination_id
    )


def _date(number: int) -> date:
    return EPOCH + timedelta(days=number)
