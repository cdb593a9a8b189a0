"""The development RP speaks BankID's RP API v6, and is honest on its page."""

import base64
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.local.bankid_rp.app import app
from deploy.local.bankid_rp.authority import Authority, new_root, root_in
from deploy.local.bankid_rp.orders import FAILED_HINTS, LIFE_S, PENDING_HINTS, Orders

RP = "/rp/v6.0"
TEXT = base64.b64encode("Jag godkänner".encode()).decode()
ASKED = {"endUserIp": "127.0.0.1", "userVisibleData": TEXT}
PERSON, OTHER = "190001010009", "190002020008"


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority(new_root())


@pytest.fixture
async def rp(authority: Authority, clock: Clock) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app(Orders(authority, clock)))
    async with httpx.AsyncClient(transport=transport, base_url="http://rp") as client:
        yield client


@pytest.fixture
def vectors(shared_data: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((shared_data / "bankid" / "bankid_v6_vectors.json").read_text())
    return found


async def begin(rp: httpx.AsyncClient, **more: Any) -> str:
    return str((await rp.post(f"{RP}/sign", json=ASKED | more)).json()["orderRef"])


async def collect(rp: httpx.AsyncClient, order_ref: str) -> dict[str, Any]:
    found: dict[str, Any] = (await rp.post(f"{RP}/collect", json={"orderRef": order_ref})).json()
    return found


async def test_an_order_begins_with_the_fields_of_the_api(rp: httpx.AsyncClient, vectors: dict[str, Any]) -> None:
    for kind in ("sign", "auth"):
        assert (await rp.post(f"{RP}/{kind}", json=ASKED)).json().keys() == vectors["start_response"].keys()


async def test_every_hint_of_the_api_can_be_played(rp: httpx.AsyncClient, vectors: dict[str, Any]) -> None:
    assert list(PENDING_HINTS) == vectors["pending_hint_codes"]
    assert list(FAILED_HINTS) == vectors["failed_hint_codes"]
    for hint in PENDING_HINTS:
        order = await begin(rp)
        await rp.post(f"/phone/{order}/wait", data={"hint": hint})
        assert (await collect(rp, order)) == {"orderRef": order, "status": "pending", "hintCode": hint}
    for hint in FAILED_HINTS:
        order = await begin(rp)
        await rp.post(f"/phone/{order}/fail", data={"hint": hint})
        assert (await collect(rp, order)) == {"orderRef": order, "status": "failed", "hintCode": hint}


async def test_an_approved_order_is_answered_as_the_api_does(rp: httpx.AsyncClient, vectors: dict[str, Any]) -> None:
    order = await begin(rp)
    await rp.post(f"/phone/{order}/approve", data={"personal_number": PERSON})
    answer, example = (await collect(rp, order)), vectors["complete_example"]
    assert (answer.keys(), answer["status"]) == (example.keys(), "complete")
    assert answer["completionData"].keys() == example["completionData"].keys()
    assert answer["completionData"]["user"]["personalNumber"] == PERSON
    assert TEXT.encode() in base64.b64decode(answer["completionData"]["signature"])


async def test_an_order_that_nobody_approves_expires(rp: httpx.AsyncClient, clock: Clock) -> None:
    order = await begin(rp)
    clock.now = LIFE_S + 1
    assert (await collect(rp, order))["hintCode"] == "expiredTransaction"


async def test_a_cancelled_order_is_unknown(rp: httpx.AsyncClient) -> None:
    order = await begin(rp)
    assert (await rp.post(f"{RP}/cancel", json={"orderRef": order})).json() == {}
    assert (await collect(rp, order))["errorCode"] == "invalidParameters"


async def test_an_order_for_one_person_is_not_approved_by_another(rp: httpx.AsyncClient) -> None:
    order = await begin(rp, requirement={"personalNumber": PERSON})
    await rp.post(f"/phone/{order}/approve", data={"personal_number": OTHER})
    assert (await collect(rp, order))["hintCode"] == "cancelled"


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("sign", {"endUserIp": "127.0.0.1"}, 400, "invalidParameters"),
        ("sign", {**ASKED, "userVisibleData": "not Base64!"}, 400, "invalidParameters"),
        ("auth", {"endUserIp": "nowhere"}, 400, "invalidParameters"),
        ("pay", ASKED, 404, "notFound"),
    ],
)
async def test_what_does_not_fit_gets_the_apis_error_codes(
    rp: httpx.AsyncClient, path: str, body: dict[str, Any], status: int, code: str
) -> None:
    answer = await rp.post(f"{RP}/{path}", json=body)
    assert (answer.status_code, answer.json()["errorCode"]) == (status, code)


async def test_a_second_order_for_the_same_person_is_refused(rp: httpx.AsyncClient) -> None:
    await begin(rp, requirement={"personalNumber": PERSON})
    answer = await rp.post(f"{RP}/sign", json=ASKED | {"requirement": {"personalNumber": PERSON}})
    assert answer.json()["errorCode"] == "alreadyInProgress"


async def test_another_method_or_media_type_is_refused(rp: httpx.AsyncClient) -> None:
    looked, plain = await rp.get(f"{RP}/sign"), await rp.post(f"{RP}/sign", content="x")
    assert (looked.status_code, looked.json()["errorCode"]) == (405, "methodNotAllowed")
    assert (plain.status_code, plain.json()["errorCode"]) == (415, "unsupportedMediaType")


async def test_the_phone_says_that_it_is_not_bankid_and_shows_what_is_signed(rp: httpx.AsyncClient) -> None:
    await begin(rp)
    page = (await rp.get("/phone")).text
    assert "This is not BankID" in page
    assert "Jag godkänner" in re.sub(r"\s+", " ", page)


async def test_an_hour_of_maintenance_can_be_played(rp: httpx.AsyncClient) -> None:
    for is_away, status in (("true", 503), ("false", 200)):
        await rp.post("/phone/away", data={"is_away": is_away})
        assert (await rp.post(f"{RP}/sign", json=ASKED)).status_code == status


def test_a_root_is_made_once_and_outlives_the_process(tmp_path: Path) -> None:
    folder = tmp_path / "bankid_rp"
    first = root_in(folder).read_bytes()
    assert root_in(folder).read_bytes() == first
    assert Authority.of(folder).bank.certificate.issuer.rfc4514_string() == "CN=Development root\\, not BankID,C=SE"
    assert [one.name for one in tmp_path.iterdir()] == ["bankid_rp"]
