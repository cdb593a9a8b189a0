"""Price lists that are withdrawn, the contracts that this moves, and what their customers are told."""

import json
from collections.abc import Iterable, Sequence
from datetime import date
from functools import partial
from typing import Any, NamedTuple

from psycopg.rows import class_row
from psycopg.types.json import Json

from schemas.facilities import Category
from schemas.price_list_terms import BaseLoad
from schemas.values import ContractId, CustomerId, Medium, PointId
from services.common.postgres import Transaction
from services.contracts.core.price_list_life import Place, Withdrawal

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('contracts.withdrawal', 0))"
_SHARE = "SELECT pg_advisory_xact_lock_shared(hashtextextended('contracts.withdrawal', 0))"
_ALL = "SELECT price_list_id, withdrawn_on, replaced_by FROM contracts.withdrawal ORDER BY withdrawn_on"
_ADD = """
    INSERT INTO contracts.withdrawal (price_list_id, withdrawn_on, replaced_by, who, cause) VALUES (%s, %s, %s, %s, %s)
"""
_TELL = """
    INSERT INTO contracts.notice (contract_id, price_list_id, withdrawn_on, replaced_by, costs, lacks, options_end)
    VALUES (%s, %s, %s, %s, %s, %s, %s)
"""
_PLACES = """
    SELECT point.point_id, facility.facility_number, facility.category, facility.base_load, point.medium
      FROM contracts.metering_point AS point JOIN contracts.facility USING (facility_id)
     WHERE point.point_id = ANY(%s)
"""
# Those that have a day on the list from some day on, in the order in which others lock contracts.
_AFFECTED = """
    SELECT contract.contract_id, contract.contract_number
      FROM contracts.contract
     WHERE coalesce(contract.valid_to, 'infinity') > %(day)s
       AND EXISTS (SELECT FROM contracts_v1.contract AS term
                    WHERE term.contract_id = contract.contract_id AND term.price_list_id = %(price_list_id)s
                      AND coalesce(term.valid_to, 'infinity') > %(day)s)
     ORDER BY contract.contract_id
       FOR UPDATE OF contract
"""
_NOTICES = """
    SELECT contract.contract_number, notice.replaced_by, notice.told_at::date AS told_on, notice.costs, notice.lacks,
           notice.options_end
      FROM contracts.notice JOIN contracts.contract USING (contract_id)
     WHERE notice.price_list_id = %s ORDER BY contract.contract_number
"""


_json = partial(json.dumps, default=str)
"""Days as texts."""


class Affected(NamedTuple):
    """A contract that is on a withdrawn price list."""

    contract_id: ContractId
    contract_number: str


class Told(NamedTuple):
    """What the customer of a contract is told. costs: of a year by both price lists; lacks: why there are none.

    options_end: of each option that the new list does not offer its reference, name, and `valid_to`: its end.
    """

    contract_id: ContractId
    customer_id: CustomerId
    replaced_by: str
    costs: dict[str, Any] | None
    lacks: str | None
    options_end: list[dict[str, str]]


class Notice(NamedTuple):
    """What the customer of a contract was told, as staff look at it."""

    contract_number: str
    replaced_by: str
    told_on: date
    costs: dict[str, Any] | None
    lacks: str | None
    options_end: list[dict[str, str]]


async def lock(tx: Transaction) -> None:
    """Wait until nobody puts a contract, and let nobody put one until this transaction ends."""
    await tx.execute(_LOCK)


async def share(tx: Transaction) -> None:
    """Let nobody withdraw a price list until this transaction ends."""
    await tx.execute(_SHARE)


async def withdrawals(tx: Transaction) -> list[Withdrawal]:
    """Give all price lists that are or will be withdrawn."""
    return [Withdrawal(*row) for row in await (await tx.execute(_ALL)).fetchall()]


async def add(tx: Transaction, withdrawal: Withdrawal, who: str, cause: str) -> None:
    """Keep a withdrawal."""
    values = [withdrawal.price_list_id, withdrawal.withdrawn_on, list(withdrawal.replaced_by), who, cause]
    await tx.execute(_ADD, values)


async def tell(tx: Transaction, withdrawal: Withdrawal, notices: Sequence[Told]) -> None:
    """Note what each customer is told: which price list takes the place of the one that goes, and what both cost."""
    of_all = withdrawal.price_list_id, withdrawal.withdrawn_on
    rows = [
        (
            one.contract_id,
            *of_all,
            one.replaced_by,
            one.costs and Json(one.costs, _json),
            one.lacks,
            Json(one.options_end),
        )
        for one in notices
    ]
    async with tx.cursor() as cursor:
        await cursor.executemany(_TELL, rows)


async def notices(tx: Transaction, price_list_id: str) -> list[Notice]:
    """Give what customers were told of a withdrawal."""
    async with tx.cursor(row_factory=class_row(Notice)) as cursor:
        return await (await cursor.execute(_NOTICES, [price_list_id])).fetchall()


async def affected(tx: Transaction, price_list_id: str, day: date) -> list[Affected]:
    """Lock the contracts that are on a price list on a day or later."""
    values = {"price_list_id": price_list_id, "day": day}
    async with tx.cursor(row_factory=class_row(Affected)) as cursor:
        return await (await cursor.execute(_AFFECTED, values)).fetchall()


async def place(tx: Transaction, point_id: PointId) -> Place:
    """Give what decides which price lists a metering point's contract may have. Raises LookupError."""
    found = await places(tx, [point_id])
    if point_id not in found:
        raise LookupError(f"metering point {point_id} is gone")
    return found[point_id]


async def places(tx: Transaction, points: Iterable[PointId]) -> dict[PointId, Place]:
    """Give what decides which price lists the contracts of metering points may have."""
    rows = await (await tx.execute(_PLACES, [list(points)])).fetchall()
    return {
        point_id: Place(number, Category(category), BaseLoad(base_load), Medium(medium))
        for point_id, number, category, base_load, medium in rows
    }
