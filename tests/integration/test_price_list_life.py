"""Who may choose a price list, and its withdrawal: no contract is left on it, and each customer is told."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest

from deploy.local.folder import ROOT
from deploy.local.stack import Stack
from tests.integration.contracts_house import BAS_2018, House, put, serving

TODAY = datetime.now(UTC).date()
GOES_ON = (TODAY + timedelta(days=200)).replace(day=1)
TOPP_2018 = BAS_2018 | {"name": "Topp", "base_load": "another"}
FAST_2018 = {name: value for name, value in BAS_2018.items() if name != "base_load"} | {"name": "Fast"}


@pytest.fixture(scope="module")
def api(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with serving(stack, tmp_path_factory.mktemp("contracts") / "log") as client:
        assert put(client, "/v1/price-lists/topp", TOPP_2018).status_code in (200, 201)
        yield client


@pytest.fixture
def fast(api: httpx.Client) -> str:
    """A price list that anybody may choose, of the test's own."""
    name = f"fast-{uuid4().hex[:8]}"
    assert put(api, f"/v1/price-lists/{name}", FAST_2018).status_code == 201
    return name


def contract(house: House, *terms: tuple[str | date, str], **more: Any) -> dict[str, Any]:
    return house.contract(
        terms=[{"valid_from": str(day), "price_list_id": name} for day, name in terms], powers=[], **more
    )


def on(api: httpx.Client, house: House, *terms: tuple[str | date, str], **more: Any) -> httpx.Response:
    return put(api, f"/v1/contracts/K{house.number}", contract(house, *terms, **more))


def with_pump(api: httpx.Client) -> House:
    house = House(api)
    facility = api.get(f"/v1/facilities/F{house.number}").json()
    document = {name: facility[name] for name in ("name", "address", "category", "activity", "network_id")}
    assert (
        put(api, f"/v1/facilities/F{house.number}", document | {"base_load": "another"}).json()["result"] == "changed"
    )
    return house


def goes(api: httpx.Client, name: str, *replaced_by: str, day: date = GOES_ON, **more: Any) -> httpx.Response:
    asked = {"withdrawn_on": str(day), "replaced_by": replaced_by, "who": "Eva Berg", "cause": "one model is enough"}
    return put(api, f"/v1/price-lists/{name}/withdrawal", asked | more)


def terms(stack: Stack, house: House) -> list[tuple[date, str]]:
    query = """
        SELECT term.valid_from, term.price_list_id
          FROM contracts.contract_term AS term JOIN contracts.contract USING (contract_id)
         WHERE contract_number = %s ORDER BY 1
    """
    with psycopg.connect(stack.admin_dsn) as connection:
        return list(connection.execute(query, [f"K{house.number}"]).fetchall())


def test_a_facility_with_another_base_load_cannot_choose_bas_and_is_told_why(api: httpx.Client) -> None:
    house = with_pump(api)
    refused = on(api, house, ("2022-01-01", "bas"))
    assert (refused.status_code, refused.json()["code"]) == (409, "not_eligible")
    assert "with district heating as their base load" in refused.json()["detail"]
    assert on(api, house, ("2022-01-01", "topp")).status_code == 201


def test_topp_is_only_for_those_with_another_base_load(api: httpx.Client) -> None:
    assert on(api, House(api), ("2022-01-01", "topp")).json()["code"] == "not_eligible"


def test_a_term_that_was_chosen_rightly_stays_when_the_facility_changes(api: httpx.Client) -> None:
    house = House(api)
    assert on(api, house, ("2022-01-01", "bas")).status_code == 201
    facility = api.get(f"/v1/facilities/F{house.number}").json()
    document = {name: facility[name] for name in ("name", "address", "category", "activity", "network_id")}
    put(api, f"/v1/facilities/F{house.number}", document | {"base_load": "another"})
    assert on(api, house, ("2022-01-01", "bas"), ("2026-01-01", "topp")).json()["result"] == "changed"


