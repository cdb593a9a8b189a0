"""Measured hours and days, read from what ingest publishes, as arrays."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from schemas.values import PointId
from services.alerts.core.series import Days, Hours
from services.common.bulk import Array, copy_out
from services.common.postgres import Transaction

UNKNOWN_CENTI_C = -(2**31)

# Only measured figures: an estimate neither opens nor closes an alert.
_HOURS = """
    SELECT hour.point_id, hour.starts_at, hour.energy_wh,
           coalesce((hour.return_c * 100)::int4, -2147483648)
      FROM unnest(%(points)s::int4[], %(from_s)s::int8[], %(to_s)s::int8[]) AS span(point_id, from_s, to_s)
     CROSS JOIN LATERAL (
           SELECT figure.point_id, figure.starts_at, figure.energy_wh, figure.return_c
             FROM ingest_v1.hour AS figure
            WHERE figure.point_id = span.point_id AND figure.quality = 'measured' AND figure.energy_wh IS NOT NULL
              AND figure.starts_at >= to_timestamp(span.from_s) AND figure.starts_at < to_timestamp(span.to_s)
           ) AS hour
     ORDER BY hour.point_id, hour.starts_at
"""
_DAYS = """
    SELECT day.point_id, day.day, day.energy_wh,
           coalesce((day.energy_return_wh_c * 100)::int8, 0), coalesce(day.energy_with_return_wh, 0)
      FROM unnest(%(points)s::int4[], %(from_day)s::int4[], %(to_day)s::int4[]) AS span(point_id, from_day, to_day)
     CROSS JOIN LATERAL (
           SELECT figure.point_id, figure.day, figure.energy_wh, figure.energy_return_wh_c,
                  figure.energy_with_return_wh
             FROM ingest_v1.day AS figure
            WHERE figure.point_id = span.point_id AND figure.is_measured AND figure.energy_wh IS NOT NULL
              AND figure.day >= date '1970-01-01' + span.from_day AND figure.day < date '1970-01-01' + span.to_day
           ) AS day
     ORDER BY day.point_id, day.day
"""


class Span(NamedTuple):
    """From inclusive to exclusive, seconds or days since 1970."""

    first: int
    end: int


async def hours(tx: Transaction, spans: Mapping[PointId, Span]) -> dict[PointId, Hours]:
    """Load each point's measured hours that start within its span (seconds since 1970), in one query."""
    parameters = {
        "points": list(spans),
        "from_s": [span.first for span in spans.values()],
        "to_s": [span.end for span in spans.values()],
    }
    point_id, starts_s, energy_wh, centi_c = await copy_out(
        tx, _HOURS, ["int4", "timestamptz", "int8", "int4"], parameters
    )
    return_c = np.where(centi_c == UNKNOWN_CENTI_C, np.nan, centi_c / 100)
    return {point: Hours(starts_s[own], energy_wh[own], return_c[own]) for point, own in _owned(point_id, spans)}


async def days(tx: Transaction, spans: Mapping[PointId, Span]) -> dict[PointId, Days]:
    """Load each point's measured local days within its span (days since 1970), in one query."""
    parameters = {
        "points": list(spans),
        "from_day": [span.first for span in spans.values()],
        "to_day": [span.end for span in spans.values()],
    }
    point_id, day, energy_wh, products, with_return = await copy_out(
        tx, _DAYS, ["int4", "date", "int8", "int8", "int8"], parameters
    )
    return {
        point: Days(day[own].astype(np.int64), energy_wh[own], products[own], with_return[own])
        for point, own in _owned(point_id, spans)
    }


def _owned(point_id: Array, spans: Mapping[PointId, Span]) -> list[tuple[PointId, slice]]:
    starts = np.searchsorted(point_id, list(spans), side="left")
    ends = np.searchsorted(point_id, list(spans), side="right")
    return [(point, slice(int(a), int(b))) for point, a, b in zip(spans, starts, ends, strict=True)]
