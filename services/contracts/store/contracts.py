"""Contracts with their terms and the powers in force."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID, uuid4

from psycopg.rows import dict_row

from schemas.contracts import ContractChanged, ContractTerm, PowerInForce
from schemas.values import ContractId, CustomerId, PointId
from services.common.postgres import Transaction
from services.contracts.core import documents
from services.contracts.core.price_list_life import Term
from services.contracts.store import agreements, lost_identities
from services.contracts.store.of_contracts import of_contracts

_FIND = """
    SELECT contract.contract_number, contract.contract_id, contract.customer_id, contract.point_id, contract.version,
           contract.valid_to, customer.customer_number, point.number AS metering_point
      FROM contracts.contract
      JOIN contracts.customer USING (customer_id)
      JOIN contracts.metering_point AS point USING (point_id)
     WHERE contract.contract_number = ANY(%s)
     ORDER BY contract.contract_id
       FOR UPDATE OF contract
"""
_TERMS = """
    SELECT contract_id, valid_from, price_list_id FROM contracts.contract_term
     WHERE contract_id = ANY(%s) AND moved_from IS NULL ORDER BY valid_from
"""
_ENTERED = """
    SELECT contract_id, valid_from, CASE WHEN method = 'entered' THEN kw END AS kw,
           CASE WHEN method = 'entered_energy' THEN kw END AS mwh
      FROM contracts.power_in_force
     WHERE contract_id = ANY(%s) AND determination_id IS NULL ORDER BY valid_from
"""
_ADD = """
    INSERT INTO contracts.contract (contract_id, contract_number, customer_id, point_id, valid_from, valid_to, version)
    VALUES (%s, %s, %s, %s, %s, %s, 0)
"""
_MOVE = "UPDATE contracts.contract SET valid_from = %s, valid_to = %s WHERE contract_id = %s"
_COUNT_UP = "UPDATE contracts.contract SET version = installation.next_version(version) WHERE contract_id = ANY(%s)"
_CLEAR_TERMS = "DELETE FROM contracts.contract_term WHERE contract_id = ANY(%s)"
_ADD_TERM = """
    INSERT INTO contracts.contract_term (contract_id, valid_from, price_list_id, moved_from) VALUES (%s, %s, %s, %s)
"""
_CLEAR_ENTERED = "DELETE FROM contracts.power_in_force WHERE contract_id = %s AND determination_id IS NULL"
_ADD_POWER = """
    INSERT INTO contracts.power_in_force (contract_id, valid_from, kw, method, determination_id)
    VALUES (%s, %s, %s, %s, %s)
"""
# A power that counts already stays: nothing is taken back for days that may be billed.
_WITHDRAW_POWERS = """
    DELETE FROM contracts.power_in_force
     WHERE contract_id = ANY(%s) AND valid_from > %s AND determination_id IS NOT NULL
"""

_EVENT = """
    SELECT contract_id, contract_number, customer_id, point_id, version
      FROM contracts.contract WHERE contract_id = ANY(%s)
"""
_EVENT_TERMS = """
    SELECT contract_id, valid_from, valid_to, price_list_id
      FROM contracts_v1.contract WHERE contract_id = ANY(%s) ORDER BY valid_from
"""
_EVENT_POWERS = """
    SELECT contract_id, valid_from, kw, method, determination_id
      FROM contracts_v1.power_in_force WHERE contract_id = ANY(%s) ORDER BY valid_from
"""
_ON_DAY = """
    SELECT contract_id FROM contracts.contract
     WHERE point_id = %s AND daterange(valid_from, valid_to) @> %s::date
       FOR UPDATE
