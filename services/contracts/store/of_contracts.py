"""What belongs to contracts, read of many in one round trip."""

from collections.abc import Sequence
from typing import Any, LiteralString

from psycopg.rows import dict_row

from schemas.values import ContractId
from services.common.postgres import Transaction


async def of_contracts(
    tx: Transaction, query: LiteralString, ids: Sequence[ContractId]
) -> dict[ContractId, list[dict[str, Any]]]:
    """Give a query's rows by the contract that each names as `contract_id`, in the query's order.

    query: with one parameter, the ids. A contract without rows has an empty list.
    """
    found: dict[ContractId, list[dict[str, Any]]] = {one: [] for one in ids}
    async with tx.cursor(row_factory=dict_row) as cursor:
        for row in await (await cursor.execute(query, [list(ids)])).fetchall():
            found[row.pop("contract_id")].append(row)
    return found
