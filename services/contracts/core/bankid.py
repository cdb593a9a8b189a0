"""Whether a signature is on what was offered."""

import base64
import binascii
from enum import StrEnum
from xml.etree import ElementTree

from schemas.bankid import encoded

TYPES = "{http://www.bankid.com/signature/v1.0.0/types}"
SIGNED_DATA = f".//{TYPES}bankIdSignedData"


class SignatureFault(StrEnum):
    """Why a signature is not one on an offer. The value is stored and never renamed."""

    UNREADABLE = "signature_unreadable"
    NOT_A_SIGNING = "not_a_signing"
    OTHER_TEXT = "other_text"
    OTHER_DOCUMENT = "other_document"


def signature_fault(signature: str, text: str, hidden: str) -> SignatureFault | None:
    """Say why a signature is not one on a text and on what goes with it unseen; None where it is.

    signature: XML in Base64, as collect gives it. That BankID made it is known by the connection that it came over.
    """
    try:
        xml = base64.b64decode(signature, validate=True)
        # Nothing that BankID signs declares entities, and one that did could make a small text a huge one.
        signed = None if b"<!" in xml else ElementTree.fromstring(xml).find(SIGNED_DATA)  # noqa: S314
    except (binascii.Error, ElementTree.ParseError):
        return SignatureFault.UNREADABLE
    if signed is None:
        return SignatureFault.UNREADABLE
    if signed.findtext(f"{TYPES}clientInfo/{TYPES}funcId") != "Signing":
        return SignatureFault.NOT_A_SIGNING
    if signed.findtext(f"{TYPES}usrVisibleData") != encoded(text):
        return SignatureFault.OTHER_TEXT
    if signed.findtext(f"{TYPES}usrNonVisibleData") != encoded(hidden):
        return SignatureFault.OTHER_DOCUMENT
    return None
