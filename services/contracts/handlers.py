"""What the service does with a document or command: look up, compare, store, tell."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from psycopg.errors import ExclusionViolation

from schemas.contracts import ContractChanged
from schemas.price_list_terms import PriceListTerms
from schemas.topics import CONTRACTS_CHANGED, FACILITIES_CHANGED, PRICE_LISTS_CHANGED
from schemas.values import ContractId, CustomerId, FacilityId, PointId
from services.common import outbox
from services.common.identity_seal import Sealer
from services.common.postgres import Transaction
from services.contracts.core import documents
from services.contracts.core.contract_changes import changed_from
from services.contracts.core.price_list_documents import period_fault
from services.contracts.core.price_list_life import Term
from services.contracts.core.price_list_rules import faults
from services.contracts.core.refusals import FaultyPriceListError, Refusal, RefusedError
from services.contracts.life import as_moved, require_billed, require_offered, terms_of
from services.contracts.store import Change, agreements, contracts, customers, facilities, lock, price_lists

SCHEMA = "contracts"
AT_ONCE = 1_000


async def put_network(tx: Transaction, network_id: str, network: documents.Network) -> Change:
    """Take in a network; where its targets are others, all its facilities are told of."""
    change, before = await facilities.put_network(tx, network_id, network)
    if before is not None and before.targets_c != network.targets_c:
        await tell_of_facilities(tx, await facilities.of_network(tx, network_id))
    return change


async def put_facility(tx: Transaction, number: str, document: documents.Facility) -> tuple[Change, FacilityId]:
    """Take in a facility, and tell of it where it is new or changed. Raises RefusedError."""
    if await facilities.network(tx, document.network_id) is None:
        raise RefusedError(
            Refusal.UNKNOWN_NETWORK, f"there is no network '{document.network_id}'; put the network first"
        )
    change, facility_id = await facilities.put_facility(tx, number, document)
    if change is not Change.UNCHANGED:
        await _tell_of_facilities(tx, [facility_id])
    return change, facility_id


async def put_metering_point(tx: Transaction, number: str, document: documents.MeteringPoint) -> tuple[Change, PointId]:
    """Take in a metering point, and tell of its facility where that changes it. Raises RefusedError."""
    facility = await facilities.facility(tx, document.facility_number)
    if facility is None:
        raise RefusedError(
            Refusal.UNKNOWN_FACILITY, f"there is no facility '{document.facility_number}'; put the facility first"
        )
    facility_id, _ = facility
    before = await facilities.metering_point(tx, number)
    change, point_id = await facilities.put_metering_point(tx, number, facility_id, document)
    if change is not Change.UNCHANGED:
        await _tell_of_facilities(tx, list({facility_id} | ({before[1]} if before else set())))
    return change, point_id


async def put_customer(
    tx: Transaction, number: str, document: documents.Customer, sealer: Sealer
) -> tuple[Change, CustomerId]:
    """Take in a customer; the identity number is sealed before it is stored."""
    return await customers.put_customer(tx, number, document, sealer)


async def put_price_list(tx: Transaction, price_list_id: str, terms: PriceListTerms) -> Change:
    """Take in a price list as a new version, and tell of all its versions. Raises FaultyPriceListError."""
    found = faults(terms)
    known = await price_lists.locked_versions(tx, price_list_id)
    found += [fault for fault in [period_fault(known, terms)] if fault]
    if found:
        raise FaultyPriceListError(found)
    change = await price_lists.put_price_list(tx, price_list_id, known, terms)
    if change is not Change.UNCHANGED:
        event = await price_lists.price_list_event(tx, price_list_id)
        await outbox.add(tx, SCHEMA, PRICE_LISTS_CHANGED, price_list_id, event)
    return change


async def put_contract(tx: Transaction, number: str, document: documents.Contract) -> tuple[Change, ContractId]:
    """Take in a contract with its terms and entered powers, and tell of it. Raises RefusedError."""
    await lock(tx, "contract", number)
    customer_id, point_id = await _parties(tx, document)
    known = await contracts.contract(tx, number)
    terms = await terms_of(tx, number, point_id, document, known.document.terms if known else ())
    asked, document = document, await as_moved(tx, document, terms)
    if known is None:
        await _require_billable(tx, number, asked, terms)
        async with _one_contract_at_a_time(tx, document):
            contract_id = await contracts.add_contract(tx, number, customer_id, point_id, document)
        before = None
    else:
        contract_id = known.contract_id
        if (known.customer_id, known.point_id) != (customer_id, point_id):
            raise RefusedError(
                Refusal.CONTRACT_IS_ANOTHERS,
                f"contract '{number}' belongs to customer '{known.document.customer_number}' at metering point"
                f" '{known.document.metering_point}'; end it and put a new contract under another number",
            )
        if known.document == document:
            return Change.UNCHANGED, contract_id
        await _require_billable(tx, number, asked, terms)
        before = await contracts.contract_event(tx, contract_id)
        async with _one_contract_at_a_time(tx, document):
            await contracts.move_contract(tx, contract_id, document)
    await contracts.replace_terms(tx, {contract_id: terms})
    await contracts.replace_entered_powers(tx, contract_id, document)
    await agreements.replace(tx, contract_id, document)
    await tell_of_contract(tx, contract_id, before)
    return Change.CHANGED if known else Change.CREATED, contract_id


async def _require_billable(tx: Transaction, number: str, document: documents.Contract, terms: Sequence[Term]) -> None:
    await require_offered(tx, number, document, terms)
    await require_billed(tx, document, terms, lambda found: f"powers[{found.place}].{found.unit}")


async def tell_of_contract(tx: Transaction, contract_id: ContractId, before: ContractChanged | None) -> None:
    """Count a contract's version up and tell of it; before: how it was, None for a new one."""
    await tell_of_contracts(tx, {contract_id: before})


