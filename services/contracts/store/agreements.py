"""What contracts have beside their price lists: options chosen, and price agreements."""

from typing import Any

from psycopg.rows import class_row, dict_row

from schemas.agreements import Agreed, ChosenOption, PriceAgreement
from schemas.values import ContractId
from services.common.postgres import Transaction
from services.contracts.core import documents

_OPTIONS = """
    SELECT reference, valid_from, valid_to FROM contracts.chosen_option
     WHERE contract_id = %s ORDER BY valid_from, reference
"""
_AGREEMENTS = """
    SELECT name, valid_from, valid_to, energy_per_mwh, discount_percent FROM contracts.price_agreement
     WHERE contract_id = %s ORDER BY valid_from
"""
_CLEAR_OPTIONS = "DELETE FROM contracts.chosen_option WHERE contract_id = %s"
_CLEAR_AGREEMENTS = "DELETE FROM contracts.price_agreement WHERE contract_id = %s"
_ADD_OPTION = """
    INSERT INTO contracts.chosen_option (contract_id, reference, valid_from, valid_to) VALUES (%s, %s, %s, %s)
"""
_ADD_AGREEMENT = """
    INSERT INTO contracts.price_agreement
           (contract_id, name, valid_from, valid_to, energy_per_mwh, discount_percent)
    VALUES (%s, %s, %s, %s, %s, %s)
"""


async def put(tx: Transaction, contract_id: ContractId) -> dict[str, list[dict[str, Any]]]:
    """Give the options and agreements of a contract as they were put."""
    async with tx.cursor(row_factory=dict_row) as cursor:
        options = await (await cursor.execute(_OPTIONS, [contract_id])).fetchall()
        agreements = await (await cursor.execute(_AGREEMENTS, [contract_id])).fetchall()
    return {"options": options, "agreements": agreements}


async def agreed(tx: Transaction, contract_id: ContractId) -> Agreed:
    """Give the options and agreements of a contract as it is rated by them."""
    async with tx.cursor(row_factory=class_row(ChosenOption)) as cursor:
        options = await (await cursor.execute(_OPTIONS, [contract_id])).fetchall()
    async with tx.cursor(row_factory=class_row(PriceAgreement)) as cursor:
        agreements = await (await cursor.execute(_AGREEMENTS, [contract_id])).fetchall()
    return Agreed(tuple(options), tuple(agreements))


async def replace(tx: Transaction, contract_id: ContractId, document: documents.Contract) -> None:
    """Store all options and agreements of a contract in place of those before."""
    options = [(contract_id, one.reference, one.valid_from, one.valid_to) for one in document.options]
    agreements = [
        (contract_id, one.name, one.valid_from, one.valid_to, one.energy_per_mwh, one.discount_percent)
        for one in document.agreements
    ]
    async with tx.cursor() as cursor:
        await cursor.execute(_CLEAR_OPTIONS, [contract_id])
        await cursor.execute(_CLEAR_AGREEMENTS, [contract_id])
        await cursor.executemany(_ADD_OPTION, options)
        await cursor.executemany(_ADD_AGREEMENT, agreements)
