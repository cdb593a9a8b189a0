"""Tokens of links and sessions: only their digest is kept."""

import hashlib

TOKEN_BYTES = 32
"""256 bits from the system's source of randomness; guessing is hopeless, so a plain SHA-256 is enough."""


def digest(token: str) -> bytes:
    """Give the SHA-256 under which a token is stored."""
    return hashlib.sha256(token.encode()).digest()
