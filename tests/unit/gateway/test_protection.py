"""What protects a visitor in whatever the portal answers, where it stands on the net and not on one machine."""

import httpx
import pytest

from services.gateway import tariff_api
from services.gateway.portal import pages
from services.gateway.portal.visits import Parts
from services.gateway.settings import GatewaySettings
from services.gateway.store.reader import Reader

PATHS = ["/login", "/nowhere", "/static/portal.css", "/static/nothing.css", "/start", "/login/bankid/not-an-order"]
TARIFFS = [
    "/tariff-api/tariffs",
    "/tariff-api/nowhere",
    "/tariff-api/tariffs/not-an-id",
    "/tariff-api/prices?" + "x" * 2_000,
]
SOME_ORDER = "/login/bankid/3f2504e0-4f89-41d3-9a0c-0305e82c3301"


def permissions(request: httpx.Request) -> httpx.Response:
    """Answer as permissions does where BankID is set up, and take only such browsers as it takes."""
    if request.url.path == "/v1/log-in-ways":
        return httpx.Response(200, json={"bankid": True})
    if not 20 <= len(request.headers.get("kulvert-browser", "")) <= 100:
        return httpx.Response(422)
    if request.method == "POST":
        return httpx.Response(201, json={"order_id": "3f2504e0-4f89-41d3-9a0c-0305e82c3301"})
    return httpx.Response(404)


async def asked(path: str, method: str = "GET", is_local: bool = False, **more: str) -> httpx.Response:
    addresses = {"permissions_url": "http://permissions", "contracts_url": "http://contracts"}
    settings = GatewaySettings.model_validate(
        {"database_url": "x", "kafka_bootstrap": "x", "local": is_local} | addresses
    )
    headers = [(name.encode(), value.encode("latin-1")) for name, value in more.items()]
    async with httpx.AsyncClient(transport=httpx.MockTransport(permissions)) as client:
        is_tariffs = path.startswith(tariff_api.PREFIX)
        app = tariff_api.app(settings, client) if is_tariffs else pages.app(Parts(Reader(None), client, settings))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://portal") as visitor:
            return await visitor.request(method, path, headers=headers)


@pytest.mark.parametrize("path", PATHS + TARIFFS, ids=lambda path: path[:40])
async def test_every_answer_holds_browsers_to_https_and_to_its_own_type(path: str) -> None:
    headers = (await asked(path)).headers
    assert headers["strict-transport-security"] == "max-age=31536000"
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", ["/login", "/tariff-api/tariffs"])
async def test_the_local_stack_has_no_https_to_hold_anybody_to(path: str) -> None:
    assert "strict-transport-security" not in (await asked(path, is_local=True)).headers


@pytest.mark.parametrize("put_there", ["åäö" * 10, "short", "x" * 101, "twenty characters and spaces", ""])
async def test_a_cookie_that_holds_no_token_of_ours_is_none(put_there: str) -> None:
    cookie = f"__Host-kulvert-login={put_there}; __Host-kulvert={put_there}"
    assert (await asked(SOME_ORDER, cookie=cookie)).status_code == 404
    begun = await asked("/login/bankid", "POST", cookie=cookie)
    assert begun.status_code == 303
    assert "__Host-kulvert-login=" in begun.headers["set-cookie"]
    assert put_there not in begun.headers["set-cookie"] or not put_there
