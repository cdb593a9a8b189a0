"""What the gateway says of the tariff interface where contracts does not answer, and what it passes on to it."""

from collections.abc import Callable

import httpx
import pytest

from services.gateway import tariff_api
from services.gateway.settings import GatewaySettings

Contracts = Callable[[httpx.Request], httpx.Response]


async def asked(contracts: Contracts, path: str, url: str = "http://contracts:8000", **more: str) -> httpx.Response:
    settings = GatewaySettings.model_validate({"database_url": "x", "kafka_bootstrap": "x", "contracts_url": url})
    async with httpx.AsyncClient(transport=httpx.MockTransport(contracts)) as client:
        app = httpx.ASGITransport(tariff_api.app(settings, client))
        async with httpx.AsyncClient(transport=app, base_url="http://portal") as visitor:
            return await visitor.get(f"/tariff-api{path}", headers=more)


def away(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("nobody there", request=request)


def answering(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json={"asked": str(request.url), "headers": dict(request.headers)})


async def test_where_contracts_is_away_it_is_said_when_to_ask_again() -> None:
    answer = await asked(away, "/tariffs")
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/json")
    assert answer.headers["retry-after"] == "5"
    assert "contracts" not in answer.text


async def test_where_there_is_no_contracts_the_interface_is_not_offered() -> None:
    answer = await asked(away, "/tariffs", url="")
    assert (answer.status_code, answer.json()["title"]) == (501, "Not Implemented")


async def test_a_question_goes_on_as_it_was_written_and_nothing_of_the_visitor_with_it() -> None:
    query = "product=x&fromIncluding=2026-01-01T00:00:00%2B01:00"
    answer = (await asked(answering, f"/prices?{query}", cookie="kulvert=1", authorization="Bearer t")).json()
    assert answer["asked"] == f"http://contracts:8000/tariff-api/prices?{query}"
    assert answer["headers"]["authorization"] == "Bearer t"
    assert "cookie" not in answer["headers"]


@pytest.mark.parametrize("path", ["/tariffs/..", "/tariffs/%2e%2e", "/tariffs/a%3fb", "/tariffs/x", "/tariffs/%20"])
async def test_a_path_that_leads_elsewhere_is_not_passed_on(path: str) -> None:
    assert (await asked(answering, path)).status_code in (400, 404)


async def test_only_what_everybody_may_see_may_be_kept() -> None:
    kept = await asked(answering, "/tariffs")
    refused = await asked(lambda _: httpx.Response(404, json={}), "/tariffs/0a")
    assert [one.headers["cache-control"] for one in (kept, refused)] == ["public, max-age=60", "no-store"]
