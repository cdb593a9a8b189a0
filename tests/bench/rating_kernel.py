"""Contract-months a second on one core through a price list of five components, beside exact decimals line by line."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import NamedTuple, TypeVar

import numpy as np

from services.heat.local_time import EPOCH
from services.heat.tariff.rating import Parts, Rated, rated
from services.heat.tariff.table import PriceTable, table
from tests.bench.figures import Figure

MONTHS = 1_200_000
BY_DECIMALS = 20_000
LEAST = 1_000_000
BANDS = [
    (100, 10870, 1185), (250, 15270, 1141), (500, 27020, 1094), (1000, 51520, 1045), (2500, 101520, 995),
    (None, 229020, 944),
]  # fmt: skip
BEGIN, END = date(2026, 1, 1), date(2027, 1, 1)
ORE = Decimal("0.01")


Made = TypeVar("Made")


class Rate(NamedTuple):
    """A price as a price list says it."""

    charge: str
    band: int
    reference: str
    first: date
    end: date
    price: Decimal
    per: str
    against: Decimal | None = None
    is_against_network: bool = False
    counts: str = "both"
    at_most: Decimal | None = None


def rating_kernel() -> Iterator[Figure]:
    """Rate months in a process of its own, held to one core."""
    alone = os.environ | {"OPENBLAS_NUM_THREADS": "1"}
    told = subprocess.run([sys.executable, "-m", __name__], env=alone, check=True, capture_output=True, text=True)
    rate, by_decimals = map(float, told.stdout.split())
    yield Figure("rate", rate, "contract-months/s", "least", LEAST)
    yield Figure("rate", rate, "contract-months/s", "Decimal, line by line", by_decimals)


def _rates() -> tuple[float, float]:
    prices, parts = table(list(_price_list()), [Decimal(limit) for limit, *_ in BANDS if limit]), _parts()
    took_s, result = _took_s(lambda: rated(prices, parts))
    rows = list(zip(*(one.tolist() for one in parts.take(slice(BY_DECIMALS))), strict=True))
    by_decimals_s, exact = _took_s(lambda: [_by_decimals(row) for row in rows])
    _hold_to(prices, result, exact)
    return MONTHS / took_s, BY_DECIMALS / by_decimals_s


def _price_list() -> Iterator[Rate]:
    for band, (_, fixed, rate) in enumerate(BANDS):
        yield Rate("fixed", band, "subscription", BEGIN, END, Decimal(480), "P1Y")
        yield Rate("fixed", band, "main", BEGIN, END, Decimal(fixed), "P1Y")
        yield Rate("power", band, "main", BEGIN, END, Decimal(rate), "kW")
        for first, end, price in _seasons():
            yield Rate("energy", band, "season", first, end, price, "MWh")
        yield Rate("return_temperature", band, "return", BEGIN, END, Decimal(7), "MWh·°C", None, True)
        yield Rate("volume", band, "flow", BEGIN, END, Decimal("3.5"), "m³", Decimal("19.5"))


def _seasons() -> Iterator[tuple[date, date, Decimal]]:
    yield BEGIN, date(2026, 4, 1), Decimal(531)
    yield date(2026, 4, 1), date(2026, 10, 1), Decimal("148.5")
    yield date(2026, 10, 1), END, Decimal(422)


def _parts() -> Parts:
    noise = np.random.default_rng(1)
    begins = np.arange("2026-01", "2027-02", dtype="datetime64[M]").astype("datetime64[D]").astype(np.int64)
    month = np.arange(MONTHS) % 12
    columns = {
        "kwh": noise.integers(0, 400_000, MONTHS),
        "centi_kw": noise.integers(500, 300_000, MONTHS),
        "litres": noise.integers(0, 9_000_000, MONTHS),
        "return_centi_c": noise.integers(3_000, 6_000, MONTHS),
        "network_return_centi_c": np.full(MONTHS, 4_512),
        "network_l_per_mwh": np.full(MONTHS, 19_500),
        "overrun_centi_kw": np.zeros(MONTHS, np.int64),
    }
    return Parts(begins[month], begins[month + 1], **columns)


def _by_decimals(row: tuple[int, ...]) -> tuple[Decimal, ...]:
    """Price a month as an invoice's lines are by hand: energy, power, fixed, volume, return temperature."""
    first_day, end_day, kwh, centi_kw, litres, own, networks, *_ = row
    month = (EPOCH + timedelta(days=first_day)).month
    season = Decimal(531) if month < 4 else Decimal("148.5") if month < 10 else Decimal(422)
    mwh, kw, days = Decimal(kwh) / 1000, Decimal(centi_kw) / 100, end_day - first_day
    fixed, rate = next((Decimal(fixed), Decimal(rate)) for limit, fixed, rate in BANDS if limit is None or kw <= limit)
    above_m3 = Decimal(litres) / 1000 - mwh * Decimal("19.5")
    return (
        _kronor(Fraction(mwh * season)),
        _kronor(Fraction(fixed + rate * kw) * days / 365),
        _kronor(Fraction(480 * days, 365)),
        _kronor(Fraction(above_m3 * Decimal("3.5"))),
        _kronor(Fraction(mwh * (own - networks) / 100 * 7)),
    )


def _kronor(exact: Fraction) -> Decimal:
    return (Decimal(exact.numerator) / Decimal(exact.denominator)).quantize(ORE, ROUND_HALF_UP)


def _hold_to(prices: PriceTable, result: Rated, exact: list[tuple[Decimal, ...]]) -> None:
    """Both must be the same to the öre, or the one is not what the other is compared with."""
    wanted = [[int(line * 100) for line in lines] for lines in exact]
    if result.ore[:BY_DECIMALS].tolist() != wanted:
        raise AssertionError(f"the kernel differs from decimals: {[one.charge.value for one in prices.layers]}")


def _took_s(work: Callable[[], Made]) -> tuple[float, Made]:
    began = time.perf_counter()
    made = work()
    return time.perf_counter() - began, made


if __name__ == "__main__":
    print(*_rates())
