"""What contracts have beside their price lists: options chosen, and price agreements."""

from collections.abc import Sequence
from typing import Any

from schemas.agreements import Agreed, ChosenOption, PriceAgreement
from schemas.values import ContractId
from services.common.postgres import Transaction
from services.contracts.core import documents
from services.contracts.store.of_contracts import of_contracts

_OPTIONS = """
    SELECT contract_id, reference, valid_from, valid_to FROM contracts.chosen_option
     WHERE contract_id = ANY(%s) ORDER BY valid_from, reference
"""
_AGREEMENTS = """
    SELECT contract_id, name, valid_from, valid_to, energy_per_mwh, discount_percent FROM contracts.price_agreement
     WHERE contract_id = ANY(%s) ORDER BY valid_from
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


Rows = dict[ContractId, list[dict[str, Any]]]


async def put(tx: Transaction, ids: Sequence[ContractId]) -> tuple[Rows, Rows]:
    """Give the options and the agreements of contracts as they were put."""
    return await of_contracts(tx, _OPTIONS, ids), await of_contracts(tx, _AGREEMENTS, ids)


async def agreed(tx: Transaction, contract_id: ContractId) -> Agreed:
    """Give the options and agreements of a contract as it is rated by them."""
    return (await agreed_of(tx, [contract_id]))[contract_id]


async def agreed_of(tx: Transaction, ids: Sequence[ContractId]) -> dict[ContractId, Agreed]:
    """Give the options and agreements of contracts as they are rated by them."""
    options, agreements = await put(tx, ids)
    return {
        one: Agreed(
            tuple(ChosenOption(**row) for row in options[one]),
            tuple(PriceAgreement(**row) for row in agreements[one]),
        )
        for one in ids
    }


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
