"""What a contract's cost is reckoned by: its terms today, and what its metering point used."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
from psycopg.rows import class_row

from schemas.facilities import Category
from schemas.price_list_terms import BaseLoad
from schemas.values import Activity, ContractId, CustomerId, Medium, PointId
from services.common import bulk
from services.common.postgres import Transaction
from services.contracts.core.annual_estimate import DayRows, InForce, MonthRow, Weather
from services.contracts.core.own_hours import OwnHours, laid_out
from services.contracts.core.price_list_life import Place
from services.heat.arrays import UNKNOWN

YEARS_OF_DAYS = 3
YEARS_OF_HOURS = 2
"""The newest twelve whole months, and the longest period that a power is measured over, lie within."""
YEARS_OF_WEATHER = 30
_SIDES: tuple[Literal["left"], Literal["right"]] = ("left", "right")
NOT_KNOWN = -1
"""Stands for NULL in what is read as arrays: no energy and no flow is below nothing."""

_CONTRACT = """
    SELECT contract.contract_id, contract.contract_number, contract.customer_id, contract.point_id,
           point.number AS metering_point, point.medium, point.station_id, facility.facility_number,
           facility.name AS facility_name, facility.address, facility.network_id, facility.category,
           facility.base_load, facility.activity,
           (SELECT term.price_list_id FROM contracts_v1.contract AS term
             WHERE term.contract_id = contract.contract_id AND term.valid_from <= wanted.day
               AND coalesce(term.valid_to, 'infinity') > wanted.day) AS price_list_id,
           (SELECT power.kw FROM contracts_v1.power_in_force AS power
             WHERE power.contract_id = contract.contract_id AND power.valid_from <= wanted.day
             ORDER BY power.valid_from DESC LIMIT 1) AS amount,
           (SELECT power.unit FROM contracts_v1.power_in_force AS power
             WHERE power.contract_id = contract.contract_id AND power.valid_from <= wanted.day
             ORDER BY power.valid_from DESC LIMIT 1) AS unit
      FROM unnest(%s::text[], %s::date[]) AS wanted(contract_number, day)
      JOIN contracts.contract USING (contract_number)
      JOIN contracts.metering_point AS point USING (point_id)
      JOIN contracts.facility USING (facility_id)
"""
_SESSION = "SELECT set_config('kulvert.session_token', %s, true)"
_SESSION_DAYS = "SELECT first_day, end_day FROM contracts_v1.session_days(%s)"
_DAYS = """
    SELECT day.point_id, day.day, coalesce(day.energy_wh, -1), coalesce(day.maximum_hour_wh, -1), day.hours_expected,
           day.hours_measured, coalesce(day.volume_l, -1), coalesce(day.energy_return_wh_c, 'NaN'::numeric)::real,
           coalesce(day.energy_with_return_wh, -1), coalesce(day.volume_return_l_c, 'NaN'::numeric)::real,
           coalesce(day.return_l, 0)
      FROM ingest_v1.day AS day
     WHERE day.point_id = ANY(%(points)s) AND day.day >= %(first)s AND day.day < %(end)s
     ORDER BY day.point_id, day.day
"""
_HOURS = """
    SELECT hour.starts_at, hour.energy_wh, hour.quality = 'measured'
      FROM ingest_v1.hour AS hour
     WHERE hour.point_id = %(point_id)s AND hour.starts_at >= %(first)s AND hour.starts_at < %(end)s
       AND hour.energy_wh IS NOT NULL
"""
_DAY_KINDS: tuple[bulk.Kind, ...] = (
    *("int4", "date", "int8", "int8", "int2", "int2"),
    *("int8", "float4", "int8", "float4", "int8"),
)
_WEATHER = """
    SELECT daily.day, daily.mean_c::real FROM ingest_v1.daily_temperature AS daily
     WHERE daily.station_id = %(station_id)s AND daily.day >= %(first)s AND daily.day < %(end)s
       AND daily.mean_c IS NOT NULL
     ORDER BY daily.day
"""
_NORMAL = "SELECT degree_days FROM ingest_v1.normal_year WHERE station_id = %s ORDER BY month"
_MONTHS = """
    SELECT month.point_id, month.month,
           CASE WHEN month.days_present = month.days_expected THEN month.energy_wh END AS energy_wh,
           CASE WHEN month.days_present = month.days_expected THEN month.corrected_wh END AS corrected_wh
      FROM ingest_v1.month AS month
     WHERE month.point_id = ANY(%(points)s) AND month.month >= %(first)s AND month.month < %(end)s
     ORDER BY month.point_id, month.month
