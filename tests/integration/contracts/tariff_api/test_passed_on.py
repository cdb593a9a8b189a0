"""The gateway passes the tariff interface on: without a log-in, to any site's pages, within limits."""

import json
from collections.abc import Iterator
from uuid import uuid4

import httpx
import pytest

from deploy.local.services import GATEWAY
from deploy.local.stack import Stack
from tests.integration.contracts.tariff_api.draft import answered, refused
from tests.integration.contracts.tariff_api.lists import PriceLists, tariff, today
from tests.integration.contracts_house import put
from tests.running import running

PER_MINUTE = 120


@pytest.fixture(scope="module")
def site(api: httpx.Client, stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with running(stack, GATEWAY, tmp_path_factory.mktemp("gateway") / "gateway.log") as client:
        yield client


@pytest.fixture
def gateway(site: httpx.Client, address: str) -> Iterator[httpx.Client]:
    """Asks from an address of its own, as told by a proxy on the same machine."""
    base = f"{str(site.base_url).rstrip('/')}/tariff-api"
    with httpx.Client(base_url=base, headers={"X-Forwarded-For": address}) as client:
        yield client


@pytest.fixture
def address() -> str:
    number = uuid4().int
    return f"10.{number % 250}.{number // 250 % 250}.{number // 62_500 % 250}"


def test_what_the_service_answers_comes_through_as_it_is(
    gateway: httpx.Client, public: httpx.Client, lists: PriceLists
) -> None:
    lists.put(tariff(lists.product, today().year))
    (given,) = lists.given()
    for path, name in (
        ("/info", "InfoResponse"),
        ("/tariffs", "TariffsResponse"),
        (f"/tariffs/{given['id']}", "TariffResponse"),
        (f"/prices?product={lists.product}&fromIncluding=2026-01-01T00:00:00%2B01:00", "PricesResponse"),
    ):
        assert answered(gateway.get(path), name) == answered(public.get(path), name)
    assert json.loads(gateway.get("/openapi.json").text)["openapi"] == "3.1.0"


def test_a_search_takes_its_token_along(gateway: httpx.Client, api: httpx.Client) -> None:
    client_id = f"c{uuid4().hex[:10]}"
    secret = put(api, f"/v1/tariff-clients/{client_id}", {"name": "X", "facilities": []}).json()["secret"]
    headers = {"Authorization": f"Bearer {secret}"}
    answered(gateway.post("/tariffs/search", json={"facilityIds": []}, headers=headers), "TariffsSearchResponse")
    refused(gateway.post("/tariffs/search", json={"facilityIds": ["F1"]}, headers=headers), 403)
    missing = gateway.post("/tariffs/search", json={"facilityIds": []})
    refused(missing, 401)
    assert missing.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/prices", 400),
        ("GET", "/tariffs/1", 400),
        ("GET", "/tariffs/6f9619ff-8b86-4011-b42d-00c04fc964ff", 404),
        ("GET", "/nothing", 404),
        ("GET", "/v1/price-lists", 404),
        ("GET", "/%2e%2e/v1/price-lists", 404),
        ("GET", "/tariffs/%2e%2e", 400),
        ("GET", "/tariffs/..%2fv1%2fprice-lists", 400),
        ("PUT", "/tariffs", 405),
        ("GET", f"/prices?product={'x' * 1001}", 400),
    ],
)
def test_a_refusal_is_said_in_the_drafts_form(gateway: httpx.Client, method: str, path: str, status: int) -> None:
    refused(gateway.request(method, path), status)


def test_nothing_but_the_interface_is_reached_with_its_prefix(gateway: httpx.Client, stack: Stack) -> None:
    key = {"Authorization": f"Bearer {stack.integration_key}"}
    for path in ("/v1/price-lists", "/%2e%2e/v1/price-lists", "/tariffs?path=/../v1/price-lists"):
        assert "price_lists" not in gateway.get(path, headers=key).text


def test_a_page_of_another_site_may_read_it_and_ask_a_search(gateway: httpx.Client) -> None:
    origin = {"Origin": "https://energikollen.example"}
    answer = gateway.get("/info", headers=origin)
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.headers
    error = gateway.post("/tariffs/search", json={"facilityIds": []}, headers=origin)
    assert (error.status_code, error.headers["access-control-allow-origin"]) == (401, "*")
    asked = origin | {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    before = gateway.options("/tariffs/search", headers=asked)
    assert before.status_code == 200
    assert "POST" in before.headers["access-control-allow-methods"]
    assert gateway.options("/tariffs", headers=asked | {"Access-Control-Request-Method": "PUT"}).status_code == 400


def test_a_visitors_session_is_no_part_of_it(gateway: httpx.Client) -> None:
    answer = gateway.get("/info", headers={"Cookie": "kulvert=anything"})
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers


def test_a_body_too_large_is_refused(gateway: httpx.Client) -> None:
    refused(gateway.post("/tariffs/search", content=b" " * 300_000), 413)


def test_who_asks_too_often_waits_and_nobody_else_does(gateway: httpx.Client, site: httpx.Client) -> None:
    statuses = [gateway.get("/prices").status_code for _ in range(PER_MINUTE + 10)]
    assert statuses[:PER_MINUTE] == [400] * PER_MINUTE
    assert statuses[-1] == 429
    too_often = gateway.get("/prices")
    refused(too_often, 429)
    assert int(too_often.headers["retry-after"]) >= 1
    other = httpx.get(f"{gateway.base_url}prices", headers={"X-Forwarded-For": "192.0.2.7"})
    assert other.status_code == 400


def test_the_portals_own_pages_still_want_a_log_in(site: httpx.Client) -> None:
    assert httpx.get(f"{site.base_url}/start", follow_redirects=False).status_code == 303
