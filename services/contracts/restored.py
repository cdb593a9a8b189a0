"""What contracts does once its tables were put back from a backup: what Kafka knows better is kept, and all told anew.

Every object is told of in the new epoch, so that whoever keeps a copy has what stands here, whatever was told between
the backup and the loss. An object that was put since is not here and has to be put again, under the identity that
others know it by.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from schemas.contracts import ContractChanged
from schemas.facilities import FacilityChanged
from schemas.price_lists import PriceListChanged
from schemas.topics import PRICE_LISTS_CHANGED
from schemas.values import ContractId, FacilityId
from services.common import outbox
from services.common.postgres import Transaction
from services.contracts import handlers
from services.contracts.store import price_lists
from services.contracts.store import restored as store

SCHEMA = handlers.SCHEMA


@dataclass(frozen=True)
class Told:
    """What Kafka tells of contracts' objects: of each the newest message."""

    facilities: Mapping[UUID, FacilityChanged]
    contracts: Mapping[UUID, ContractChanged]
    price_lists: Mapping[str, PriceListChanged]


async def take_over(tx: Transaction, told: Told) -> list[str]:
    """Keep what Kafka tells of and the backup did not have; gives what staff have to put again, in sentences."""
    return [
        *await _price_lists(tx, told),
        *await _facilities(tx, told),
        *await _contracts(tx, told),
    ]


async def tell_anew(tx: Transaction) -> int:
    """Write all objects to the outbox, each with its next version; gives how many they are."""
    facility_ids, contract_ids = await store.facilities(tx), await store.contracts(tx)
    await handlers.tell_of_facilities(tx, [FacilityId(one) for one in facility_ids])
    for contract_id in contract_ids:
        await handlers.tell_of_contract(tx, ContractId(contract_id), None)
    list_ids = await price_lists.price_list_ids(tx)
    for list_id in list_ids:
        # The version is that of its newest terms, so whoever has those already is told nothing new.
        await outbox.add(tx, SCHEMA, PRICE_LISTS_CHANGED, list_id, await price_lists.price_list_event(tx, list_id))
    return len(facility_ids) + len(contract_ids) + len(list_ids)


async def _price_lists(tx: Transaction, told: Told) -> list[str]:
    found = [one for changed in told.price_lists.values() for one in changed.versions]
    put_back = [f"{one.price_list_id} {one.version}" for one in found if await store.put_price_list(tx, one)]
    return _sentence("Price lists whose versions were taken over from Kafka, so nothing is to be done", put_back)


async def _facilities(tx: Transaction, told: Told) -> list[str]:
    known = await store.known_facilities(tx, told.facilities.keys())
    unknown = {one.facility_number: str(identity) for identity, one in told.facilities.items() if identity not in known}
    points = {point.point_id: point.number for one in told.facilities.values() for point in one.points}
    known_points = await store.known_points(tx, points.keys())
    lost_points = {number: str(identity) for identity, number in points.items() if identity not in known_points}
    if points:
        await store.skip_point_ids(tx, max(points))
    changed = [known[identity][0] for identity, one in told.facilities.items() if _is_newer(known, identity, one)]
    return [
        *_sentence("Facilities changed since the backup, or their metering points; put them again", changed),
        *await _lost(tx, "facility", "Facilities", unknown),
        *await _lost(tx, "metering_point", "Metering points", lost_points),
    ]


async def _contracts(tx: Transaction, told: Told) -> list[str]:
    known = await store.known_contracts(tx, told.contracts.keys())
    unknown = {one.contract_number: str(identity) for identity, one in told.contracts.items() if identity not in known}
    customers = await store.known_customers(tx, {one.customer_id for one in told.contracts.values()})
    nobodys = [one.contract_number for one in told.contracts.values() if one.customer_id not in customers]
    changed = [known[identity][0] for identity, one in told.contracts.items() if _is_newer(known, identity, one)]
    return [
        *_sentence("Contracts changed since the backup; put them again", changed),
        *_sentence("Contracts whose customers are not known any more; put the customers first", nobodys),
        *await _lost(tx, "contract", "Contracts", unknown),
    ]


async def _lost(tx: Transaction, kind: str, words: str, unknown: Mapping[str, str]) -> list[str]:
    """Keep the identities of what is not stored; gives its numbers in a sentence."""
    elsewhere = await store.known_numbers(tx, kind, unknown.keys())
    lost = {number: identity for number, identity in unknown.items() if number not in elsewhere}
    await store.keep_identities(tx, kind, lost)
    return [
        *_sentence(f"{words} put since the backup; put them again, and they keep their identities", lost),
        *_sentence(f"{words} put again before this command was run, so that others know two of each", elsewhere),
    ]


def _is_newer(known: store.Known, identity: UUID, told: FacilityChanged | ContractChanged) -> bool:
    return identity in known and told.version > known[identity][1]


def _sentence(words: str, numbers: Mapping[str, str] | list[str] | set[str]) -> list[str]:
    return [f"{words}: {', '.join(sorted(numbers))}."] if numbers else []
