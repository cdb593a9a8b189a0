"""The yearly run over 100,000 contracts by the real process, beside reading the same days and numpy's lines alone."""

import json
import time
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import httpx
import numpy as np
import psycopg

from deploy.local.folder import ROOT
from deploy.local.services import CONTRACTS
from deploy.local.stack import Stack
from services.heat.arrays import Float64
from tests.bench.figures import Figure
from tests.bench.programs import own_stack, peak_memory_mb, service, wait_until

COUNT = 100_000
FIRST_DAY, DAYS = date(2018, 11, 1), 151
RUN_DAY = "2019-04-15"
STATIONS = 10
MOST_S, MOST_MB = 120, 500
READY_WITHIN_S = 900

_PRICE_LIST = json.loads((ROOT / "services/contracts/price_lists/bas-2018.json").read_text())
# Powers of 5 to 105 kW at -5 C, of which the one in force is up to 12 % off; a day in a hundred is not measured.
_FILL = (
    "INSERT INTO contracts.network VALUES ('bench', 'bench')",
    """
    INSERT INTO contracts.price_list (price_list_id, version, valid_from, status, document)
    VALUES ('bench', 1, '2018-01-01', 'firm', %(price_list)s)
    """,
    """
    INSERT INTO contracts.facility (facility_id, facility_number, name, address, category, activity, network_id)
    SELECT lpad(to_hex(id), 32, '0')::uuid, 'F-' || id, 'Kv. ' || id, 'Gatan ' || id, 'apartments',
           CASE WHEN id %% 4 = 0 THEN 'weekday' ELSE 'seven_day' END, 'bench'
      FROM generate_series(1, %(count)s) AS id
    """,
    """
    INSERT INTO contracts.metering_point (point_id, number, facility_id, medium, station_id)
    OVERRIDING SYSTEM VALUE
    SELECT id, 'MP-' || id, lpad(to_hex(id), 32, '0')::uuid, 'heat', 'S-' || id %% %(stations)s
      FROM generate_series(1, %(count)s) AS id
    """,
    """
    INSERT INTO contracts.customer (customer_id, customer_number, kind, name, address)
    VALUES (lpad('1', 32, '0')::uuid, 'bench', 'business', 'Bostads AB', 'Gatan')
    """,
    """
    INSERT INTO contracts.contract (contract_id, contract_number, customer_id, point_id, valid_from)
    SELECT lpad(to_hex(id), 32, '0')::uuid, 'K-' || id, lpad('1', 32, '0')::uuid, id, '2018-01-01'
      FROM generate_series(1, %(count)s) AS id
    """,
    """
    INSERT INTO contracts.contract_term SELECT contract_id, '2018-01-01', 'bench' FROM contracts.contract
    """,
    """
    INSERT INTO contracts.power_in_force (contract_id, valid_from, kw, method)
    SELECT contract_id, '2018-01-01', greatest(1, round((5 + point_id %% 100) * (0.88 + point_id %% 25 / 100.0))),
           'entered'
      FROM contracts.contract
    """,
    """
    INSERT INTO ingest.daily_temperature (station_id, day, mean_c, hours, revision)
    SELECT 'S-' || station, %(first)s::date + day, -4 + 7 * sin(day / 9.0 + station) + day %% 5 / 3.0, 24, 1
      FROM generate_series(0, %(stations)s - 1) AS station, generate_series(0, %(days)s - 1) AS day
    """,
    """
    INSERT INTO ingest.day (point_id, day, energy_wh, maximum_hour_wh, hours_expected, hours_present, hours_measured,
                            is_measured, energy_return_wh_centi_c, energy_with_return_wh, quality, revision)
    SELECT point_id, daily.day, highest.wh * 18, highest.wh, 24, 24,
           CASE WHEN hashint4(point_id * 151 + (daily.day - %(first)s::date)) %% 100 = 0 THEN 20 ELSE 24 END,
           true, 0, 0, 1, 1
      FROM contracts.metering_point AS point
      JOIN ingest.daily_temperature AS daily USING (station_id)
     CROSS JOIN LATERAL (
           SELECT ((5 + point_id %% 100) * (1000 - 30 * (daily.mean_c + 5))
                   + hashint4(point_id + (daily.day - %(first)s::date) * 7919) %% 900)::bigint AS wh) AS highest
     ORDER BY point_id, daily.day
    """,
    "ANALYZE ingest.day",
    "ANALYZE contracts.contract",
)
_OUT = """
    COPY (SELECT point_id, day, maximum_hour_wh, revision FROM ingest.day ORDER BY point_id) TO STDOUT (FORMAT binary)
"""


