"""The page of a facility over a year, as the gateway answers it, with a fleet's figures in the same tables."""

import time
from collections.abc import Iterator
from datetime import timedelta

import httpx
import numpy as np
import psycopg

from deploy.local.services import GATEWAY
from deploy.local.stack import Stack
from services.gateway.portal.security import cookie_name
from tests.bench.figures import Figure
from tests.bench.programs import own_stack, service
from tests.browser.seed import House, seed

REQUESTS, WARM_UP = 300, 20
OTHER_POINTS = 2_000
MOST_MS = 100

# Days alone: a page over a year reads no hours but the newest.
_OTHERS = """
    INSERT INTO ingest.day (point_id, day, energy_wh, maximum_hour_wh, hours_expected, hours_present, hours_measured,
                            is_measured, volume_l, energy_return_wh_centi_c, energy_with_return_wh, quality, revision)
    SELECT 3000000 + other.number, known.day, known.energy_wh, known.maximum_hour_wh, known.hours_expected,
           known.hours_present, known.hours_measured, known.is_measured, known.volume_l, 0, 0, known.quality, 1
      FROM ingest.day AS known, generate_series(1, %s) AS other(number)
     WHERE known.point_id = %s
"""


def facility_page_p99() -> Iterator[Figure]:
    """Ask for the page again and again over one connection, from the same machine."""
    with own_stack() as stack:
        house, _, token = seed(stack, "bench", 2_000_001)
        with psycopg.connect(stack.admin_dsn, autocommit=True) as connection:
            connection.execute(_OTHERS, [OTHER_POINTS, house.point_id])
            connection.execute("VACUUM ANALYZE")
        with service(stack, GATEWAY):
            took_ms = _took_ms(stack, house, token)
    yield Figure("p99", float(np.percentile(took_ms, 99)), "ms", "most", MOST_MS)
    yield Figure("median", float(np.median(took_ms)), "ms", "most", MOST_MS)


def _took_ms(stack: Stack, house: House, token: str) -> list[float]:
    base = f"http://127.0.0.1:{stack.port(GATEWAY.http)}"
    span = {"from": str(house.last - timedelta(days=364)), "to": str(house.last)}
    took_ms = []
    with httpx.Client(base_url=base, cookies={cookie_name(is_local=True): token}) as client:
        for _ in range(WARM_UP + REQUESTS):
            began = time.perf_counter()
            answer = client.get(f"/facilities/{house.facility_id}", params=span)
            took_ms.append((time.perf_counter() - began) * 1000)
            assert answer.status_code == 200, answer.text
            assert house.name in answer.text
    return took_ms[WARM_UP:]
