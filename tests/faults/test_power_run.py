"""The yearly run killed again and again at random moments: it ends in what a run that nobody disturbed ends in."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest

from deploy.local import supervisor
from deploy.local.services import CONTRACTS
from deploy.local.stack import Stack
from tests.integration.contracts_house import BAS_2018, serving
from tests.integration.power_street import Simulated, Street

HOUSES = int(os.environ.get("POWER_RUN_CONTRACTS", "1000"))
KILLS = 12
BATCHES = 400
"""So many a run takes at least: a kill falls into one, and the service is up again before the next."""
LONGEST_PAUSE_S = 0.08
"""About two batches: so a kill falls at any line of one, its commit, and the pause between two."""
READY_WITHIN_S = 90
OVER_WITHIN_S = 600
OVER = 2.0
"""More than a run ever comes to, so that it is looked at until it is over."""
MOST_AT_ONCE = 2_000
FIRST_RUN_ON = date(2019, 8, 1)
"""Behind the days that other tests begin runs on: a day has one run."""

_RUN = "SELECT contracts, done, reached, left_out, error, winter FROM contracts.power_run WHERE run_id = %s"
_WHOLE_RUN = "SELECT * FROM contracts.power_run WHERE run_id = %s"
_NETWORKS = "SELECT network_id, medium, sum_kw FROM contracts.power_run_network WHERE run_id = %s ORDER BY 1, 2"
_WHOLE_PROPOSALS = "SELECT * FROM contracts.power_proposal WHERE run_id = %s ORDER BY point_id"


def drawn_houses(chance: Random) -> list[Simulated]:
    """Draw houses of 5 to 105 kW, with powers in force of up to 12 % off; some without days, some that chose theirs."""

    def house() -> Simulated:
        wh = chance.randrange(5_000, 105_000)
        kw = (Decimal(wh) / 1_000 * Decimal(chance.randrange(88, 113)) / 100).quantize(Decimal(1))
        price_list = "chosen" if chance.random() < 0.05 else "bas"
        return Simulated(None if chance.random() < 0.05 else wh, max(kw, Decimal(1)), price_list)

    return [house() for _ in range(HOUSES)]


class Watched:
    """What the service showed of a run's progress while it was looked at: (contracts, done, is_finished) each time."""

    def __init__(self, api: httpx.Client, day: date) -> None:
        self.shown: list[tuple[int, int, bool]] = []
        self._api, self._day = api, day

    def begin(self) -> str:
        """Ask for the run of the day, which may be there already; gives its id."""
        answer = self._api.post("/v1/power-runs", json={"day": self._day.isoformat()})
        assert answer.status_code in (200, 201), answer.text
        return str(answer.json()["run_id"])

    def until(self, run_id: str, share: float) -> None:
        """Look until a run has come so far, or is over; at all that is shown meanwhile."""
        deadline = time.monotonic() + OVER_WITHIN_S
        while not self._look(run_id, share):
            assert time.monotonic() < deadline, self.shown[-1]

    def _look(self, run_id: str, share: float) -> bool:
        found = self._api.get(f"/v1/power-runs/{run_id}").json()
        assert found["error"] is None, found
        self.shown.append((found["contracts"], found["done"], found["finished_at"] is not None))
        contracts, done, is_finished = self.shown[-1]
        return is_finished or done >= share * contracts


@contextmanager
def one_life(stack: Stack, log: Path, batch: int) -> Iterator[None]:
    """Let the service live until whoever asked has seen enough, then kill it with signal 9."""
    environment = os.environ | supervisor.settings_for(stack, CONTRACTS) | {"KULVERT_POWER_RUN_BATCH": str(batch)}
    with log.open("ab") as output:
        process = subprocess.Popen([sys.executable, "-m", CONTRACTS.module], env=environment, stdout=output)
    try:
        deadline = time.monotonic() + READY_WITHIN_S
        while not supervisor.is_ready(stack, CONTRACTS):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.01)
        yield
    finally:
        process.kill()
        process.wait()


