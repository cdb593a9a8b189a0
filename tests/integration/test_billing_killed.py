"""Billing killed in the middle of a close: no number is lost, none is given twice, no month is billed twice."""

import os
import subprocess
import sys
import threading
import time
from datetime import date
from pathlib import Path

import httpx

from deploy.local import supervisor
from deploy.local.services import BILLING
from deploy.local.stack import Stack
from schemas.invoices import InvoiceIssued
from schemas.topics import INVOICES
from tests.integration.billing_street import Street
from tests.integration.looking import told, wait_for
from tests.running import running

MAY = date(2015, 5, 1)
HOUSES = 240
KILLS = 5
COUNT = "SELECT count(*) FROM billing.invoice WHERE month = %s"


def killed_while_closing(stack: Stack, street: Street, log: Path, issued_before: int) -> None:
    """Start the service, let it close the month, and kill it once it has issued something."""
    environment = os.environ | supervisor.settings_for(stack, BILLING) | {"KULVERT_CLOSE_BATCH": "10"}
    with log.open("ab") as output:
        process = subprocess.Popen([sys.executable, "-m", BILLING.module], env=environment, stdout=output)
    try:
        # It is ready only once Kafka has given up the one that was killed before it, which no month waits for.
        wait_for(lambda: answers(stack))
        closing = threading.Thread(target=close_until_cut_off, args=[stack])
        closing.start()
        deadline = time.monotonic() + 20
        while street.value(COUNT, MAY) <= issued_before and time.monotonic() < deadline:
            time.sleep(0.002)
    finally:
        process.kill()
        process.wait()
    closing.join()


def answers(stack: Stack) -> bool:
    try:
        httpx.get(f"http://127.0.0.1:{stack.port(BILLING.http)}/v1/runs/2015-05")
    except httpx.TransportError:
        return False
    return True


def close_until_cut_off(stack: Stack) -> None:
    address = f"http://127.0.0.1:{stack.port(BILLING.http)}/v1/runs/2015-05"
    try:
        httpx.post(address, headers={"Authorization": f"Bearer {stack.integration_key}"}, timeout=60)
    except httpx.TransportError:
        return  # The answer died with the service.


def test_a_close_that_is_killed_again_and_again_ends_as_if_it_had_not_been(stack: Stack, tmp_path: Path) -> None:
    log = tmp_path / "billing.log"
    with running(stack, BILLING, log):
        street = Street(stack, first_point=670_001)
        street.wait_for_price_list("street")
        houses = street.houses(HOUSES)
        street.days(houses, date(2015, 4, 30), date(2015, 5, 31))
    seen = [0]
    for _ in range(KILLS):
        killed_while_closing(stack, street, log, seen[-1])
        seen.append(street.value(COUNT, MAY))
        street.assert_numbers_are_gapless()
    assert len(set(seen)) > 2, f"the kills did not come in the middle: {seen}"
    with running(stack, BILLING, log) as api:
        api.post("/v1/runs/2015-05", timeout=60)
        year = street.value("SELECT max(year) FROM billing.invoice")
        assert api.get(f"/v1/chains/{year}").json()["broken_at"] is None
        (event, *more) = told(stack, INVOICES, str(houses[0].contract_id), InvoiceIssued)
    assert street.value(COUNT, MAY) == HOUSES
    billed = street.rows(
        "SELECT contract_id, sum(quantity) FROM billing.invoice_line AS line"
        " JOIN billing.invoice USING (contract_id, invoice_id)"
        " WHERE month = %s AND component = 'energy' GROUP BY 1",
        MAY,
    )
    assert {float(mwh) for _, mwh in billed} == {31 * 50 / 1000}
    assert len(billed) == HOUSES
    street.assert_numbers_are_gapless()
    # The relay may tell an invoice twice, never another one.
    assert {one.number for one in (event, *more)} == {event.number}
