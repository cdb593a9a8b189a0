"""What is agreed for a metering point and what it was billed: contracts, subscription power, invoices."""

from datetime import date
from typing import Any

from services.gateway.store.reader import Connection, Row

_CONTRACTS = """
    SELECT contract.contract_id, contract.contract_number, contract.price_list_id, contract.valid_from,
           contract.valid_to, customer.name AS customer_name, customer.customer_number,
           (SELECT coalesce(price_list.document #>> '{extension,name}', price_list.document ->> 'name')
              FROM contracts_v1.price_list AS price_list
             WHERE price_list.price_list_id = contract.price_list_id AND price_list.status = 'firm'
               AND price_list.valid_from <= greatest(least(contract.valid_to - 1, $2), contract.valid_from)
             ORDER BY price_list.valid_from DESC, price_list.version DESC LIMIT 1) AS price_list_name,
           notice.withdrawn_on,
           (SELECT coalesce(price_list.document #>> '{extension,name}', price_list.document ->> 'name')
              FROM contracts_v1.price_list AS price_list
             WHERE price_list.price_list_id = notice.replaced_by AND price_list.status = 'firm'
               AND price_list.valid_from <= notice.withdrawn_on
             ORDER BY price_list.valid_from DESC, price_list.version DESC LIMIT 1) AS replaced_by_name
      FROM contracts_v1.contract AS contract
      LEFT JOIN contracts_v1.notice AS notice
             ON notice.contract_id = contract.contract_id AND notice.price_list_id = contract.price_list_id
            AND notice.withdrawn_on = contract.valid_to
      LEFT JOIN contracts_v1.customer AS customer USING (customer_id)
     WHERE contract.point_id = $1
     ORDER BY contract.valid_from DESC
"""
_POWERS = """
    SELECT power.valid_from, power.kw, power.method, determination.winter, determination.measured_kw,
           determination.r2, determination.days
      FROM contracts_v1.power_in_force AS power
      LEFT JOIN contracts_v1.determination AS determination
             ON determination.determination_id = power.determination_id
     WHERE power.contract_id = ANY(ARRAY(SELECT contract_id FROM contracts_v1.contract WHERE point_id = $1))
     ORDER BY power.valid_from DESC
"""
_DETERMINATION = """
    SELECT winter, method, window_from, window_to, days, points, slope_kw_per_c, intercept_kw, r2, coverage,
           measured_kw, in_force_kw, decision, reason, effective_on
      FROM contracts_v1.determination
     WHERE point_id = $1
     ORDER BY winter DESC, determined_at DESC
     LIMIT 1
"""
_INVOICES = """
    SELECT invoice.number, invoice.point_id, invoice.issued_at, invoice.due_on, invoice.month, invoice.total_ore
      FROM billing_v1.invoice AS invoice
     WHERE invoice.point_id = ANY($1::int[])
     ORDER BY invoice.issued_at DESC, invoice.month DESC, invoice.number DESC
     LIMIT $2
"""


async def contracts(connection: Connection, point_id: int, today: date) -> list[Row]:
    """Give the visible contracts of a metering point, one row a term, newest first."""
    rows: list[Any] = await connection.fetch(_CONTRACTS, point_id, today)
    return rows


async def powers(connection: Connection, point_id: int) -> list[Row]:
    """Give the subscription powers with what each rests on, newest first; the newest may not count yet."""
    rows: list[Any] = await connection.fetch(_POWERS, point_id)
    return rows


async def determination(connection: Connection, point_id: int) -> Row | None:
    """Give the newest winter's determination with its points and line, whatever it decided."""
    return await connection.fetchrow(_DETERMINATION, point_id)


async def invoices(connection: Connection, points: list[int], limit: int) -> list[Row]:
    """Give the newest invoices of metering points."""
    rows: list[Any] = await connection.fetch(_INVOICES, points, limit)
    return rows
