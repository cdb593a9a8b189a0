"""Identity numbers at rest: sealed to be read by this service alone, with a keyed digest to find them by."""

import hashlib
import hmac
import os
from typing import NamedTuple

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

NONCE_BYTES = 12
KEY_BYTES = 32


class SealedIdentity(NamedTuple):
    """What is stored of an identity number."""

    digest: bytes
    sealed: bytes


class Sealer:
    """Seals with AES-256-GCM and digests with HMAC-SHA-256, each under a key of its own made from one secret.

    A plain hash would not do: there are so few numbers that all of them are tried in minutes.
    """

    def __init__(self, secret_hex: str) -> None:
        secret = bytes.fromhex(secret_hex)
        self._cipher = AESGCM(_derived(secret, b"kulvert identity seal"))
        self._digest_key = _derived(secret, b"kulvert identity digest")

    def seal(self, number: str, owner: bytes) -> SealedIdentity:
        """Seal a number to its owner's id, so that a sealed value moved to another row does not open."""
        nonce = os.urandom(NONCE_BYTES)
        return SealedIdentity(self.digest(number), nonce + self._cipher.encrypt(nonce, number.encode(), owner))

    def open(self, sealed: bytes, owner: bytes) -> str:
        """Read a sealed number. Raises cryptography.exceptions.InvalidTag for another owner, key or value."""
        return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], owner).decode()

    def digest(self, number: str) -> bytes:
        """Give the keyed digest by which equal numbers are found."""
        return hmac.digest(self._digest_key, number.encode(), hashlib.sha256)


def _derived(secret: bytes, purpose: bytes) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=purpose).derive(secret)