async def tell_of_contracts(tx: Transaction, before: Mapping[ContractId, ContractChanged | None]) -> None:
    """Count contracts' versions up and tell of each; before: how they were, None for new ones."""
    await contracts.count_up(tx, list(before))
    after = await contracts.contract_events(tx, list(before))
    async with tx.pipeline():
        for contract_id, now in after.items():
            since = changed_from(before[contract_id], now)
            event = now if since is None else now.model_copy(update={"changed_from": since})
            await outbox.add(tx, SCHEMA, CONTRACTS_CHANGED, str(contract_id), event)


async def _parties(tx: Transaction, document: documents.Contract) -> tuple[CustomerId, PointId]:
    customer = await customers.customer(tx, document.customer_number)
    if customer is None:
        raise RefusedError(
            Refusal.UNKNOWN_CUSTOMER, f"there is no customer '{document.customer_number}'; put the customer first"
        )
    point = await facilities.metering_point(tx, document.metering_point)
    if point is None:
        raise RefusedError(
            Refusal.UNKNOWN_METERING_POINT,
            f"there is no metering point '{document.metering_point}'; put the metering point first",
        )
    unknown = await price_lists.unknown_price_lists(tx, [term.price_list_id for term in document.terms])
    if unknown:
        raise RefusedError(
            Refusal.UNKNOWN_PRICE_LIST, f"there is no price list '{unknown[0]}'; put the price list first"
        )
    return customer.customer_id, point[0]


@asynccontextmanager
async def _one_contract_at_a_time(tx: Transaction, document: documents.Contract) -> AsyncIterator[None]:
    """Turn the database's refusal of a second contract at a point into ours; the transaction goes on."""
    try:
        async with tx.transaction():
            yield
    except ExclusionViolation as overlap:
        raise RefusedError(
            Refusal.CONTRACTS_OVERLAP,
            f"metering point '{document.metering_point}' has another contract on some day from"
            f" {document.valid_from} on; end that one first by its valid_to",
        ) from overlap


async def tell_of_facilities(tx: Transaction, facility_ids: Sequence[FacilityId]) -> None:
    """Tell of facilities as they stand, each under its next version."""
    for first in range(0, len(facility_ids), AT_ONCE):
        some = facility_ids[first : first + AT_ONCE]
        await facilities.count_up(tx, some)
        await _tell_of_facilities(tx, some)


async def _tell_of_facilities(tx: Transaction, facility_ids: Sequence[FacilityId]) -> None:
    events = await facilities.facility_events(tx, facility_ids)
    async with tx.pipeline():
        for facility_id, event in events.items():
            await outbox.add(tx, SCHEMA, FACILITIES_CHANGED, str(facility_id), event)
