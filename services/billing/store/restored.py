"""Billing's tables held against what Kafka tells; run by an administrator, once the database was put back."""

from collections.abc import Sequence
from typing import Any

from psycopg.types.json import Jsonb

from services.billing.core.chain import Series
from services.common.postgres import Transaction

_NOTE_LOST = """
    INSERT INTO billing.lost_invoice
           (invoice_id, year, sequence, number, contract_id, customer_id, point_id, month, issued_at, due_on, net_ore,
            vat_ore, total_ore)
    SELECT told.invoice_id, told.year, told.sequence, told.number, told.contract_id, told.customer_id, told.point_id,
           told.month, told.issued_at, told.due_on, told.net_ore, told.vat_ore, told.total_ore
      FROM jsonb_to_recordset(%s) AS told(
           invoice_id uuid, year integer, sequence bigint, number text, contract_id uuid, customer_id uuid,
           point_id integer, month date, issued_at timestamptz, due_on date, net_ore bigint, vat_ore bigint,
           total_ore bigint)
     WHERE NOT EXISTS (SELECT FROM billing.invoice WHERE invoice.invoice_id = told.invoice_id)
    ON CONFLICT DO NOTHING
"""
# A year that began after the backup has no series yet.
_SKIP_NUMBERS = """
    INSERT INTO billing.number_series AS series (year, next_number, chain_sha256)
    SELECT year, max(sequence) + 1, %s FROM billing.lost_invoice GROUP BY year
    ON CONFLICT (year) DO UPDATE SET next_number = greatest(series.next_number, excluded.next_number)
"""
_LOST = "SELECT number FROM billing.lost_invoice ORDER BY year, sequence"
_ISSUED_AGAIN = """
    SELECT lost.number FROM billing.lost_invoice AS lost
     WHERE EXISTS (SELECT FROM billing.invoice
                    WHERE (invoice.year, invoice.sequence) = (lost.year, lost.sequence)
                       OR (invoice.contract_id, invoice.month) = (lost.contract_id, lost.month))
     ORDER BY lost.year, lost.sequence
"""


async def note_lost(tx: Transaction, told: Sequence[dict[str, Any]]) -> None:
    """Keep those of the told invoices that are not stored. Values are text and numbers, as in JSON."""
    await tx.execute(_NOTE_LOST, [Jsonb(list(told))])


async def skip_numbers(tx: Transaction) -> None:
    """Let the number series go on behind the numbers of lost invoices."""
    await tx.execute(_SKIP_NUMBERS, [Series().chain_sha256])


async def lost(tx: Transaction) -> list[str]:
    """Give the numbers of lost invoices, in order."""
    return [row[0] for row in await (await tx.execute(_LOST)).fetchall()]


async def issued_again(tx: Transaction) -> list[str]:
    """Give the numbers of those lost invoices whose number or month another one has."""
    return [row[0] for row in await (await tx.execute(_ISSUED_AGAIN)).fetchall()]
