"""A completion is taken where signature, certificate and status are all genuine, of this order and of this person."""

import base64
import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.ocsp import load_der_ocsp_response

from deploy.local.bankid_rp import evidence
from deploy.local.bankid_rp.authority import Authority, Holder, new_root
from deploy.local.bankid_rp.evidence import Approved, Wrong, completion, nonce_for
from schemas.bankid import Completion, encoded
from services.common.bankid.completion import Expected, Fault, Function, Verifier

ANNA, BO = "199001010017", "198505050024"
TEXT, HIDDEN = "Jag godkänner.", '{"document_sha256":"00"}'
EXPECTED = Expected(Function.SIGN, TEXT, HIDDEN)
MINUTE = timedelta(minutes=1)
FAULTS = {
    Wrong.OTHER_TEXT: Fault.OTHER_TEXT,
    Wrong.OTHER_DOCUMENT: Fault.OTHER_DOCUMENT,
    Wrong.CHANGED_AFTERWARDS: Fault.NOT_VALID,
    Wrong.FORGED: Fault.NOT_TRUSTED,
    Wrong.OTHER_CERTIFICATE: Fault.NUMBER_DIFFERS,
    Wrong.REVOKED: Fault.REVOKED,
    Wrong.OTHER_STATUS: Fault.STATUS_NOT_VALID,
    Wrong.OTHER_BANKS_STATUS: Fault.STATUS_NOT_VALID,
    Wrong.NO_STATUS: Fault.STATUS_NOT_VALID,
}


@pytest.fixture(scope="module")
def root() -> Holder:
    return new_root()


@pytest.fixture(scope="module")
def authority(root: Holder) -> Authority:
    return Authority(root)


@pytest.fixture(scope="module")
def verifier(root: Holder) -> Verifier:
    return Verifier(root.certificate.public_bytes(Encoding.PEM))


@pytest.fixture
def now() -> datetime:
    """The moment of the test: what proves an approval is made in it, and is of no other."""
    return datetime.now(UTC)


def approved(function: str = "Signing", number: str = ANNA) -> Approved:
    return Approved(number, function, encoded(TEXT), encoded(HIDDEN))


def answer(signature: str, ocsp_response: str, number: str = ANNA) -> Completion:
    return Completion.model_validate(
        {"user": {"personalNumber": number}, "signature": signature, "ocspResponse": ocsp_response}
    )


def changed(signature: str, change: Callable[[str], str]) -> str:
    xml = base64.b64decode(signature).decode()
    assert change(xml) != xml
    return base64.b64encode(change(xml).encode()).decode()


def test_a_genuine_signature_on_what_was_offered_has_no_fault(
    verifier: Verifier, authority: Authority, now: datetime
) -> None:
    assert verifier.fault(answer(*completion(authority, approved())), EXPECTED, now, now) is None


def test_a_genuine_log_in_signs_nothing_but_who_one_is(verifier: Verifier, authority: Authority, now: datetime) -> None:
    says_who = Approved(ANNA, "Identification", "", "")
    expected = Expected(Function.IDENTIFY)
    assert verifier.fault(answer(*completion(authority, says_who)), expected, now, now) is None


@pytest.mark.parametrize("wrong", Wrong)
def test_whatever_is_wrong_is_noticed(verifier: Verifier, authority: Authority, wrong: Wrong, now: datetime) -> None:
    answered = answer(*completion(authority, approved(), wrong))
    assert verifier.fault(answered, EXPECTED, now, now) is FAULTS[wrong]


def test_who_says_who_he_is_has_signed_nothing(verifier: Verifier, authority: Authority, now: datetime) -> None:
    answered = answer(*completion(authority, approved("Identification")))
    assert verifier.fault(answered, EXPECTED, now, now) is Fault.OTHER_FUNCTION


def test_the_person_whom_bankid_names_is_the_one_of_the_certificate(
    verifier: Verifier, authority: Authority, now: datetime
) -> None:
    assert verifier.fault(answer(*completion(authority, approved()), BO), EXPECTED, now, now) is Fault.NUMBER_DIFFERS


@pytest.mark.parametrize("left_out", ["bidKeyInfo", "bidSignedData"])
def test_both_the_data_and_the_certificates_are_signed(
    verifier: Verifier, authority: Authority, monkeypatch: pytest.MonkeyPatch, left_out: str, now: datetime
) -> None:
    reference = evidence._reference
    monkeypatch.setattr(evidence, "_reference", lambda name, *rest: "" if name == left_out else reference(name, *rest))
    answered = answer(*completion(authority, approved()))
    assert verifier.fault(answered, EXPECTED, now, now) is Fault.NOT_VALID


def test_an_authority_signs_for_no_person(
    verifier: Verifier, root: Holder, monkeypatch: pytest.MonkeyPatch, now: datetime
) -> None:
    for own in (root, Authority(root).bank):
        authority = Authority(root)
        monkeypatch.setattr(authority, "person", lambda _, own=own: own)
        answered = answer(*completion(authority, approved()))
        assert verifier.fault(answered, EXPECTED, now, now) is Fault.NOT_TRUSTED


