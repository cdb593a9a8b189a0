"""The withdrawal of a price list, from the notice to the first invoice on the list that takes its place."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest

from deploy.local.folder import ROOT
from deploy.local.services import BILLING
from deploy.local.stack import Stack
from services.cli.price_list_files import read
from services.common.postgres import Database
from services.contracts import withdrawing
from services.contracts.core.documents import Withdrawal
from services.contracts.core.energy_profiles import EnergyProfiles
from services.contracts.withdrawing import Moved, withdraw
from tests.integration.contracts_house import House, put, serving
from tests.integration.looking import wait_for
from tests.running import running

SHIPPED = ROOT / "services/contracts/price_lists"
PROFILES = EnergyProfiles.model_validate_json((ROOT / "services/contracts/energy_profiles.json").read_text())
GOES_ON = date(2023, 1, 1)
_DAYS = """
    INSERT INTO ingest.day (point_id, day, energy_wh, hours_expected, hours_present, hours_measured, is_measured,
                            energy_return_wh_centi_c, energy_with_return_wh, register_wh, quality, revision)
    SELECT %(point)s, day::date, 50000, 24, 24, 24, true, 50000::bigint * 4400, 50000,
           50000 * (day::date - DATE '2022-01-01' + 1), 1, 1
      FROM generate_series(TIMESTAMP '2022-11-30', TIMESTAMP '2023-02-01', interval '1 day') AS day
