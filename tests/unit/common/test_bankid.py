"""What BankID's guidelines and answers say, against published vectors."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from schemas.bankid import qr_data
from services.common.bankid.rp_api import BankId, BankIdError
from services.contracts.settings import ContractsSettings

ORDER_REF = "131daac9-16c6-4618-beb0-365768f37288"
"""Of the published answers."""


@pytest.fixture
def vectors(shared_data: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((shared_data / "bankid" / "bankid_v6_vectors.json").read_text())
    return found


def answering(status: int, body: Any) -> BankId:
    transport = httpx.MockTransport(lambda _: httpx.Response(status, json=body))
    return BankId(httpx.AsyncClient(transport=transport, base_url="https://bankid/"))


def test_the_frames_of_the_code_are_the_published_ones(vectors: dict[str, Any]) -> None:
    official = vectors["qr_official_vectors"]
    for seconds, expected in official["qrData"].items():
        assert qr_data(official["qrStartToken"], official["qrStartSecret"], int(seconds)) == expected


async def test_a_published_answer_is_read_and_its_number_does_not_show(vectors: dict[str, Any]) -> None:
    collected, answer = await answering(200, vectors["complete_example"]).collect(ORDER_REF)
    number = vectors["complete_example"]["completionData"]["user"]["personalNumber"]
    assert collected.completionData is not None
    assert collected.completionData.user.personalNumber.get_secret_value() == number
    assert number not in repr(collected)
    assert json.loads(answer) == vectors["complete_example"]


async def test_a_hint_that_nobody_knows_yet_is_taken() -> None:
    collected, _ = await answering(200, {"orderRef": "x", "status": "pending", "hintCode": "userWaves"}).collect("x")
    assert (collected.status, collected.hintCode) == ("pending", "userWaves")


async def test_each_error_is_told_by_its_code(vectors: dict[str, Any]) -> None:
    for status, codes in vectors["error_codes_http"].items():
        for code in codes:
            with pytest.raises(BankIdError) as error:
                await answering(int(status), {"errorCode": code, "details": "x"}).collect("x")
            assert error.value.code == code


async def test_an_answer_about_another_order_is_not_taken(vectors: dict[str, Any]) -> None:
    with pytest.raises(BankIdError) as error:
        await answering(200, vectors["complete_example"]).collect("another")
    assert error.value.code == "otherOrder"


NONSENSE = [{"orderRef": "x"}, [], "x", {"orderRef": "x", "status": "done"}, {"status": "pending"}]


@pytest.mark.parametrize("nonsense", NONSENSE)
async def test_nonsense_is_an_error_without_a_code(nonsense: Any) -> None:
    with pytest.raises(BankIdError) as error:
        await answering(200, nonsense).collect("x")
    assert error.value.code == ""


@pytest.mark.parametrize(
    "unsafe",
    [{"BANKID_URL": "http://bankid/rp/v6.0", "BANKID_CERTIFICATE": "c.pem"}, {"BANKID_URL": "https://bankid/rp/v6.0"}],
    ids=["in the clear", "without a certificate"],
)
def test_outside_the_local_stack_bankid_is_reached_by_https_and_with_a_certificate(
    monkeypatch: pytest.MonkeyPatch, unsafe: dict[str, str]
) -> None:
    needed = {"DATABASE_URL": "postgresql://nowhere", "KAFKA_BOOTSTRAP": "nowhere:9092", "IDENTITY_KEY": "0" * 64}
    for name, value in (needed | unsafe | {"BANKID_ROOTS": "roots.pem"}).items():
        monkeypatch.setenv(f"KULVERT_{name}", value)
    with pytest.raises(ValidationError, match="by https and with the relying party's certificate"):
        ContractsSettings()
    monkeypatch.setenv("KULVERT_LOCAL", "1")
    assert ContractsSettings().bankid_url


def test_bankid_is_not_used_without_a_root_to_verify_by(monkeypatch: pytest.MonkeyPatch) -> None:
    needed = {"DATABASE_URL": "postgresql://nowhere", "KAFKA_BOOTSTRAP": "nowhere:9092", "IDENTITY_KEY": "0" * 64}
    for name, value in (needed | {"BANKID_URL": "http://bankid/rp/v6.0", "LOCAL": "1"}).items():
        monkeypatch.setenv(f"KULVERT_{name}", value)
    with pytest.raises(ValidationError, match="name the root's file"):
        ContractsSettings()
