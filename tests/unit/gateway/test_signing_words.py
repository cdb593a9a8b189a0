"""Whatever BankID hints and whatever refuses a signature is said in both languages."""

import json
from pathlib import Path

import pytest

from services.common.bankid.completion import Fault
from services.contracts.core.refusals import Refusal
from services.gateway.portal import bankid_order
from services.gateway.portal.signing_words import ENGLISH_SIGNING, LOG_IN, SWEDISH_SIGNING, said
from services.permissions.bankid_log_in import NOBODY_WAITED, UNKNOWN_PERSON

BOTH = pytest.mark.parametrize("words", [SWEDISH_SIGNING, ENGLISH_SIGNING], ids=["sv", "en"])
REFUSALS = (
    Refusal.OFFER_SIGNED,
    Refusal.OFFER_EXPIRED,
    Refusal.OFFER_REPLACED,
    Refusal.CONTRACT_CHANGED,
    Refusal.PRICES_CHANGED,
    Refusal.ONLY_ADMINISTRATORS,
    Refusal.ONLY_LOOKS,
    Refusal.NOT_IDENTIFIED,
    Refusal.OTHER_PERSON,
)


def test_both_languages_have_the_same_words() -> None:
    assert SWEDISH_SIGNING.keys() == ENGLISH_SIGNING.keys()


@BOTH
def test_every_hint_has_words(shared_data: Path, words: dict[str, str]) -> None:
    vectors = json.loads((shared_data / "bankid" / "bankid_v6_vectors.json").read_text())
    for state in ("pending", "failed"):
        for hint in vectors[f"{state}_hint_codes"]:
            assert said(state, hint, words) == words[hint]


@BOTH
def test_every_refusal_has_words(words: dict[str, str]) -> None:
    for reason in (*REFUSALS, *Fault):
        assert said("refused", reason.value, words) == words[reason.value]


@BOTH
@pytest.mark.parametrize(("state", "reason"), [("failed", NOBODY_WAITED), ("refused", UNKNOWN_PERSON)])
def test_every_end_of_a_log_in_has_words(words: dict[str, str], state: str, reason: str) -> None:
    assert said(state, reason, words) == words[reason]


@BOTH
def test_a_hint_that_nobody_knows_yet_is_said_by_its_state(words: dict[str, str]) -> None:
    assert said("pending", "userWaves", words) == words["unknown_pending"]
    assert said("failed", "sunIsDown", words) == words["unknown_failed"]
    assert said("refused", "no_replacement", words) == words["refused"]


@pytest.mark.parametrize("language", LOG_IN)
def test_a_refused_log_in_speaks_of_no_signature_and_no_offer(language: str) -> None:
    for reason in (*Fault, "refused", "transactionRiskBlocked"):
        shown = bankid_order.shown(
            {"state": "refused", "reason": str(reason), "start_url": "", "qr": ""}, language, "", "", "", "/start"
        )
        for word in ("underskrift", "undertecknades", "erbjud", "ändrat", "signature", "signed", "offer", "changed"):
            assert word not in shown["hint"].lower()


def test_log_in_is_said_the_same_in_both_languages() -> None:
    assert LOG_IN["sv"].keys() == LOG_IN["en"].keys() <= SWEDISH_SIGNING.keys()
