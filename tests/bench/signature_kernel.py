"""Power signatures a second on one core, each over a year of days, beside numpy's least squares for one facility."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import numpy as np

from services.heat.arrays import Float64
from services.heat.signature import HEATING_BALANCES_C, heating_signatures
from tests.bench.figures import Figure

FACILITIES, DAYS = 100_000, 365
BY_NUMPY = 200
LEAST = 300_000


def signature_kernel() -> Iterator[Figure]:
    """Fit houses in a process of its own, since numpy's threads can be held to one core only before it is loaded."""
    alone = os.environ | {"OPENBLAS_NUM_THREADS": "1"}
    told = subprocess.run([sys.executable, "-m", __name__], env=alone, check=True, capture_output=True, text=True)
    rate, by_numpy = map(float, told.stdout.split())
    yield Figure("rate", rate, "facilities/s", "least", LEAST)
    yield Figure("rate", rate, "facilities/s", "numpy.linalg.lstsq at each balance temperature", by_numpy)


def _rates() -> tuple[float, float]:
    """Fit houses that follow a balance temperature of 16 C more or less, one day in fifty not measured."""
    noise = np.random.default_rng(1)
    outdoor_c = 8 + 10 * np.sin(np.arange(DAYS) / 58) + noise.normal(0, 2, DAYS)
    power_kw = noise.uniform(0.2, 2, (FACILITIES, 1)) * np.maximum(0, 16 - outdoor_c)
    power_kw += noise.normal(2, 0.3, power_kw.shape)
    power_kw[noise.random(power_kw.shape) < 0.02] = np.nan
    took_s = _took_s(lambda: heating_signatures(outdoor_c, power_kw))
    by_numpy_s = _took_s(lambda: [_by_numpy(outdoor_c, one) for one in power_kw[:BY_NUMPY]])
    return FACILITIES / took_s, BY_NUMPY / by_numpy_s


def _by_numpy(outdoor_c: Float64, power_kw: Float64) -> float:
    known = ~np.isnan(power_kw)
    hinges = np.maximum(0, HEATING_BALANCES_C[None, :] - outdoor_c[known, None])
    ones = np.ones(len(hinges))
    left = [np.linalg.lstsq(np.stack([ones, hinge], axis=1), power_kw[known], rcond=None)[1] for hinge in hinges.T]
    return float(HEATING_BALANCES_C[int(np.argmin([one[0] for one in left]))])


def _took_s(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    print(*_rates())
