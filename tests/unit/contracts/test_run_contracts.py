"""Which contracts a yearly run measures, by which method, and which it leaves out and why."""

from datetime import date
from uuid import UUID

import pytest

from schemas.facilities import Category
from schemas.price_list_terms import PowerMethod
from schemas.price_lists import PriceList
from schemas.values import Activity, ContractId, PointId
from services.contracts.core.proposals import LeftOut, RunContract, to_measure

WINTER = "2018/2019"


def a_list(method: PowerMethod | None) -> PriceList:
    """A price list that measures power by a method, or bills none."""
    seasons = [{"name": "Hela året", "months": list(range(1, 13)), "price_per_mwh": "500"}]
    band = {"from_kw": "0", "to_kw": None, "fixed_per_year": "0", "per_kw_year": "900"}
    power = [{"type": "powerPrice", "method": method, "bands": [band]}] if method else []
    components = [{"type": "energyPrice", "seasons": seasons}, *power]
    identity = {"price_list_id": "list", "version": 1, "name": "List", "valid_from": "2018-01-01"}
    return PriceList.model_validate(identity | {"components": components})


def contract(number: int, price_list: str | None) -> RunContract:
    ids = ContractId(UUID(int=number)), f"K-{number}", PointId(number), f"MP-{number}"
    return RunContract(*ids, "norr", "heat", "S", Activity.SEVEN_DAY, Category.APARTMENTS, price_list)


def test_each_contract_is_measured_by_the_method_of_its_price_list() -> None:
    lists = {"bas": a_list(PowerMethod.MINUS_FIVE), "göteborg": a_list(PowerMethod.GOTEBORG)}
    contracts = [contract(1, "bas"), contract(2, "göteborg"), contract(3, "bas")]
    by_method, left_out = to_measure(contracts, lists, WINTER, date(2019, 4, 15))
    points = {method: [one.point_id for one in some] for method, some in by_method.items()}
    assert points == {PowerMethod.MINUS_FIVE: [1, 3], PowerMethod.GOTEBORG: [2]}
    assert left_out == []


@pytest.mark.parametrize(
    ("price_list", "reason"),
    [
        (None, LeftOut.NO_POWER_PRICE),
        ("not in force yet", LeftOut.NO_POWER_PRICE),
        ("without power", LeftOut.NO_POWER_PRICE),
        ("chosen", LeftOut.POWER_IS_CHOSEN),
        ("exergi", LeftOut.PERIOD_NOT_OVER),
    ],
)
def test_a_contract_that_is_not_measured_is_left_out_for_a_reason(price_list: str | None, reason: LeftOut) -> None:
    lists = {
        "without power": a_list(None),
        "chosen": a_list(PowerMethod.CUSTOMER_CHOSEN),
        "exergi": a_list(PowerMethod.STOCKHOLM_EXERGI),
    }
    assert to_measure([contract(1, price_list)], lists, WINTER, date(2019, 4, 15)) == ({}, [reason])


def test_a_method_whose_days_end_in_april_is_measured_by_a_run_in_may() -> None:
    lists = {"exergi": a_list(PowerMethod.STOCKHOLM_EXERGI)}
    by_method, left_out = to_measure([contract(1, "exergi")], lists, WINTER, date(2019, 5, 15))
    assert (list(by_method), left_out) == ([PowerMethod.STOCKHOLM_EXERGI], [])
