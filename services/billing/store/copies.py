"""Billing's own dated copies of contracts and price lists, and what a change of them or of a day makes dirty."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Any

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from pydantic import TypeAdapter

from schemas.agreements import Agreed, ChosenOption, PriceAgreement
from schemas.contracts import ContractChanged, ContractTerm, PowerInForce
from schemas.price_lists import PriceList, PriceListChanged
from schemas.values import ContractId, PointId, PriceListId
from services.billing.core.terms import Contract
from services.common.postgres import Transaction

# Whoever issues holds this shared, whoever changes prices holds it alone, and each then sees what the other did.
_LOCK_PRICES = "SELECT pg_advisory_xact_lock(hashtextextended('billing.price_list', 0))"
_SHARE_PRICES = "SELECT pg_advisory_xact_lock_shared(hashtextextended('billing.price_list', 0))"

_LOCK_CONTRACTS = """
    SELECT contract_id FROM billing.contract
     WHERE contract_id = ANY(%s) OR point_id = ANY(%s)
     ORDER BY contract_id
       FOR UPDATE
"""
_CONTRACTS = """
    SELECT contract_id, contract_number, customer_id, point_id, terms, powers, options, agreements, version
      FROM billing.contract WHERE contract_id = ANY(%s)
"""
_PUT_CONTRACT = """
    INSERT INTO billing.contract AS old
           (contract_id, version, contract_number, customer_id, point_id, first_day, end_day, terms, powers, options,
            agreements)
    VALUES (%s, %s, %s, %s, %s, %s, coalesce(%s::date, 'infinity'), %s, %s, %s, %s)
    ON CONFLICT (contract_id) DO UPDATE
       SET version = excluded.version, contract_number = excluded.contract_number,
           customer_id = excluded.customer_id, point_id = excluded.point_id, first_day = excluded.first_day,
           end_day = excluded.end_day, terms = excluded.terms, powers = excluded.powers,
           options = excluded.options, agreements = excluded.agreements
     WHERE old.version < excluded.version
"""
_PRICE_LISTS = """
    SELECT price_list_id, document::text FROM billing.price_list ORDER BY price_list_id, version
"""
_PUT_PRICE_LIST = """
    INSERT INTO billing.price_list (price_list_id, version, document) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING
"""

_DIRTY_TERMS = """
    UPDATE billing.period AS billed
       SET state = 'dirty', dirty_reason = 'terms_changed', changed_at = clock_timestamp()
      FROM unnest(%s::uuid[], %s::date[]) AS changed(contract_id, since)
     WHERE billed.contract_id = changed.contract_id AND billed.state = 'issued'
       AND billed.month + interval '1 month' > changed.since
"""
_DIRTY_PRICES = """
    UPDATE billing.period AS billed
       SET state = 'dirty', dirty_reason = 'prices_changed', changed_at = clock_timestamp()
      FROM billing.contract AS contract, unnest(%s::text[], %s::date[]) AS changed(price_list_id, since)
     WHERE billed.contract_id = contract.contract_id AND billed.state = 'issued' AND billed.part_to > changed.since
       AND EXISTS (SELECT FROM jsonb_to_recordset(contract.terms)
                               AS term(valid_from date, valid_to date, price_list_id text)
                    WHERE term.price_list_id = changed.price_list_id AND term.valid_from < billed.part_to
                      AND coalesce(term.valid_to, 'infinity') > greatest(billed.part_from, changed.since))
"""
# A changed day moves the running registers of all days behind it, of which nobody is told. A month is changed by it
# where the whole kWh that it cites moved by different amounts: between others nothing else was used than billed.
# A register is read off at the end of its day, or, before a point's first day, at the beginning of that one.
_DIRTY_REGISTERS = """
    WITH touched AS (
        SELECT point_id, min(day) AS since FROM unnest(%s::int[], %s::date[]) AS told(point_id, day) GROUP BY point_id
    ), behind AS (
        SELECT DISTINCT contract_id, month
          FROM billing.cited_register AS cited
          JOIN touched ON cited.point_id = touched.point_id AND cited.day >= touched.since - 1
    ), changed AS (
        SELECT contract_id, month
          FROM behind
          JOIN billing.cited_register AS cited USING (contract_id, month)
          LEFT JOIN ingest_v1.day AS closing ON closing.point_id = cited.point_id AND closing.day = cited.day
          LEFT JOIN ingest_v1.day AS opening ON opening.point_id = cited.point_id AND opening.day = cited.day + 1
         CROSS JOIN LATERAL (
             SELECT round(coalesce(closing.register_wh, opening.register_wh - opening.energy_wh) / 1000.0)
                    - round(cited.register_wh / 1000.0)
         ) AS moved(by_kwh)
         GROUP BY contract_id, month
        HAVING count(moved.by_kwh) < count(*) OR min(moved.by_kwh) <> max(moved.by_kwh)
    )
    UPDATE billing.period AS billed
       SET state = 'dirty', dirty_reason = 'registers_changed', changed_at = clock_timestamp()
      FROM changed
     WHERE billed.contract_id = changed.contract_id AND billed.month = changed.month AND billed.state = 'issued'
