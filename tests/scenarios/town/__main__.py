"""`python -m tests.scenarios.town --buildings 200`: a town on a stack of its own; ends with 1 where it is wrong."""

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import psycopg
from rich.console import Console

from deploy.local.processes import reap
from deploy.local.services import CONTRACTS, INGEST_API, ingest_worker
from deploy.local.stack import Stack
from services.cli.simulator.flaws import rates
from services.cli.simulator.town import town
from tests.running import running
from tests.scenarios.town.orders import Order
from tests.scenarios.town.play import Stage, play
from tests.scenarios.town.report import Result, broken, show
from tests.scenarios.town.versions import HOURS

FIRST_DAY, END_DAY = date(2024, 10, 14), date(2025, 4, 7)
"""A winter, and both changes of the clock."""


def main(arguments: Sequence[str]) -> int:
    """Play the town, print what was found, and give the exit code."""
    given = _parser().parse_args(arguments)
    console = Console(width=max(Console().width, 170))
    built = town(given.seed, given.buildings, given.first_day, given.end_day, rates(given.flaws))
    orders = [order for order in list(Order)[1:] if not given.order or order.name.lower() in given.order]
    plan = [(Order.IN_ORDER, 0), *((order, chance) for order in orders for chance in range(1, given.chances + 1))]
    console.print(
        f"{len(built.points)} metering points, {built.readings:,} readings, {given.first_day} to {given.end_day}"
    )
    results: list[Result] = []
    with tempfile.TemporaryDirectory() as folder, ExitStack() as open_ones:
        stack = Stack(Path(folder) / "stack")
        open_ones.callback(reap)
        open_ones.callback(stack.remove)
        stack.start()
        for service in (CONTRACTS, INGEST_API, ingest_worker(1)):
            open_ones.enter_context(running(stack, service, Path(folder) / service.name))
        connection = open_ones.enter_context(psycopg.connect(stack.admin_dsn, autocommit=True))
        began = time.monotonic()
        for result in play(Stage(stack, connection, Path(folder), HOURS), built, rates(given.flaws), plan):
            console.print(f"{result.name}: {time.monotonic() - began:.0f} s")
            for words in broken(result):
                console.print(f"  {words}", markup=False, highlight=False)
            results.append(result)
            began = time.monotonic()
    show(console, results)
    return int(any(broken(one) for one in results))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m tests.scenarios.town", description=__doc__)
    parser.add_argument("--buildings", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1, help="of the town; another seed is another town")
    parser.add_argument("--from", dest="first_day", type=date.fromisoformat, default=FIRST_DAY)
    parser.add_argument("--to", dest="end_day", type=date.fromisoformat, default=END_DAY)
    parser.add_argument("--flaws", default="usual", help="as of kulvert simulate: usual,fallen_register=0.001")
    names = [order.name.lower() for order in Order]
    parser.add_argument("--order", action="append", choices=names, help="this order alone, beside in_order; repeatable")
    parser.add_argument("--chances", type=int, default=2, help="how often each order is drawn anew")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
