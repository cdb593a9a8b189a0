"""What a year costs, as contracts answers a visitor: the annual estimate, a simulation, and the estimate's PDF."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any

import httpx
import numpy as np
import psycopg

from deploy.local.folder import ROOT
from deploy.local.services import CONTRACTS
from deploy.local.stack import Stack
from schemas.price_lists import PriceList
from services.contracts.core import cost_document
from services.contracts.core.cost_answers import agreed_of, version_of, year_of
from services.contracts.core.year_cost import MONTHS, Prices, assumed, twelve_months
from services.contracts.printing import Printer
from tests.bench.figures import Figure
from tests.bench.programs import own_stack, service
from tests.browser.seed import GAP, House, seed

REQUESTS, WARM_UP, PAGES = 300, 20, 100
OTHER_POINTS = 2_000
OTHER_POINTS_BY_HOUR = 200
YEARS = 30
MOST_ESTIMATE_MS, MOST_SIMULATION_MS, MOST_PDF_MS = 150, 200, 50
CHOICES = {"price_list_id": "by-days", "saved_percent": "10", "cooling_c": "5", "shifted_percent": "10"}
BAS = json.loads((ROOT / "services/contracts/price_lists/bas-2023.json").read_text())

_OTHERS = """
    INSERT INTO ingest.day (point_id, day, energy_wh, maximum_hour_wh, hours_expected, hours_present, hours_measured,
                            is_measured, volume_l, energy_return_wh_centi_c, energy_with_return_wh, quality, revision)
    SELECT 3000000 + other.number, known.day, known.energy_wh, known.maximum_hour_wh, known.hours_expected,
           known.hours_present, known.hours_measured, known.is_measured, known.volume_l, 0, 0, known.quality, 1
      FROM ingest.day AS known, generate_series(1, %s) AS other(number)
     WHERE known.point_id = %s
"""
_GAP = """
    INSERT INTO ingest.day (point_id, day, energy_wh, maximum_hour_wh, hours_expected, hours_present, hours_measured,
                            is_measured, volume_l, energy_return_wh_centi_c, energy_with_return_wh, quality, revision)
    VALUES (%s, %s, 300000, 20000, 24, 24, 24, true, 6000, 0, 0, 1, 1)
"""
_GAP_HOURS = """
    INSERT INTO ingest.hour (point_id, starts_at, energy_wh, volume_l, start_quality, end_quality, revision)
    SELECT %s, hour, 12500, 250, 1, 1, 1
      FROM generate_series(%s::date::timestamptz, %s::date::timestamptz, interval '1 hour') AS hour
        ON CONFLICT DO NOTHING
"""
_OTHER_HOURS = """
    INSERT INTO ingest.hour (point_id, starts_at, energy_wh, volume_l, start_quality, end_quality, revision)
    SELECT 3000000 + other.number, known.starts_at, known.energy_wh, known.volume_l, 1, 1, 1
      FROM ingest.hour AS known, generate_series(1, %s) AS other(number)
     WHERE known.point_id = %s
"""
_WEATHER = """
    INSERT INTO ingest.daily_temperature (station_id, day, mean_c, hours, revision)
    SELECT 'seed', day::date, 8 - 10 * cos(2 * pi() * extract(doy FROM day) / 365), 24, 1
      FROM generate_series(%s::timestamp, %s::timestamp, interval '1 day') AS day
        ON CONFLICT DO NOTHING
