"""The chain of issued invoices: each one's digest covers all before it, so that none can be changed unseen."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

BEGINNING = bytes(32)
"""What stands before the first invoice of a series."""


def chained(before: bytes, invoice: Mapping[str, Any], lines: Sequence[Mapping[str, Any]]) -> bytes:
    """Give the SHA-256 over the digest before, an invoice and its lines. Values: text, whole numbers, None, or such."""
    document = {"invoice": dict(invoice), "lines": [dict(line) for line in lines]}
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(before + text.encode()).digest()
