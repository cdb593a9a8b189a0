"""The contracts service as staff systems meet it: over HTTP, on a real PostgreSQL and Kafka."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest

from deploy.local.stack import Stack
from schemas.contracts import ContractChanged
from schemas.facilities import FacilityChanged
from schemas.price_lists import PriceListChanged
from schemas.topics import CONTRACTS_CHANGED, FACILITIES_CHANGED, PRICE_LISTS_CHANGED
from tests.integration.contracts_house import BAS_2018, House, put, serving
from tests.integration.looking import records, told


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("contracts") / "contracts.log"


@pytest.fixture(scope="module")
def api(stack: Stack, log: Path) -> Iterator[httpx.Client]:
    with serving(stack, log) as client:
        yield client


def test_without_the_key_nothing_is_answered(api: httpx.Client) -> None:
    answer = httpx.get(f"{api.base_url}/v1/price-lists")
    assert (answer.status_code, answer.json()["code"]) == (401, "key_missing")


@pytest.mark.parametrize(
    ("body", "status"),
    [('{"name": "A", "name": "B"}', 422), ('{"name": NaN}', 400), ('{"name": "A"}'.encode("utf-16"), 400)],
)
def test_a_document_that_every_reader_would_read_otherwise_is_refused(
    api: httpx.Client, body: str | bytes, status: int
) -> None:
    headers = {"Content-Type": "application/json"}
    assert api.put("/v1/networks/doubtful", content=body, headers=headers).status_code == status


def test_a_facility_is_told_of_whole_and_the_same_again_tells_nothing(api: httpx.Client, stack: Stack) -> None:
    house = House(api)
    again = put(api, f"/v1/metering-points/P{house.number}", metering_point_of(api, house))
    assert (again.status_code, again.json()["result"]) == (200, "unchanged")
    events: list[FacilityChanged] = told(stack, FACILITIES_CHANGED, house.facility_id, FacilityChanged, 2)
    assert [len(event.points) for event in events] == [0, 1]
    assert events[0].version < events[1].version
    (point,) = events[-1].points
    assert (point.point_id, point.number, point.medium) == (house.point_id, f"P{house.number}", "heat")
    assert (events[-1].network_id, events[-1].activity) == ("aalborg", "seven_day")


def test_a_point_that_moves_is_told_of_last_by_the_facility_it_moved_to(api: httpx.Client, stack: Stack) -> None:
    new_home, old_home = House(api), House(api)
    for maximum_kw in (60, 70, 80):
        moving = metering_point_of(api, old_home) | {"maximum_kw": maximum_kw}
        assert put(api, f"/v1/metering-points/P{old_home.number}", moving).status_code == 200
    moved = moving | {"facility_number": f"F{new_home.number}", "maximum_kw": 90}
    assert put(api, f"/v1/metering-points/P{old_home.number}", moved).status_code == 200
    left: list[FacilityChanged] = told(stack, FACILITIES_CHANGED, old_home.facility_id, FacilityChanged, 6)
    entered: list[FacilityChanged] = told(stack, FACILITIES_CHANGED, new_home.facility_id, FacilityChanged, 3)
    assert left[-1].points == ()
    versions = [event.version for event in left if event.points]
    assert entered[-1].version > max(versions)
    assert {point.number: point.maximum_kw for point in entered[-1].points}[f"P{old_home.number}"] == 90


def metering_point_of(api: httpx.Client, house: House) -> dict[str, Any]:
    stored = api.get(f"/v1/metering-points/P{house.number}").json()
    return {name: stored[name] for name in ("facility_number", "medium", "station_id", "maximum_kw")}


@pytest.mark.parametrize(
    ("category", "own", "maximum_kw"),
    [("small_house", None, 50), ("apartments", None, 5000), ("apartments", 800, 800), ("small_house", 30, 30)],
)
def test_a_point_without_a_maximum_of_its_own_has_its_categorys(
    api: httpx.Client, stack: Stack, category: str, own: int | None, maximum_kw: int
) -> None:
    house = House(api, maximum_kw=own)
    facility = api.get(f"/v1/facilities/F{house.number}").json()
    document = {name: facility[name] for name in ("name", "address", "area", "activity", "network_id")}
    put(api, f"/v1/facilities/F{house.number}", document | {"category": category})
    events = told(stack, FACILITIES_CHANGED, house.facility_id, FacilityChanged, 2)
    assert events[-1].points[0].maximum_kw == maximum_kw


def test_what_refers_to_nothing_is_refused_by_name(api: httpx.Client) -> None:
    house = House(api)
    facility = {"name": "X", "address": "X", "category": "industry", "network_id": "nowhere"}
    refusals = [
        put(api, "/v1/facilities/F0", facility),
        put(api, "/v1/metering-points/P0", {"facility_number": "nowhere"}),
        put(api, "/v1/contracts/K0", house.contract(customer_number="nobody")),
        put(api, "/v1/contracts/K0", house.contract(metering_point="nowhere")),
        put(api, "/v1/contracts/K0", house.contract(terms=[{"valid_from": "2018-01-01", "price_list_id": "none"}])),
    ]
    assert [(answer.status_code, answer.json()["code"]) for answer in refusals] == [
        (422, "unknown_network"),
        (422, "unknown_facility"),
        (422, "unknown_customer"),
        (422, "unknown_metering_point"),
        (422, "unknown_price_list"),
    ]


def test_a_contract_is_put_on_no_list_that_nobody_could_be_billed_by(api: httpx.Client) -> None:
    house, name = House(api), f"draft-{uuid4().hex[:8]}"
    document = house.contract(terms=[{"valid_from": "2018-01-01", "price_list_id": name}])
    assert put(api, f"/v1/price-lists/{name}", BAS_2018 | {"status": "draft"}).status_code == 201
    refused = put(api, f"/v1/contracts/K{house.number}", document)
    assert (refused.status_code, refused.json()["code"]) == (409, "no_prices")
    assert put(api, f"/v1/price-lists/{name}", BAS_2018).status_code == 200
    assert put(api, f"/v1/contracts/K{house.number}", document).status_code == 201


def test_what_overlaps_in_a_contract_is_refused_by_its_field(api: httpx.Client) -> None:
    house = House(api)
    agreed = {"name": "Avtal", "valid_from": "2018-01-01", "valid_to": "2020-01-01", "discount_percent": "5"}
    option = {"reference": "climate", "valid_from": "2018-01-01"}
    for name, one in {"agreements": agreed, "options": option}.items():
        refused = put(api, f"/v1/contracts/K{house.number}", house.contract(**{name: [one, one]}))
        assert [fault["field"].split(".")[-1] for fault in refused.json()["errors"]] == [name]


def test_what_is_wrong_with_a_list_in_short_is_said_where_it_was_written(api: httpx.Client) -> None:
    path = f"/v1/price-lists/L{uuid4().hex[:8]}"
    option = {"reference": "climate", "name": "Klimatval"}
    answers = [
        put(api, path, BAS_2018 | {"options": [option]}),
        put(api, path, BAS_2018 | {"name": " "}),
        put(api, path, BAS_2018 | {"valid_to": "9999-12-31"}),
    ]
    assert [(one.status_code, [fault["field"] for fault in one.json()["errors"]]) for one in answers] == [
        (422, ["options[0].per_year"]),
        (422, ["name"]),
        (422, ["valid_to"]),
    ]


def test_a_contract_is_told_of_with_every_term_and_power(api: httpx.Client, stack: Stack) -> None:
    house = House(api)
    created = put(api, f"/v1/contracts/K{house.number}", house.contract())
    assert created.status_code == 201
    terms = [{"valid_from": f"{year}-01-01", "price_list_id": "bas"} for year in (2018, 2020)]
    changed = put(api, f"/v1/contracts/K{house.number}", house.contract(terms=terms, valid_to="2024-07-01"))
    again = put(api, f"/v1/contracts/K{house.number}", house.contract(terms=terms, valid_to="2024-07-01"))
    assert [changed.json()["result"], again.json()["result"]] == ["changed", "unchanged"]
    events: list[ContractChanged] = told(stack, CONTRACTS_CHANGED, created.json()["contract_id"], ContractChanged, 2)
    assert [(event.version, event.changed_from) for event in events] == [
        (1, date(2018, 1, 1)),
        (2, date(2020, 1, 1)),
    ]
    newest = events[-1]
    assert [(term.valid_from, term.valid_to) for term in newest.terms] == [
        (date(2018, 1, 1), date(2020, 1, 1)),
        (date(2020, 1, 1), date(2024, 7, 1)),
    ]
    assert [(power.kw, power.method) for power in newest.powers] == [(Decimal("10.00"), "entered")]
    assert (str(newest.customer_id), newest.point_id) == (house.customer_id, house.point_id)


def test_a_point_has_one_contract_at_a_time_and_the_next_begins_where_it_ends(api: httpx.Client) -> None:
    house = House(api)
    put(api, f"/v1/contracts/K{house.number}", house.contract())
    later = house.contract(terms=[{"valid_from": "2020-03-01", "price_list_id": "bas"}], powers=[])
    overlapping = put(api, f"/v1/contracts/L{house.number}", later)
    assert (overlapping.status_code, overlapping.json()["code"]) == (409, "contracts_overlap")
    put(api, f"/v1/contracts/K{house.number}", house.contract(valid_to="2020-03-01"))
    assert put(api, f"/v1/contracts/L{house.number}", later).status_code == 201
    longer = put(api, f"/v1/contracts/K{house.number}", house.contract(valid_to="2020-03-02"))
    assert (longer.status_code, longer.json()["code"]) == (409, "contracts_overlap")


def test_a_contract_cannot_be_handed_to_another_customer(api: httpx.Client) -> None:
    house, other = House(api), House(api)
    put(api, f"/v1/contracts/K{house.number}", house.contract())
    answer = put(api, f"/v1/contracts/K{house.number}", house.contract(customer_number=f"C{other.number}"))
    assert (answer.status_code, answer.json()["code"]) == (409, "contract_is_anothers")


def test_a_price_list_gains_a_version_only_by_saying_something_else(api: httpx.Client, stack: Stack) -> None:
    name = f"L{uuid4().hex[:8]}"
    dearer = BAS_2018 | {"vat_percent": "12"}
    answers = [put(api, f"/v1/price-lists/{name}", terms).json() for terms in (BAS_2018, BAS_2018, dearer)]
    assert [(answer["result"], answer["version"]) for answer in answers] == [
        ("created", 1),
        ("unchanged", 1),
        ("changed", 2),
    ]
    events: list[PriceListChanged] = told(stack, PRICE_LISTS_CHANGED, name, PriceListChanged, 2)
    assert [len(event.versions) for event in events] == [1, 2]
    in_force = events[-1].in_force(date(2019, 1, 1))
    assert in_force is not None
    assert in_force.vat_percent == 12


def test_putting_one_object_at_once_from_many_sides_creates_it_once(api: httpx.Client) -> None:
    tag = uuid4().hex[:8]
    facility = {"name": "X", "address": "X", "category": "industry", "network_id": f"N{tag}"}
    terms = [{"valid_from": "2018-01-01", "price_list_id": f"L{tag}"}]
    documents: dict[str, dict[str, Any]] = {
        f"networks/N{tag}": {"name": "N"},
        f"price-lists/L{tag}": BAS_2018,
        f"facilities/F{tag}": facility,
        f"metering-points/P{tag}": {"facility_number": f"F{tag}"},
        f"customers/C{tag}": {"kind": "business", "name": "X", "address": "X"},
        f"contracts/K{tag}": {"customer_number": f"C{tag}", "metering_point": f"P{tag}", "terms": terms},
    }
    with ThreadPoolExecutor(8) as pool:
        for path, document in documents.items():
            asked = [pool.submit(put, api, f"/v1/{path}", document) for _ in range(16)]
            assert sorted(one.result().status_code for one in asked) == [200] * 15 + [201], path


def test_a_text_that_cannot_be_stored_is_refused_in_words(api: httpx.Client) -> None:
    answer = put(api, f"/v1/price-lists/L{uuid4().hex[:8]}", BAS_2018 | {"name": "Bas\u0000"})
    assert (answer.status_code, answer.json()["code"]) == (422, "faulty_price_list")
    assert "NUL" in answer.json()["errors"][0]["reason"]


def test_an_identity_number_is_sealed_and_never_given_out_told_or_logged(
    api: httpx.Client, stack: Stack, log: Path
) -> None:
    house = House(api)
    document = {"kind": "consumer", "name": "Eva Ek", "address": "Ekvägen 1", "identity_number": "19811228-9874"}
    put(api, f"/v1/customers/C{house.number}", document)
    assert put(api, f"/v1/customers/C{house.number}", document).json()["result"] == "unchanged"
    wrong = put(api, f"/v1/customers/C{house.number}", document | {"identity_number": "19811228-9875"})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "body.identity_number")
    contract_id = put(api, f"/v1/contracts/K{house.number}", house.contract()).json()["contract_id"]
    told(stack, CONTRACTS_CHANGED, contract_id, ContractChanged)
    topics = " ".join(
        str(one.value) for topic in (CONTRACTS_CHANGED, FACILITIES_CHANGED) for one in records(stack, topic)
    )
    shown = api.get(f"/v1/customers/C{house.number}")
    assert shown.json()["has_identity_number"] is True
    with psycopg.connect(stack.admin_dsn) as connection:
        row = connection.execute(
            "SELECT customer::text FROM contracts.customer WHERE customer_number = %s", [f"C{house.number}"]
        ).fetchone()
    for text in (shown.text, wrong.text, log.read_text(), str(row), topics):
        # Whole numbers only: four digits alone turn up in any id or time of day.
        for number in ("811228-9874", "8112289874", "811228-9875", "8112289875"):
            assert number not in text
            assert number.encode().hex() not in text


def test_an_import_keeps_good_lines_and_refuses_bad_ones_alone(api: httpx.Client) -> None:
    tag = uuid4().hex[:6]
    table = (
        "facility_number;name;address;category;network_id\n"
        f"{tag}-1;Brf Ek;Ekvägen 1;apartments;aalborg\n"
        f"{tag}-2;Brf Al;Alvägen 1;castle;aalborg\n"
        f"{tag}-3;Brf Bok;Bokvägen 1;apartments;nowhere\n"
        f"{tag}-4;Brf Ask;Askvägen 1;apartments\n"
        f"{tag}-5;Brf Alm;Almvägen 1;apartments;aalborg\n"
    )
    headers = {"Content-Type": "text/csv"}
    report = api.post("/v1/import/facilities", content=table.encode(), headers=headers).json()
    assert (report["lines"], report["created"], report["refused_lines"]) == (5, 2, 3)
    assert [(bad["line"], bad["field"], bad["code"]) for bad in report["refused"]] == [
        (3, "category", "enum"),
        (4, "", "unknown_network"),
        (5, "", "wrong_number_of_fields"),
    ]
    again = api.post("/v1/import/facilities", content=table.encode(), headers=headers).json()
    assert (again["created"], again["unchanged"]) == (0, 2)


def test_contracts_can_be_imported_with_their_points_and_customers(api: httpx.Client) -> None:
    house = House(api)
    tables = {
        "networks": f"network_id,name\nN{house.number},Norra nätet\n",
        "metering-points": f"number,facility_number,medium,station_id\nP{house.number}x,F{house.number},heat,\n",
        "customers": f"customer_number,kind,name,address\nC{house.number}x,business,Al AB,Alvägen 1\n",
        "contracts": (
            "contract_number,customer_number,metering_point,valid_from,valid_to,price_list_id,kw\n"
            f"K{house.number}x,C{house.number}x,P{house.number}x,2018-01-01,,bas,12.5\n"
            f"K{house.number}y,C{house.number}x,P{house.number}x,2019-01-01,,bas,12.5\n"
        ),
    }
    reports = [api.post(f"/v1/import/{kind}", content=table.encode()).json() for kind, table in tables.items()]
    assert [report["created"] for report in reports] == [1, 1, 1, 1]
    assert reports[3]["refused"][0]["code"] == "contracts_overlap"
    contract = api.get(f"/v1/contracts/K{house.number}x").json()
    assert contract["powers"][0]["kw"] == "12.50"


def test_a_file_with_a_wrong_header_is_refused_whole(api: httpx.Client) -> None:
    answer = api.post("/v1/import/customers", content=b"customer_number,colour\n1,red\n")
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_table")
    assert "unknown: colour" in answer.json()["detail"]


def test_the_service_cannot_read_a_customers_identity_through_the_views(stack: Stack) -> None:
    with psycopg.connect(stack.admin_dsn) as connection:
        columns = connection.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = 'contracts_v1'"
        ).fetchall()
    assert not [name for (name,) in columns if "identity" in name or "email" in name]


def test_a_price_list_of_many_years_and_bands_is_told_of_whole(api: httpx.Client, stack: Stack) -> None:
    name, years = f"old-{uuid4().hex[:6]}", range(2010, 2025)
    for year in years:
        document = BAS_2018 | {"name": f"Bas {year}", "valid_from": f"{year}-01-01"}
        assert put(api, f"/v1/price-lists/{name}", document).status_code in (200, 201)
    events: list[PriceListChanged] = told(stack, PRICE_LISTS_CHANGED, name, PriceListChanged, len(years))
    assert [one.name for one in events[-1].versions] == [f"Bas {year}" for year in years]
