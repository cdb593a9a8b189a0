"""What a stack has stored of a town: rows as text for comparing, and laid out by point and hour for measuring."""

import io
from collections.abc import Mapping
from typing import Any

import psycopg
import pyarrow as pa
import pyarrow.csv

from services.cli.simulator.town import Town

Tables = Mapping[str, bytes]
"""CSV of each table, sorted, without ids, revisions and times of our own."""

_OF_TOWN = "JOIN ingest.point USING (point_id) WHERE number LIKE %(like)s"
_TABLES = {
    "readings": """
        SELECT number, extract(epoch FROM read_at)::bigint AS read_at_s, serial,
               coalesce(extract(epoch FROM nullif(recorded_at, '-infinity'))::bigint, -1) AS recorded_at_s,
               energy_wh, volume_l, forward_lc, return_lc, supply_c, return_c, withdrawn, verdict
          FROM ingest.reading LEFT JOIN ingest.meter USING (meter_id) {of_town} ORDER BY 1, 2, content_hash
    """,
    "hours": """
        SELECT number, extract(epoch FROM starts_at)::bigint AS starts_s, energy_wh, volume_l, forward_lc, return_lc,
               supply_centi_c, return_centi_c, start_quality, end_quality
          FROM ingest.hour {of_town} AND energy_wh IS NOT NULL ORDER BY 1, 2
    """,
    "days": """
        SELECT number, day - date '1970-01-01' AS day, energy_wh, maximum_hour_wh, hours_expected, hours_present,
               hours_measured, is_measured, volume_l, forward_lc, forward_l, return_lc, return_l,
               energy_return_wh_centi_c, energy_with_return_wh, register_wh, register_l, quality
          FROM ingest.day {of_town} AND energy_wh IS NOT NULL ORDER BY 1, 2
    """,
    "flags": """
        SELECT number, extract(epoch FROM starts_at)::bigint AS starts_s, rule FROM ingest.flag {of_town}
         ORDER BY 1, 2, 3
    """,
    "signatures": """
        SELECT number, month, base_w, slope_w_per_c, balance_centi_c, r2, days, refused FROM ingest.signature {of_town}
         ORDER BY 1, 2
    """,
    "months": """
        SELECT number, month, month.energy_wh, hours_measured, base_from, round(base_load_w::numeric, 6) AS base_load_w,
               round(month.degree_days::numeric, 6) AS degree_days, month.corrected_wh
          FROM ingest_v1.month {of_town} ORDER BY 1, 2  -- A sum of floats has another last digit in another order.
    """,
    "daily temperatures": """
        SELECT station_id, day, mean_c, hours FROM ingest.daily_temperature WHERE station_id LIKE %(like)s ORDER BY 1, 2
    """,
}
_COUNTING = """
    SELECT number, read_at_s, serial, energy_wh, volume_l, forward_lc, return_lc, supply_c, return_c, verdict
      FROM (SELECT number, extract(epoch FROM read_at)::bigint AS read_at_s, serial, energy_wh, volume_l, forward_lc,
                   return_lc, supply_c, return_c, verdict,
                   recorded_at = max(recorded_at) OVER (PARTITION BY point_id, read_at) AS is_newest
              FROM ingest.reading LEFT JOIN ingest.meter USING (meter_id) {of_town}) AS version
     WHERE is_newest AND verdict NOT IN (2, 3)
     ORDER BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
"""
"""Readings but for those that another version pushed out, or that were taken back."""


def stored(connection: psycopg.Connection[Any], town: Town) -> Tables:
    """Give all tables of a town."""
    queries = _TABLES | {"readings that count": _COUNTING}
    return {name: _csv(connection, query, town) for name, query in queries.items()}


def _csv(connection: psycopg.Connection[Any], query: str, town: Town) -> bytes:
    copy = f"COPY ({query.replace('{of_town}', _OF_TOWN)}) TO STDOUT (FORMAT csv, HEADER)"
    cursor = psycopg.ClientCursor(connection)
    with cursor.copy(cursor.mogrify(copy, {"like": f"{town.name}-%"}).encode()) as out:
        return b"".join(bytes(part) for part in out)


def differences(one: Tables, other: Tables, *, without_versions: bool, most: int = 3) -> list[str]:
    """Say where two towns differ, a few rows of each table; versions: those that no longer count."""
    found = []
    for name in one:
        if name == "readings" and without_versions:
            continue
        if one[name] != other[name]:
            here, there = set(one[name].splitlines()), set(other[name].splitlines())
            only_here, only_there = sorted(here - there), sorted(there - here)
            found.append(f"{name}: {len(only_here)} rows here alone, {len(only_there)} there alone")
            found += [f"  here:  {row.decode()}" for row in only_here[:most]]
            found += [f"  there: {row.decode()}" for row in only_there[:most]]
    return found


def rows(tables: Tables, name: str) -> pa.Table:
    """Give a table's rows as columns."""
    return pa.csv.read_csv(io.BytesIO(tables[name]))
