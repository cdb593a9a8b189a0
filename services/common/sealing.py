"""Values at rest that this installation alone may read again, sealed under keys made from its secret."""

import os

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

NONCE_BYTES = 12
KEY_BYTES = 32


class Seal:
    """Seals with AES-256-GCM, to an owner: a sealed value moved to another row does not open."""

    def __init__(self, secret_hex: str, purpose: bytes) -> None:
        self._cipher = AESGCM(derived(secret_hex, purpose))

    def seal(self, plain: bytes, owner: bytes) -> bytes:
        """Seal a value; the same value is sealed differently each time."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain, owner)

    def open(self, sealed: bytes, owner: bytes) -> bytes:
        """Read a sealed value. Raises cryptography.exceptions.InvalidTag for another owner, secret or value."""
        return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], owner)


def derived(secret_hex: str, purpose: bytes) -> bytes:
    """Make the key for one purpose from a secret of 256 bits."""
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=purpose).derive(bytes.fromhex(secret_hex))
