"""Whether what completed an order is what BankID says it is: signature, certificate and status, each verified here."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from cryptography.x509.verification import (
    Criticality,
    ExtensionPolicy,
    Policy,
    PolicyBuilder,
    Store,
    VerificationError,
)
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.exceptions import SignXMLException
from signxml.verifier import SignatureConfiguration, XMLVerifier

from schemas.bankid import Completion, encoded

TYPES = "{http://www.bankid.com/signature/v1.0.0/types}"
DSIG = "{http://www.w3.org/2000/09/xmldsig#}"
SIGNED_DATA, KEY_INFO = f"{TYPES}bankIdSignedData", f"{DSIG}KeyInfo"
CLOCKS_DIFFER = timedelta(minutes=5)
"""By so much at most, BankID's from ours."""

_HASHES = (SHA256, SHA384, SHA512)
_SIGNED_AS = SignatureConfiguration(
    location="./",
    expect_references=2,
    signature_methods=frozenset(
        (
            SignatureMethod.RSA_SHA256,
            SignatureMethod.RSA_SHA384,
            SignatureMethod.RSA_SHA512,
            SignatureMethod.ECDSA_SHA256,
            SignatureMethod.ECDSA_SHA384,
            SignatureMethod.ECDSA_SHA512,
        )
    ),
    digest_algorithms=frozenset((DigestAlgorithm.SHA256, DigestAlgorithm.SHA384, DigestAlgorithm.SHA512)),
)


class Fault(StrEnum):
    """Why a completion is not taken. The value is stored, shown and never renamed."""

    UNREADABLE = "signature_unreadable"
    NOT_TRUSTED = "certificate_not_trusted"
    NOT_VALID = "signature_not_valid"
    NUMBER_DIFFERS = "certificate_of_another"
    OTHER_FUNCTION = "not_a_signing"
    OTHER_TEXT = "other_text"
    OTHER_DOCUMENT = "other_document"
    STATUS_NOT_VALID = "status_not_valid"
    REVOKED = "certificate_revoked"


class Function(StrEnum):
    """What BankID's app writes that a person did."""

    SIGN = "Signing"
    IDENTIFY = "Identification"


class Expected(NamedTuple):
    """What an order was begun with."""

    function: Function
    text: str = ""
    hidden: str = ""


class _FaultError(Exception):
    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.fault = fault


class _SignatureVerifier(XMLVerifier):
    # What lxml declares too much inside an element that names its default namespace anew, as BankID's do.
    excise_empty_xmlns_declarations = True


class Verifier:
    """Verifies completions up to roots that the operator has named, and no others."""

    def __init__(self, roots_pem: bytes) -> None:
        """Trust the roots. Raises ValueError where there is none to be read."""
        store = Store(x509.load_pem_x509_certificates(roots_pem))
        self._signers = _policy(store, _signs_for_a_person)
        self._responders = _policy(store, None)

    def fault(self, completion: Completion, expected: Expected, began_at: datetime, now: datetime) -> Fault | None:
        """Say why a completion is not one of an order; None where it is.

        began_at: when the order did; a status from before it is not of this signature. What is wrong in detail is not
        told: it could name a person. Source: XML-DSig, RFC 5280 and RFC 6960; the form of the data and of the nonce is
        that of published answers of BankID's and of relying parties' verifiers.
        """
        try:
            xml = _decoded(completion.signature)
            chain = self._chain(xml, now)
            signed = _signed_data(xml, chain[0])
            _check_what_is_signed(signed, chain[0], completion, expected)
            self._check_status(completion, chain, began_at, now)
        except _FaultError as error:
            return error.fault
        return None

    def _chain(self, xml: bytes, now: datetime) -> Sequence[x509.Certificate]:
        """Give the certificates from the signer's to a root."""
        try:
            listed = _root_of(xml).iterfind(f"{KEY_INFO}/{DSIG}X509Data/{DSIG}X509Certificate")
            first, *between = [x509.load_der_x509_certificate(base64.b64decode(one.text or "")) for one in listed]
        except (ValueError, UnsupportedAlgorithm) as error:
            raise _FaultError(Fault.UNREADABLE) from error
        try:
            chain = self._signers.time(now).build_client_verifier().verify(first, between).chain
        except VerificationError as error:
            raise _FaultError(Fault.NOT_TRUSTED) from error
        if len(chain) == 1:
            # A root says of nobody who he is.
            raise _FaultError(Fault.NOT_TRUSTED)
        return chain

    def _check_status(
        self, completion: Completion, chain: Sequence[x509.Certificate], began_at: datetime, now: datetime
    ) -> None:
        try:
            response = ocsp.load_der_ocsp_response(_decoded(completion.ocspResponse))
            is_its = (
                response.response_status is ocsp.OCSPResponseStatus.SUCCESSFUL
                and _is_of(response, chain)
                and _is_bound_to(response, completion.signature)
                and began_at - CLOCKS_DIFFER <= response.produced_at_utc <= now + CLOCKS_DIFFER
                and response.this_update_utc <= now + CLOCKS_DIFFER
                and (response.next_update_utc is None or now <= response.next_update_utc + CLOCKS_DIFFER)
            )
            is_its = is_its and self._is_signed(response, chain, now)
            status = response.certificate_status if is_its else None
        except (ValueError, UnsupportedAlgorithm, x509.ExtensionNotFound) as error:
            raise _FaultError(Fault.STATUS_NOT_VALID) from error
        if status is ocsp.OCSPCertStatus.REVOKED:
            raise _FaultError(Fault.REVOKED)
        if status is not ocsp.OCSPCertStatus.GOOD:
            raise _FaultError(Fault.STATUS_NOT_VALID)

    def _is_signed(self, response: ocsp.OCSPResponse, chain: Sequence[x509.Certificate], now: datetime) -> bool:
        """Tell whether somebody signed who may say how the certificate stands: its issuer, or that one's own responder.

        Source: RFC 6960, 4.2.2.2.
        """
        issuer, sent = chain[1], response.certificates
        signers = [one for one in (issuer, *sent) if _is_responder(response, one) and _has_signed(one, response)]
        if issuer in signers:
            return True
        verifier = self._responders.time(now).build_client_verifier()
        for one in signers:
            # Another bank's responder leads to the same root, and may say nothing of this bank's certificates.
            if not (_may_respond(one) and _is_issued_by(one, issuer)):
                continue
            try:
                verifier.verify(one, [*chain[1:], *(other for other in sent if other != one)])
            except VerificationError:
                continue
            return True
        return False


