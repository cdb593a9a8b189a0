"""A year's chain of invoices shows what an administrator of the database has done to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import httpx
import psycopg
import pytest
from psycopg.types.json import Jsonb

from deploy.local.services import BILLING
from deploy.local.stack import Stack
from tests.integration.billing_street import Street
from tests.running import running

HOUSES = 3
JUNE = date(2015, 6, 1)


@pytest.fixture(scope="module")
def api(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with running(stack, BILLING, tmp_path_factory.mktemp("invoice-chain") / "billing.log") as client:
        yield client


@pytest.fixture(scope="module")
def street(stack: Stack, api: httpx.Client) -> Street:
    """Some houses with an invoice each."""
    found = Street(stack, first_point=650_001)
    found.wait_for_price_list("street")
    houses = found.houses(HOUSES)
    found.days(houses, date(2015, 5, 31), date(2015, 6, 30))
    assert api.post(f"/v1/runs/{JUNE:%Y-%m}", timeout=60).json()["issued"] >= HOUSES
    return found


@pytest.fixture
def newest(street: Street) -> list[str]:
    """The numbers of the newest invoices, newest first."""
    query = "SELECT number FROM billing.invoice ORDER BY year DESC, sequence DESC LIMIT %s"
    return [number for (number,) in street.rows(query, HOUSES)]


@contextmanager
def deleted(stack: Stack, numbers: list[str]) -> Iterator[None]:
    """Do without some invoices meanwhile, as an administrator can whom no foreign key holds."""
    with psycopg.connect(stack.admin_dsn, autocommit=True) as admin:
        admin.execute("SET session_replication_role = replica")
        take = "DELETE FROM billing.invoice AS invoice WHERE number = ANY(%s) RETURNING to_jsonb(invoice)"
        taken = [row[0] for row in admin.execute(take, [numbers])]
        try:
            yield
        finally:
            put_back = "INSERT INTO billing.invoice SELECT * FROM jsonb_populate_recordset(NULL::billing.invoice, %s)"
            admin.execute(put_back, [Jsonb(taken)])


def broken(api: httpx.Client, number: str) -> tuple[Any, Any]:
    """Where the chain of an invoice's year is broken, and how."""
    report = api.get(f"/v1/chains/{number[:4]}").json()
    return report["broken_at"], report["flaw"]


def test_the_chain_of_invoices_can_be_followed_from_its_beginning(
    api: httpx.Client, street: Street, newest: list[str]
) -> None:
    year = int(newest[0][:4])
    issued = street.value("SELECT count(*) FROM billing.invoice WHERE year = %s", year)
    report = api.get(f"/v1/chains/{year}").json()
    assert report == {"year": year, "issued": issued, "invoices": issued, "broken_at": None, "flaw": None, "lost": []}


def test_a_year_without_invoices_has_a_chain_that_holds(api: httpx.Client) -> None:
    report = api.get("/v1/chains/1995").json()
    assert report == {"year": 1995, "issued": 0, "invoices": 0, "broken_at": None, "flaw": None, "lost": []}


@pytest.mark.parametrize("place", [0, 1])
def test_an_invoice_with_another_total_shows(api: httpx.Client, street: Street, newest: list[str], place: int) -> None:
    raise_total = "UPDATE billing.invoice SET vat_ore = vat_ore + %s, total_ore = total_ore + %s WHERE number = %s"
    street.run(raise_total, [1, 1, newest[place]])
    try:
        assert broken(api, newest[place]) == (newest[place], "changed")
    finally:
        street.run(raise_total, [-1, -1, newest[place]])
    assert broken(api, newest[place]) == (None, None)


@pytest.mark.parametrize("places", [[0], [1], [1, 0]], ids=["the newest", "one before it", "the two newest"])
def test_a_deleted_invoice_shows_wherever_it_stood(
    stack: Stack, api: httpx.Client, newest: list[str], places: list[int]
) -> None:
    numbers = [newest[place] for place in places]
    with deleted(stack, numbers):
        assert broken(api, numbers[0]) == (numbers[0], "missing")
    assert broken(api, numbers[0]) == (None, None)


def test_the_only_invoice_of_a_year_that_is_deleted_shows(api: httpx.Client, street: Street) -> None:
    street.run("INSERT INTO billing.number_series VALUES (1996, 100002, decode(repeat('ab', 32), 'hex'))")
    report = api.get("/v1/chains/1996").json()
    street.run("DELETE FROM billing.number_series WHERE year = 1996")
    assert report == {
        "year": 1996, "issued": 1, "invoices": 0, "broken_at": "1996-100001", "flaw": "missing", "lost": []
    }  # fmt: skip


def test_an_invoice_that_was_put_behind_the_last_shows(api: httpx.Client, street: Street, newest: list[str]) -> None:
    street.run("UPDATE billing.number_series SET next_number = next_number - 1 WHERE year = %s", [newest[0][:4]])
    try:
        assert broken(api, newest[0]) == (newest[0], "never_issued")
    finally:
        street.run("UPDATE billing.number_series SET next_number = next_number + 1 WHERE year = %s", [newest[0][:4]])
