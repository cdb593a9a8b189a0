"""The days that months are billed by where their own peaks count, and the powers that invoices rest on."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

import numpy as np
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from schemas.values import ContractId, PointId
from services.billing.core.own_powers import MeasuredDays, Wanted
from services.billing.core.parts import Span
from services.common import bulk
from services.common.postgres import Transaction
from services.heat.arrays import UNKNOWN

NONE_WH = -1
"""Stands for NULL in what is read as arrays: no hour has less than nothing."""

_MEASURED_DAYS = """
    SELECT day.point_id, day.day, day.energy_wh, day.hours_expected, coalesce(day.maximum_hour_wh, -1)
      FROM (SELECT DISTINCT asked.point_id, asked.first_day, asked.end_day
              FROM unnest(%s::int[], %s::date[], %s::date[]) AS asked(point_id, first_day, end_day)) AS wanted
      JOIN ingest_v1.day AS day
        ON day.point_id = wanted.point_id AND day.day >= wanted.first_day AND day.day < wanted.end_day
     WHERE day.hours_measured = day.hours_expected AND day.energy_wh IS NOT NULL
"""
_DAY_KINDS: tuple[bulk.Kind, ...] = ("int4", "date", "int8", "int2", "int8")
_ADD_CITED = """
    INSERT INTO billing.cited_peak (contract_id, month, method, point_id, first_day, end_day, centi_kw)
    SELECT new.contract_id, new.month, new.method, new.point_id, new.first_day, new.end_day, new.centi_kw
      FROM jsonb_to_recordset(%s) AS new(
           contract_id uuid, month date, method text, point_id integer, first_day date, end_day date, centi_kw bigint)
"""
_CITED = """
    SELECT DISTINCT cited.contract_id, cited.month, cited.method, cited.point_id, cited.first_day, cited.end_day,
           cited.centi_kw
      FROM unnest(%s::int[], %s::date[]) AS told(point_id, day)
      JOIN billing.cited_peak AS cited
        ON cited.point_id = told.point_id AND cited.first_day <= told.day AND cited.end_day > told.day
"""
_DIRTY = """
    UPDATE billing.period AS billed
       SET state = 'dirty', dirty_reason = 'peaks_changed', changed_at = clock_timestamp()
      FROM unnest(%s::uuid[], %s::date[]) AS changed(contract_id, month)
     WHERE billed.contract_id = changed.contract_id AND billed.month = changed.month AND billed.state = 'issued'
"""


class Cited(NamedTuple):
    """A power that an invoice rests on; centi_kw: None where an agreed one stands in for what was not measured."""

    contract_id: ContractId
    month: date
    method: str
    point_id: PointId
    first_day: date
    end_day: date
    centi_kw: int | None

    @property
    def wanted(self) -> Wanted:
        """What measures it again."""
        return Wanted(self.point_id, Span(self.first_day, self.end_day), self.method)


async def measured_days(tx: Transaction, wanted: Sequence[Wanted]) -> MeasuredDays:
    """Read the days of which every hour is measured, of all that is wanted in one statement."""
    spans = [one.span for one in wanted]
    values = [[one.point_id for one in wanted], [span.first for span in spans], [span.end for span in spans]]
    point, day, energy_wh, hours, highest = await bulk.copy_out(tx, _MEASURED_DAYS, _DAY_KINDS, values)
    return MeasuredDays(point, day, energy_wh, hours, np.where(highest == NONE_WH, UNKNOWN, highest))


async def add_cited(tx: Transaction, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write the powers that invoices rest on. Values are text and numbers, as in JSON."""
    if rows:
        await tx.execute(_ADD_CITED, [Jsonb(rows)])


async def cited(tx: Transaction, touched: Sequence[tuple[PointId, date]]) -> list[Cited]:
    """Give the billed powers of months that days lie in."""
    points, days = [point for point, _ in touched], [day for _, day in touched]
    async with tx.cursor(row_factory=class_row(Cited)) as cursor:
        return await (await cursor.execute(_CITED, [points, days])).fetchall()


async def mark_changed(tx: Transaction, changed: Sequence[Cited]) -> int:
    """Mark months of which another power would be billed now; returns how many became dirty."""
    months = [one.contract_id for one in changed], [one.month for one in changed]
    return (await tx.execute(_DIRTY, list(months))).rowcount