def test_what_stands_beside_the_signed_data_is_not_read(
    verifier: Verifier, authority: Authority, now: datetime
) -> None:
    """As when somebody wraps what was signed and puts his own in its place."""
    signature, status = completion(authority, approved(), Wrong.OTHER_TEXT)
    own = f"<usrVisibleData>{encoded(TEXT)}</usrVisibleData><usrNonVisibleData>{encoded(HIDDEN)}</usrNonVisibleData>"
    types = 'xmlns="http://www.bankid.com/signature/v1.0.0/types"'
    beside = f"<Object><bankIdSignedData {types}>{own}<clientInfo><funcId>Signing</funcId></clientInfo>"
    beside += "</bankIdSignedData></Object>"
    wrapped = changed(signature, lambda xml: xml.replace("<Object>", beside + "<Object>"))
    nonce = nonce_for(wrapped)
    bound = base64.b64encode(authority.status(authority.person(ANNA).certificate, nonce)).decode()
    for given in (status, bound):
        assert verifier.fault(answer(wrapped, given), EXPECTED, now, now) is Fault.OTHER_TEXT


@pytest.mark.parametrize(
    "given",
    ["not Base64", base64.b64encode(b"<Signature/>").decode(), base64.b64encode(b"no XML").decode(), ""],
    ids=["not Base64", "empty", "no XML", "nothing"],
)
def test_what_is_no_signature_is_unreadable(verifier: Verifier, given: str, now: datetime) -> None:
    assert verifier.fault(answer(given, ""), EXPECTED, now, now) is Fault.UNREADABLE


def test_a_signature_that_declares_entities_is_not_read(
    verifier: Verifier, authority: Authority, now: datetime
) -> None:
    signature, status = completion(authority, approved())
    declaring = changed(
        signature, lambda xml: xml.replace("<Signature ", '<!DOCTYPE x [<!ENTITY a "b">]><Signature ', 1)
    )
    assert verifier.fault(answer(declaring, status), EXPECTED, now, now) is Fault.UNREADABLE


def test_a_status_from_before_the_order_or_from_hereafter_is_not_taken(
    verifier: Verifier, authority: Authority, now: datetime
) -> None:
    answered = answer(*completion(authority, approved()))
    assert verifier.fault(answered, EXPECTED, now - 3 * MINUTE, now) is None
    assert verifier.fault(answered, EXPECTED, now + 10 * MINUTE, now + 10 * MINUTE) is Fault.STATUS_NOT_VALID
    assert verifier.fault(answered, EXPECTED, now - 10 * MINUTE, now - 10 * MINUTE) is Fault.STATUS_NOT_VALID


def test_a_status_of_another_certificate_is_not_taken(verifier: Verifier, authority: Authority, now: datetime) -> None:
    signature, _ = completion(authority, approved())
    status = authority.status(authority.person(ANNA).certificate, nonce_for(signature))
    answered = answer(signature, base64.b64encode(status).decode())
    assert verifier.fault(answered, EXPECTED, now, now) is Fault.STATUS_NOT_VALID


def test_who_may_sign_may_not_say_of_himself_that_he_is_in_order(
    verifier: Verifier, root: Holder, monkeypatch: pytest.MonkeyPatch, now: datetime
) -> None:
    authority = Authority(root)
    monkeypatch.setattr(authority, "_responder", authority.person(BO))
    answered = answer(*completion(authority, approved()))
    assert verifier.fault(answered, EXPECTED, now, now) is Fault.STATUS_NOT_VALID


def test_a_status_that_its_responder_has_not_signed_is_not_taken(
    verifier: Verifier, authority: Authority, now: datetime
) -> None:
    signature, status = completion(authority, approved())
    der = base64.b64decode(status)
    signed = load_der_ocsp_response(der).signature
    other = base64.b64encode(der.replace(signed, signed[::-1])).decode()
    assert verifier.fault(answer(signature, other), EXPECTED, now, now) is Fault.STATUS_NOT_VALID


def test_who_issued_a_certificate_may_say_himself_how_it_stands(
    verifier: Verifier, root: Holder, monkeypatch: pytest.MonkeyPatch, now: datetime
) -> None:
    authority = Authority(root)
    monkeypatch.setattr(authority, "_responder", authority.bank)
    assert verifier.fault(answer(*completion(authority, approved())), EXPECTED, now, now) is None


def test_another_authoritys_responder_is_not_believed(
    verifier: Verifier, root: Holder, monkeypatch: pytest.MonkeyPatch, now: datetime
) -> None:
    authority, stranger = Authority(root), Authority(new_root())
    monkeypatch.setattr(authority, "_responder", stranger._responder)
    answered = answer(*completion(authority, approved()))
    assert verifier.fault(answered, EXPECTED, now, now) is Fault.STATUS_NOT_VALID


def test_certificates_that_are_over_are_not_trusted(verifier: Verifier, authority: Authority, now: datetime) -> None:
    later = now + timedelta(days=3651)
    assert verifier.fault(answer(*completion(authority, approved())), EXPECTED, now, later) is Fault.NOT_TRUSTED


def test_the_nonce_of_a_status_begins_with_the_sha1_of_the_signature_in_base64() -> None:
    assert nonce_for("c2lnbmF0dXJl")[:20].hex() == hashlib.sha1(b"c2lnbmF0dXJl").hexdigest()  # noqa: S324


def test_no_root_is_an_error_and_not_trust_in_everybody() -> None:
    with pytest.raises(ValueError, match="PEM"):
        Verifier(b"")
