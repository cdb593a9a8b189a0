"""Signing an offer with BankID: begun by an administrator, followed by his session alone, kept with what was shown."""

import json
from datetime import timedelta
from uuid import UUID

from schemas.bankid import Completion
from services.common import logs, web
from services.common.bankid.completion import Expected, Function
from services.common.bankid.order_table import State
from services.common.bankid.orders import Approval, Shown, Taken
from services.common.identity_seal import Sealer
from services.common.postgres import Transaction
from services.contracts import administrators, handlers
from services.contracts.core import documents
from services.contracts.core.offers import hidden_text, with_offer
from services.contracts.core.refusals import Refusal, RefusedError
from services.contracts.offering import KIND, staleness
from services.contracts.parts import Parts
from services.contracts.store import contracts, lock, offers, signings
from services.contracts.store.offers import Signer, StoredOffer
from services.contracts.store.signings import Signing

log = logs.get_logger()


def session_digest(session_token: str) -> bytes:
    """Give what a session is remembered by."""
    return bytes.fromhex(web.sha256_hex(session_token))


async def start(parts: Parts, session_token: str, offer_id: UUID, version: int, end_user_ip: str) -> UUID:
    """Begin an order, or give the one that the session has begun already. Raises RefusedError and Problem."""
    session = session_digest(session_token)
    await parts.signings.expire()
    async with parts.database.transaction() as tx:
        offer, signer = await _to_sign(tx, session_token, offer_id)
        reason = await staleness(tx, offer, version)
        if reason:
            raise RefusedError(reason, "the offer cannot be signed any more as it was shown; look at it again")
        begun = await signings.open_order(tx, offer_id, session)
        if begun:
            return begun
        signing_id = await signings.begin(tx, offer_id, version, signer.user_id, session)
    asking = parts.bankid.sign(end_user_ip, offer.text, hidden_text(offer.document_sha256, signing_id))
    await parts.signings.start(signing_id, asking)
    return signing_id


async def why_not(parts: Parts, session_token: str, offer_id: UUID) -> str:
    """Say why a session cannot sign an offer as it stands; empty where it can. Raises Problem."""
    async with parts.database.transaction() as tx:
        try:
            offer, _ = await _to_sign(tx, session_token, offer_id)
        except RefusedError as error:
            return error.refusal
        return await staleness(tx, offer, offer.version) or ""


async def of_offer(parts: Parts, signing_id: UUID) -> UUID:
    """Give the offer that an order is on."""
    async with parts.database.transaction() as tx:
        return (await signings.signing(tx, signing_id)).offer_id


async def known(parts: Parts, session_token: str, signing_id: UUID) -> Shown:
    """Give how an order stood when it was last asked for. Raises Problem."""
    return await parts.signings.known(await _bearer(parts, session_token), signing_id)


async def look(parts: Parts, session_token: str, signing_id: UUID) -> Shown:
    """Give how an order stands, asking BankID where it is time to. Raises Problem."""
    shown, _ = await parts.signings.look(await _bearer(parts, session_token), signing_id)
    return shown


async def cancel(parts: Parts, session_token: str, signing_id: UUID) -> Shown:
    """End an order on its session's word; one that has ended stays as it is. Raises Problem."""
    return await parts.signings.cancel(await _bearer(parts, session_token), signing_id)


async def _to_sign(tx: Transaction, session_token: str, offer_id: UUID) -> tuple[StoredOffer, Signer]:
    """Give an offer, locked, to who may sign it. Raises Problem and RefusedError."""
    signer = await _signer(tx, session_token)
    offer = await offers.by_id(tx, offer_id)
    levels = await offers.levels(tx, signer.user_id, offer.customer_id) if offer else set()
    if offer is None or not levels:
        raise web.Problem(404, "unknown_offer", "There is no such offer, or not for you.")
    administrators.require_deciding(signer, levels)
    if not signer.is_identified:
        raise RefusedError(Refusal.NOT_IDENTIFIED, "your personal number is not known here; ask customer service")
    await lock(tx, KIND, offer.offer_number)
    return await offers.by_id(tx, offer_id) or offer, signer


async def _signer(tx: Transaction, session_token: str) -> Signer:
    signer = await offers.signer(tx, session_token)
    if signer is None:
        raise web.Problem(401, "session_over", "The session is over; log in again.")
    return signer


async def _bearer(parts: Parts, session_token: str) -> bytes:
    async with parts.database.transaction() as tx:
        await _signer(tx, session_token)
    return session_digest(session_token)


class ToSign:
    """What orders are for here: a signature changes its offer's contract, also where nobody waits for it any more."""

    unattended_from = timedelta()

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    async def expected(self, tx: Transaction, order_id: UUID) -> Expected:
        """Give the text that was shown, and the digest and the order's id, which went with it unseen."""
        found = await signings.signing(tx, order_id)
        return Expected(Function.SIGN, found.text, hidden_text(found.document_sha256, order_id))

    async def take(self, tx: Transaction, approval: Approval) -> Taken[None]:
        """Change the contract where the person may, and the offer still holds."""
        found = await signings.signing(tx, approval.order_id)
        await lock(tx, KIND, found.offer_number)
        offer = await offers.by_id(tx, found.offer_id)
        if offer is None:
            raise LookupError(f"offer {found.offer_id} is gone")
        reason = await self._refusal(tx, found, offer, approval.completion) or await _change(tx, offer)
        log.info("offer_signed" if not reason else "signature_refused", offer=offer.offer_number, reason=reason)
        return Taken(State.REFUSED, reason) if reason else Taken(signings.SIGNED)

    async def _refusal(self, tx: Transaction, found: Signing, offer: StoredOffer, completion: Completion) -> str:
        """Say why a signature is not taken; empty where it is."""
        digest = self._sealer.digest(completion.user.personalNumber.get_secret_value())
        if not await offers.is_person(tx, found.user_id, digest):
            return Refusal.OTHER_PERSON
        if administrators.ADMINISTRATOR not in await offers.levels(tx, found.user_id, offer.customer_id):
            return Refusal.ONLY_ADMINISTRATORS
        return await staleness(tx, offer, found.offer_version) or ""


async def _change(tx: Transaction, offer: StoredOffer) -> str:
    """Change the contract as was signed, and tell of it; gives why it could not be, empty where it was."""
    await lock(tx, "contract", offer.contract_number)
    contract = await contracts.contract(tx, offer.contract_number)
    if contract is None:
        return Refusal.UNKNOWN_CONTRACT
    offered = documents.Offer.model_validate(json.loads(offer.document)["offer"])
    try:
        async with tx.transaction():
            await handlers.put_contract(tx, offer.contract_number, with_offer(contract.document, offered))
    except RefusedError as error:
        return error.refusal
    return ""
