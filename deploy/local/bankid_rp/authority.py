"""The development RP's own authority: a root, a bank under it, its people and its responder. Nobody else trusts it."""

import secrets
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple, Self

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

ROOT, ROOT_KEY = "root.pem", "root.key"
LIFE = timedelta(days=3650)
GIVEN_NAME, SURNAME = "Test", "Testsson"


class Holder(NamedTuple):
    """A certificate with its key."""

    certificate: x509.Certificate
    key: rsa.RSAPrivateKey


def root_in(folder: Path) -> Path:
    """Give the file with the root that completions are verified up to, made where there is none."""
    if not (folder / ROOT).exists():
        _make(folder)
    return folder / ROOT


def _make(folder: Path) -> None:
    made = folder.with_name(f"{folder.name}.{secrets.token_hex(4)}")
    made.mkdir(parents=True, mode=0o700)
    root = new_root()
    (made / ROOT).write_bytes(root.certificate.public_bytes(serialization.Encoding.PEM))
    key = root.key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (made / ROOT_KEY).write_bytes(key)
    try:
        # Whole or not at all: several processes are begun at once.
        made.rename(folder)
    except OSError:
        shutil.rmtree(made)


def new_root() -> Holder:
    """Make a root."""
    key = _new_key()
    name = _name("Development root, not BankID")
    return Holder(_of_authority(name, key, name, key), key)


class Authority:
    """Issues what a completion holds. One key stands for all people: nobody is identified by it."""

    def __init__(self, root: Holder) -> None:
        self._root = root
        bank_key, bank_name = _new_key(), _name("Development bank, not BankID")
        self.bank = Holder(_of_authority(bank_name, bank_key, root.certificate.subject, root.key), bank_key)
        self._person_key = _new_key()
        self._responder = self._made_responder()

    @classmethod
    def of(cls, folder: Path) -> Self:
        """Read the root of a folder."""
        certificate = x509.load_pem_x509_certificate(root_in(folder).read_bytes())
        key = serialization.load_pem_private_key((folder / ROOT_KEY).read_bytes(), None)
        if not isinstance(key, rsa.RSAPrivateKey):
            raise TypeError(f"{folder / ROOT_KEY} is no RSA key: delete the folder, and it is made anew")
        return cls(Holder(certificate, key))

    def person(self, personal_number: str) -> Holder:
        """Give a person's certificate, of the form of BankID's: for non-repudiation, named by his number."""
        own = [
            x509.NameAttribute(NameOID.SURNAME, SURNAME),
            x509.NameAttribute(NameOID.GIVEN_NAME, GIVEN_NAME),
            x509.NameAttribute(NameOID.SERIAL_NUMBER, personal_number),
        ]
        made = self._issued(_name(f"{GIVEN_NAME} {SURNAME}", *own), self._person_key)
        made = made.add_extension(_use(content_commitment=True), critical=True)
        return Holder(made.sign(self.bank.key, SHA256()), self._person_key)

    def other_banks_responder(self) -> list[Holder]:
        """Give the responder of another bank under the same root, and that bank."""
        other = Authority(self._root)
        return [other._responder, other.bank]

    def status(
        self,
        certificate: x509.Certificate,
        nonce: bytes,
        *,
        is_revoked: bool = False,
        by: Sequence[Holder] | None = None,
    ) -> bytes:
        """Say how a certificate stands, as DER. by: who signs it, and above him; without, the bank's responder."""
        now = datetime.now(UTC)
        signer, *above = by or [self._responder]
        answer = ocsp.OCSPResponseBuilder().add_response(
            certificate,
            self.bank.certificate,
            SHA256(),
            ocsp.OCSPCertStatus.REVOKED if is_revoked else ocsp.OCSPCertStatus.GOOD,
            this_update=now,
            next_update=None,
            revocation_time=now if is_revoked else None,
            revocation_reason=None,
        )
        answer = answer.responder_id(ocsp.OCSPResponderEncoding.HASH, signer.certificate)
        answer = answer.certificates([one.certificate for one in (signer, *above)])
        answer = answer.add_extension(x509.OCSPNonce(nonce), critical=False)
        return answer.sign(signer.key, SHA256()).public_bytes(serialization.Encoding.DER)

    def _made_responder(self) -> Holder:
        key = _new_key()
        made = self._issued(_name("Development responder, not BankID"), key)
        made = made.add_extension(_use(digital_signature=True), critical=True)
        made = made.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING]), critical=False)
        return Holder(made.sign(self.bank.key, SHA256()), key)

    def _issued(self, name: x509.Name, key: rsa.RSAPrivateKey) -> x509.CertificateBuilder:
        return _begun(name, key, self.bank.certificate.subject, self.bank.key)


def _new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _name(common_name: str, *more: x509.NameAttribute[str]) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "SE"), *more, _common(common_name)])


def _common(name: str) -> x509.NameAttribute[str]:
    return x509.NameAttribute(NameOID.COMMON_NAME, name)


def _of_authority(
    name: x509.Name, key: rsa.RSAPrivateKey, issuer: x509.Name, issuer_key: rsa.RSAPrivateKey
) -> x509.Certificate:
    made = _begun(name, key, issuer, issuer_key)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    made = made.add_extension(_use(key_cert_sign=True, crl_sign=True), critical=True)
    return made.sign(issuer_key, SHA256())


def _begun(
    name: x509.Name, key: rsa.RSAPrivateKey, issuer: x509.Name, issuer_key: rsa.RSAPrivateKey
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(issuer, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + LIFE)
    made = made.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    by = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    return made.add_extension(by, critical=False)


def _use(**uses: bool) -> x509.KeyUsage:
    none = dict.fromkeys(
        (
            "digital_signature",
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "key_cert_sign",
            "crl_sign",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    return x509.KeyUsage(**(none | uses))
