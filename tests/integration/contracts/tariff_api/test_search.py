"""Which tariffs facilities have, for who may ask: clients for their own facilities, staff systems for all."""

from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest

from deploy.local.stack import Stack
from tests.integration.contracts.tariff_api.draft import answered, refused
from tests.integration.contracts.tariff_api.lists import PriceLists, today
from tests.integration.contracts_house import House, put

YEAR = today().year
SEARCH = "/tariff-api/tariffs/search"


def client_of(api: httpx.Client, *houses: House) -> tuple[str, str]:
    client_id = f"c{uuid4().hex[:10]}"
    document = {"name": "Energikollen AB", "facilities": [f"F{house.number}" for house in houses]}
    answer = put(api, f"/v1/tariff-clients/{client_id}", document)
    assert answer.status_code == 201, answer.text
    return client_id, answer.json()["secret"]


def search(public: httpx.Client, secret: str | None, *facilities: str) -> httpx.Response:
    headers = {} if secret is None else {"Authorization": f"Bearer {secret}"}
    return public.post("/tariffs/search", json={"facilityIds": list(facilities)}, headers=headers)


def housed(api: httpx.Client, price_list_id: str, kw: str | None) -> House:
    house = House(api)
    terms = [{"valid_from": f"{YEAR}-01-01", "price_list_id": price_list_id}]
    powers = [] if kw is None else [{"valid_from": f"{YEAR}-01-01", "kw": kw}]
    assert put(api, f"/v1/contracts/K{house.number}", house.contract(terms=terms, powers=powers)).status_code == 201
    return house


@pytest.mark.parametrize(
    ("kw", "band"),
    [("0", "0-100"), ("100", "0-100"), ("100.01", "100-250"), ("250", "100-250"), ("3000", "250-")],
)
def test_a_facility_has_the_band_that_its_power_lies_in_and_a_limit_belongs_below(
    api: httpx.Client, public: httpx.Client, lists: PriceLists, kw: str, band: str
) -> None:
    lists.put(*lists.banded(YEAR))
    house = housed(api, lists.price_list_id, kw)
    _, secret = client_of(api, house)
    found = answered(search(public, secret, f"F{house.number}"), "TariffsSearchResponse")
    (given,) = found["tariffs"]
    assert given["product"] == f"{lists.product}.{band}"
    assert found["mappings"] == [{"tariffId": given["id"], "facilityIds": [f"F{house.number}"]}]
    assert public.get(f"/tariffs/{given['id']}").json()["tariff"]["id"] == given["id"]


def test_facilities_that_share_a_tariff_are_mapped_to_it_together(
    api: httpx.Client, public: httpx.Client, lists: PriceLists
) -> None:
    lists.put(*lists.banded(YEAR))
    houses = [housed(api, lists.price_list_id, kw) for kw in ("10", "120", "20")]
    _, secret = client_of(api, *houses)
    numbers = [f"F{house.number}" for house in houses]
    found = answered(search(public, secret, *numbers, numbers[0]), "TariffsSearchResponse")
    products = {one["id"]: one["product"].rpartition(".")[2] for one in found["tariffs"]}
    mapped = {products[one["tariffId"]]: one["facilityIds"] for one in found["mappings"]}
    assert mapped == {"0-100": [numbers[0], numbers[2]], "100-250": [numbers[1]]}


def test_asking_for_nothing_is_answered_with_nothing(api: httpx.Client, public: httpx.Client) -> None:
    _, secret = client_of(api)
    assert answered(search(public, secret), "TariffsSearchResponse") == {"tariffs": [], "mappings": []}


def test_one_facility_that_is_anothers_or_none_at_all_refuses_the_whole_with_the_same_words(
    api: httpx.Client, public: httpx.Client, lists: PriceLists
) -> None:
    lists.put(*lists.banded(YEAR))
    own, others = (housed(api, lists.price_list_id, "10") for _ in range(2))
    _, secret = client_of(api, own)
    told = {
        refused(search(public, secret, f"F{own.number}", number), 403)
        for number in (f"F{others.number}", "nowhere", "", "a b", "\x00", "x" * 5000)
    }
    assert len(told) == 1
    half_a_character = b'{"facilityIds": ["\\ud800"]}'
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
    refused(public.post("/tariffs/search", content=half_a_character, headers=headers), 403)


def test_staff_systems_may_ask_for_every_facility_and_are_told_of_none(api: httpx.Client, lists: PriceLists) -> None:
    lists.put(*lists.banded(YEAR))
    house = housed(api, lists.price_list_id, "10")
    answered(api.post(SEARCH, json={"facilityIds": [f"F{house.number}"]}), "TariffsSearchResponse")
    for unknown in ("nowhere", "a b", "\x00"):
        refused(api.post(SEARCH, json={"facilityIds": [f"F{house.number}", unknown]}), 404)


