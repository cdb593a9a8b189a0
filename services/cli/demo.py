"""`kulvert demo`: the main job from end to end, on a real Kafka and PostgreSQL."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from rich.console import Console

from deploy.local.stack import Stack
from deploy.local.supervisor import PULSE_S, SUPERVISOR
from services.cli.demonstration import following, house, outcome, people
from services.cli.demonstration.life import Life, built, whole_months
from services.cli.demonstration.people import ANNA, EVA, OLOF, PETRA, Visitor
from services.cli.demonstration.steps import Steps
from services.cli.requests import told_to_person
from services.cli.simulator.documents import documents
from services.cli.simulator.town import Town
from services.cli.stack import portal_address, start_detached, stop
from services.contracts.core.winters import last_whole_winter

LEAST_POWERS_SHOWN = 3
EXIT_VARIABLE = "DEMO_EXIT"
YES = ("1", "true", "yes", "on")


def demo() -> None:
    """Start everything, bring a real house and a simulated town to life, and show what follows; Ctrl-C ends it.

    With DEMO_EXIT=1 it ends by itself. What was stored stays, so a second run starts where this one ended.
    """
    console = Console()
    _end_with(signal.default_int_handler)
    signal.signal(signal.SIGHUP, _hung_up)
    steps = Steps(console)
    stack = Stack()
    # At the end the town's head-end must not wait for services that do not come back.
    given_up = threading.Event()
    was_running = stack.is_running(SUPERVISOR)
    with told_to_person():
        try:
            if was_running:
                steps.say("The stack runs already, and stays up when this ends")
            else:
                with steps.step("Kafka, PostgreSQL and the services start"):
                    stack = start_detached(stack, workers=1)
            _show(console, stack, steps, given_up)
            if os.environ.get(EXIT_VARIABLE, "").lower() not in YES:
                ends = "this" if was_running else "everything"
                console.print(f"The town lives on. Ctrl-C ends {ends}; what was stored stays.")
                wait_for_end(console, stack)
        finally:
            # Pressed again, Ctrl-C would leave half of the stack running.
            _end_with(signal.SIG_IGN)
            given_up.set()
            if not was_running:
                with steps.step("Everything ends"):
                    stop(Stack(stack.home))


def _end_with(handler: Callable[[int, FrameType | None], object] | signal.Handlers) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, handler)


def _hung_up(number: int, frame: FrameType | None) -> None:
    # The terminal is gone: what is said from now on would be an error, and keep the rest from being ended.
    sys.stdout = sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115 - for as long as the process runs
    signal.default_int_handler(number, frame)


def wait_for_end(console: Console, stack: Stack) -> None:
    """Wait for Ctrl-C, or until the stack has been ended by another command."""
    with suppress(KeyboardInterrupt):
        while Stack(stack.home).is_running(SUPERVISOR):
            time.sleep(PULSE_S)
        console.print("The stack was ended, and the town's life with it.")


def _show(console: Console, stack: Stack, steps: Steps, given_up: threading.Event) -> None:
    now = datetime.now(UTC)
    with steps.step("A town of 20 buildings is simulated"):
        town = built(now)
    life = Life(stack, town, now, given_up)
    found = house.files()
    with steps.step("Networks, facilities, meters, customers and contracts are put"):
        life.register()
        if found:
            house.register(stack)
    if found:
        house.import_house(stack, found, steps)
    else:
        steps.say("The real house is left out: its files are not there (see README, Data)")
    rate_s = life.begin(steps)
    months = [*(house.MONTHS if found else []), *whole_months(town, now)]
    with steps.bar("  months closed", len(months)) as bar:
        billed = following.close(stack, months, bar)
    wanted = _winters(town, now, has_house=found is not None)
    with steps.bar("  subscription powers determined", len(wanted)) as bar:
        powers = following.determine(stack, wanted, bar)
    points = [*([house.POINT] if found else []), *(point.number for point in town.points)]
    with steps.bar("  metering points watched", len(points)) as bar:
        following.watch(stack, points, bar)
    visitors = _visitors(stack, town, has_house=found is not None)
    console.print(outcome.table(stack, rate_s, billed, _shown(powers), house.POINT if found else None))
    console.print(f"The portal: {portal_address(stack)}   Each link logs in once, within ten minutes:")
    for visitor in visitors:
        console.print(f"  {visitor.words}: {people.login_link(stack, visitor)}", soft_wrap=True, highlight=False)
    steps.say("All done")


def _winters(town: Town, now: datetime, *, has_house: bool) -> list[tuple[str, str]]:
    of_house = [(house.POINT, winter) for winter in house.WINTERS] if has_house else []
    last = last_whole_winter(now.date())
    heat = [point.number for point in town.points if point.medium.value == "heat"]
    return [*of_house, *((number, last) for number in heat)]


def _shown(powers: Sequence[dict[str, object]]) -> list[dict[str, object]]:
    """The house's, and some of the town's: the rest stand in the portal."""
    of_house = [one for one in powers if one["metering_point"] == house.POINT]
    return [*of_house, *[one for one in powers if one not in of_house][:LEAST_POWERS_SHOWN]]


def _visitors(stack: Stack, town: Town, *, has_house: bool) -> list[Visitor]:
    visitors = [PETRA, EVA, OLOF]
    people.register(stack, PETRA, documents(town)["customers"])
    people.register(stack, EVA)
    people.register(stack, OLOF)
    if has_house:
        people.register(stack, ANNA, [house.CUSTOMER], "administrator")
        visitors.insert(0, ANNA)
    return visitors
