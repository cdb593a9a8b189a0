"""`python -m tests.bench [NAME ...]` runs the benches named, or all, and appends what they find to results.csv."""

import logging
import os
import sys
import time
from collections.abc import Callable, Iterable

from tests.bench.backfill import backfill_live_p99
from tests.bench.bytes_per_reading import bytes_per_reading
from tests.bench.correction_to_page import correction_to_page
from tests.bench.costs import estimate_p99, estimate_pdf, simulation
from tests.bench.facility_page import facility_page_p99
from tests.bench.figures import Figure, keep
from tests.bench.http import http_arrow, http_json
from tests.bench.latency import reading_to_visible_p99
from tests.bench.mbus_decode import mbus_decode
from tests.bench.power_run import power_run_100k
from tests.bench.programs import end_cleanly_when_told
from tests.bench.rating_kernel import rating_kernel
from tests.bench.rebuild import rebuild
from tests.bench.signature_kernel import signature_kernel
from tests.bench.stack_start import stack_start
from tests.bench.vee_kernel import vee_kernel
from tests.bench.whole_path import whole_path
from tests.bench.whole_path_rss import whole_path_rss

BENCHES: dict[str, Callable[[], Iterable[Figure]]] = {
    bench.__name__: bench
    for bench in (
        whole_path,
        whole_path_rss,
        http_json,
        http_arrow,
        reading_to_visible_p99,
        facility_page_p99,
        stack_start,
        mbus_decode,
        signature_kernel,
        rating_kernel,
        rebuild,
        bytes_per_reading,
        vee_kernel,
        backfill_live_p99,
        correction_to_page,
        power_run_100k,
        estimate_p99,
        simulation,
        estimate_pdf,
    )
}


def main(wanted: list[str]) -> int:
    """Run benches by name; returns the exit code."""
    unknown = [name for name in wanted if name not in BENCHES]
    if unknown:
        print(f"there is no bench {', '.join(unknown)}; there are {', '.join(BENCHES)}")
        return 2
    end_cleanly_when_told()
    # A broker that was just started is asked again until its groups are there; what fails for good is raised.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    for name in wanted or BENCHES:
        began, load_before = time.monotonic(), os.getloadavg()[0]
        figures = []
        for one in BENCHES[name]():
            figures.append(one)
            print(f"{name} {one.figure}: {one.value:,.4g} {one.unit} ({one.compared_with}: {one.compared_value:,.4g})")
        keep(name, figures, load_before)
        print(f"{name} took {time.monotonic() - began:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
