"""Options that a customer's administrator chooses himself: an offer is made of them, which he can sign."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from schemas.price_lists import PriceList
from services.common import web
from services.common.postgres import Transaction
from services.contracts import administrators
from services.contracts.core import documents
from services.contracts.core.refusals import Refusal, RefusedError
from services.contracts.offering import KIND, is_settled_after, put_offer
from services.contracts.parts import Parts
from services.contracts.store import agreements, contracts, lock, offers, price_lists
from services.contracts.store import costs as seen
from services.contracts.store.offers import Source

OFFERED_FOR = timedelta(days=14)
AT_LEAST_AHEAD = timedelta(days=3)
"""So long before they count options can be chosen, so that there is time to sign."""


class Chosen(NamedTuple):
    """The offer that was made of a choice."""

    offer_id: UUID
    offer_number: str
    version: int


def next_begin(today: date) -> date:
    """Give the day from which options count that are chosen today: the first of a month that is some days ahead."""
    first = today.replace(day=1)
    while first < today + AT_LEAST_AHEAD:
        first = (first + timedelta(days=32)).replace(day=1)
    return first


async def choices(tx: Transaction, contract: seen.Contract, session_token: str | None, today: date) -> dict[str, Any]:
    """Give what a contract's price list offers from the next day on that can be chosen, and what the contract has."""
    begins = next_begin(today)
    price_list = await _list_on(tx, contract.contract_number, begins)
    agreed = await agreements.agreed(tx, contract.contract_id)
    has = {one.reference: one for one in agreed.on(begins).options}
    why_not = await _why_not(tx, session_token, contract, begins)
    return {
        "contract_number": contract.contract_number,
        "metering_point": contract.metering_point,
        "price_list": price_list.name,
        "begins": begins,
        "may_choose": why_not is None,
        "why_not": why_not,
        "options": [
            {
                **one.model_dump(mode="json", by_alias=False, exclude_none=True),
                "is_chosen": one.reference in has,
                "since": has[one.reference].valid_from if one.reference in has else None,
            }
            for one in price_list.extension.options
        ],
        "agreements": [one.model_dump(mode="json") for one in agreed.agreements if one.valid_to > today],
    }


async def choose(parts: Parts, session_token: str, number: str, references: Sequence[str]) -> Chosen:
    """Make an offer of options in place of those that a contract has. Raises Problem and RefusedError."""
    async with parts.database.transaction() as tx:
        await _require_administrator(tx, session_token, number)
        begins = next_begin(parts.today())
        midnight = datetime.combine(begins, time(), parts.settings.zone)
        offer = documents.Offer(
            contract_number=number,
            price_list_id=(await _list_on(tx, number, begins)).price_list_id,
            valid_from=begins,
            chosen_options=tuple(references),
            # To the hour, so that choosing the same again within it is the same offer.
            expires_at=min((datetime.now(UTC) + OFFERED_FOR).replace(minute=0, second=0, microsecond=0), midnight),
        )
        offer_number = await _free_number(tx, f"{number}-{begins:%Y-%m}")
        done = await put_offer(tx, offer_number, offer, parts.settings.zone, Source.CUSTOMER)
    return Chosen(done.offer_id, offer_number, done.version)


async def _require_administrator(tx: Transaction, session_token: str, number: str) -> None:
    signer = await offers.signer(tx, session_token)
    if signer is None:
        raise web.Problem(401, "session_over", "The session is over; log in again.")
    contract = await contracts.contract(tx, number)
    levels = await offers.levels(tx, signer.user_id, contract.customer_id) if contract else set()
    if contract is None or not levels:
        raise web.Problem(404, "not_found", f"There is no contract '{number}' here.")
    administrators.require_deciding(signer, levels)


async def _why_not(tx: Transaction, session_token: str | None, contract: seen.Contract, begins: date) -> Refusal | None:
    """Say why options cannot be chosen under a session, as far as is seen before it is tried."""
    signer = await offers.signer(tx, session_token) if session_token else None
    if signer is None:
        return Refusal.ONLY_ADMINISTRATORS
    refusal = administrators.why_not(signer, await offers.levels(tx, signer.user_id, contract.customer_id))
    if refusal is not None:
        return refusal
    known = await contracts.contract(tx, contract.contract_number)
    return Refusal.TERM_IS_LATER if known and is_settled_after(known.document, begins) else None


async def _list_on(tx: Transaction, number: str, day: date) -> PriceList:
    """Give the price list that a contract has on a day. Raises RefusedError."""
    contract = await seen.contract(tx, number, day)
    if contract is None or contract.price_list_id is None:
        raise RefusedError(Refusal.NO_PRICES, f"contract '{number}' has no price list on {day}")
    found = (await price_lists.price_list_event(tx, contract.price_list_id)).in_force(day)
    if found is None:
        raise RefusedError(Refusal.NO_PRICES, f"the price list '{contract.price_list_id}' has no firm prices on {day}")
    return found


async def _free_number(tx: Transaction, wanted: str) -> str:
    """Give the number of the choice that is still open, else of a new offer.

    What is signed keeps its number, and so does what the utility has offered by one that would be next.
    """
    number, place = wanted, 1
    while not await _is_free(tx, number):
        place += 1
        number = f"{wanted}-{place}"
    return number


async def _is_free(tx: Transaction, number: str) -> bool:
    await lock(tx, KIND, number)
    known = await offers.by_number(tx, number)
    return known is None or (known.source == Source.CUSTOMER and not known.is_signed)
