"""The yearly run killed in its middle: it goes on by itself and ends in what a run that nobody broke off ends in."""

import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx

from deploy.local import supervisor
from deploy.local.services import CONTRACTS
from deploy.local.stack import Stack
from tests.integration.contracts_house import serving
from tests.integration.looking import wait_for
from tests.integration.power_street import Street

HOUSES = 60
KILLS = 4
BATCH = {"KULVERT_POWER_RUN_BATCH": "3"}
DONE = "SELECT coalesce(max(done), 0) FROM contracts.power_run WHERE asked_on = '2019-05-20'"


def killed_while_measuring(stack: Stack, street: Street, log: Path) -> int:
    """Start the service, let it come further, and kill it; gives how far it had come."""
    environment = os.environ | supervisor.settings_for(stack, CONTRACTS) | BATCH
    before = street.rows(DONE)[0][0]
    with log.open("ab") as output:
        process = subprocess.Popen([sys.executable, "-m", CONTRACTS.module], env=environment, stdout=output)
    try:
        wait_for(lambda: supervisor.is_ready(stack, CONTRACTS))
        begin(stack, "2019-05-20")
        deadline = time.monotonic() + 20
        while street.rows(DONE)[0][0] <= before and time.monotonic() < deadline:
            time.sleep(0.002)
    finally:
        process.kill()
        process.wait()
    return int(street.rows(DONE)[0][0])


def begin(stack: Stack, day: str) -> dict[str, Any]:
    key = {"Authorization": f"Bearer {stack.integration_key}"}
    address = f"http://127.0.0.1:{stack.port(CONTRACTS.http)}/v1/power-runs"
    return dict(httpx.post(address, headers=key, json={"day": day}, timeout=60).json())


def finished(api: httpx.Client, day: str) -> str:
    path = f"/v1/power-runs/{api.post('/v1/power-runs', json={'day': day}).json()['run_id']}"
    wait_for(lambda: api.get(path).json()["finished_at"] is not None)
    return str(api.get(path).json()["run_id"])


def test_a_run_that_is_killed_again_and_again_ends_in_the_same_proposals(stack: Stack, tmp_path: Path) -> None:
    log = tmp_path / "contracts.log"
    with serving(stack, log):
        street = Street(stack)
        for number in range(HOUSES):
            street.house(None if number % 10 == 0 else f"{8 + number / 8:.3f}")
    seen = [killed_while_measuring(stack, street, log) for _ in range(KILLS)]
    assert len(set(seen)) > 1, f"the kills did not come in the middle: {seen}"
    with serving(stack, log) as api:
        broken_off = finished(api, "2019-05-20")
        whole = finished(api, "2019-05-21")
        sums = [
            street.rows(
                "SELECT network_id, medium, sum_kw FROM contracts.power_run_network WHERE run_id = %s ORDER BY 1, 2",
                run_id,
            )
            for run_id in (broken_off, whole)
        ]
        assert (
            api.get(f"/v1/power-runs/{broken_off}").json()["done"] == api.get(f"/v1/power-runs/{whole}").json()["done"]
        )
    proposed = street.proposals(broken_off)
    assert len(proposed) == HOUSES
    assert proposed == street.proposals(whole)
    assert sums[0] == sums[1]


def test_an_approval_that_is_killed_is_taken_up_where_it_ended(stack: Stack, tmp_path: Path) -> None:
    log = tmp_path / "contracts.log"
    with serving(stack, log) as api:
        street = Street(stack)
        numbers = [street.house("12.40") for _ in range(HOUSES)]
        run_id = finished(api, "2019-05-22")
        some = {"approved_by": "Åsa Berg", "metering_points": numbers[:20]}
        assert api.post(f"/v1/power-runs/{run_id}/approve", json=some, timeout=60).json()["changed"] == 20
    environment = os.environ | supervisor.settings_for(stack, CONTRACTS)
    with log.open("ab") as output:
        process = subprocess.Popen([sys.executable, "-m", CONTRACTS.module], env=environment, stdout=output)
    try:
        wait_for(lambda: supervisor.is_ready(stack, CONTRACTS))
        key = {"Authorization": f"Bearer {stack.integration_key}"}
        address = f"http://127.0.0.1:{stack.port(CONTRACTS.http)}/v1/power-runs/{run_id}/approve"
        with suppress(httpx.TimeoutException):
            httpx.post(address, headers=key, json={"approved_by": "Åsa Berg", "metering_points": numbers}, timeout=0.1)
    finally:
        process.kill()
        process.wait()
    approved = (
        "SELECT count(*) FROM contracts.power_proposal WHERE run_id = %s AND state = 'approved' AND network_id = %s"
    )
    # The rest is one transaction, which is there or is not.
    assert street.rows(approved, run_id, street.name)[0][0] in (20, HOUSES)
    with serving(stack, log) as api:
        api.post(f"/v1/power-runs/{run_id}/approve", json={"approved_by": "Bo", "metering_points": numbers}, timeout=60)
    assert {tuple(street.powers(number)) for number in numbers} == {(("9.00", "entered"), ("12.00", "minus_five"))}
    count = (
        "SELECT count(*), count(DISTINCT contract_id) FROM contracts.determination WHERE approved_by IS NOT NULL"
        " AND point_id = ANY(%s)"
    )
    points = [street.point_id(number) for number in numbers]
    assert street.rows(count, points) == [(HOUSES, HOUSES)]
