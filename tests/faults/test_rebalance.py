"""Ingest workers that come, go, die and stand still while readings flow: the figures do not notice."""

import signal
import threading
import time
from random import Random

from deploy.local.services import ALERTS, BILLING, ingest_worker
from tests.faults import outcome
from tests.faults.outcome import Rows
from tests.faults.runs import Run, beside
from tests.faults.system import System
from tests.faults.test_kills import say

FROZEN_S = 20.0
"""Twice the session timeout: the group has long given its partitions to others when it goes on."""
PAUSE_S = 2.5


def leave_and_come_back(system: System, chance: Random, times: int) -> None:
    """End the two supervised workers again and again, by request or without a word; each is started again."""
    for _ in range(times):
        name, how = ingest_worker(chance.randint(1, 2)).name, chance.choice([signal.SIGTERM, signal.SIGKILL])
        system.ask(name, how)
        say(f"{how.name} to {name}")
        time.sleep(PAUSE_S)


def join_and_leave(system: System) -> None:
    """Let a third worker join and go by request, and a fourth join and die."""
    for number, how in ((3, signal.SIGTERM), (4, signal.SIGKILL)):
        guest = system.invite(number)
        time.sleep(2 * PAUSE_S)
        system.dismiss(guest, how)
        say(f"{guest} joined and left by {how.name}")
        time.sleep(PAUSE_S)


def test_workers_that_join_leave_and_stand_still_change_nothing(
    system: System, seed: int, calm: dict[str, Rows]
) -> None:
    chance = Random(seed)  # noqa: S311 - chance, not a secret
    run = Run(system, f"moved{seed}", seed)
    run.register()
    sending = beside(run.send_before, 8.0)
    leave_and_come_back(system, chance, 3)
    sending.result()
    say(f"seed {seed}: level {run.wait_until_level():.1f} s after the last delivery with two workers")

    zombie = system.process(ingest_worker(1).name)
    sending = beside(run.send_after, 15.0)
    time.sleep(2)
    # Those who judge alerts and follow contracts stand still as well.
    frozen = (ingest_worker(1), ALERTS, BILLING)
    freezing = [threading.Thread(target=system.freeze, args=[service.name, FROZEN_S]) for service in frozen]
    for thread in freezing:
        thread.start()
    join_and_leave(system)
    for thread in freezing:
        thread.join()
    sending.result()
    say(f"seed {seed}: level {run.wait_until_level():.1f} s after the last delivery with three workers")
    run.close()

    assert system.process(ingest_worker(1).name) == zombie, "the frozen worker did not go on"
    assert outcome.differences(calm, outcome.tables(system, run.town.name)) == []
    assert run.senders.lost() == []
    assert outcome.untold(system) == []
    assert outcome.wrong_numbers(system) == []
    assert outcome.told_twice(system) == []
    assert outcome.wrongly_told(system, [run.town.name]) == []