def killed_again_and_again(stack: Stack, log: Path, chance: Random, watched: Watched) -> tuple[str, list[int]]:
    """Begin a run and kill the service over and over; gives its id, and how far each life was seen to have come."""
    run_id, seen = "", []
    for share in sorted(chance.uniform(0, 0.9) for _ in range(KILLS)):
        with one_life(stack, log, max(1, HOUSES // BATCHES)):
            run_id = watched.begin()
            watched.until(run_id, share)
            time.sleep(chance.uniform(0, LONGEST_PAUSE_S))
        seen.append(watched.shown[-1][1])
    return run_id, seen


def results(street: Street, run_id: str) -> dict[str, list[tuple[Any, ...]]]:
    """Give all that a run leaves behind, but its id, its day and the times of the clock."""
    return {
        "proposals": street.proposals(run_id),
        "run": street.rows(_RUN, run_id),
        "networks": street.rows(_NETWORKS, run_id),
    }


def everything(street: Street, run_id: str) -> list[list[tuple[Any, ...]]]:
    """Give a run's rows as they are, times and states included."""
    return [street.rows(one, run_id) for one in (_WHOLE_RUN, _WHOLE_PROPOSALS, _NETWORKS)]


def put_chosen(api: httpx.Client) -> None:
    """Put a price list whose customers have chosen their powers, so that a run leaves them out."""
    components = [
        one | {"method": "customer_chosen"} if one["type"] == "powerPrice" else one for one in BAS_2018["components"]
    ]
    answer = api.put("/v1/price-lists/chosen", json=BAS_2018 | {"components": components})
    assert answer.status_code in (200, 201), answer.text


@pytest.fixture
def api(stack: Stack) -> Iterator[httpx.Client]:
    """What asks the service, whichever of its lives it is in."""
    key = {"Authorization": f"Bearer {stack.integration_key}"}
    with httpx.Client(base_url=f"http://127.0.0.1:{stack.port(CONTRACTS.http)}", headers=key, timeout=30) as client:
        yield client


def test_a_run_that_is_killed_at_random_moments_ends_in_the_same_results(
    stack: Stack, tmp_path: Path, seed: int, api: httpx.Client
) -> None:
    chance, log = Random(seed), tmp_path / "contracts.log"  # noqa: S311 - chance, not a secret
    street = Street(stack)
    with serving(stack, tmp_path / "before.log") as client:
        put_chosen(client)
    street.houses(drawn_houses(chance))
    day = FIRST_RUN_ON + timedelta(days=2 * seed)
    watched, calm, began = Watched(api, day), Watched(api, day + timedelta(days=1)), time.monotonic()
    harmed, seen = killed_again_and_again(stack, log, chance, watched)
    assert not watched.shown[-1][2], f"the run was over before the last kill: {seen}"
    assert len(set(seen)) > KILLS // 2, f"the kills did not come in the middle: {seen}"
    with one_life(stack, log, MOST_AT_ONCE):
        watched.until(harmed, OVER)
        took_s = time.monotonic() - began
        undisturbed = calm.begin()
        calm.until(undisturbed, OVER)
        assert results(street, harmed) == results(street, undisturbed)
        assert len(street.proposals(harmed)) > HOUSES * 9 // 10
        before = everything(street, harmed)
        assert watched.begin() == harmed
        watched.until(harmed, OVER)
        assert everything(street, harmed) == before
    done = [done for _, done, _ in watched.shown]
    whole = watched.shown[0][0]
    assert done == sorted(done)
    assert {contracts for contracts, _, _ in watched.shown} == {whole}
    assert (max(done), watched.shown[-1]) == (whole, (whole, whole, True))
    sys.stdout.write(f"{HOUSES} contracts, {KILLS} kills at {seen}: over after {took_s:.1f} s\n")
