"""Who may choose a price list, and its withdrawal: no contract is left on it, and each customer is told."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest

from deploy.local.folder import ROOT
from deploy.local.stack import Stack
from schemas.messages import MessageRequested
from schemas.topics import MESSAGES_REQUESTED
from tests.integration.contracts_house import BAS_2018, House, put, serving
from tests.integration.looking import told

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
    notices = api.get(f"/v1/price-lists/{fast}/withdrawal").json()["notices"]
    assert {(one["contract_number"], one["replaced_by"]) for one in notices} == set(moved.items())
    assert goes(api, fast, "bas", "topp").json() == {"result": "unchanged", "contracts": []}


def message(stack: Stack, house: House) -> MessageRequested:
    """The one message to a house's customer, once it is there and no other has come."""
    [found] = told(stack, MESSAGES_REQUESTED, house.customer_id, MessageRequested)
    assert isinstance(found, MessageRequested)
    return found


def test_each_customer_gets_one_message_however_often_a_withdrawal_is_asked_for(
    api: httpx.Client, stack: Stack, fast: str
) -> None:
    first, second = House(api), House(api)
    ids = [on(api, house, ("2022-01-01", fast)).json()["contract_id"] for house in (first, second)]
    goes(api, fast, "bas", dry_run=True)
    for _ in range(3):
        assert goes(api, fast, "bas").is_success
    assert goes(api, fast, "topp").json()["code"] == "price_list_withdrawn"
    keys = set()
    for house, contract_id in zip((first, second), ids, strict=True):
        found = message(stack, house)
        assert (found.template, str(found.contract_id), found.price_list_id) == (
            "price_list_withdrawn",
            contract_id,
            fast,
        )
        keys.add(found.idempotency_key)
    assert len(keys) == 2


def test_a_withdrawal_that_is_refused_tells_nobody(api: httpx.Client, stack: Stack, fast: str) -> None:
    plain, pump = House(api), with_pump(api)
    for house in (plain, pump):
        on(api, house, ("2022-01-01", fast))
    assert goes(api, fast, "bas").json()["code"] == "no_replacement"
    assert goes(api, fast, "bas", "topp").status_code == 201
    message(stack, plain)


def notice(api: httpx.Client, fast: str) -> dict[str, Any]:
    [found] = api.get(f"/v1/price-lists/{fast}/withdrawal").json()["notices"]
    return dict(found)


def test_a_notice_without_costs_says_what_they_lack(api: httpx.Client, fast: str) -> None:
    on(api, House(api), ("2022-01-01", fast))
    [foreseen] = goes(api, fast, "bas", dry_run=True).json()["contracts"]
    goes(api, fast, "bas")
    assert (notice(api, fast)["costs"], notice(api, fast)["lacks"]) == (None, "nothing_known")
    assert foreseen["lacks"] == "nothing_known"


_DAYS = """
    INSERT INTO ingest.day (point_id, day, energy_wh, hours_expected, hours_present, hours_measured, is_measured,
                            energy_return_wh_centi_c, energy_with_return_wh, quality, revision)
    SELECT %s, day::date, %s, 24, 24, 24, true, 0, 0, 1, 1
      FROM generate_series(%s::timestamp, %s::timestamp, interval '1 day') AS day
"""


def use(stack: Stack, house: House, wh_a_day: int, first: date, last: date) -> None:
    with psycopg.connect(stack.admin_dsn) as connection:
        connection.execute("SELECT ingest.ensure_partitions(%s, %s)", [first, last])
        connection.execute(_DAYS, [house.point_id, wh_a_day, first, last])


def test_both_costs_are_of_the_same_use_and_the_cheaper_list_is_cheaper_by_its_price(
    api: httpx.Client, stack: Stack, fast: str
) -> None:
    dearer = f"dearer-{uuid4().hex[:8]}"
    energy = next(one for one in BAS_2018["components"] if one["type"] == "energyPrice")
    seasons = [one | {"price_per_mwh": str(Decimal(one["price_per_mwh"]) + 100)} for one in energy["seasons"]]
    others = [one for one in BAS_2018["components"] if one["type"] != "energyPrice"]
    assert put(
        api, f"/v1/price-lists/{dearer}", FAST_2018 | {"components": [*others, energy | {"seasons": seasons}]}
    ).is_success
    house = House(api)
    document = contract(house, ("2022-01-01", fast)) | {"powers": [{"valid_from": "2022-01-01", "kw": "10"}]}
    assert put(api, f"/v1/contracts/K{house.number}", document).status_code == 201
    goes(api, fast, dearer)
    costs = notice(api, fast)["costs"]
    # 100 kr more for each of 23 MWh; parts of months are rounded.
    assert abs(Decimal(costs["difference_net_kr"]) - 2_300) < 1
    assert abs(Decimal(costs["difference_total_kr"]) - 2_875) < 1
    assert Decimal(costs["today"]["total_kr"]) == Decimal(costs["today"]["net_kr"]) + Decimal(costs["today"]["vat_kr"])


