"""Price lists, version by version."""

import json
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from psycopg.rows import class_row
from psycopg.types.json import Json

from schemas.price_list_terms import PriceListTerms
from schemas.price_lists import PriceList, PriceListChanged
from schemas.values import PriceListId
from services.common.postgres import Transaction
from services.contracts.store import Change, lock

_VERSIONS = """
    SELECT price_list_id, version, document::text FROM contracts.price_list
     WHERE price_list_id = ANY(%s) ORDER BY price_list_id, version
"""
_ADD = """
    INSERT INTO contracts.price_list (price_list_id, version, valid_from, status, document)
    VALUES (%s, installation.next_version(%s), %s, %s, %s)
"""
_UNKNOWN = """
    SELECT wanted FROM unnest(%s::text[]) AS wanted
     WHERE NOT EXISTS (SELECT FROM contracts.price_list WHERE price_list_id = wanted)
"""
# Contracts that are on the list, and have the option, on a day of the version.
_WITHOUT_PRICE = """
    SELECT chosen.reference, count(DISTINCT contract.contract_number) AS contracts,
           (array_agg(DISTINCT contract.contract_number ORDER BY contract.contract_number))[:20] AS for_example
      FROM contracts.chosen_option AS chosen
      JOIN contracts_v1.contract AS contract USING (contract_id)
     WHERE contract.price_list_id = %(price_list_id)s AND chosen.reference <> ALL(%(offered)s)
       AND daterange(chosen.valid_from, chosen.valid_to) * daterange(contract.valid_from, contract.valid_to)
           && daterange(%(first)s, %(end)s)
     GROUP BY chosen.reference ORDER BY chosen.reference
"""
MOST_REMEMBERED = 500
"""Versions of price lists."""
_IDS = "SELECT DISTINCT price_list_id FROM contracts.price_list ORDER BY price_list_id"


class WithoutPrice(NamedTuple):
    """An option that a version of a price list does not offer, and contracts have: how many, and twenty of them."""

    reference: str
    contracts: int
    for_example: list[str]


async def versions(tx: Transaction, price_list_id: str) -> tuple[PriceList, ...]:
    """Give all versions of a price list, oldest first; none where it is unknown."""
    rows = await (await tx.execute(_VERSIONS, [[price_list_id]])).fetchall()
    return tuple(_price_list(*row) for row in rows)


# A version never changes, and is a hundred kB that every contract on it asks for.
@lru_cache(maxsize=MOST_REMEMBERED)
def _price_list(price_list_id: str, version: int, document: str) -> PriceList:
    identity = {"price_list_id": price_list_id, "version": version}
    return PriceList.model_validate(json.loads(document) | identity)


async def put_price_list(
    tx: Transaction, price_list_id: str, known: Sequence[PriceList], terms: PriceListTerms
) -> Change:
    """Store terms as a new version, unless the newest one from the same day says the same. known: all, locked."""
    first_day = terms.valid_period.from_including
    same_day = [version for version in known if version.valid_period.from_including == first_day]
    if same_day and _terms_of(same_day[-1]) == terms:
        return Change.UNCHANGED
    newest = known[-1].version if known else 0
    await tx.execute(_ADD, [price_list_id, newest, first_day, terms.extension.status.value, _document(terms)])
    return Change.CHANGED if known else Change.CREATED


async def locked_versions(tx: Transaction, price_list_id: str) -> tuple[PriceList, ...]:
    """Give all versions of a price list, oldest first, and let nobody add one until this transaction ends."""
    await lock(tx, "price_list", price_list_id)
    return await versions(tx, price_list_id)


async def price_list_event(tx: Transaction, price_list_id: str) -> PriceListChanged:
    """Give a price list whole, as others are to hear of it. Raises KeyError where it is unknown."""
    return (await price_list_events(tx, [price_list_id]))[price_list_id]


async def price_list_events(tx: Transaction, ids: Iterable[str]) -> dict[str, PriceListChanged]:
    """Give price lists whole, by their id; those that are unknown are left out."""
    known: dict[str, list[PriceList]] = {}
    for row in await (await tx.execute(_VERSIONS, [sorted(set(ids))])).fetchall():
        known.setdefault(row[0], []).append(_price_list(*row))
    return {
        name: PriceListChanged(price_list_id=PriceListId(name), version=own[-1].version, versions=tuple(own))
        for name, own in known.items()
    }


async def options_without_price(tx: Transaction, price_list_id: str, terms: PriceListTerms) -> list[WithoutPrice]:
    """Name the options that contracts on a price list have on days of a version that does not offer them."""
    period = terms.valid_period
    values = {
        "price_list_id": price_list_id,
        "offered": [one.reference for one in terms.extension.options],
        "first": period.from_including,
        "end": period.to_excluding,
    }
    async with tx.cursor(row_factory=class_row(WithoutPrice)) as cursor:
        return await (await cursor.execute(_WITHOUT_PRICE, values)).fetchall()


async def price_list_ids(tx: Transaction) -> list[str]:
    """Name all price lists."""
    return [row[0] for row in await (await tx.execute(_IDS)).fetchall()]


async def unknown_price_lists(tx: Transaction, wanted: list[str]) -> list[str]:
    """Name those of the wanted price lists that do not exist."""
    return [row[0] for row in await (await tx.execute(_UNKNOWN, [wanted])).fetchall()]


def _terms_of(price_list: PriceList) -> PriceListTerms:
    return PriceListTerms.model_validate({name: getattr(price_list, name) for name in PriceListTerms.model_fields})


def _document(terms: PriceListTerms) -> Json:
    return Json(terms.model_dump(mode="json", exclude={"price_list_id", "version"}))
