"""A contract on a price list by the yearly energy: entered in MWh, told of, estimated and simulated by its band."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from typing import Any

import httpx
import pytest

from deploy.local.stack import Stack
from tests.integration.contracts_house import put, serving
from tests.integration.test_costs import TODAY, Customer

ALL_YEAR = list(range(1, 13))
BANDS = [("0", "15", "2400"), ("15", "30", "3600"), ("30", None, "5400")]
VILLA = {
    "name": "Villapris", "valid_from": "2018-01-01", "valid_to": "2060-12-31", "components": [
        {"type": "energyPrice", "seasons": [{"name": "Hela året", "months": ALL_YEAR, "price_per_mwh": "700"}]},
        {"type": "yearlyEnergyPrice", "bands": [
            {"from_mwh": low, "to_mwh": high, "fixed_per_year": kr} for low, high, kr in BANDS
        ]},
    ],
}  # fmt: skip
BAS = VILLA | {"components": [VILLA["components"][0], {"type": "powerPrice", "bands": [
    {"from_kw": "0", "to_kw": None, "per_kw_year": "900"},
]}]}  # fmt: skip


@pytest.fixture(scope="module")
def api(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with serving(stack, tmp_path_factory.mktemp("yearly-energy") / "log") as client:
        yield client


@pytest.fixture(scope="module")
def customer(api: httpx.Client, stack: Stack) -> Customer:
    for name, document in (("by-power", BAS), ("villa", VILLA)):
        assert put(api, f"/v1/price-lists/{name}", document).is_success
    made = Customer(api, stack, price_list_id="by-power")
    made.fill(stack)
    return made


def on(customer: Customer, api: httpx.Client, price_list_id: str, **power: str) -> dict[str, Any]:
    """Put the contract on a price list with what is entered for it."""
    terms = [{"valid_from": "2018-01-01", "price_list_id": price_list_id}]
    document: dict[str, Any] = customer.house.contract(terms=terms, powers=[{"valid_from": "2018-01-01"} | power])
    assert put(api, customer.path, document).is_success
    return document


def billed(a_year: str) -> Decimal:
    """Twelve invoices of this year, each rounded by itself."""
    firsts = [date(TODAY.year + month // 12, month % 12 + 1, 1) for month in range(13)]
    days = [(end - first).days for first, end in pairwise(firsts)]
    months = [Decimal(a_year) * one / sum(days) for one in days]
    return sum((one.quantize(Decimal("0.01"), ROUND_HALF_UP) for one in months), Decimal(0))


def fixed(found: dict[str, Any]) -> Decimal:
    return sum((Decimal(one["net_kr"]) for one in found["components"] if one["component"] == "fixed"), Decimal(0))


def test_mwh_are_entered_read_and_put_again_as_they_are(api: httpx.Client, customer: Customer) -> None:
    document = on(customer, api, "villa", mwh="20.25")
    assert put(api, customer.path, document).json()["result"] == "unchanged"
    [power] = api.get(customer.path).json()["powers"]
    assert (power["kw"], power["method"]) == ("20.25", "entered_energy")


@pytest.mark.parametrize(("mwh", "kr"), [("15", "2400"), ("20.25", "3600"), ("31", "5400")])
def test_an_estimate_costs_the_band_of_the_yearly_energy_in_force(
    api: httpx.Client, customer: Customer, mwh: str, kr: str
) -> None:
    on(customer, api, "villa", mwh=mwh)
    found = api.get(f"{customer.path}/estimate").raise_for_status().json()
    assert fixed(found) == billed(kr)
    assert (found["power_kw"], Decimal(found["yearly_mwh"])) == (None, Decimal(mwh))
    # The energy itself is that of the normal year, and costs 700 kr for each MWh.
    energy = sum(Decimal(one["net_kr"]) for one in found["components"] if one["component"] == "energy")
    assert energy == 700 * sum(map(Decimal, found["months_mwh"]))


def test_a_simulated_saving_reaches_the_band_below(api: httpx.Client, customer: Customer) -> None:
    on(customer, api, "villa", mwh="20")
    found = api.get(f"{customer.path}/simulation", params={"saved_percent": "30"}).raise_for_status().json()
    assert (fixed(found["today"]), fixed(found["otherwise"])) == (billed("3600"), billed("2400"))
    assert [found["power"][name] for name in ("otherwise_kw", "otherwise_unit", "by")] == [
        "14.00", "MWh", "yearly_energy",
    ]  # fmt: skip


def test_a_contract_that_pays_for_power_is_simulated_by_its_years_own_energy(
    api: httpx.Client, customer: Customer
) -> None:
    on(customer, api, "by-power", kw="20")
    asked = {"price_list_id": "villa"}
    found = api.get(f"{customer.path}/simulation", params=asked).raise_for_status().json()
    # Its year is far above 30 MWh.
    assert Decimal(found["power"]["otherwise_kw"]) > 30
    assert fixed(found["otherwise"]) == billed("5400")
    assert (found["power"]["today_unit"], found["power"]["otherwise_unit"]) == ("kW", "MWh")


def test_mwh_in_force_are_no_power_for_a_list_that_bills_power(api: httpx.Client, customer: Customer) -> None:
    terms = [{"valid_from": "2018-01-01", "price_list_id": "villa"},
             {"valid_from": "2019-01-01", "price_list_id": "by-power"}]  # fmt: skip
    document = customer.house.contract(terms=terms, powers=[{"valid_from": "2018-01-01", "mwh": "20"}])
    assert put(api, customer.path, document).is_success
    answer = api.get(f"{customer.path}/estimate")
    assert (answer.status_code, answer.json()["errors"][0]["reason"]) == (422, "the contract has no subscription power")


def test_an_offer_names_the_yearly_energy_that_is_signed(api: httpx.Client, customer: Customer) -> None:
    on(customer, api, "by-power", kw="20")
    begins = (TODAY + timedelta(days=40)).replace(day=1)
    offer = {"contract_number": customer.number, "price_list_id": "villa", "valid_from": str(begins), "mwh": "20.25",
             "expires_at": f"{TODAY + timedelta(days=1)}T12:00:00+01:00"}  # fmt: skip
    number = f"E{customer.house.number}"
    assert put(api, f"/v1/offers/{number}", offer).is_success
    assert "Årsenergi: 20,25 MWh" in api.get(f"/v1/offers/{number}").json()["text"]


BY_THE_OTHER = [
    (
        "villa",
        "kw",
        "'Villapris' bills by the yearly energy on 2018-01-01; write mwh, the MWh of a normal year, in place",
    ),
    ("by-power", "mwh", "'Villapris' bills by the power on 2018-01-01; write kw in place of mwh"),
]


@pytest.mark.parametrize(("price_list_id", "unit", "words"), BY_THE_OTHER)
def test_a_quantity_that_its_price_list_does_not_bill_by_is_refused_where_it_is_entered(
    api: httpx.Client, customer: Customer, price_list_id: str, unit: str, words: str
) -> None:
    before = api.get(customer.path).json()["version"]
    terms = [{"valid_from": "2018-01-01", "price_list_id": price_list_id}]
    document = customer.house.contract(terms=terms, powers=[{"valid_from": "2018-01-01", unit: "12"}])
    refused = put(api, customer.path, document)
    [error] = refused.json()["errors"]
    assert (refused.status_code, error["code"], error["field"]) == (422, "quantity_not_billed", f"powers[0].{unit}")
    assert error["reason"].startswith(words)
    assert api.get(customer.path).json()["version"] == before


@pytest.mark.parametrize(("price_list_id", "unit", "words"), BY_THE_OTHER)
def test_a_line_with_the_other_quantity_is_refused_by_its_column(
    api: httpx.Client, customer: Customer, price_list_id: str, unit: str, words: str
) -> None:
    document = customer.house.contract()
    table = (
        f"contract_number,customer_number,metering_point,valid_from,price_list_id,{unit}\n"
        f"{customer.number},{document['customer_number']},{document['metering_point']},2018-01-01,{price_list_id},12\n"
    )
    sent = api.post("/v1/import/contracts", content=table.encode(), headers={"Content-Type": "text/csv"}).json()
    [refused] = sent["refused"]
    assert (refused["line"], refused["field"], refused["code"]) == (2, unit, "quantity_not_billed")
    assert refused["reason"].startswith(words)


def test_an_offer_of_kilowatts_on_a_list_by_the_yearly_energy_is_refused_by_its_field(
    api: httpx.Client, customer: Customer
) -> None:
    on(customer, api, "by-power", kw="20")
    begins = (TODAY + timedelta(days=40)).replace(day=1)
    offer = {"contract_number": customer.number, "price_list_id": "villa", "valid_from": str(begins), "kw": "12",
             "expires_at": f"{TODAY + timedelta(days=1)}T12:00:00+01:00"}  # fmt: skip
    refused = put(api, f"/v1/offers/F{customer.house.number}", offer)
    [error] = refused.json()["errors"]
    assert (refused.status_code, error["code"], error["field"]) == (422, "quantity_not_billed", "kw")
