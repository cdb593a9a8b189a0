"""Identity numbers at rest: sealed to be read by this service alone, with a keyed digest to find them by."""

import hashlib
import hmac
from typing import NamedTuple

from services.common.sealing import Seal, derived


class SealedIdentity(NamedTuple):
    """What is stored of an identity number."""

    digest: bytes
    sealed: bytes


class Sealer:
    """Seals with AES-256-GCM and digests with HMAC-SHA-256, each under a key of its own made from one secret.

    A plain hash would not do: there are so few numbers that all of them are tried in minutes.
    """

    def __init__(self, secret_hex: str) -> None:
        self._seal = Seal(secret_hex, b"kulvert identity seal")
        self._digest_key = derived(secret_hex, b"kulvert identity digest")

    def seal(self, number: str, owner: bytes) -> SealedIdentity:
        """Seal a number to its owner's id, so that a sealed value moved to another row does not open."""
        return SealedIdentity(self.digest(number), self._seal.seal(number.encode(), owner))

    def open(self, sealed: bytes, owner: bytes) -> str:
        """Read a sealed number. Raises cryptography.exceptions.InvalidTag for another owner, key or value."""
        return self._seal.open(sealed, owner).decode()

    def digest(self, number: str) -> bytes:
        """Give the keyed digest by which equal numbers are found."""
        return hmac.digest(self._digest_key, number.encode(), hashlib.sha256)
