"""An offer is signed with BankID by its customer's administrator, once, as it was shown, and by nobody else."""

import hashlib
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from deploy.local.stack import Stack
from schemas.contracts import ContractChanged
from schemas.topics import CONTRACTS_CHANGED
from tests.integration.contracts_house import BAS_2018, House, put
from tests.integration.looking import rows, told, wait_for
from tests.integration.signing_house import LEVELS, NUMBERS, Signing, bearing, next_year, offer_of, signing


@pytest.fixture(scope="module")
def running(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Signing]:
    with signing(stack, tmp_path_factory.mktemp("signing")) as services:
        yield services


@pytest.fixture(scope="module")
def sessions(running: Signing) -> dict[str, str]:
    return {name: running.session(name) for name in LEVELS}


@pytest.fixture
def house(running: Signing) -> House:
    return running.house()


def powers(running: Signing, house: House) -> list[tuple[str, str]]:
    contract = running.contracts.get(f"/v1/contracts/K{house.number}").json()
    return [(one["valid_from"], str(float(one["kw"]))) for one in contract["powers"]]


def approved(running: Signing, session: str, signing_id: str, who: str = "anna") -> tuple[str, str]:
    running.phone(session, signing_id, "approve", personal_number=NUMBERS[who])
    return running.status(session, signing_id)


def test_a_signed_offer_changes_the_contract_and_is_told_of(
    running: Signing, sessions: dict[str, str], house: House
) -> None:
    offer = running.offer(house)
    signing_id = running.begun(sessions["anna"], offer)
    assert approved(running, sessions["anna"], signing_id) == ("signed", "")
    assert powers(running, house)[-1] == (next_year().isoformat(), "12.0")
    assert running.contracts.get(f"/v1/offers/O{house.number}").json()["is_signed"]
    contract_id = running.contracts.get(f"/v1/contracts/K{house.number}").json()["contract_id"]
    before, after = told(running.stack, CONTRACTS_CHANGED, contract_id, ContractChanged, 2)
    assert after.version == before.version + 1
    assert after.changed_from == next_year()
    assert after.terms[-1].price_list_id == "bas"


def test_what_is_signed_is_kept_whole_and_sealed(running: Signing, sessions: dict[str, str], house: House) -> None:
    signing_id = running.begun(sessions["anna"], running.offer(house))
    approved(running, sessions["anna"], signing_id)
    [(document, digest, text, sealed, start, signing_row)] = rows(
        running.stack,
        "SELECT document, document_sha256, text, completion_sealed, start_sealed, signing::text"
        "  FROM contracts.signing JOIN contracts.offer USING (offer_id) WHERE signing_id = %s",
        signing_id,
    )
    assert hashlib.sha256(document.encode()).digest() == digest
    whole = json.loads(document)
    assert whole["price_list"]["tariffs"]
    assert whole["offer"]["options"] == ["Energitjänst Bas"]
    assert "Abonnemangseffekt: 12 kW" in text
    assert sealed
    assert start is None
    assert NUMBERS["anna"] not in signing_row


@pytest.mark.parametrize(("who", "code"), [("reader", "only_administrators"), ("full", "only_administrators")])
def test_who_is_no_administrator_cannot_sign(
    running: Signing, sessions: dict[str, str], house: House, who: str, code: str
) -> None:
    answer = running.begin(sessions[who], running.offer(house))
    assert (answer.status_code, answer.json()["code"]) == (403, code)


def test_a_stranger_is_not_told_that_there_is_an_offer(running: Signing, house: House) -> None:
    assert running.permissions.put("/v1/people/sign-stranger", json={"name": "stranger"}).status_code in (200, 201)
    answer = running.begin(running.session("stranger"), running.offer(house))
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_offer")
    assert running.begin("no-session", running.offer(house)).status_code == 401


def why_not(running: Signing, session: str, offer: dict[str, Any]) -> str:
    answer = running.contracts.get(f"/v1/signings/of/{offer['offer_id']}", headers=bearing(session))
    return str(answer.raise_for_status().json()["why_not"])


def test_who_has_no_known_number_cannot_sign(running: Signing, house: House) -> None:
    running.permissions.put("/v1/people/sign-nameless", json={"name": "nameless"})
    running.permissions.put(f"/v1/grants/C{house.number}/sign-nameless", json={"level": "administrator"})
    answer = running.begin(running.session("nameless"), running.offer(house))
    assert (answer.status_code, answer.json()["code"]) == (409, "not_identified")
    assert why_not(running, running.session("nameless"), running.offer(house)) == "not_identified"


