"""One town in several orders on one stack: sent, settled, measured, forgotten."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import psycopg

from deploy.local.stack import Stack
from services.cli.simulator.flaws import Rates
from services.cli.simulator.posting import register
from services.cli.simulator.town import Town
from tests.scenarios.town.expected import Expected, expected
from tests.scenarios.town.figures import figures
from tests.scenarios.town.found import recalls
from tests.scenarios.town.measured import (
    energy,
    flagged_good_hours,
    good_hours,
    hours_off_the_registers,
    hours_off_the_truth,
    months_off_the_truth,
)
from tests.scenarios.town.orders import Order, waves
from tests.scenarios.town.report import Result
from tests.scenarios.town.sending import Sending
from tests.scenarios.town.stored import Tables, differences, stored
from tests.scenarios.town.versions import Known, contradictions, known

WEATHER_LAST = (Order.SHUFFLED, Order.REPEATED)
"""Here temperatures come once all readings have."""
Plan = Sequence[tuple[Order, int]]
"""Orders, each with the seed of its chance."""


class Stage(NamedTuple):
    """Where a town is played: its stack, a connection as an administrator, and a folder for what commands need."""

    stack: Stack
    connection: psycopg.Connection[Any]
    folder: Path
    asked_hours: int
    """About so many corrected hours the commands are asked."""


def play(stage: Stage, town: Town, rates: Rates, plan: Plan) -> Iterator[Result]:
    """Send a town in one order after the other, each to a stack that knows nothing of it yet; the first is in order.

    Gives what was measured of each. The last one's figures stay.
    """
    register(stage.stack, town)
    truth = expected(town, rates)
    straight: Tables | None = None
    sending = Sending(stage.stack, town, stage.connection)
    for number, (order, seed) in enumerate(plan):
        if number > 0:
            sending.forget()
        moments = _sent(sending, town, order, seed, stage.connection)
        tables = stored(stage.connection, town)
        straight = straight or tables
        found = differences(tables, straight, without_versions=order is Order.CORRECTED)
        if len(moments) > 1:
            found += contradictions(stage.stack, stage.folder, town, moments, seed, stage.asked_hours)
        yield measured(f"{order}, {seed}" if seed else str(order), town, truth, tables, found)


def _sent(sending: Sending, town: Town, order: Order, seed: int, connection: psycopg.Connection[Any]) -> list[Known]:
    """Send all waves, settling behind each; where there are several, gives what was known behind each."""
    if order not in WEATHER_LAST:
        sending.send_weather()
    moments = []
    sent = list(waves(town, order, seed))
    for wave in sent:
        sending.send(wave)
        if order in WEATHER_LAST:
            sending.send_weather()
        sending.settle()
        if len(sent) > 1:
            moments.append(known(connection, town))
    return moments


def measured(name: str, town: Town, truth: Expected, tables: Tables, found: list[str]) -> Result:
    """Hold what is stored of a town against its truth; found: where it differs from what came in order."""
    seen = figures(town, tables, truth)
    return Result(
        name,
        recalls(town, truth, seen, tables),
        hours_off_the_truth(town, truth, seen),
        months_off_the_truth(town, truth, seen),
        hours_off_the_registers(town, truth, seen),
        int(good_hours(truth, seen).sum()),
        flagged_good_hours(truth, seen),
        energy(truth, seen),
        found,
    )
