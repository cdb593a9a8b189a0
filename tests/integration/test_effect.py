"""What another version of a price list would have cost each contract on it, by what they used."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest

from deploy.local.stack import Stack
from tests.integration.contracts_house import House, put, serving
from tests.integration.kulvert_command import Kulvert

YEAR = 2023
WINTER, SUMMER = [1, 2, 3, 11, 12], [4, 5, 6, 7, 8, 9, 10]
_DAYS = """
    INSERT INTO ingest.day (point_id, day, energy_wh, maximum_hour_wh, hours_expected, hours_present, hours_measured,
                            is_measured, energy_return_wh_centi_c, energy_with_return_wh, quality, revision)
    SELECT %(point)s, day::date, CASE WHEN extract(month FROM day) = ANY(%(winter)s) THEN %(high)s ELSE %(low)s END,
           5000, 24, 24, 24, true, 0, 0, 1, 1
      FROM generate_series(%(first)s::timestamp, %(last)s::timestamp, interval '1 day') AS day
"""


def seasons(winter: str, summer: str, valid_from: str) -> dict[str, Any]:
    parts = [
        {"name": "Vinter", "months": WINTER, "price_per_mwh": winter},
        {"name": "Sommar", "months": SUMMER, "price_per_mwh": summer},
    ]
    components = [{"type": "energyPrice", "seasons": parts}]
    return {"name": "Säsong", "valid_from": valid_from, "components": components}


@pytest.fixture(scope="module")
def api(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with serving(stack, tmp_path_factory.mktemp("contracts") / "log") as client:
        yield client


@pytest.fixture
def price_list(api: httpx.Client) -> str:
    """Dearer winters and cheaper summers from the second version on."""
    name = f"season-{uuid4().hex[:8]}"
    for document in (seasons("500", "200", "2021-01-01"), seasons("600", "100", "2022-01-01")):
        assert put(api, f"/v1/price-lists/{name}", document).status_code in (200, 201)
    return name


def house(api: httpx.Client, stack: Stack, price_list: str, high_wh: int, low_wh: int, days: int = 365) -> str:
    one = House(api)
    terms = [{"valid_from": "2021-01-01", "price_list_id": price_list}]
    powers = [{"valid_from": "2021-01-01", "kw": "10"}]
    assert put(api, f"/v1/contracts/K{one.number}", one.contract(terms=terms, powers=powers)).status_code == 201
    last = date(YEAR, 1, 1) + timedelta(days=days - 1)
    with psycopg.connect(stack.admin_dsn) as connection:
        connection.execute("SELECT ingest.ensure_partitions('2023-01-01Z', '2024-01-01Z')")
        values = {"winter": WINTER, "first": date(YEAR, 1, 1), "last": last}
        connection.execute(_DAYS, values | {"point": one.point_id, "high": high_wh, "low": low_wh})
    return f"K{one.number}"


def test_who_heats_in_winter_pays_for_dearer_winters(api: httpx.Client, stack: Stack, price_list: str) -> None:
    winter, level = house(api, stack, price_list, 200_000, 0), house(api, stack, price_list, 100_000, 100_000)
    house(api, stack, price_list, 100_000, 100_000, days=300)
    asked = {"before": 1, "after": 2, "year": YEAR}
    found = api.get(f"/v1/price-lists/{price_list}/effect", params=asked).json()
    # 151 winter days: 30.2 MWh, and 15.1 MWh beside 21.4 of the summer.
    assert (found["contracts"], found["left_out"]) == (2, 1)
    assert found["left_out_for"] == {"energy_unknown": 1}
    assert (found["before_kr"], found["after_kr"]) == (15_100 + 7_550 + 4_280, 18_120 + 9_060 + 2_140)
    beyond = found["beyond_the_general"]
    assert [one["contract_number"] for one in beyond["lose_most"]] == [winter]
    assert [one["contract_number"] for one in beyond["gain_most"]] == [level]
    assert beyond["lose_most"][0]["beyond_kr"] == pytest.approx(-beyond["gain_most"][0]["beyond_kr"], abs=0.02)


def test_the_command_says_the_effect_in_all_and_who_gains_and_loses(
    api: httpx.Client, stack: Stack, price_list: str, tmp_path: Path
) -> None:
    winter, level = house(api, stack, price_list, 200_000, 0), house(api, stack, price_list, 100_000, 100_000)
    house(api, stack, price_list, 100_000, 100_000, days=300)
    asked = ("effect", price_list, "--before", 1, "--after", 2, "--year", YEAR)
    told = Kulvert(stack, tmp_path).does("price-lists", *asked)
    in_all, _, tables = told.split("\n", 2)
    assert in_all == (
        "2 contracts, 26,930.00 kr before and 29,320.00 kr after: +8.87 % in all;"
        " 1 left out, 1 whose energy of some month is not known"
    )
    gains, loses = tables.split("Lose most")
    assert (level in gains, winter in gains) == (True, False)
    assert (level in loses, winter in loses) == (False, True)


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"before": 1, "after": 9}, "unknown_price_list"),
        ({"before": 0, "after": 1}, "invalid"),
        ({"before": 1, "after": 2, "year": 1800}, "invalid"),
    ],
)
def test_an_effect_that_cannot_be_asked_for_is_refused(
    api: httpx.Client, price_list: str, asked: dict[str, int], code: str
) -> None:
    answer = api.get(f"/v1/price-lists/{price_list}/effect", params={"year": YEAR} | asked)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


def test_a_version_without_a_whole_year_has_no_years_cost(api: httpx.Client, price_list: str) -> None:
    ends = seasons("1", "1", "2022-03-01") | {"valid_to": "2022-12-31"}
    assert put(api, f"/v1/price-lists/{price_list}", ends).json()["version"] == 3
    answer = api.get(f"/v1/price-lists/{price_list}/effect", params={"before": 1, "after": 3, "year": YEAR})
    assert (answer.status_code, answer.json()["code"]) == (422, "no_whole_year")


def test_a_list_that_no_contract_is_on_has_no_effect(api: httpx.Client, price_list: str) -> None:
    answer = api.get(f"/v1/price-lists/{price_list}/effect", params={"before": 1, "after": 2, "year": YEAR})
    assert (answer.status_code, answer.json()["code"]) == (422, "no_contracts")
    assert f"no contract is on '{price_list}'" in answer.json()["detail"]
