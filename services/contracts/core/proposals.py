"""What a yearly run proposes for contracts, and which of them it leaves out."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from schemas.facilities import Category
from schemas.price_list_terms import PowerMethod
from schemas.price_lists import PriceList
from schemas.values import Activity, ContractId, PointId
from services.contracts.core.determination import Findings, Outcome, Point, day_numbered
from services.contracts.core.measuring import Asked, Measured
from services.contracts.core.methods import method_of, newest_period, utilisation_hours
from services.heat.power_methods.measurement import Period, Points, Reason

POINT_LAYOUT = np.dtype([("day", "<i4"), ("mean_c", "<f8"), ("kw", "<f8")])


class LeftOut(StrEnum):
    """Why a run does not measure a contract. The value is stored, shown to economists and never renamed."""

    NO_POWER_PRICE = "no_power_price"
    POWER_IS_CHOSEN = "power_is_chosen"
    POWER_IS_OF_MONTHS = "power_is_of_months"
    PERIOD_NOT_OVER = "period_not_over"


class RunContract(NamedTuple):
    """A contract that counts on the day of a run."""

    contract_id: ContractId
    contract_number: str
    point_id: PointId
    metering_point: str
    network_id: str
    medium: str
    station_id: str | None
    activity: Activity
    category: Category
    price_list_id: str | None

    def asked(self, method: PowerMethod, price_list: PriceList | None) -> Asked:
        """Give what it is measured by."""
        hours = utilisation_hours(price_list, self.category)
        return Asked(self.point_id, self.station_id, self.activity, method, hours)


class Proposal(NamedTuple):
    """What was measured of a contract, and what it would change were it approved on the day of the run."""

    contract: RunContract
    method: PowerMethod
    measured: Measured
    outcome: Outcome


class StoredProposal(NamedTuple):
    """A proposal as it waits for approval; points: as POINT_LAYOUT lays them out."""

    point_id: PointId
    contract_id: ContractId
    winter: str
    method: str
    reason: str | None
    period_from: date
    period_to: date
    window_from: date | None
    window_to: date | None
    points: bytes
    slope_kw_per_c: float | None
    intercept_kw: float | None
    r2: float | None
    coverage: float | None
    measured_kw: Decimal | None
    input_revision: int
    revision_sum: Decimal
    weather_of_period: bool
    network_sum_kw: Decimal | None

    def findings(self) -> Findings:
        """Give what was found, as a determination is stored and shown."""
        return Findings(
            winter=self.winter,
            method=PowerMethod(self.method),
            reason=None if self.reason is None else Reason(self.reason),
            window_from=self.window_from,
            window_to=self.window_to,
            days=self._days(),
            points=tuple(points_of(self.points)),
            slope_kw_per_c=self.slope_kw_per_c,
            intercept_kw=self.intercept_kw,
            r2=self.r2,
            coverage=self.coverage,
            measured_kw=self.measured_kw,
        )

    def _days(self) -> int | None:
        if self.window_from is None or self.window_to is None:
            return None
        return (self.window_to - self.window_from).days + 1


def octets_of(points: Points | None) -> bytes:
    """Lay the days that a power rests on end to end."""
    if points is None:
        return b""
    items: npt.NDArray[np.void] = np.empty(len(points.day), POINT_LAYOUT)
    items["day"], items["mean_c"], items["kw"] = points.day, points.mean_c, points.power_kw
    return items.tobytes()


def points_of(octets: bytes) -> Iterable[Point]:
    """Read the days that a power rests on."""
    items = np.frombuffer(octets, POINT_LAYOUT)
    for day, mean_c, kw in zip(items["day"].tolist(), items["mean_c"].tolist(), items["kw"].tolist(), strict=True):
        # Only NaN differs from itself.
        yield Point(day=day_numbered(day), mean_c=mean_c if mean_c == mean_c else None, kw=kw)


def to_measure(
    contracts: Iterable[RunContract], price_lists: Mapping[str, PriceList], winter: str, day: date
) -> tuple[dict[PowerMethod, list[RunContract]], list[LeftOut]]:
    """Part contracts by the method of their price list on a day, and say why the others are left out."""
    by_method: dict[PowerMethod, list[RunContract]] = {}
    left_out = []
    for contract in contracts:
        method = method_of(price_lists.get(contract.price_list_id or ""))
        if method is None:
            left_out.append(LeftOut.NO_POWER_PRICE)
        elif method is PowerMethod.CUSTOMER_CHOSEN:
            left_out.append(LeftOut.POWER_IS_CHOSEN)
        elif method.is_of_month:
            left_out.append(LeftOut.POWER_IS_OF_MONTHS)
        elif newest_period(method, day)[0] != winter:
            left_out.append(LeftOut.PERIOD_NOT_OVER)
        else:
            by_method.setdefault(method, []).append(contract)
    return by_method, left_out


def looked_at(period: Period) -> tuple[date, date]:
    """Give the first and the last day of a period."""
    return day_numbered(period.first), day_numbered(period.end - 1)