def test_all_contracts_on_a_withdrawn_list_move_on_its_day_and_their_customers_are_told(
    api: httpx.Client, stack: Stack, fast: str
) -> None:
    plain, pump, chose, ended = House(api), with_pump(api), House(api), House(api)
    for house in (plain, pump):
        assert on(api, house, ("2022-01-01", fast)).status_code == 201
    on(api, chose, ("2022-01-01", fast), (GOES_ON - timedelta(days=40), "bas"))
    on(api, ended, ("2022-01-01", fast), valid_to="2023-01-01")
    foreseen = goes(api, fast, "bas", "topp", dry_run=True).json()
    assert (foreseen["result"], terms(stack, plain)) == ("dry_run", [(date(2022, 1, 1), fast)])
    answer = goes(api, fast, "bas", "topp")
    moved = {one["contract_number"]: one["replaced_by"] for one in answer.json()["contracts"]}
    assert (answer.status_code, moved) == (201, {f"K{plain.number}": "bas", f"K{pump.number}": "topp"})
    assert moved == {one["contract_number"]: one["replaced_by"] for one in foreseen["contracts"]}
    assert terms(stack, plain) == [(date(2022, 1, 1), fast), (GOES_ON, "bas")]
    assert terms(stack, pump) == [(date(2022, 1, 1), fast), (GOES_ON, "topp")]
    assert terms(stack, ended) == [(date(2022, 1, 1), fast)]
    told = api.get(f"/v1/price-lists/{fast}/withdrawal").json()
    assert {(one["contract_number"], one["replaced_by"]) for one in told["notices"]} == set(moved.items())
    assert goes(api, fast, "bas", "topp").json() == {"result": "unchanged", "contracts": []}


def test_what_staff_systems_put_again_leaves_no_contract_on_a_withdrawn_list(
    api: httpx.Client, stack: Stack, fast: str
) -> None:
    house = House(api)
    on(api, house, ("2022-01-01", fast))
    goes(api, fast, "bas")
    assert on(api, house, ("2022-01-01", fast)).json()["result"] == "unchanged"
    assert on(api, house, ("2021-06-01", fast)).json()["result"] == "changed"
    assert terms(stack, house) == [(date(2021, 6, 1), fast), (GOES_ON, "bas")]
    # A customer may still choose another list, from that day on or before it.
    on(api, house, ("2021-06-01", fast), (GOES_ON, "bas"))
    assert terms(stack, house) == [(date(2021, 6, 1), fast), (GOES_ON, "bas")]


def test_nobody_can_begin_on_a_withdrawn_list_once_it_is_gone(api: httpx.Client, stack: Stack, fast: str) -> None:
    goes(api, fast, "bas")
    late = House(api)
    refused = on(api, late, (GOES_ON, fast))
    assert (refused.status_code, refused.json()["code"]) == (409, "price_list_withdrawn")
    assert on(api, late, (GOES_ON - timedelta(days=1), fast)).status_code == 201
    assert terms(stack, late)[-1] == (GOES_ON, "bas")


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({"day": TODAY + timedelta(days=40)}, 409, "too_late_to_tell"),
        ({"replaced_by": ("nowhere",)}, 422, "unknown_price_list"),
        ({"replaced_by": ("itself",)}, 422, "no_replacement"),
        ({"replaced_by": ()}, 422, "invalid"),
        ({"cause": ""}, 422, "invalid"),
    ],
)
def test_a_withdrawal_that_cannot_be_is_refused_with_a_reason(
    api: httpx.Client, fast: str, asked: dict[str, Any], status: int, code: str
) -> None:
    wanted = dict(asked)
    names = [fast if name == "itself" else name for name in wanted.pop("replaced_by", ("bas",))]
    answer = goes(api, fast, *names, **wanted)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


def test_a_withdrawal_that_leaves_somebody_without_a_list_is_refused_whole(
    api: httpx.Client, stack: Stack, fast: str
) -> None:
    plain, pump = House(api), with_pump(api)
    for house in (plain, pump):
        on(api, house, ("2022-01-01", fast))
    refused = goes(api, fast, "bas")
    assert (refused.status_code, refused.json()["code"]) == (422, "no_replacement")
    assert f"K{pump.number}" in refused.json()["detail"]
    assert terms(stack, plain) == [(date(2022, 1, 1), fast)]
    assert api.get(f"/v1/price-lists/{fast}/withdrawal").status_code == 404


def test_shipped_fast_is_followed_by_bas_without_a_day_between() -> None:
    folder = ROOT / "services/contracts/price_lists"
    goes_on = json.loads((folder / "fast-2022.json").read_text())["valid_to"]
    assert json.loads((folder / "bas-2023.json").read_text())["valid_from"] == goes_on
