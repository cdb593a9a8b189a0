"""What billing does once its tables were put back from a backup: no number and no month is billed twice."""

from collections.abc import Iterable
from itertools import pairwise

from schemas.invoices import InvoiceIssued
from services.billing.core.reference import sequence_of
from services.billing.store import restored as store
from services.common.postgres import Transaction


async def note(tx: Transaction, told: Iterable[InvoiceIssued]) -> None:
    """Keep what is told of invoices that are not stored: they were issued after the backup."""
    rows = []
    for invoice in told:
        year, sequence = sequence_of(invoice.number)
        rows.append(invoice.model_dump(mode="json") | {"year": year, "sequence": sequence})
    await store.note_lost(tx, rows)


async def take_over(tx: Transaction) -> list[str]:
    """Go on behind the numbers of lost invoices; gives in sentences which they are."""
    await store.skip_numbers(tx)
    lost, again = await store.lost(tx), await store.issued_again(tx)
    return [
        *_sentence("Invoices issued since the backup and lost, whose numbers and months stay taken", lost),
        *_sentence("Of these, numbers or months that others got before this command was run; credit those", again),
    ]


def _sentence(words: str, numbers: list[str]) -> list[str]:
    return [f"{words}: {', '.join(_spans(numbers))}."] if numbers else []


def _spans(numbers: list[str]) -> list[str]:
    """Write numbers that follow each other as first and last; numbers: in order."""
    places = [sequence_of(number) for number in numbers]
    begins = [0, *(at + 1 for at, (one, other) in enumerate(pairwise(places)) if other != (one[0], one[1] + 1))]
    ends = [*(begin - 1 for begin in begins[1:]), len(numbers) - 1]
    return [
        numbers[begin] if begin == end else f"{numbers[begin]} to {numbers[end]}"
        for begin, end in zip(begins, ends, strict=True)
    ]