"""


@pytest.fixture(scope="module")
def contracts(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with serving(stack, tmp_path_factory.mktemp("contracts") / "log") as client:
        yield client


@pytest.fixture(scope="module")
def billing(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with running(stack, BILLING, tmp_path_factory.mktemp("billing") / "log") as client:
        yield client


def invoice(stack: Stack, billing: httpx.Client, contract_id: str, month: str) -> dict[str, Any]:
    billing.post(f"/v1/runs/{month}", timeout=60).raise_for_status()
    query = "SELECT number FROM billing.invoice WHERE contract_id = %s AND month = %s"
    with psycopg.connect(stack.admin_dsn) as connection:
        row = connection.execute(query, [contract_id, f"{month}-01"]).fetchone()
    assert row is not None
    found: dict[str, Any] = billing.get(f"/v1/invoices/{row[0]}").json()
    return found


async def announced(stack: Stack, price_list_id: str, asked: Withdrawal, today: date) -> list[Moved]:
    """Announce a withdrawal as if it were another day."""
    database = Database(stack.dsn("contracts"), 1, 1)
    await database.open()
    async with database.transaction() as tx:
        _, moved = await withdraw(tx, price_list_id, asked, PROFILES, today)
    await database.close()
    return moved


def test_fast_is_billed_until_it_goes_and_bas_from_then_on(
    stack: Stack, contracts: httpx.Client, billing: httpx.Client
) -> None:
    fast, bas = (f"{name}-{uuid4().hex[:6]}" for name in ("fast", "bas"))
    for name, files in ((fast, ["fast-2021", "fast-2022"]), (bas, ["bas-2022", "bas-2023"])):
        for file in files:
            assert put(contracts, f"/v1/price-lists/{name}", read(SHIPPED / f"{file}.json")).is_success
    house = House(contracts)
    terms = [{"valid_from": "2022-01-01", "price_list_id": fast}]
    document = house.contract(terms=terms, powers=[{"valid_from": "2022-01-01", "kw": "10"}])
    contract_id = put(contracts, f"/v1/contracts/K{house.number}", document).json()["contract_id"]
    with psycopg.connect(stack.admin_dsn) as connection:
        span = [datetime(2022, 11, 1, tzinfo=UTC), datetime(2023, 3, 1, tzinfo=UTC)]
        connection.execute("SELECT ingest.ensure_partitions(%s, %s)", span)
        connection.execute(_DAYS, {"point": house.point_id})

    asked = Withdrawal(withdrawn_on=GOES_ON, replaced_by=(bas,), who="Eva Berg", cause="one model is enough")
    moved = asyncio.run(announced(stack, fast, asked, date(2022, 10, 15)))
    assert [(one.contract_number, one.told.replaced_by) for one in moved] == [(f"K{house.number}", bas)]
    [told] = contracts.get(f"/v1/price-lists/{fast}/withdrawal").json()["notices"]
    assert (told["contract_number"], told["replaced_by"]) == (f"K{house.number}", bas)
    # 10 kW in a small house are 23 MWh a year, 67.3 % of it in the five months of winter. Yearly charges are rounded in
    # each month, so that a year is some öre off.
    costs = told["costs"]
    assert (costs["power_kw"], costs["energy_mwh"]) == ("10.00", "23.000")
    assert costs["rests_on"]["basis"] == "category_profile"
    fast_kr = Decimal("492") + 23 * Decimal("419") + 1_200 + 10 * Decimal("974")
    bas_kr = Decimal("498") + 23 * Decimal("0.673") * 562 + 23 * Decimal("0.327") * 201 + 1_200 + 10 * Decimal("946")
    for side, name, kr in (("today", "Prislista Fast 2022", fast_kr), ("proposed", "Prislista Bas 2023", bas_kr)):
        assert costs[side]["price_list"]["name"] == name
        assert abs(Decimal(costs[side]["net_kr"]) - kr) < Decimal("0.5")
        assert abs(Decimal(costs[side]["total_kr"]) - kr * Decimal("1.25")) < Decimal("0.7")
    assert abs(Decimal(costs["difference_net_kr"]) - (bas_kr - fast_kr)) < 1
    assert [costs[side]["assumptions"] for side in ("today", "proposed")] == [[], ["some_efficiency_unknown"]]

    def billing_knows() -> bool:
        """Contracts and price lists come by topics of their own, in no order."""
        query = """
            SELECT (SELECT jsonb_array_length(terms) FROM billing.contract WHERE contract_id = %s),
                   (SELECT count(*) FROM billing.price_list WHERE price_list_id = ANY(%s))
        """
        with psycopg.connect(stack.admin_dsn) as connection:
            return connection.execute(query, [contract_id, [fast, bas]]).fetchone() == (2, 4)

    wait_for(billing_knows)
    december, january = (invoice(stack, billing, contract_id, month) for month in ("2022-12", "2023-01"))
    names = [one["basis"]["parts"][0]["price_list"]["name"] for one in (december, january)]
    assert names == ["Prislista Fast 2022", "Prislista Bas 2023"]
    # 1.55 MWh at 419 kr, and at 562 kr with 4 kr for each MWh and degree that is below 45.
    amounts = [{line["component"]: line["amount_ore"] for line in one["lines"]} for one in (december, january)]
    assert amounts[0]["energy"] == 64_945
    assert (amounts[1]["energy"], amounts[1]["return_temperature"]) == (87_110, -620)


def test_contracts_that_are_looked_at_some_at_a_time_all_move_by_their_own_figures(
    stack: Stack, contracts: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(withdrawing, "AT_ONCE", 2)
    fast = f"fast-{uuid4().hex[:6]}"
    for file in ("fast-2021", "fast-2022"):
        assert put(contracts, f"/v1/price-lists/{fast}", read(SHIPPED / f"{file}.json")).is_success
    for file in ("bas-2018", "bas-2022", "bas-2023"):
        assert put(contracts, "/v1/price-lists/bas", read(SHIPPED / f"{file}.json")).is_success
    kw_of = {}
    for kw in range(10, 15):
        house = House(contracts)
        terms = [{"valid_from": "2022-01-01", "price_list_id": fast}]
        document = house.contract(terms=terms, powers=[{"valid_from": "2022-01-01", "kw": str(kw)}])
        assert put(contracts, f"/v1/contracts/K{house.number}", document).status_code == 201
        kw_of[f"K{house.number}"] = kw
    asked = Withdrawal(withdrawn_on=GOES_ON, replaced_by=("bas",), who="Eva Berg", cause="one model is enough")
    moved = asyncio.run(announced(stack, fast, asked, date(2022, 10, 15)))
    # A kW in a small house is 2.3 MWh a year.
    expected = {number: f"{Decimal(kw) * Decimal('2.3'):.3f}" for number, kw in kw_of.items()}
    assert {one.contract_number: (one.told.costs or {})["energy_mwh"] for one in moved} == expected
    for number in kw_of:
        terms = contracts.get(f"/v1/contracts/{number}").json()["terms"]
        assert [(one["valid_from"], one["price_list_id"]) for one in terms] == [
            ("2022-01-01", fast),
            ("2023-01-01", "bas"),
        ]
    notices = contracts.get(f"/v1/price-lists/{fast}/withdrawal").json()["notices"]
    assert {one["contract_number"]: one["costs"]["power_kw"] for one in notices} == {
        number: f"{kw}.00" for number, kw in kw_of.items()
    }
