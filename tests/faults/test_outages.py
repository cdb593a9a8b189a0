"""PostgreSQL or Kafka stands still, or our own code fails: senders are told to wait, and all goes on by itself."""

import re
import time

import psycopg

from deploy.local import supervisor
from deploy.local.services import ingest_worker
from tests.faults import outcome
from tests.faults.outcome import Rows
from tests.faults.runs import Run, beside
from tests.faults.system import System
from tests.faults.test_kills import say

POSTGRES_FROZEN_S, KAFKA_FROZEN_S = 10.0, 20.0
WORKERS = [ingest_worker(number).name for number in (1, 2)]


def administer(system: System, statement: str) -> None:
    with psycopg.connect(system.stack.admin_dsn) as connection:
        connection.execute(statement.encode())


def test_a_frozen_postgresql_and_a_frozen_kafka_only_make_senders_wait(
    system: System, seed: int, calm: dict[str, Rows]
) -> None:
    run = Run(system, f"frozen{seed}", seed)
    run.register()
    # The senders take nothing for an answer but that their delivery is taken, or that they are to wait.
    for send, name, frozen_s in (
        (run.send_before, "postgres", POSTGRES_FROZEN_S), (run.send_after, "kafka", KAFKA_FROZEN_S),
    ):  # fmt: skip
        sending = beside(send, frozen_s)
        time.sleep(2)
        system.freeze(name, frozen_s)
        known = len(run.senders.acknowledged)
        began = time.monotonic()
        system.wait_for(lambda known=known: len(run.senders.acknowledged) > known, f"{name} is back")  # type: ignore[misc]
        say(f"seed {seed}: {name} frozen for {frozen_s:g} s; deliveries taken {time.monotonic() - began:.1f} s after")
        sending.result()
        say(f"seed {seed}: level {run.wait_until_level():.1f} s after the last delivery")
    run.close()
    assert outcome.differences(calm, outcome.tables(system, run.town.name)) == []
    assert run.senders.lost() == []
    assert outcome.untold(system) == []
    assert outcome.told_twice(system) == []


def test_a_worker_that_fails_at_every_batch_backs_off_and_skips_nothing(system: System) -> None:
    run = Run(system, "failing", 1)
    run.register()
    told = len(system.log(supervisor.SUPERVISOR))
    # Stands for a mistake of ours: every batch of readings meets an error that nobody expects.
    administer(system, "REVOKE INSERT ON ingest.delivery_result FROM ingest")
    try:
        deliveries = run.town.before[:10]
        run.senders.send(deliveries)
        system.wait_for(lambda: 1.0 in pauses(system, told), "the pauses between starts grow")
    finally:
        administer(system, "GRANT INSERT ON ingest.delivery_result TO ingest")
    run.wait_until_level()
    assert pauses(system, told)[:1] == [0.5]
    assert run.senders.lost() == []


def pauses(system: System, since: int) -> list[float]:
    """Give how long each failed worker waited for its next start, in the order of their ends."""
    lines = system.log(supervisor.SUPERVISOR)[since:].splitlines()
    found = [re.search(r" (\w+) ended and starts again in ([\d.]+) s", line) for line in lines]
    return [float(one[2]) for one in found if one and one[1] in WORKERS]