def test_a_buyer_is_not_told_what_the_seller_used(api: httpx.Client, stack: Stack, fast: str) -> None:
    house = House(api)
    first = date(TODAY.year - 2, 1, 1)
    bought = TODAY - timedelta(days=5)
    use(stack, house, 500_000, first, TODAY - timedelta(days=1))
    document = contract(house, (bought, fast)) | {"powers": [{"valid_from": str(bought), "kw": "10"}]}
    assert put(api, f"/v1/contracts/K{house.number}", document).status_code == 201
    goes(api, fast, "bas")
    costs = notice(api, fast)["costs"]
    assert (costs["rests_on"]["basis"], costs["energy_mwh"]) == ("category_profile", "23.000")


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


CLIMATE = {"reference": "climate", "name": "Klimatval", "per_mwh": "15"}
SERVICE = {"reference": "service", "name": "Serviceavtal", "per_year": "1200"}


def has(reference: str, valid_from: str | date = "2022-01-01", valid_to: str | date | None = None) -> dict[str, Any]:
    return {"reference": reference, "valid_from": str(valid_from), "valid_to": valid_to and str(valid_to)}


def test_an_option_that_the_list_in_its_place_does_not_offer_ends_on_that_day_and_is_named(api: httpx.Client) -> None:
    old, new = (f"{name}-{uuid4().hex[:8]}" for name in ("old", "new"))
    put(api, f"/v1/price-lists/{old}", FAST_2018 | {"options": [CLIMATE, SERVICE]})
    put(api, f"/v1/price-lists/{new}", FAST_2018 | {"options": [SERVICE]})
    house, plain = House(api), House(api)
    options = [has("climate"), has("climate", GOES_ON + timedelta(days=90)), has("service")]
    options[0]["valid_to"] = str(GOES_ON + timedelta(days=60))
    assert on(api, house, ("2022-01-01", old), options=options).status_code == 201
    on(api, plain, ("2022-01-01", old), options=[has("service")])
    ends = [
        {"reference": "climate", "name": "Klimatval", "valid_to": str(GOES_ON)},
        {"reference": "climate", "name": "Klimatval", "valid_to": str(GOES_ON + timedelta(days=90))},
    ]
    expected = {f"K{house.number}": ends, f"K{plain.number}": []}
    for is_tried in (True, False):
        answer = goes(api, old, new, dry_run=is_tried).json()
        assert {one["contract_number"]: one["options_end"] for one in answer["contracts"]} == expected
    notices = api.get(f"/v1/price-lists/{old}/withdrawal").json()["notices"]
    assert {one["contract_number"]: one["options_end"] for one in notices} == expected
    kept = api.get(f"/v1/contracts/K{house.number}").json()["options"]
    assert kept == [has("climate", valid_to=GOES_ON), has("service")]
    # What staff systems put again is the same contract, and says no more than before.
    assert on(api, house, ("2022-01-01", old), options=options).json()["result"] == "unchanged"
    refused = on(api, house, ("2022-01-01", old), options=[has("climate", GOES_ON + timedelta(days=20))])
    assert (refused.status_code, refused.json()["code"]) == (422, "option_not_offered")


def test_a_version_without_an_option_that_contracts_have_says_how_many_and_which(api: httpx.Client) -> None:
    name, house, ends = f"old-{uuid4().hex[:8]}", House(api), House(api)
    offered = FAST_2018 | {"options": [CLIMATE]}
    assert put(api, f"/v1/price-lists/{name}", offered).json()["options_without_price"] == []
    on(api, house, ("2022-01-01", name), options=[has("climate")])
    on(api, ends, ("2022-01-01", name), options=[has("climate", valid_to=GOES_ON)])
    without = {key: value for key, value in FAST_2018.items() if key != "valid_to"} | {"valid_from": str(GOES_ON)}
    found = put(api, f"/v1/price-lists/{name}", without).json()["options_without_price"]
    assert found == [{"reference": "climate", "contracts": 1, "for_example": [f"K{house.number}"]}]


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
