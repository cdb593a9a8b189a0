"""The chain of issued invoices: each one's digest covers all before it, and the number series knows its end."""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from services.billing.core.reference import SERIES_BEGINS

BEGINNING = bytes(32)
"""What stands before the first invoice of a year."""

DIGEST = "chain_sha256"
Row = Mapping[str, Any]


class Flaw(StrEnum):
    """How a number's invoice is not as it was issued. The value is shown to staff and never renamed."""

    CHANGED = "changed"
    MISSING = "missing"
    NEVER_ISSUED = "never_issued"


@dataclass(frozen=True, slots=True)
class Series:
    """Where the numbers of a year go on, and the chain's newest digest."""

    next_number: int = SERIES_BEGINS
    chain_sha256: bytes = BEGINNING

    @property
    def count(self) -> int:
        """How many numbers have been given."""
        return self.next_number - SERIES_BEGINS


@dataclass(frozen=True, slots=True)
class Break:
    """The first number of a year's series whose invoice is not as it was issued."""

    sequence: int
    flaw: Flaw


def chained(before: bytes, invoice: Row, lines: Sequence[Row]) -> bytes:
    """Give the SHA-256 over the digest before, an invoice without its own digest, and its lines.

    Rows to be written and rows read back give the same: ids, times and decimals count as the text they are.
    """
    document = {"invoice": dict(invoice), "lines": [dict(line) for line in lines]}
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_text)
    return hashlib.sha256(before + text.encode()).digest()


def follow(
    links: Iterable[tuple[Row, Sequence[Row]]], at: Series, lost: Collection[int] = ()
) -> tuple[Series, Break | None]:
    """Follow a stretch of the chain from a place on; gives how far it holds, and what breaks it there if anything.

    links: invoices by their number in the series, each with its lines. lost: numbers whose invoices a backup did not
    have; the next one was linked to the last that it had.
    """
    for invoice, lines in links:
        at = _behind(lost, at)
        sequence, said = invoice["sequence"], invoice[DIGEST]
        if sequence < at.next_number:
            return at, Break(sequence, Flaw.NEVER_ISSUED)
        if sequence > at.next_number:
            return at, Break(at.next_number, Flaw.MISSING)
        if said != chained(at.chain_sha256, {name: invoice[name] for name in invoice if name != DIGEST}, lines):
            return at, Break(sequence, Flaw.CHANGED)
        at = Series(sequence + 1, said)
    return _behind(lost, at), None


def _behind(lost: Collection[int], at: Series) -> Series:
    while at.next_number in lost:
        at = Series(at.next_number + 1, at.chain_sha256)
    return at


def break_at_end(at: Series, issued: Series) -> Break | None:
    """Hold the chain's end against the year's number series; without that, the newest could be deleted unseen."""
    if at.next_number < issued.next_number:
        return Break(at.next_number, Flaw.MISSING)
    if at.next_number > issued.next_number:
        return Break(issued.next_number, Flaw.NEVER_ISSUED)
    if at.chain_sha256 != issued.chain_sha256:
        return Break(at.next_number - 1, Flaw.CHANGED)
    return None


def _text(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID | Decimal):
        return str(value)
    raise TypeError(f"an invoice cannot hold a {type(value).__name__}")
