"""What `kulvert show` shows of months, years, signatures and stations."""

from datetime import date
from typing import Any
from urllib.parse import quote

from psycopg.rows import TupleRow

from deploy.local.services import INGEST_API
from deploy.local.stack import Stack
from services.cli.requests import Client
from services.cli.shown import DAYS, HOURS, Column, Kind

_TEXT, _WHOLE, _THOUSANDTH, _DEGREES = (
    next(one.cell for one in (*DAYS.columns, *HOURS.columns) if one.name == name)
    for name in ("quality", "hours_expected", "energy_wh", "supply_c")
)
_QUALITY, _REVISION = (next(one for one in HOURS.columns if one.name == name) for name in ("quality", "revision"))


def _share(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f} %"


def _tenth(value: float | None) -> str:
    return "-" if value is None else f"{value:,.1f}".replace(",", " ")


_COLUMNS = (
    Column("energy_wh", "kWh", _THOUSANDTH),
    Column("corrected_wh", "normal kWh", _THOUSANDTH),
    Column("days_expected", "days", _WHOLE),
    Column("days_present", "there", _WHOLE),
    Column("days_measured", None, _WHOLE),
    Column("measured_share", "measured", _share),
    Column("maximum_hour_wh", "highest kW", _THOUSANDTH, may_go=True),
    Column("volume_l", "m3", _THOUSANDTH, may_go=True),
    Column("supply_c", "supply C", _DEGREES, may_go=True),
    Column("return_c", "return C", _DEGREES, may_go=True),
    Column("delta_t_c", "cooled C", _DEGREES),
    Column("energy_weighted_return_c", "return by kWh", _DEGREES, may_go=True),
    Column("flow_m3_per_mwh", "m3/MWh", _tenth),
    Column("excess_flow_m3", "excess m3", _tenth, may_go=True),
    Column("degree_days", "degree days", _tenth),
    Column("normal_degree_days", "normal", _tenth),
    _QUALITY,
    _REVISION,
)
MONTHS = Kind(
    "months",
    """
    SELECT to_char(sums.month, 'YYYY-MM'),
           sums.energy_wh, sums.corrected_wh, sums.days_expected, sums.days_present, sums.days_measured,
           round(sums.measured_share::numeric, 4)::double precision, sums.maximum_hour_wh, sums.volume_l,
           sums.supply_c, sums.return_c, sums.delta_t_c, sums.energy_weighted_return_c,
           round(sums.flow_m3_per_mwh::numeric, 3)::double precision,
           round(sums.excess_flow_m3::numeric, 3)::double precision,
           round(sums.degree_days::numeric, 2)::double precision,
           round(sums.normal_degree_days::numeric, 2)::double precision, sums.quality, sums.revision,
           sums.base_from, round(sums.base_load_w)
      FROM ingest_v1.month AS sums
     WHERE sums.point_id = %(point_id)s AND sums.month >= date_trunc('month', %(first)s::date)::date
       AND sums.month < %(end)s
     ORDER BY sums.month
    """,
    (
        Column("month", "month", _TEXT, is_text=True),
        *_COLUMNS,
        Column("base_from", None, _TEXT, is_text=True),
        Column("base_load_w", None, _WHOLE),
    ),
    by_day=True,
)
YEARS = Kind(
    "years",
    """
    SELECT to_char(sums.year, 'YYYY'),
           sums.energy_wh, sums.corrected_wh, sums.days_expected, sums.days_present, sums.days_measured,
           round(sums.measured_share::numeric, 4)::double precision, sums.maximum_hour_wh, sums.volume_l,
           sums.supply_c, sums.return_c, sums.delta_t_c, sums.energy_weighted_return_c,
           round(sums.flow_m3_per_mwh::numeric, 3)::double precision,
           round(sums.excess_flow_m3::numeric, 3)::double precision,
           round(sums.degree_days::numeric, 2)::double precision,
           round(sums.normal_degree_days::numeric, 2)::double precision, sums.quality, sums.revision
      FROM ingest_v1.year AS sums
     WHERE sums.point_id = %(point_id)s AND sums.year >= date_trunc('year', %(first)s::date)::date
       AND sums.year < %(end)s
     ORDER BY sums.year
    """,
    (Column("year", "year", _TEXT, is_text=True), *_COLUMNS),
    by_day=True,
)
TEMPERATURES = Kind(
    "temperatures",
    """
    SELECT outdoor.starts_at, outdoor.celsius AS outdoor_c, outdoor.source
      FROM ingest_v1.outdoor_temperature AS outdoor
     WHERE outdoor.station_id = %(name)s AND outdoor.starts_at >= %(first)s AND outdoor.starts_at < %(end)s
     ORDER BY outdoor.starts_at
    """,
    (
        HOURS.columns[0],
        Column("outdoor_c", "outdoor C", _DEGREES),
        Column("source", "from", _TEXT, is_text=True),
    ),
    of_station=True,
)
SIGNATURE = Kind(
    "signatures",
    "",
    (
        Column("from", "from", _TEXT, is_text=True),
        Column("until", "until", _TEXT, is_text=True),
        Column("station_id", "station", _TEXT, is_text=True, may_go=True),
        Column("base_kw", "base kW", _DEGREES),
        Column("slope_kw_per_c", "kW per C", _DEGREES),
        Column("balance_c", "balance C", _DEGREES),
        Column("r2", "r2", _DEGREES),
        Column("days", "days", _WHOLE),
        Column("refused", "refused", _TEXT, is_text=True),
    ),
)


def signature(point: str, until: date | None) -> list[TupleRow]:
    """Ask the service for a metering point's signature: one row. Raises RequestError."""
    query = f"?until={until.isoformat()}" if until else ""
    with Client(Stack(), INGEST_API) as ingest:
        found: dict[str, Any] = ingest.ask("GET", f"/v1/points/{quote(point, safe='')}/signature{query}").json()
    return [tuple(found[column.name] for column in SIGNATURE.columns)]
