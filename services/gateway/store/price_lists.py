"""Price lists with their versions, and how far withdrawals have come, as the utility's economists see them."""

from datetime import date
from typing import Any

from services.gateway.store.reader import Connection, Row

_VERSIONS = """
    SELECT price_list.price_list_id, price_list.version, price_list.valid_from, price_list.status,
           coalesce(price_list.document #>> '{extension,name}', price_list.document ->> 'name') AS name,
           coalesce(price_list.document #>> '{tariffs,0,validPeriod,toExcluding}',
                    price_list.document ->> 'valid_to')::date AS valid_to
      FROM contracts_v1.price_list AS price_list
     ORDER BY price_list.price_list_id, price_list.valid_from DESC, price_list.version DESC
"""
_ON_THEM = """
    SELECT contract.price_list_id, count(*) AS contracts
      FROM contracts_v1.contract AS contract
     WHERE contract.valid_from <= $1 AND coalesce(contract.valid_to, 'infinity') > $1
     GROUP BY contract.price_list_id
"""
# affected: those whose customers were told, and whoever would be on the list on that day all the same.
# migrated: were told, and have no day on it left; left_on_it: have one, today or later.
_WITHDRAWALS = """
    WITH told AS (
        SELECT notice.price_list_id, notice.contract_id, notice.costs IS NOT NULL AS has_costs
          FROM contracts_v1.notice AS notice
    ), on_it AS (
        SELECT term.price_list_id, term.contract_id, max(coalesce(term.valid_to, 'infinity')) AS valid_to
          FROM contracts_v1.contract AS term
         WHERE term.price_list_id IN (SELECT withdrawal.price_list_id FROM contracts_v1.withdrawal AS withdrawal)
         GROUP BY term.price_list_id, term.contract_id
    )
    SELECT withdrawal.price_list_id, withdrawal.withdrawn_on, withdrawal.replaced_by, withdrawal.who, withdrawal.cause,
           withdrawal.announced_at,
           (SELECT count(*) FROM (
                SELECT told.contract_id FROM told WHERE told.price_list_id = withdrawal.price_list_id
                 UNION
                SELECT on_it.contract_id FROM on_it
                 WHERE on_it.price_list_id = withdrawal.price_list_id AND on_it.valid_to >= withdrawal.withdrawn_on
           ) AS either) AS affected,
           (SELECT count(*) FROM told WHERE told.price_list_id = withdrawal.price_list_id) AS notified,
           (SELECT count(*) FROM told
             WHERE told.price_list_id = withdrawal.price_list_id AND told.has_costs) AS with_costs,
           (SELECT count(*) FROM told
             WHERE told.price_list_id = withdrawal.price_list_id
               AND NOT EXISTS (SELECT FROM on_it
                                WHERE on_it.price_list_id = told.price_list_id
                                  AND on_it.contract_id = told.contract_id AND on_it.valid_to > $1)) AS migrated,
           (SELECT count(*) FROM on_it
             WHERE on_it.price_list_id = withdrawal.price_list_id AND on_it.valid_to > $1) AS left_on_it
      FROM contracts_v1.withdrawal AS withdrawal
     ORDER BY withdrawal.withdrawn_on DESC, withdrawal.price_list_id
"""


async def versions(connection: Connection) -> list[Row]:
    """Give every version of every price list, each list's latest first."""
    rows: list[Any] = await connection.fetch(_VERSIONS)
    return rows


async def contracts_on_them(connection: Connection, today: date) -> dict[str, int]:
    """Count the contracts that are on each price list today."""
    return {row["price_list_id"]: row["contracts"] for row in await connection.fetch(_ON_THEM, today)}


async def withdrawals(connection: Connection, today: date) -> list[Row]:
    """Give the price lists that go or have gone, and how many contracts each still moves."""
    rows: list[Any] = await connection.fetch(_WITHDRAWALS, today)
    return rows
