"""What proves an approval, made as BankID makes it, or wrong in one way that a relying party must notice."""

import base64
import hashlib
import secrets
from dataclasses import dataclass
from enum import StrEnum
from xml.sax.saxutils import escape

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from deploy.local.bankid_rp.authority import Authority, new_root

DSIG = "http://www.w3.org/2000/09/xmldsig#"
C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
TYPES = "http://www.bankid.com/signature/v1.0.0/types"
NONCE_TAIL_BYTES = 10

# Each written in its canonical form, so that what is digested is what stands here.
_DATA = (
    f'<bankIdSignedData xmlns="{TYPES}" Id="bidSignedData">'
    '<usrVisibleData charset="UTF-8" visible="wysiwys">{visible}</usrVisibleData>'
    "<usrNonVisibleData>{hidden}</usrNonVisibleData>"
    "<srvInfo><name>ZGV2ZWxvcG1lbnQ=</name><nonce>{nonce}</nonce></srvInfo>"
    "<clientInfo><funcId>{function}</funcId></clientInfo></bankIdSignedData>"
)
_CERTIFICATES = f'<KeyInfo xmlns="{DSIG}" Id="bidKeyInfo"><X509Data>{{certificates}}</X509Data></KeyInfo>'
_REFERENCE = (
    f'<Reference{{kind}} URI="#{{name}}"><Transforms><Transform Algorithm="{C14N}"></Transform></Transforms>'
    '<DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"></DigestMethod>'
    "<DigestValue>{digest}</DigestValue></Reference>"
)
_SIGNED_INFO = (
    f'<SignedInfo xmlns="{DSIG}"><CanonicalizationMethod Algorithm="{C14N}"></CanonicalizationMethod>'
    '<SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"></SignatureMethod>'
    "{references}</SignedInfo>"
)
_SIGNATURE = (
    f'<?xml version="1.0" encoding="UTF-8"?><Signature xmlns="{DSIG}">'
    "{signed_info}<SignatureValue>{value}</SignatureValue>{key_info}<Object>{data}</Object></Signature>"
)
OTHER = base64.b64encode(b"Something else than what was offered").decode()


class Wrong(StrEnum):
    """What may be wrong with a completion."""

    OTHER_TEXT = "other-text"
    OTHER_DOCUMENT = "other-document"
    CHANGED_AFTERWARDS = "changed-afterwards"
    FORGED = "forged"
    OTHER_CERTIFICATE = "other-certificate"
    REVOKED = "revoked"
    OTHER_STATUS = "other-status"
    OTHER_BANKS_STATUS = "other-banks-status"
    NO_STATUS = "no-status"


@dataclass(frozen=True)
class Approved:
    """What a person has approved. visible, hidden: in Base64. function: as BankID's app writes it."""

    personal_number: str
    function: str
    visible: str
    hidden: str


def completion(authority: Authority, approved: Approved, wrong: Wrong | None = None) -> tuple[str, str]:
    """Give the signature and the OCSP response of an approval, each in Base64."""
    # Made by a stranger, who can write whatever name he likes into a certificate.
    issuer = Authority(new_root()) if wrong is Wrong.FORGED else authority
    number = OTHER_PERSON if wrong is Wrong.OTHER_CERTIFICATE else approved.personal_number
    person = issuer.person(number)
    data = _DATA.format(
        visible=escape(OTHER if wrong is Wrong.OTHER_TEXT else approved.visible),
        hidden=escape(OTHER if wrong is Wrong.OTHER_DOCUMENT else approved.hidden),
        nonce=secrets.token_urlsafe(12),
        function=approved.function,
    )
    xml = _signed(data, person.key, [person.certificate, issuer.bank.certificate])
    if wrong is Wrong.CHANGED_AFTERWARDS:
        xml = xml.replace("<usrVisibleData ", '<usrVisibleData changed="afterwards" ')
    signature = _base64(xml.encode())
    if wrong is Wrong.NO_STATUS:
        return signature, _base64(b"no OCSP response")
    nonce = nonce_for("another signature" if wrong is Wrong.OTHER_STATUS else signature)
    responder = authority.other_banks_responder() if wrong is Wrong.OTHER_BANKS_STATUS else None
    status = issuer.status(person.certificate, nonce, is_revoked=wrong is Wrong.REVOKED, by=responder)
    return signature, _base64(status)


OTHER_PERSON = "189001019802"


def nonce_for(signature: str) -> bytes:
    """Give the nonce that binds a status to a signature: the SHA-1 of it in Base64, and what makes it unique."""
    return hashlib.sha1(signature.encode(), usedforsecurity=False).digest() + secrets.token_bytes(NONCE_TAIL_BYTES)


def _signed(data: str, key: RSAPrivateKey, chain: list[x509.Certificate]) -> str:
    listed = "".join(f"<X509Certificate>{_base64(one.public_bytes(Encoding.DER))}</X509Certificate>" for one in chain)
    key_info = _CERTIFICATES.format(certificates=listed)
    references = _reference("bidSignedData", data, f' Type="{TYPES}"') + _reference("bidKeyInfo", key_info)
    signed_info = _SIGNED_INFO.format(references=references)
    value = _base64(key.sign(signed_info.encode(), PKCS1v15(), SHA256()))
    return _SIGNATURE.format(signed_info=signed_info, value=value, key_info=key_info, data=data)


def _reference(name: str, element: str, kind: str = "") -> str:
    return _REFERENCE.format(name=name, kind=kind, digest=_base64(hashlib.sha256(element.encode()).digest()))


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()
