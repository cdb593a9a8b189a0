"""Invoices and months to look at."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from psycopg.rows import dict_row

from services.common.postgres import Transaction

_INVOICE = """
    SELECT invoice_id, number, contract_id, customer_id, point_id, month, part_from, part_to, issued_at, due_on,
           net_ore, vat_ore, total_ore, basis
      FROM billing.invoice WHERE number = %s
"""
_LINES = """
    SELECT line, part_from, part_to, component, label, quantity, unit, price, fixed_price, days, year_days,
           vat_percent, amount_ore
      FROM billing.invoice_line WHERE invoice_id = %s ORDER BY line
"""
_LIST = """
    SELECT invoice.number, invoice.month, invoice.issued_at, invoice.due_on, invoice.net_ore, invoice.vat_ore,
           invoice.total_ore, invoice.basis ->> 'contract_number' AS contract_number,
           invoice.basis ->> 'customer_name' AS customer_name,
           invoice.basis ->> 'metering_point' AS metering_point, period.state
      FROM billing.invoice AS invoice
      JOIN billing.period AS period ON period.invoice_id = invoice.invoice_id
     WHERE (%(month)s::date IS NULL OR invoice.month = %(month)s)
       AND (%(before)s::text IS NULL
            OR (invoice.year, invoice.sequence)
               < (SELECT older.year, older.sequence FROM billing.invoice AS older WHERE older.number = %(before)s))
     ORDER BY invoice.year DESC, invoice.sequence DESC
     LIMIT %(limit)s
"""
_COUNTS = """
    SELECT state, coalesce(held_reason, dirty_reason, ''), count(*)
      FROM billing.period WHERE month = %s GROUP BY 1, 2 ORDER BY 1, 2
"""
_PERIODS = """
    SELECT contract.contract_number, period.part_from, period.part_to, period.state, period.held_reason,
           period.dirty_reason, invoice.number AS invoice_number, period.changed_at
      FROM billing.period AS period
      JOIN billing.contract AS contract USING (contract_id)
      LEFT JOIN billing.invoice AS invoice USING (invoice_id)
     WHERE period.month = %(month)s AND (%(state)s::text IS NULL OR period.state = %(state)s)
       AND contract.contract_number > %(after)s
     ORDER BY contract.contract_number
     LIMIT %(limit)s
"""
_SESSION = "SELECT set_config('kulvert.session_token', %s, true)"
_SEES = "SELECT billing_v1.session_sees(%s)"

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Invoice:
    """An issued invoice with its lines, as it was written."""

    head: Row
    lines: list[Row]


async def invoice(tx: Transaction, number: str) -> Invoice | None:
    """Read an invoice by its number."""
    async with tx.cursor(row_factory=dict_row) as cursor:
        head = await (await cursor.execute(_INVOICE, [number])).fetchone()
        if head is None:
            return None
        return Invoice(head, list(await (await cursor.execute(_LINES, [head["invoice_id"]])).fetchall()))


async def session_sees(tx: Transaction, session_token: str, number: str) -> bool:
    """Tell whether the person of a session may see an invoice; False for an unknown invoice or session."""
    await tx.execute(_SESSION, [session_token])
    row = await (await tx.execute(_SEES, [number])).fetchone()
    return bool(row and row[0])


async def invoices(tx: Transaction, month: date | None, before: str | None, limit: int) -> list[Row]:
    """List invoices, newest first. before: a number; only those issued before it."""
    async with tx.cursor(row_factory=dict_row) as cursor:
        found = await cursor.execute(_LIST, {"month": month, "before": before, "limit": limit})
        return list(await found.fetchall())


async def counts(tx: Transaction, month: date) -> list[tuple[str, str, int]]:
    """Count a month's contracts by state and reason."""
    return [(state, reason, count) for state, reason, count in await (await tx.execute(_COUNTS, [month])).fetchall()]


async def periods(tx: Transaction, month: date, state: str | None, after: str, limit: int) -> list[Row]:
    """List what became of a month's contracts, by contract number. after: only those behind this one."""
    async with tx.cursor(row_factory=dict_row) as cursor:
        values = {"month": month, "state": state, "after": after, "limit": limit}
        return list(await (await cursor.execute(_PERIODS, values)).fetchall())