def test_a_session_by_an_email_link_only_looks(running: Signing, house: House) -> None:
    session = running.session("anna")
    with psycopg.connect(running.stack.admin_dsn) as connection:
        connection.execute(
            "UPDATE permissions.session SET assurance = 'email' WHERE token_hash = sha256(%s)", [session.encode()]
        )
    answer = running.begin(session, running.offer(house))
    assert (answer.status_code, answer.json()["code"]) == (403, "only_looks")
    assert why_not(running, session, running.offer(house)) == "only_looks"


def test_who_may_sign_is_told_so_before_he_tries(running: Signing, sessions: dict[str, str], house: House) -> None:
    offer = running.offer(house)
    assert why_not(running, sessions["anna"], offer) == ""
    assert why_not(running, sessions["reader"], offer) == "only_administrators"
    powers = [{"valid_from": "2018-01-01", "kw": "11"}]
    assert put(running.contracts, f"/v1/contracts/K{house.number}", house.contract(powers=powers)).is_success
    assert why_not(running, sessions["anna"], offer) == "contract_changed"


def test_while_bankid_is_away_nothing_begins_and_what_has_begun_waits(
    running: Signing, sessions: dict[str, str], house: House
) -> None:
    offer = running.offer(house)
    signing_id = running.begun(sessions["anna"], offer)
    running.rp.post("/phone/away", data={"is_away": "true"})
    try:
        answer = running.begin(sessions["bo"], offer)
        waiting = running.status(sessions["anna"], signing_id)
    finally:
        running.rp.post("/phone/away", data={"is_away": "false"})
    assert (answer.status_code, answer.json()["code"]) == (503, "bankid_away")
    assert waiting == ("pending", "")
    assert running.begun(sessions["bo"], offer)
    assert approved(running, sessions["anna"], signing_id) == ("signed", "")


def test_the_order_is_asked_for_no_more_often_than_every_two_seconds(
    running: Signing, sessions: dict[str, str], house: House
) -> None:
    signing_id = running.begun(sessions["anna"], running.offer(house))
    running.look(sessions["anna"], signing_id)
    running.phone(sessions["anna"], signing_id, "fail", hint="userCancel")
    asked = "SELECT asked_at FROM contracts.signing WHERE signing_id = %s"
    before = rows(running.stack, asked, signing_id)
    assert running.look(sessions["anna"], signing_id).json()["state"] == "pending"
    assert rows(running.stack, asked, signing_id) == before


def test_another_persons_signature_is_refused(running: Signing, sessions: dict[str, str], house: House) -> None:
    signing_id = running.begun(sessions["anna"], running.offer(house))
    assert approved(running, sessions["anna"], signing_id, "bo") == ("refused", "other_person")
    assert len(powers(running, house)) == 1


def test_a_signature_on_another_text_is_refused(running: Signing, sessions: dict[str, str], house: House) -> None:
    signing_id = running.begun(sessions["anna"], running.offer(house))
    running.phone(sessions["anna"], signing_id, "approve", personal_number=NUMBERS["anna"], wrong="other-text")
    assert running.status(sessions["anna"], signing_id) == ("refused", "other_text")


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ("other-document", "other_document"),
        ("changed-afterwards", "signature_not_valid"),
        ("forged", "certificate_not_trusted"),
        ("other-certificate", "certificate_of_another"),
        ("revoked", "certificate_revoked"),
        ("other-status", "status_not_valid"),
        ("other-banks-status", "status_not_valid"),
    ],
)
def test_a_completion_that_is_not_genuine_is_kept_and_told_of_and_changes_nothing(
    running: Signing, sessions: dict[str, str], house: House, wrong: str, reason: str
) -> None:
    before = running.told_of(reason)
    signing_id = running.begun(sessions["anna"], running.offer(house))
    running.phone(sessions["anna"], signing_id, "approve", personal_number=NUMBERS["anna"], wrong=wrong)
    assert running.status(sessions["anna"], signing_id) == ("refused", reason)
    assert len(powers(running, house)) == 1
    kept = "SELECT completion_sealed IS NOT NULL FROM contracts.signing WHERE signing_id = %s"
    assert rows(running.stack, kept, signing_id) == [(True,)]
    assert running.told_of(reason) == before + 1
    assert f'"fault": "{reason}"' in (running.logs / "contracts.log").read_text()