"""


class Contract(NamedTuple):
    """A contract as it is on a day; without a price list where it does not count then."""

    contract_id: ContractId
    contract_number: str
    customer_id: CustomerId
    point_id: PointId
    metering_point: str
    medium: Medium
    station_id: str | None
    facility_number: str
    facility_name: str
    address: str
    network_id: str
    category: Category
    base_load: BaseLoad
    activity: Activity
    price_list_id: str | None
    amount: Decimal | None
    unit: str | None
    """Of what is in force: kW of a power, MWh of a yearly energy."""

    @property
    def in_force(self) -> InForce:
        """The power, or the yearly energy, that it is billed by."""
        return InForce(*(self.amount if self.unit == unit else None for unit in ("kW", "MWh")))

    @property
    def place(self) -> Place:
        """What decides which price lists it may have."""
        return Place(self.facility_number, Category(self.category), BaseLoad(self.base_load), Medium(self.medium))

    @property
    def is_cooling(self) -> bool:
        """True where it is for cooling."""
        return self.medium == Medium.COOLING


class Span(NamedTuple):
    """The days from `first` up to, not including, `end`."""

    first: date
    end: date


async def seen_days(tx: Transaction, number: str, session: str) -> Span | None:
    """Give the days that a session's person sees of a contract's metering point; None where he sees no such contract.

    The session is this transaction's from here on; this service's own role sees all the same.
    """
    await tx.execute(_SESSION, [session])
    row = await (await tx.execute(_SESSION_DAYS, [number])).fetchone()
    return Span(*row) if row else None


async def contract(tx: Transaction, number: str, day: date) -> Contract | None:
    """Give a contract as it is on a day; None where there is none of that number."""
    return (await contracts(tx, {number: day})).get(number)


async def contracts(tx: Transaction, days: Mapping[str, date]) -> dict[str, Contract]:
    """Give contracts by their number, each as it is on the day that is given for it."""
    async with tx.cursor(row_factory=class_row(Contract)) as cursor:
        found = await (await cursor.execute(_CONTRACT, [list(days), list(days.values())])).fetchall()
    return {one.contract_number: one for one in found}


def days_read(seen: Span, today: date) -> Span:
    """Give the newest three years' days that are over, as far as they are seen."""
    return Span(max(seen.first, date(today.year - YEARS_OF_DAYS, today.month, 1)), min(seen.end, today))


def months_read(seen: Span, today: date) -> Span:
    """Give the newest three years' months that are over, as far as they are seen whole."""
    days = days_read(seen, today)
    first = days.first if days.first.day == 1 else (days.first.replace(day=1) + timedelta(days=32)).replace(day=1)
    return Span(first, days.end.replace(day=1))


async def day_rows(tx: Transaction, point_id: PointId, seen: Span, today: date) -> DayRows:
    """Read the newest three years' days, as far as they are seen."""
    return (await day_rows_of(tx, [point_id], days_read(seen, today)))[point_id]


async def day_rows_of(tx: Transaction, points: Sequence[PointId], days: Span) -> dict[PointId, DayRows]:
    """Read the days of metering points; every one of them has rows, be there none."""
    values = {"points": list(points), **days._asdict()}
    point, day, energy, highest, hours, measured, litres, *water = await bulk.copy_out(tx, _DAYS, _DAY_KINDS, values)
    warmth, warmed, flow_warmth, flow = water
    known = [np.where(one == NOT_KNOWN, UNKNOWN, one) for one in (energy, highest, litres)]
    warmths = [one.astype(np.float64) for one in (warmth, flow_warmth)]
    rows = DayRows(day, known[0], known[1], hours, measured, known[2], warmths[0], warmed, warmths[1], flow)
    first, end = (np.searchsorted(point, points, side) for side in _SIDES)
    return {
        one: DayRows._make(column[start:stop] for column in rows)
        for one, start, stop in zip(points, first, end, strict=True)
    }


async def own_hours(tx: Transaction, point_id: PointId, seen: Span, today: date, zone: ZoneInfo) -> OwnHours:
    """Read the hours of the newest two years up to today, as far as they are seen."""
    first = max(seen.first, date(today.year - YEARS_OF_HOURS, today.month, 1))
    days = first, max(min(seen.end, today), first)
    begin, end = (datetime.combine(day, time(), zone) for day in days)
    values = {"point_id": point_id, "first": begin, "end": end}
    starts_s, wh, is_measured = await bulk.copy_out(tx, _HOURS, ("timestamptz", "int8", "bool"), values)
    return laid_out(starts_s, wh, is_measured.astype(np.bool_), days, zone)


async def weather(tx: Transaction, station_id: str | None, today: date) -> Weather:
    """Read a station's daily means over up to 30 years, and its normal year."""
    if station_id is None:
        return Weather(np.zeros(0, np.int64), np.zeros(0), None)
    first = date(today.year - YEARS_OF_WEATHER, 1, 1)
    values: dict[str, Any] = {"station_id": station_id, "first": first, "end": today}
    day, mean_c = await bulk.copy_out(tx, _WEATHER, ("date", "float4"), values)
    normal = [row[0] for row in await (await tx.execute(_NORMAL, [station_id])).fetchall()]
    is_whole = len(normal) == 12 and all(one is not None and one == one for one in normal)
    return Weather(day, mean_c.astype(np.float64), np.array(normal, np.float64) if is_whole else None)


async def months(tx: Transaction, point_id: PointId, seen: Span, today: date) -> list[MonthRow]:
    """Read the newest three years' months, as far as they are seen whole."""
    return (await months_of(tx, [point_id], months_read(seen, today)))[point_id]


async def months_of(tx: Transaction, points: Sequence[PointId], span: Span) -> dict[PointId, list[MonthRow]]:
    """Read the months of metering points; every one of them has rows, be there none."""
    found: dict[PointId, list[MonthRow]] = {one: [] for one in points}
    values = {"points": list(points), **span._asdict()}
    for point_id, *month in await (await tx.execute(_MONTHS, values)).fetchall():
        found[point_id].append(MonthRow(*month))
    return found
