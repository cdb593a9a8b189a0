"""What is agreed for a metering point and what it was billed: contracts, subscription power, invoices."""

import json
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
           (SELECT price_list.document #>> '{extension,powerMethod}'
              FROM contracts_v1.price_list AS price_list
             WHERE price_list.price_list_id = contract.price_list_id AND price_list.status = 'firm'
               AND price_list.valid_from <= greatest(least(contract.valid_to - 1, $2), contract.valid_from)
             ORDER BY price_list.valid_from DESC, price_list.version DESC LIMIT 1) AS power_method,
           notice.withdrawn_on, notice.told_at, notice.costs, notice.lacks, notice.options_end,
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
_CONTRACTS_OF = """
    SELECT contract.contract_id, contract.contract_number, contract.point_id, contract.price_list_id,
           contract.valid_from, contract.valid_to, customer.name AS customer_name,
           notice.withdrawn_on, notice.replaced_by, notice.told_at, notice.costs, notice.lacks, notice.options_end,
           power.kw, power.unit
      FROM contracts_v1.contract AS contract
      LEFT JOIN contracts_v1.notice AS notice
             ON notice.contract_id = contract.contract_id AND notice.price_list_id = contract.price_list_id
            AND notice.withdrawn_on = contract.valid_to
      LEFT JOIN contracts_v1.customer AS customer USING (customer_id)
      LEFT JOIN LATERAL (SELECT in_force.kw, in_force.unit FROM contracts_v1.power_in_force AS in_force
                          WHERE in_force.contract_id = contract.contract_id AND in_force.valid_from <= $2
                          ORDER BY in_force.valid_from DESC LIMIT 1) AS power ON true
     WHERE contract.point_id = ANY($1::int[]) AND coalesce(contract.valid_to, 'infinity') > $2
     ORDER BY contract.valid_from
"""
# A version's document is long, so that a list is asked once for what is shown of it and not once for each contract.
_LISTS = """
    SELECT DISTINCT ON (price_list.price_list_id) price_list.price_list_id,
           coalesce(price_list.document #>> '{extension,name}', price_list.document ->> 'name') AS name,
           price_list.document #>> '{extension,powerMethod}' AS power_method
      FROM contracts_v1.price_list AS price_list
     WHERE price_list.price_list_id = ANY($1::text[]) AND price_list.status = 'firm'
     ORDER BY price_list.price_list_id, price_list.valid_from > $2,
              CASE WHEN price_list.valid_from > $2 THEN price_list.valid_from END,
              price_list.valid_from DESC, price_list.version DESC
"""
_POWERS = """
    SELECT power.valid_from, power.kw, power.unit, power.method, determination.winter, determination.measured_kw,
           determination.r2, determination.days
      FROM contracts_v1.power_in_force AS power
      LEFT JOIN contracts_v1.determination AS determination
             ON determination.determination_id = power.determination_id AND determination.point_id = $1
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


async def contracts(connection: Connection, point_id: int, today: date) -> list[dict[str, Any]]:
    """Give the visible contracts of a metering point, one row a term, newest first.

    costs, where its price list goes: what its customer was told that a year costs by both.
    """
    return [_with_costs(row) for row in await connection.fetch(_CONTRACTS, point_id, today)]


async def contracts_of(connection: Connection, points: list[int], today: date) -> list[dict[str, Any]]:
    """Give the terms of today and later of metering points' contracts, one row a term, in the order of their days."""
    return [_with_costs(row) for row in await connection.fetch(_CONTRACTS_OF, points, today)]


async def price_lists(connection: Connection, ids: list[str], today: date) -> dict[str, Row]:
    """Give `name` and `power_method` of price lists as they are today, or will be first."""
    return {row["price_list_id"]: row for row in await connection.fetch(_LISTS, ids, today)}


def _with_costs(row: Row) -> dict[str, Any]:
    return {**row, **{name: row[name] and json.loads(row[name]) for name in ("costs", "options_end")}}


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
