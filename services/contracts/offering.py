"""Offers on contracts: each version a document of its own, which can be signed until what it rests on changes."""

from datetime import UTC, date, datetime, time
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from schemas.price_lists import PriceList
from services.common.postgres import Transaction
from services.contracts.core import documents
from services.contracts.core.entered_powers import Misfit
from services.contracts.core.offers import sheet, with_offer
from services.contracts.core.refusals import Refusal, RefusedError
from services.contracts.life import require_billed, require_offered, terms_of
from services.contracts.store import Change, contracts, lock, offers, price_lists
from services.contracts.store.offers import MadeOf, Source, StoredOffer

KIND = "offer"


class PutOffer(NamedTuple):
    """What putting an offer did."""

    change: Change
    offer_id: UUID
    version: int


async def put_offer(
    tx: Transaction, number: str, offer: documents.Offer, zone: ZoneInfo, source: Source = Source.UTILITY
) -> PutOffer:
    """Take in an offer, as a new version where it or what it rests on is another. Raises RefusedError."""
    await lock(tx, KIND, number)
    known = await offers.by_number(tx, number)
    # As whoever puts a contract does, so that the two never wait for each other.
    await lock(tx, "contract", offer.contract_number)
    contract = await contracts.contract(tx, offer.contract_number)
    if contract is None:
        raise RefusedError(Refusal.UNKNOWN_CONTRACT, f"there is no contract '{offer.contract_number}'; put it first")
    if known and (known.is_signed or known.contract_id != contract.contract_id):
        raise RefusedError(
            Refusal.OFFER_SIGNED, f"offer '{number}' is signed, or another contract's: take another number"
        )
    if known and source is Source.UTILITY and known.source == Source.CUSTOMER:
        raise RefusedError(
            Refusal.OFFER_IS_CUSTOMERS,
            f"offer '{number}' was made by the customer's own choice of options, which he may be about to sign: take"
            " another number",
        )
    _check_dates(offer, contract.document, zone)
    prices = await prices_of(tx, offer)
    _check_options(offer, prices)
    _check_quantity(offer, prices)
    offered = with_offer(contract.document, offer)
    terms = await terms_of(tx, offer.contract_number, contract.point_id, offered, contract.document.terms)
    await require_offered(tx, offer.contract_number, offered, terms)
    await require_billed(tx, offered, terms, lambda found: _field_of(offer, found))
    event = await contracts.contract_event(tx, contract.contract_id)
    parties = await offers.parties(tx, contract.contract_id)
    whole = event.model_dump(mode="json", exclude={"changed_from", "customer_id"})
    written = sheet(number, offer, parties, whole, prices, offer.expires_at.astimezone(zone))
    if known and known.document_sha256 == written.sha256:
        return PutOffer(Change.UNCHANGED, known.offer_id, known.version)
    made_of = MadeOf(contract.contract_id, event.version, prices.version, source)
    offer_id = await offers.add(tx, number, known, offer, written, made_of)
    return PutOffer(
        Change.CHANGED if known else Change.CREATED,
        offer_id,
        known.version + 1 if known else 1,
    )


def _field_of(offer: documents.Offer, found: Misfit) -> str:
    """Say which field of an offer is at fault: its quantity, else its day, after which the contract has another."""
    return found.unit if found.power.valid_from == offer.valid_from else "valid_from"


def _check_dates(offer: documents.Offer, contract: documents.Contract, zone: ZoneInfo) -> None:
    begins = datetime.combine(offer.valid_from, time(), zone)
    if not datetime.now(UTC) < offer.expires_at <= begins:
        raise RefusedError(
            Refusal.OFFER_TOO_LATE, f"let the offer expire after now and before what it offers begins, {begins}"
        )
    if is_settled_after(contract, offer.valid_from):
        raise RefusedError(
            Refusal.TERM_IS_LATER,
            f"contract '{offer.contract_number}' has a term that begins, or ends itself, on a later day than"
            f" {offer.valid_from} is followed by; let the offer begin after all its terms and before its end",
        )


def is_settled_after(contract: documents.Contract, day: date) -> bool:
    """Tell whether a contract has a term that begins after a day, or ends by it: then no offer can begin on it."""
    has_later_term = any(term.valid_from > day for term in contract.terms)
    return has_later_term or (contract.valid_to is not None and contract.valid_to <= day)


def _check_options(offer: documents.Offer, prices: PriceList) -> None:
    offered = [one.reference for one in prices.extension.options]
    for place, reference in enumerate(offer.chosen_options or ()):
        if reference not in offered:
            known = f"it offers {', '.join(offered)}" if offered else "it offers none"
            field, told = f"chosen_options[{place}]", f"'{reference}' is no option of '{prices.name}'; {known}"
            raise RefusedError(Refusal.OPTION_NOT_OFFERED, f"{field}: {told}", field)


def _check_quantity(offer: documents.Offer, prices: PriceList) -> None:
    """Refuse a power that the customer would sign and nobody bill."""
    if offer.kw is not None and prices.is_by_months_peaks:
        told = f"kw: '{prices.name}' bills each month by its own peaks; leave kw out"
        raise RefusedError(Refusal.QUANTITY_NOT_BILLED, told, "kw")


async def prices_of(tx: Transaction, offer: documents.Offer) -> PriceList:
    """Give the version of the offered price list that counts from the offered day. Raises RefusedError."""
    if await price_lists.unknown_price_lists(tx, [offer.price_list_id]):
        raise RefusedError(Refusal.UNKNOWN_PRICE_LIST, f"there is no price list '{offer.price_list_id}'; put it first")
    found = (await price_lists.price_list_event(tx, offer.price_list_id)).in_force(offer.valid_from)
    if found is None:
        raise RefusedError(
            Refusal.NO_PRICES, f"the price list '{offer.price_list_id}' has no firm prices on {offer.valid_from}"
        )
    return found


async def staleness(tx: Transaction, offer: StoredOffer, version: int) -> Refusal | None:
    """Say why an offer's version cannot be signed any more; None where it can. offer: its newest version."""
    if offer.is_signed:
        return Refusal.OFFER_SIGNED
    if offer.version != version:
        return Refusal.OFFER_REPLACED
    if offer.expires_at <= datetime.now(UTC):
        return Refusal.OFFER_EXPIRED
    if offer.contract_version_now != offer.contract_version:
        return Refusal.CONTRACT_CHANGED
    in_force = (await price_lists.price_list_event(tx, offer.price_list_id)).in_force(offer.valid_from)
    if in_force is None or in_force.version != offer.price_list_version:
        return Refusal.PRICES_CHANGED
    return None