def power_run_100k() -> Iterator[Figure]:
    """Measure every contract over a winter of days that are read from the database, and keep what was found."""
    with own_stack() as stack:
        _fill(stack)
        read_s = _read_all(stack)
        took_s, memory_mb, found = _run(stack)
    assert found["done"] == found["contracts"] == COUNT, found
    assert sum(found["decisions"].values()) == COUNT, found
    assert found["decisions"]["changed"] > 0, found
    yield Figure("duration", took_s, "s", "most", MOST_S)
    yield Figure("duration", took_s, "s", "COPY of the same days to a client that drops them", read_s)
    yield Figure("duration", took_s, "s", "numpy's lines by floats, days in memory", _lines_alone_s())
    yield Figure("memory", memory_mb, "MB", "most", MOST_MB)


def _fill(stack: Stack) -> None:
    known = {"count": COUNT, "stations": STATIONS, "first": FIRST_DAY, "days": DAYS}
    last = FIRST_DAY + timedelta(days=DAYS)
    with psycopg.connect(stack.admin_dsn) as connection:
        connection.execute("SELECT ingest.ensure_partitions(%s, %s)", [FIRST_DAY, last])
        for statement in _FILL:
            connection.execute(statement.encode(), known | {"price_list": json.dumps(_PRICE_LIST)})


def _read_all(stack: Stack) -> float:
    began = time.monotonic()
    with psycopg.connect(stack.admin_dsn) as connection, connection.cursor().copy(_OUT.encode()) as rows:
        for _ in rows:
            continue
    return time.monotonic() - began


def _run(stack: Stack) -> tuple[float, float, dict[str, Any]]:
    """Give how long it took from the command until all is stored, the most memory, and how the run stands."""
    key = {"Authorization": f"Bearer {stack.integration_key}"}
    with service(stack, CONTRACTS) as pid:
        address = f"http://127.0.0.1:{stack.port(CONTRACTS.http)}/v1/power-runs"
        with httpx.Client(headers=key, timeout=60) as api:
            began = time.monotonic()
            path = f"{address}/{api.post(address, json={'day': RUN_DAY}).json()['run_id']}"
            found: dict[str, Any] = {}

            def is_finished() -> bool:
                found.update(api.get(address).json()["runs"][0])
                assert found["error"] is None, found
                return found["finished_at"] is not None

            wait_until(is_finished, "the run does not end", READY_WITHIN_S)
            took_s = time.monotonic() - began
            return took_s, peak_memory_mb(pid), api.get(path).json()


def _lines_alone_s() -> float:
    drawn = np.random.default_rng(1)
    celsius = drawn.normal(-2, 4, DAYS)
    kw: Float64 = drawn.normal(50, 5, (COUNT, DAYS)) - celsius
    began = time.monotonic()
    from_mean_c, mean_kw = celsius - celsius.mean(), kw.mean(axis=1)
    slope = (kw - mean_kw[:, None]) @ from_mean_c / (from_mean_c @ from_mean_c)
    at_minus_five = mean_kw + slope * (-5 - celsius.mean())
    took_s = time.monotonic() - began
    assert len(at_minus_five) == COUNT
    return took_s
