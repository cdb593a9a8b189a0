"""Determinations that rest on days which have other revisions now."""

from datetime import date
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from schemas.price_list_terms import PowerMethod
from schemas.values import PointId
from services.common.postgres import Transaction

_POINTS = "SELECT point_id FROM contracts.metering_point WHERE point_id > %s ORDER BY point_id LIMIT %s"
# Only the newest determination of a contract's newest winter decides anything still.
_TOUCHED = """
    SELECT holds.determination_id, holds.point_id, point.number, contract.contract_number, holds.winter, holds.method,
           holds.decision, holds.measured_kw, holds.period_from, holds.period_to, holds.contract_id,
           (holds.determined_at AT TIME ZONE %(zone)s)::date
      FROM (SELECT DISTINCT ON (contract_id)
                   determination_id, point_id, contract_id, winter, method, decision, measured_kw, period_from,
                   period_to, determined_at, revision_sum, coalesce(window_from, period_from) AS first,
                   coalesce(window_to, period_to) AS last,
                   CASE WHEN weather_of_period THEN period_from ELSE coalesce(window_from, period_from) END
                       AS weather_first,
                   CASE WHEN weather_of_period THEN period_to ELSE coalesce(window_to, period_to) END AS weather_last
              FROM contracts.determination
             WHERE point_id > %(after)s AND point_id <= %(last)s
             ORDER BY contract_id, winter DESC, determined_at DESC) AS holds
      JOIN contracts.metering_point AS point USING (point_id)
      JOIN contracts.contract USING (contract_id)
     CROSS JOIN LATERAL (
           SELECT coalesce(sum(day.revision), 0) AS revisions FROM ingest_v1.day AS day
            WHERE day.point_id = holds.point_id AND day.day BETWEEN holds.first AND holds.last) AS days
     CROSS JOIN LATERAL (
           SELECT coalesce(sum(daily.revision), 0) AS revisions FROM ingest_v1.daily_temperature AS daily
            WHERE daily.station_id = point.station_id
              AND daily.day BETWEEN holds.weather_first AND holds.weather_last) AS temperatures
     WHERE holds.method <> %(chosen)s
       AND holds.revision_sum <> days.revisions + temperatures.revisions
     ORDER BY point.point_id
"""


class Touched(NamedTuple):
    """A determination whose days or temperatures are not those that it was made from."""

    determination_id: UUID
    point_id: int
    metering_point: str
    contract_number: str
    winter: str
    method: str
    decision: str
    measured_kw: Decimal | None
    period_from: date
    period_to: date
    contract_id: UUID
    determined_on: date


async def after(tx: Transaction, point_id: PointId, limit: int, zone: ZoneInfo) -> tuple[list[Touched], PointId | None]:
    """Look at the next metering points, by their ids; gives the last one looked at, None where there are no more.

    zone: in which the day of a determination is told.
    """
    points = [row[0] for row in await (await tx.execute(_POINTS, [point_id, limit])).fetchall()]
    if not points:
        return [], None
    values = {"after": point_id, "last": points[-1], "chosen": PowerMethod.CUSTOMER_CHOSEN, "zone": zone.key}
    rows = await (await tx.execute(_TOUCHED, values)).fetchall()
    return [Touched(*row) for row in rows], PointId(points[-1])
