"""kill -9 of everything at random moments: the figures, the invoices and the alerts end as if nothing had been."""

import sys
import time
from random import Random

from tests.faults import outcome
from tests.faults.outcome import Rows
from tests.faults.runs import Run, beside
from tests.faults.system import System

SHORTEST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 2.5


def killings(names: list[str], chance: Random) -> list[tuple[str, float]]:
    """Draw in which order each process is killed, and how long to wait before each."""
    victims = list(names)
    chance.shuffle(victims)
    return [(victim, chance.uniform(SHORTEST_PAUSE_S, LONGEST_PAUSE_S)) for victim in victims]


def test_killing_everything_at_random_changes_nothing(system: System, seed: int, calm: dict[str, Rows]) -> None:
    chance = Random(seed)  # noqa: S311 - chance, not a secret
    run = Run(system, f"killed{seed}", seed)
    run.register()
    dead_before = outcome.dead_letters(system)
    killed_while_sending, progress = 0, set()
    for send in (run.send_before, run.send_after):
        plan = killings(system.names, chance)
        sending = beside(send, sum(pause_s for _, pause_s in plan) * 1.1)
        for victim, pause_s in plan:
            time.sleep(pause_s)
            killed_while_sending += not sending.done()
            what = system.kill(victim, chance)
            progress.add(len(run.senders.acknowledged))
            say(f"killed {what} after {len(run.senders.acknowledged)} deliveries")
        ready_s = system.wait_until_ready()
        sending.result()
        level_s = run.wait_until_level()
        say(f"seed {seed}: ready {ready_s:.1f} s after the last kill, level {level_s:.1f} s after the last delivery")
    run.close()
    assert killed_while_sending >= 20, "the traffic ended before the killing"
    assert len(progress) >= 4, "hardly anything came in between the kills"
    assert outcome.differences(calm, outcome.tables(system, run.town.name)) == []
    assert run.senders.lost() == []
    assert outcome.untold(system) == []
    assert outcome.broken_chains(system) == []
    assert outcome.wrong_numbers(system) == []
    assert outcome.told_twice(system) == []
    assert outcome.wrongly_told(system, [run.town.name]) == []
    assert outcome.dead_letters(system) == dead_before


def say(words: str) -> None:
    """Tell whoever looks on how it goes."""
    sys.stdout.write(f"{time.strftime('%H:%M:%S')} {words}\n")
