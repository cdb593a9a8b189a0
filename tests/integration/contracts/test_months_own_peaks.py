"""A contract on a price list of each month's own peaks: put, estimated, simulated, determined and compared."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import httpx
import psycopg
import pytest

from deploy.local.stack import Stack
from tests.integration.contracts_house import House, put, serving
from tests.integration.test_costs import Customer

ALL_YEAR = list(range(1, 13))
ENERGY = {"type": "energyPrice", "seasons": [{"name": "Hela året", "months": ALL_YEAR, "price_per_mwh": "500"}]}
MONTHS = {
    "name": "Månadseffekt", "valid_from": "2018-01-01", "valid_to": "2060-12-31", "components": [
        ENERGY,
        {"type": "powerPrice", "method": "month_highest_3_days",
         "bands": [{"from_kw": "0", "to_kw": None, "per_kw_month": "62"}]},
    ],
}  # fmt: skip
BAND = {"from_kw": "0", "to_kw": None, "per_kw_month": "62"}
YEARLY = MONTHS | {
    "name": "Årseffekt", "components": [ENERGY, {"type": "powerPrice", "method": "highest_3_days", "bands": [BAND]}]
}  # fmt: skip
_DAYS = """
    INSERT INTO ingest.day (point_id, day, energy_wh, maximum_hour_wh, hours_expected, hours_present, hours_measured,
                            is_measured, energy_return_wh_centi_c, energy_with_return_wh, quality, revision)
    SELECT %(point)s, day::date, 24000 * extract(month FROM day), 5000, 24, 24, 24, true, 0, 0, 1, 1
      FROM generate_series('2023-01-01'::timestamp, '2023-12-31'::timestamp, interval '1 day') AS day
"""


@pytest.fixture(scope="module")
def api(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with serving(stack, tmp_path_factory.mktemp("months-own-peaks") / "log") as client:
        for name, document in (("months-own", MONTHS), ("years-own", YEARLY)):
            assert put(client, f"/v1/price-lists/{name}", document).is_success
        yield client


@pytest.fixture(scope="module")
def customer(api: httpx.Client, stack: Stack) -> Customer:
    made = Customer(api, stack, price_list_id="months-own")
    made.fill(stack)
    return made


def on(customer: Customer, api: httpx.Client, price_list_id: str, powers: list[dict[str, str]]) -> None:
    terms = [{"valid_from": "2018-01-01", "price_list_id": price_list_id}]
    assert put(api, customer.path, customer.house.contract(terms=terms, powers=powers)).is_success


def power_kr(found: dict[str, Any]) -> list[Decimal]:
    [line] = [one for one in found["components"] if one["component"] == "power"]
    return [Decimal(one) for one in line["months_net_kr"]]


def test_an_estimate_takes_the_newest_months_of_the_facility_and_needs_no_power_in_force(
    api: httpx.Client, customer: Customer
) -> None:
    on(customer, api, "months-own", [])
    found = api.get(f"{customer.path}/estimate").raise_for_status().json()
    assert "peaks_of_newest" in found["assumptions"]
    assert (found["power_kw"], len(found["months_kw"])) == (None, 12)
    assert power_kr(found) == [62 * Decimal(kw) for kw in found["months_kw"]]
    assert api.get(f"{customer.path}/estimate.pdf").content.startswith(b"%PDF")


def test_a_simulation_sets_a_yearly_power_beside_each_months_own(api: httpx.Client, customer: Customer) -> None:
    on(customer, api, "months-own", [])
    asked = {"price_list_id": "years-own"}
    found = api.get(f"{customer.path}/simulation", params=asked).raise_for_status().json()
    months, year = power_kr(found["today"]), power_kr(found["otherwise"])
    # The same highest days: those of the coldest month are the year's.
    assert max(months) == 62 * Decimal(found["power"]["today_kw"])
    assert sum(months) < sum(year)
    on(customer, api, "years-own", [{"valid_from": "2018-01-01", "kw": "20"}])
    back = api.get(f"{customer.path}/simulation", params={"price_list_id": "months-own"}).raise_for_status().json()
    assert power_kr(back["otherwise"]) == months
    assert back["power"]["by"] == "months"


def test_a_power_of_months_is_not_determined_on_command(api: httpx.Client, customer: Customer) -> None:
    on(customer, api, "months-own", [])
    asked = {"metering_point": f"P{customer.house.number}", "winter": "2023/2024"}
    answer = api.post("/v1/determinations", json=asked)
    assert (answer.status_code, answer.json()["code"]) == (409, "power_is_of_months")


def test_the_yearly_run_counts_whom_it_leaves_out_for_it(api: httpx.Client, customer: Customer) -> None:
    on(customer, api, "months-own", [])
    preview = api.get("/v1/power-runs/preview", params={"day": "2025-04-15"}).raise_for_status().json()
    assert preview["left_out"]["power_is_of_months"] >= 1


def test_the_effect_of_a_version_goes_by_each_months_own_peaks(api: httpx.Client, stack: Stack) -> None:
    assert put(api, "/v1/price-lists/months-effect", YEARLY | {"valid_to": "2023-01-01"}).is_success
    assert put(api, "/v1/price-lists/months-effect", MONTHS | {"valid_from": "2023-01-01"}).is_success
    house = House(api)
    terms = [{"valid_from": "2018-01-01", "price_list_id": "months-effect"}]
    powers = [{"valid_from": "2018-01-01", "kw": "12"}]
    assert put(api, f"/v1/contracts/K{house.number}", house.contract(terms=terms, powers=powers)).is_success
    with psycopg.connect(stack.admin_dsn) as connection:
        connection.execute("SELECT ingest.ensure_partitions('2023-01-01Z', '2024-01-01Z')")
        connection.execute(_DAYS, {"point": house.point_id})
    asked: dict[str, str | int] = {"before": 1, "after": 2, "year": 2023, "on": "2024-01-01"}
    found = api.get("/v1/price-lists/months-effect/effect", params=asked).raise_for_status().json()
    # Twelve months of 12 kW at 62 kr, and of 1 to 12 kW, 78 together; the energy costs the same.
    assert round(found["before_kr"] - found["after_kr"], 2) == 144 * 62 - 78 * 62
    assert found["contracts"] == 1