def test_an_approval_that_nobody_asks_for_is_collected(
    running: Signing, sessions: dict[str, str], house: House
) -> None:
    signing_id = running.begun(sessions["anna"], running.offer(house))
    running.phone(sessions["anna"], signing_id, "approve", personal_number=NUMBERS["anna"])
    running.left_alone(signing_id)
    state = "SELECT state FROM contracts.signing WHERE signing_id = %s"
    wait_for(lambda: rows(running.stack, state, signing_id) == [("signed",)])
    assert powers(running, house)[-1] == (next_year().isoformat(), "12.0")


@pytest.mark.parametrize(
    ("done", "reason"),
    [({"hint": "userCancel"}, "userCancel"), ({}, "expiredTransaction")],
    ids=["failed", "forgotten"],
)
def test_an_order_that_nobody_asks_for_ends_as_bankid_says(
    running: Signing, sessions: dict[str, str], house: House, done: dict[str, str], reason: str
) -> None:
    signing_id = running.begun(sessions["anna"], running.offer(house))
    if done:
        running.phone(sessions["anna"], signing_id, "fail", **done)
    else:
        running.forget(sessions["anna"], signing_id)
    running.left_alone(signing_id)
    ended = "SELECT state, reason FROM contracts.signing WHERE signing_id = %s"
    wait_for(lambda: rows(running.stack, ended, signing_id) == [("failed", reason)])


def test_an_approval_that_is_collected_by_many_at_once_is_one_signature(
    running: Signing, sessions: dict[str, str], house: House
) -> None:
    """Each time nobody has asked for a minute, so that the service and a browser's questions ask BankID at once."""
    signing_id = running.begun(sessions["anna"], running.offer(house))
    running.phone(sessions["anna"], signing_id, "approve", personal_number=NUMBERS["anna"])

    def asked(_: int) -> str:
        running.left_alone(signing_id)
        return str(running.look(sessions["anna"], signing_id).json()["state"])

    with ThreadPoolExecutor(8) as many:
        list(many.map(asked, range(40)))
    assert running.status(sessions["anna"], signing_id) == ("signed", "")
    contract_id = running.contracts.get(f"/v1/contracts/K{house.number}").json()["contract_id"]
    before, after = told(running.stack, CONTRACTS_CHANGED, contract_id, ContractChanged, 2)
    assert after.version == before.version + 1


def test_an_order_is_its_sessions_alone(running: Signing, sessions: dict[str, str], house: House) -> None:
    signing_id = running.begun(sessions["anna"], running.offer(house))
    for other in (sessions["bo"], running.session("anna")):
        for what in ("status", "cancel"):
            assert running.look(other, signing_id, what).status_code == 404


def test_starting_twice_is_starting_once(running: Signing, sessions: dict[str, str], house: House) -> None:
    offer = running.offer(house)
    assert running.begun(sessions["anna"], offer) == running.begun(sessions["anna"], offer)


def test_of_two_administrators_one_signs(running: Signing, sessions: dict[str, str], house: House) -> None:
    offer = running.offer(house)
    first, second = running.begun(sessions["anna"], offer), running.begun(sessions["bo"], offer)
    assert approved(running, sessions["bo"], second, "bo") == ("signed", "")
    assert approved(running, sessions["anna"], first) == ("refused", "offer_signed")
    again = running.begin(sessions["anna"], offer)
    assert (again.status_code, again.json()["code"]) == (409, "offer_signed")


def test_of_many_clicks_at_once_one_begins_an_order(running: Signing, sessions: dict[str, str], house: House) -> None:
    offer = running.offer(house)
    with ThreadPoolExecutor(8) as clicks:
        answers = list(clicks.map(lambda _: running.begin(sessions["anna"], offer), range(8)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["signing_id"] for answer in answers}) == 1


def test_of_two_signatures_at_once_one_is_taken(running: Signing, sessions: dict[str, str], house: House) -> None:
    offer = running.offer(house)
    orders = {name: running.begun(sessions[name], offer) for name in ("anna", "bo")}
    for name, signing_id in orders.items():
        running.phone(sessions[name], signing_id, "approve", personal_number=NUMBERS[name])
    with ThreadPoolExecutor() as both:
        ends = list(both.map(lambda name: running.status(sessions[name], orders[name]), orders))
    assert sorted(ends) == [("refused", "offer_signed"), ("signed", "")]


@pytest.mark.parametrize("hint", ["userCancel", "expiredTransaction", "somethingNew"])
def test_an_order_that_fails_says_bankids_word_for_it_and_may_be_begun_again(
    running: Signing, sessions: dict[str, str], house: House, hint: str
) -> None:
    offer = running.offer(house)
    signing_id = running.begun(sessions["anna"], offer)
    running.phone(sessions["anna"], signing_id, "fail", hint=hint)
    assert running.status(sessions["anna"], signing_id) == ("failed", hint)
    assert running.begun(sessions["anna"], offer) != signing_id


