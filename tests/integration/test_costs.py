"""What it costs, as everybody may ask and as a contract's own customer may."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import httpx
import pytest

from deploy.local.stack import Stack
from tests.integration.contracts_house import serving

ASKED = {"price_list_id": "bas", "power_kw": "20", "energy_mwh": "50", "on": "2018-05-05"}


@pytest.fixture(scope="module")
def api(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with serving(stack, tmp_path_factory.mktemp("costs") / "log") as client:
        yield client


@pytest.fixture(scope="module")
def everybody(api: httpx.Client) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=str(api.base_url)) as client:
        yield client


def test_everybody_may_ask_what_a_year_costs(everybody: httpx.Client) -> None:
    found = everybody.get("/public/calculation", params=ASKED).raise_for_status().json()
    assert (found["price_list"]["name"], found["first_month"], found["last_month"]) == (
        "Prislista Bas 2018",
        "2018-01",
        "2018-12",
    )
    net = sum(Decimal(one["net_kr"]) for one in found["components"])
    assert net == Decimal(found["net_kr"]) == sum(map(Decimal, found["months_net_kr"]))
    assert sum(Decimal(one["total_kr"]) for one in found["components"]) == Decimal(found["total_kr"])
    assert sum(map(Decimal, found["months_mwh"])) == 50


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"power_kw": "0"}, "power_kw"),
        ({"power_kw": "1e9"}, "power_kw"),
        ({"energy_mwh": "-5"}, "energy_mwh"),
        ({"on": "1999-01-01"}, "on"),
        ({"price_list_id": "none"}, "price_list_id"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_question_without_an_answer_names_its_field(
    everybody: httpx.Client, wrong: dict[str, Any], field: str
) -> None:
    answer = everybody.get("/public/calculation", params=ASKED | wrong)
    assert answer.status_code == 422
    assert [one["field"] for one in answer.json()["errors"]] == [field]


def test_everybody_sees_the_prices_in_force(everybody: httpx.Client) -> None:
    found = everybody.get("/public/price-lists", params={"on": "2018-05-05"}).raise_for_status().json()
    bas = next(one for one in found["price_lists"] if one["price_list_id"] == "bas")
    assert bas["needs_power"]
    assert {one["component"] for one in bas["prices"]} >= {"energy", "power"}