def test_a_facility_without_a_tariff_today_is_not_found(
    api: httpx.Client, public: httpx.Client, lists: PriceLists
) -> None:
    lists.put(*lists.banded(YEAR))
    without_power, without_contract = housed(api, lists.price_list_id, None), House(api)
    _, secret = client_of(api, without_power, without_contract)
    for house in (without_power, without_contract):
        assert f"F{house.number}" in refused(search(public, secret, f"F{house.number}"), 404)


@pytest.mark.parametrize("header", [None, "", "Bearer", "Basic abc", "Bearer nobody", "Bearer ö"])
def test_without_a_known_token_nothing_is_searched(public: httpx.Client, header: str | None) -> None:
    headers: list[tuple[bytes, bytes]] = [] if header is None else [(b"Authorization", header.encode())]
    answer = public.post("/tariffs/search", json={"facilityIds": []}, headers=headers)
    refused(answer, 401)
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"{}",
        b'{"facilityIds": null}',
        b'{"facilityIds": "F1"}',
        b'{"facilityIds": [1]}',
        b'{"facilityIds": [null]}',
        b'{"facilityIds": [], "more": 1}',
        b'{"facility_ids": []}',
        b'{"facilityIds": [], "facilityIds": []}',
        b'{"facilityIds": [' + b'"F",' * 1000 + b'"F"]}',
        b"\xff",
    ],
)
def test_a_body_that_does_not_fit_is_a_bad_request(api: httpx.Client, body: bytes) -> None:
    refused(api.post(SEARCH, content=body, headers={"Content-Type": "application/json"}), 400)


def test_a_body_that_is_not_json_by_its_own_word_or_too_large_is_refused(api: httpx.Client) -> None:
    body = b'{"facilityIds": []}'
    refused(api.post(SEARCH, content=body, headers={"Content-Type": "text/plain"}), 415)
    large = body + b" " * 300_000
    refused(api.post(SEARCH, content=large, headers={"Content-Type": "application/json"}), 413)


def test_a_client_has_its_secret_once_and_the_same_again_changes_nothing(
    api: httpx.Client, public: httpx.Client, stack: Stack
) -> None:
    house = House(api)
    client_id, secret = client_of(api, house)
    document = {"name": "Energikollen AB", "facilities": [f"F{house.number}"]}
    again = put(api, f"/v1/tariff-clients/{client_id}", document)
    assert (again.status_code, again.json()) == (200, {"result": "unchanged", "client_id": client_id})
    shown = [one for one in api.get("/v1/tariff-clients").json()["tariff_clients"] if one["client_id"] == client_id]
    assert shown == [{"client_id": client_id, **document}]
    with psycopg.connect(stack.admin_dsn) as connection:
        stored = connection.execute("SELECT string_agg(client::text, ' ') FROM contracts.tariff_client AS client")
        assert secret not in str(stored.fetchone())


def test_a_new_secret_takes_the_place_of_the_old_and_a_removed_client_has_none(
    api: httpx.Client, public: httpx.Client
) -> None:
    client_id, old = client_of(api)
    new = api.post(f"/v1/tariff-clients/{client_id}/secret").json()["secret"]
    refused(search(public, old), 401)
    answered(search(public, new), "TariffsSearchResponse")
    assert api.delete(f"/v1/tariff-clients/{client_id}").status_code == 204
    refused(search(public, new), 401)


def test_a_client_that_loses_a_facility_may_no_longer_ask_for_it(api: httpx.Client, public: httpx.Client) -> None:
    house = House(api)
    client_id, secret = client_of(api, house)
    refused(search(public, secret, f"F{house.number}"), 404)
    changed = put(api, f"/v1/tariff-clients/{client_id}", {"name": "Energikollen AB", "facilities": []})
    assert changed.json()["result"] == "changed"
    refused(search(public, secret, f"F{house.number}"), 403)


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("PUT", "/v1/tariff-clients/x", {"name": "X", "facilities": ["nowhere"]}, 422, "unknown_facility"),
        ("PUT", "/v1/tariff-clients/x", {"name": "", "facilities": []}, 422, "invalid"),
        ("PUT", "/v1/tariff-clients/a%20b", {"name": "X", "facilities": []}, 422, "invalid"),
        ("POST", "/v1/tariff-clients/nobody/secret", None, 404, "not_found"),
        ("DELETE", "/v1/tariff-clients/nobody", None, 404, "not_found"),
    ],
)
def test_what_cannot_be_done_to_a_client_is_told(
    api: httpx.Client, method: str, path: str, body: dict[str, Any] | None, status: int, code: str
) -> None:
    answer = api.request(method, path, json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_clients_are_staffs_alone_to_see_to(api: httpx.Client) -> None:
    assert httpx.get(f"{api.base_url}/v1/tariff-clients").status_code == 401
