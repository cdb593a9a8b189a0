"""An order to sign ends once, for good, what approved it fits no other, and one that never began stands in no way."""

import json
from collections.abc import Iterator

import psycopg
import pytest

from deploy.local.stack import Stack
from tests.integration.signing_house import NUMBERS, Signing, signing


@pytest.fixture(scope="module")
def running(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Signing]:
    with signing(stack, tmp_path_factory.mktemp("signing_orders")) as services:
        yield services


@pytest.fixture(scope="module")
def session(running: Signing) -> str:
    return running.session("anna")


def test_what_approved_a_cancelled_order_does_not_fit_the_next_on_the_same_offer(
    running: Signing, session: str
) -> None:
    offer = running.offer(running.house())
    cancelled = running.begun(session, offer)
    before = json.loads(running.hidden(session, cancelled))
    running.look(session, cancelled, "cancel")
    following = running.begun(session, offer)
    after = json.loads(running.hidden(session, following))
    assert before["document_sha256"] == after["document_sha256"]
    assert (before["order_id"], after["order_id"]) == (cancelled, following)


def test_who_was_interrupted_while_bankid_was_asked_may_soon_begin_again(running: Signing, session: str) -> None:
    offer = running.offer(running.house())
    interrupted = running.begun(session, offer)
    running.interrupted(interrupted)
    assert running.begun(session, offer) != interrupted
    shown = running.look(session, interrupted).json()
    assert (shown["state"], shown["reason"]) == ("failed", "bankid_away")


@pytest.mark.parametrize(
    "rewriting",
    ["completion_sealed = 'x'", "state = 'pending', ended_at = NULL", "state = 'refused', reason = 'other_text'"],
)
def test_a_signature_is_for_good_also_to_the_service_itself(running: Signing, session: str, rewriting: str) -> None:
    signing_id = running.begun(session, running.offer(running.house()))
    running.phone(session, signing_id, "approve", personal_number=NUMBERS["anna"])
    assert running.status(session, signing_id) == ("signed", "")
    update = f"UPDATE contracts.signing SET {rewriting} WHERE signing_id = %s".encode()
    with (
        psycopg.connect(running.stack.dsn("contracts")) as connection,
        pytest.raises(psycopg.errors.RaiseException, match="stays as it is"),
    ):
        connection.execute(update, [signing_id])


def test_a_cancelled_order_takes_no_signature(running: Signing, session: str) -> None:
    signing_id = running.begun(session, running.offer(running.house()))
    assert running.look(session, signing_id, "cancel").json()["state"] == "cancelled"
    assert running.status(session, signing_id) == ("cancelled", "")
    assert running.look(session, signing_id, "cancel").json()["state"] == "cancelled"