"""


def estimate_p99() -> Iterator[Figure]:
    """Ask for an annual estimate again and again over one connection, from the same machine."""
    yield from _figures("estimate", {}, MOST_ESTIMATE_MS)


def simulation() -> Iterator[Figure]:
    """Ask for a simulation with every choice in the same way."""
    yield from _figures("simulation", CHOICES, MOST_SIMULATION_MS)


def estimate_pdf() -> Iterator[Figure]:
    """Print an estimate again and again by the compiler that is kept."""
    printer, found, today = Printer(), _estimate(), date(2023, 5, 5)

    def made() -> None:
        document = cost_document.of_estimate(found, "sv", "Fjärrvärmebolaget", today)
        assert printer.print(document, today).startswith(b"%PDF")

    yield from _percentiles(_took_ms(made, PAGES), MOST_PDF_MS)


def _figures(what: str, query: Mapping[str, str], most_ms: int) -> Iterator[Figure]:
    with own_stack() as stack:
        house, _, token = seed(stack, "bench", 2_000_001)
        _fill(stack, house)
        with service(stack, CONTRACTS):
            took_ms = _asked_ms(stack, f"/v1/contracts/A-{house.point_id}/{what}", query, token)
    yield from _percentiles(took_ms, most_ms)


def _percentiles(took_ms: list[float], most_ms: int) -> Iterator[Figure]:
    yield Figure("p99", float(np.percentile(took_ms, 99)), "ms", "most", most_ms)
    yield Figure("median", float(np.median(took_ms)), "ms", "most", most_ms)


def _fill(stack: Stack, house: House) -> None:
    with psycopg.connect(stack.admin_dsn, autocommit=True) as connection:
        for back in GAP:
            connection.execute(_GAP, [house.point_id, house.last - timedelta(days=back)])
        gap = [house.last - timedelta(days=back) for back in (GAP.stop, GAP.start - 1)]
        connection.execute(_GAP_HOURS, [house.point_id, *gap])
        connection.execute(_OTHERS, [OTHER_POINTS, house.point_id])
        connection.execute(_OTHER_HOURS, [OTHER_POINTS_BY_HOUR, house.point_id])
        connection.execute(_WEATHER, [date(house.last.year - YEARS, 1, 1), house.last])
        connection.execute("VACUUM ANALYZE")


def _asked_ms(stack: Stack, path: str, query: Mapping[str, str], token: str) -> list[float]:
    base = f"http://127.0.0.1:{stack.port(CONTRACTS.http)}"
    with httpx.Client(base_url=base) as client:
        key = {"Authorization": f"Bearer {stack.integration_key}"}
        by_days = BAS | {"components": [_measured_by_days(one) for one in BAS["components"]]}
        for name, document in (("bas", BAS), ("by-days", by_days)):
            client.put(f"/v1/price-lists/{name}", json=document, headers=key).raise_for_status()
        session = {"Kulvert-Session": token}
        return _took_ms(lambda: client.get(path, params=dict(query), headers=session).raise_for_status(), REQUESTS)


def _measured_by_days(component: dict[str, Any]) -> dict[str, Any]:
    return component | {"method": "goteborg"} if component["type"] == "powerPrice" else component


def _took_ms(work: Callable[[], object], times: int) -> list[float]:
    took_ms = []
    for _ in range(WARM_UP + times):
        began = time.perf_counter()
        work()
        took_ms.append((time.perf_counter() - began) * 1000)
    return took_ms[WARM_UP:]


def _estimate() -> dict[str, Any]:
    price_list = PriceList.model_validate({**BAS, "price_list_id": "bas", "version": 1})
    prices = Prices(price_list, twelve_months(price_list, date(2023, 5, 5)) or ())
    cost = prices.cost(assumed(prices, np.full(MONTHS, 4_000), np.full(MONTHS, 2_000)))
    rests_on = {"basis": "signature", "days_or_months": 360, "r2": 0.93, "plus_minus_percent": 5.1}
    return {
        "facility": "Villa Ek",
        "address": "Ekvägen 1",
        "contract_number": "K-1",
        "metering_point": "MP-1",
        "agreed": agreed_of(prices),
        "price_list": version_of(price_list),
        "power_kw": "20",
        "yearly_mwh": None,
        "energy_mwh": "48",
        "months_mwh": ["4"] * MONTHS,
        "rests_on": rests_on | {"uncertainty": "signature_residuals"},
        "plus_minus_kr": "2500.00",
        "assumptions": ["network_as_own"],
        **year_of(cost, price_list),
    }