def _policy(store: Store, check_use: Callable[[Policy, x509.Certificate, x509.KeyUsage], None] | None) -> PolicyBuilder:
    own = ExtensionPolicy.permit_all()
    if check_use:
        own = own.require_present(x509.KeyUsage, Criticality.AGNOSTIC, check_use)
    issuers = ExtensionPolicy.webpki_defaults_ca()
    return PolicyBuilder().store(store).extension_policies(ca_policy=issuers, ee_policy=own)


def _signs_for_a_person(_: Policy, __: x509.Certificate, use: x509.KeyUsage) -> None:
    # BankID's certificates for signing are for non-repudiation alone.
    if not (use.content_commitment or use.digital_signature):
        raise ValueError("the certificate is not for signing")


def _decoded(base64_text: str) -> bytes:
    try:
        return base64.b64decode(base64_text, validate=True)
    except binascii.Error as error:
        raise _FaultError(Fault.UNREADABLE) from error


def _root_of(xml: bytes) -> etree._Element:
    # Nothing that BankID signs declares entities, and one that did could make a small text a huge one.
    if b"<!" in xml:
        raise _FaultError(Fault.UNREADABLE)
    try:
        root = etree.fromstring(xml, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError as error:
        raise _FaultError(Fault.UNREADABLE) from error
    if root.tag != f"{DSIG}Signature":
        raise _FaultError(Fault.UNREADABLE)
    return root


def _signed_data(xml: bytes, signer: x509.Certificate) -> etree._Element:
    """Verify the signature, and give what was signed: that alone may be read."""
    try:
        found = _SignatureVerifier().verify(_root_of(xml), x509_cert=signer, expect_config=_SIGNED_AS)
    except (SignXMLException, etree.LxmlError, ValueError, UnsupportedAlgorithm) as error:
        raise _FaultError(Fault.NOT_VALID) from error
    parts = found if isinstance(found, list) else [found]
    signed = {one.signed_xml.tag: one.signed_xml for one in parts if one.signed_xml is not None}
    if signed.keys() != {SIGNED_DATA, KEY_INFO}:
        raise _FaultError(Fault.NOT_VALID)
    return signed[SIGNED_DATA]


def _check_what_is_signed(
    signed: etree._Element, signer: x509.Certificate, completion: Completion, expected: Expected
) -> None:
    number = completion.user.personalNumber.get_secret_value()
    if [one.value for one in signer.subject.get_attributes_for_oid(NameOID.SERIAL_NUMBER)] != [number]:
        raise _FaultError(Fault.NUMBER_DIFFERS)
    if signed.findtext(f"{TYPES}clientInfo/{TYPES}funcId") != expected.function:
        raise _FaultError(Fault.OTHER_FUNCTION)
    if (signed.findtext(f"{TYPES}usrVisibleData") or "") != encoded(expected.text):
        raise _FaultError(Fault.OTHER_TEXT)
    if (signed.findtext(f"{TYPES}usrNonVisibleData") or "") != encoded(expected.hidden):
        raise _FaultError(Fault.OTHER_DOCUMENT)


def _is_of(response: ocsp.OCSPResponse, chain: Sequence[x509.Certificate]) -> bool:
    asked = ocsp.OCSPRequestBuilder().add_certificate(chain[0], chain[1], response.hash_algorithm).build()
    named = (response.serial_number, response.issuer_name_hash, response.issuer_key_hash)
    return named == (asked.serial_number, asked.issuer_name_hash, asked.issuer_key_hash)


def _is_bound_to(response: ocsp.OCSPResponse, signature: str) -> bool:
    """Tell whether a status was asked for a signature: its nonce begins with the SHA-1 of the signature in Base64."""
    nonce = response.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce
    # SHA-1 is BankID's choice; what it binds is signed with better.
    digest = hashlib.sha1(signature.encode(), usedforsecurity=False).digest()
    return hmac.compare_digest(nonce[: len(digest)], digest)


def _is_responder(response: ocsp.OCSPResponse, one: x509.Certificate) -> bool:
    if response.responder_name is not None:
        return one.subject == response.responder_name
    return x509.SubjectKeyIdentifier.from_public_key(one.public_key()).digest == response.responder_key_hash


def _may_respond(one: x509.Certificate) -> bool:
    try:
        uses = one.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return False
    return ExtendedKeyUsageOID.OCSP_SIGNING in uses


def _is_issued_by(one: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        one.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _has_signed(one: x509.Certificate, response: ocsp.OCSPResponse) -> bool:
    key, algorithm = one.public_key(), response.signature_hash_algorithm
    if not isinstance(algorithm, _HASHES):
        return False
    try:
        if isinstance(key, RSAPublicKey):
            key.verify(response.signature, response.tbs_response_bytes, PKCS1v15(), algorithm)
        elif isinstance(key, EllipticCurvePublicKey):
            key.verify(response.signature, response.tbs_response_bytes, ECDSA(algorithm))
        else:
            return False
    except InvalidSignature:
        return False
    return True