"""

MOST_REMEMBERED = 500
"""Versions of price lists."""
_TERMS = TypeAdapter(tuple[ContractTerm, ...])
_POWERS = TypeAdapter(tuple[PowerInForce, ...])
_OPTIONS = TypeAdapter(tuple[ChosenOption, ...])
_AGREEMENTS = TypeAdapter(tuple[PriceAgreement, ...])


async def lock_prices(tx: Transaction) -> None:
    """Wait until nobody issues, and let nobody issue until this transaction ends."""
    await tx.execute(_LOCK_PRICES)


async def share_prices(tx: Transaction) -> None:
    """Let nobody change prices until this transaction ends."""
    await tx.execute(_SHARE_PRICES)


async def lock_contracts(tx: Transaction, contracts: Sequence[ContractId], points: Sequence[PointId]) -> None:
    """Lock contracts, named or at named points, in one order, so that nobody issues for them meanwhile."""
    await tx.execute(_LOCK_CONTRACTS, [list(contracts), list(points)])


async def contracts(tx: Transaction, contract_ids: Iterable[ContractId]) -> dict[ContractId, tuple[int, Contract]]:
    """Give the copies that are there, each with its version."""
    async with tx.cursor(row_factory=dict_row) as cursor:
        rows = await (await cursor.execute(_CONTRACTS, [list(contract_ids)])).fetchall()
    return {row["contract_id"]: (row["version"], contract_from(row)) for row in rows}


def contract_from(row: Mapping[str, Any]) -> Contract:
    """Read a row of billing.contract."""
    return Contract(
        row["contract_id"],
        row["contract_number"],
        row["customer_id"],
        row["point_id"],
        _TERMS.validate_python(row["terms"], strict=False),
        _POWERS.validate_python(row["powers"], strict=False),
        Agreed(_OPTIONS.validate_python(row["options"]), _AGREEMENTS.validate_python(row["agreements"])),
    )


async def put_contract(tx: Transaction, event: ContractChanged) -> None:
    """Keep a contract, unless the copy is as new."""
    dated = ("terms", "powers", "options", "agreements")
    document = event.model_dump(mode="json", include=set(dated))
    values = [event.contract_id, event.version, event.contract_number, event.customer_id, event.point_id]
    values += [event.terms[0].valid_from, event.terms[-1].valid_to]
    await tx.execute(_PUT_CONTRACT, [*values, *(Jsonb(document[name]) for name in dated)])


async def price_lists(tx: Transaction) -> dict[PriceListId, PriceListChanged]:
    """Give every price list with all its versions."""
    known: dict[PriceListId, list[PriceList]] = {}
    for price_list_id, document in await (await tx.execute(_PRICE_LISTS)).fetchall():
        known.setdefault(price_list_id, []).append(_price_list(document))
    return {
        price_list_id: PriceListChanged(
            price_list_id=price_list_id, version=versions[-1].version, versions=tuple(versions)
        )
        for price_list_id, versions in known.items()
    }


# A version never changes, and is a hundred kB that every batch of contracts needs.
@lru_cache(maxsize=MOST_REMEMBERED)
def _price_list(document: str) -> PriceList:
    # A newer version of this service may have kept fields that this one does not know.
    return PriceList.model_validate_json(document, extra="ignore")


async def put_price_list(tx: Transaction, event: PriceListChanged) -> None:
    """Keep the versions that are not there yet."""
    rows = [(one.price_list_id, one.version, Jsonb(one.model_dump(mode="json"))) for one in event.versions]
    async with tx.cursor() as cursor:
        await cursor.executemany(_PUT_PRICE_LIST, rows)


async def mark_terms_changed(tx: Transaction, changed: Mapping[ContractId, date]) -> int:
    """Mark what was issued for a contract's months from a day on; returns how many became dirty."""
    return (await tx.execute(_DIRTY_TERMS, [list(changed), list(changed.values())])).rowcount


async def mark_prices_changed(tx: Transaction, changed: Mapping[PriceListId, date]) -> int:
    """Mark what was issued on a price list's days from a day on; returns how many became dirty."""
    return (await tx.execute(_DIRTY_PRICES, [list(changed), list(changed.values())])).rowcount


async def mark_registers_changed(tx: Transaction, touched: Sequence[tuple[PointId, date]]) -> int:
    """Mark months of which another energy would be billed now; returns how many became dirty."""
    points, days = [point for point, _ in touched], [day for _, day in touched]
    return (await tx.execute(_DIRTY_REGISTERS, [points, days])).rowcount