def _contract_changed(running: Signing, house: House) -> None:
    changed = house.contract(powers=[{"valid_from": "2018-01-01", "kw": "11"}])
    assert put(running.contracts, f"/v1/contracts/K{house.number}", changed).status_code == 200


def _offered_anew(running: Signing, house: House) -> None:
    running.offer(house, kw="13")


def _grant_withdrawn(running: Signing, house: House) -> None:
    assert running.permissions.delete(f"/v1/grants/C{house.number}/sign-anna").status_code == 200


def _expired(running: Signing, house: House) -> None:
    with psycopg.connect(running.stack.admin_dsn) as connection:
        connection.execute(
            "UPDATE contracts.offer SET expires_at = now() WHERE offer_number = %s", [f"O{house.number}"]
        )


@pytest.mark.parametrize(
    ("happens", "code"),
    [
        (_contract_changed, "contract_changed"),
        (_offered_anew, "offer_replaced"),
        (_grant_withdrawn, "only_administrators"),
        (_expired, "offer_expired"),
    ],
)
def test_what_changes_while_the_phone_is_out_is_not_signed(
    running: Signing, sessions: dict[str, str], house: House, happens: Any, code: str
) -> None:
    offer = running.offer(house)
    signing_id = running.begun(sessions["anna"], offer)
    happens(running, house)
    assert approved(running, sessions["anna"], signing_id) == ("refused", code)
    assert next_year().isoformat() not in [day for day, _ in powers(running, house)]


def test_an_offer_at_prices_that_have_changed_is_not_signed(
    running: Signing, sessions: dict[str, str], house: House
) -> None:
    name = f"prices-{house.number}"
    assert put(running.contracts, f"/v1/price-lists/{name}", BAS_2018).status_code == 201
    offer = running.offer(house, price_list_id=name)
    newer = BAS_2018 | {"valid_from": next_year().isoformat()}
    assert put(running.contracts, f"/v1/price-lists/{name}", newer).status_code == 200
    answer = running.begin(sessions["anna"], offer)
    assert (answer.status_code, answer.json()["code"]) == (409, "prices_changed")


def test_the_same_offer_is_the_same_version_and_another_the_next(running: Signing, house: House) -> None:
    document = offer_of(house)
    path = f"/v1/offers/O{house.number}"
    first, again = put(running.contracts, path, document), put(running.contracts, path, document)
    other = put(running.contracts, path, document | {"kw": "14"})
    assert [(one.json()["result"], one.json()["version"]) for one in (first, again, other)] == [
        ("created", 1), ("unchanged", 1), ("changed", 2),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("other", "code"),
    [
        ({"contract_number": "nowhere"}, "unknown_contract"),
        ({"price_list_id": "nowhere"}, "unknown_price_list"),
        ({"expires_at": (datetime.now(UTC) - timedelta(hours=1)).isoformat()}, "offer_too_late"),
        ({"valid_from": "2017-01-01"}, "offer_too_late"),
    ],
    ids=["contract", "price list", "expired", "past"],
)
def test_an_offer_that_could_not_be_kept_is_refused(
    running: Signing, house: House, other: dict[str, Any], code: str
) -> None:
    assert put(running.contracts, f"/v1/offers/O{house.number}", offer_of(house) | other).json()["code"] == code


def test_the_browser_never_gets_the_orders_reference_or_secret(
    running: Signing, sessions: dict[str, str], house: House
) -> None:
    signing_id = running.begun(sessions["anna"], running.offer(house))
    shown = running.look(sessions["anna"], signing_id).json()
    assert shown.keys() == {"signing_id", "state", "reason", "qr", "start_url"}
    assert shown["qr"].startswith("bankid.")
    assert "autostarttoken=" in shown["start_url"]


def test_no_log_and_no_topic_holds_a_personal_number(running: Signing, sessions: dict[str, str], house: House) -> None:
    signing_id = running.begun(sessions["anna"], running.offer(house))
    approved(running, sessions["anna"], signing_id)
    contract_id = running.contracts.get(f"/v1/contracts/K{house.number}").json()["contract_id"]
    events = str(told(running.stack, CONTRACTS_CHANGED, contract_id, ContractChanged, 2))
    written = events + "".join(path.read_text() for path in running.logs.glob("*.log"))
    assert [number for number in NUMBERS.values() if number in written or number[2:] in written] == []
