"""The chain of a year's invoices, read back stretch by stretch."""

from collections.abc import Mapping, Sequence
from typing import Any

from psycopg.rows import dict_row

from services.billing.core.chain import Series
from services.common.postgres import Transaction

_ONE_MOMENT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"
_SERIES = "SELECT next_number, chain_sha256 FROM billing.number_series WHERE year = %s"
_LOST = "SELECT sequence FROM billing.lost_invoice WHERE year = %s"
_HEADS = """
    SELECT invoice_id, year, sequence, number, contract_id, customer_id, point_id, month, part_from, part_to,
           issued_at, due_on, net_ore, vat_ore, total_ore, basis, chain_sha256
      FROM billing.invoice WHERE year = %s AND sequence > %s ORDER BY sequence LIMIT %s
"""
_LINES = """
    SELECT invoice_id, line, contract_id, point_id, part_from, part_to, component, label, quantity, unit, price,
           fixed_price, days, year_days, vat_percent, amount_ore
      FROM billing.invoice_line WHERE invoice_id = ANY(%s) ORDER BY invoice_id, line
"""

Row = Mapping[str, Any]


async def as_of_one_moment(tx: Transaction) -> None:
    """Let all that the transaction reads be of one moment, also while invoices are issued. Comes first in it."""
    await tx.execute(_ONE_MOMENT)


async def series(tx: Transaction, year: int) -> Series:
    """Give where a year's numbers go on and the newest digest, as whoever issued last left them."""
    row = await (await tx.execute(_SERIES, [year])).fetchone()
    return Series(*row) if row else Series()


async def lost(tx: Transaction, year: int) -> frozenset[int]:
    """Give the numbers of a year whose invoices were issued after the backup that the database was put back from."""
    return frozenset(row[0] for row in await (await tx.execute(_LOST, [year])).fetchall())


async def stretch(tx: Transaction, year: int, after: int, limit: int) -> list[tuple[Row, Sequence[Row]]]:
    """Give the next invoices of a year behind a number in the series, in order, each with its lines."""
    async with tx.cursor(row_factory=dict_row) as cursor:
        heads = await (await cursor.execute(_HEADS, [year, after, limit])).fetchall()
        lines: dict[Any, list[Row]] = {head["invoice_id"]: [] for head in heads}
        for line in await (await cursor.execute(_LINES, [list(lines)])).fetchall():
            lines[line["invoice_id"]].append(line)
    return [(head, lines[head["invoice_id"]]) for head in heads]
