"""The chain of issued invoices: each one's digest covers all before it, so that none can be changed unseen."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

BEGINNING = bytes(32)
"""What stands before the first invoice of a year."""

DIGEST = "chain_sha256"
Row = Mapping[str, Any]


def chained(before: bytes, invoice: Row, lines: Sequence[Row]) -> bytes:
    """Give the SHA-256 over the digest before, an invoice without its own digest, and its lines.

    Rows to be written and rows read back give the same: ids, times and decimals count as the text they are.
    """
    document = {"invoice": dict(invoice), "lines": [dict(line) for line in lines]}
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_text)
    return hashlib.sha256(before + text.encode()).digest()


def broken_link(invoices: Iterable[tuple[Row, Sequence[Row]]], before: bytes) -> tuple[str | None, bytes]:
    """Follow a stretch of the chain; gives the number of the first invoice that does not fit, and the last digest."""
    for invoice, lines in invoices:
        said = invoice[DIGEST]
        if said != chained(before, {name: invoice[name] for name in invoice if name != DIGEST}, lines):
            return invoice["number"], said
        before = said
    return None, before


def _text(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID | Decimal):
        return str(value)
    raise TypeError(f"an invoice cannot hold a {type(value).__name__}")