"""


class StoredContract(NamedTuple):
    """A contract as staff put it, and who and where it is."""

    contract_id: ContractId
    customer_id: CustomerId
    point_id: PointId
    document: documents.Contract


async def contract(tx: Transaction, number: str) -> StoredContract | None:
    """Find a contract by its number and lock it; powers are those that staff entered."""
    return (await contracts(tx, [number])).get(number)


async def contracts(tx: Transaction, numbers: Sequence[str]) -> dict[str, StoredContract]:
    """Find contracts by their numbers and lock them; powers are those that staff entered."""
    async with tx.cursor(row_factory=dict_row) as cursor:
        rows = await (await cursor.execute(_FIND, [list(numbers)])).fetchall()
    ids = [row["contract_id"] for row in rows]
    terms, powers = await of_contracts(tx, _TERMS, ids), await of_contracts(tx, _ENTERED, ids)
    options, agreed = await agreements.put(tx, ids)
    return {
        row["contract_number"]: StoredContract(
            contract_id,
            row["customer_id"],
            row["point_id"],
            documents.Contract.model_validate(
                {
                    "customer_number": row["customer_number"],
                    "metering_point": row["metering_point"],
                    "valid_to": row["valid_to"],
                    "terms": terms[contract_id],
                    "powers": powers[contract_id],
                    "options": options[contract_id],
                    "agreements": agreed[contract_id],
                }
            ),
        )
        for contract_id, row in zip(ids, rows, strict=True)
    }


async def add_contract(
    tx: Transaction, number: str, customer_id: CustomerId, point_id: PointId, document: documents.Contract
) -> ContractId:
    """Store a new contract, still without terms. Raises ExclusionViolation where another one holds the point."""
    lost = await lost_identities.take(tx, "contract", number)
    contract_id = ContractId(UUID(lost) if lost else uuid4())
    values = [contract_id, number, customer_id, point_id, document.valid_from, document.valid_to]
    await tx.execute(_ADD, values)
    return contract_id


async def move_contract(tx: Transaction, contract_id: ContractId, document: documents.Contract) -> None:
    """Store when a contract begins and ends. Raises ExclusionViolation where another one holds the point."""
    await tx.execute(_MOVE, [document.valid_from, document.valid_to, contract_id])


async def replace_terms(tx: Transaction, terms: Mapping[ContractId, Sequence[Term]]) -> None:
    """Store all terms of contracts, put or moved to, in place of those before."""
    async with tx.cursor() as cursor:
        await cursor.execute(_CLEAR_TERMS, [list(terms)])
        await cursor.executemany(_ADD_TERM, [(one, *term) for one, own in terms.items() for term in own])


async def replace_entered_powers(tx: Transaction, contract_id: ContractId, document: documents.Contract) -> None:
    """Store all entered powers of a contract in place of those before; measured powers stay."""
    async with tx.cursor() as cursor:
        await cursor.execute(_CLEAR_ENTERED, [contract_id])
        await cursor.executemany(
            _ADD_POWER,
            [(contract_id, power.valid_from, power.amount, power.method, None) for power in document.powers],
        )


async def add_measured_powers(tx: Transaction, powers: Mapping[ContractId, PowerInForce]) -> None:
    """Store a measured power of each of the contracts beside its others."""
    async with tx.cursor() as cursor:
        await cursor.executemany(
            _ADD_POWER,
            [(one, power.valid_from, power.kw, power.method, power.determination_id) for one, power in powers.items()],
        )


async def withdraw_measured_powers(tx: Transaction, ids: Sequence[ContractId], today: date) -> None:
    """Take back the measured powers of contracts that count from a day to come."""
    await tx.execute(_WITHDRAW_POWERS, [list(ids), today])


async def count_up(tx: Transaction, ids: Sequence[ContractId]) -> None:
    """Give changed contracts their next versions."""
    await tx.execute(_COUNT_UP, [list(ids)])


async def on_day(tx: Transaction, point_id: PointId, day: date) -> ContractId | None:
    """Find and lock the contract that a metering point has on a day."""
    row = await (await tx.execute(_ON_DAY, [point_id, day])).fetchone()
    return None if row is None else ContractId(row[0])


async def contract_event(tx: Transaction, contract_id: ContractId) -> ContractChanged:
    """Give a contract whole, as others are to hear of it; changed_from is its first day. Raises KeyError."""
    return (await contract_events(tx, [contract_id]))[contract_id]


async def contract_events(tx: Transaction, ids: Sequence[ContractId]) -> dict[ContractId, ContractChanged]:
    """Give contracts whole, as others are to hear of them; changed_from is the first day of each."""
    async with tx.cursor(row_factory=dict_row) as cursor:
        rows = await (await cursor.execute(_EVENT, [list(ids)])).fetchall()
    terms, powers = await of_contracts(tx, _EVENT_TERMS, ids), await of_contracts(tx, _EVENT_POWERS, ids)
    agreed = await agreements.agreed_of(tx, ids)
    return {
        one: ContractChanged(
            **row,
            terms=tuple(ContractTerm(**term) for term in terms[one]),
            powers=tuple(PowerInForce(**power) for power in powers[one]),
            options=agreed[one].options,
            agreements=agreed[one].agreements,
            changed_from=terms[one][0]["valid_from"],
        )
        for one, row in ((row["contract_id"], row) for row in rows)
    }
