"""Signing an offer with BankID: begun by an administrator, followed by his session alone, kept with what was shown."""

import json
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from schemas.bankid import Collected, Completion
from services.common import logs, web
from services.common.bankid import COLLECT_EVERY, EXPIRED, LET_GO_AFTER, NO_SUCH_ORDER, BankIdError
from services.common.postgres import Transaction
from services.common.problems import away
from services.contracts import handlers, metrics
from services.contracts.core import documents
from services.contracts.core.bankid import signature_fault
from services.contracts.core.offers import hidden_text, with_offer
from services.contracts.core.refusals import Refusal, RefusedError
from services.contracts.offering import KIND, staleness
from services.contracts.parts import Parts
from services.contracts.store import contracts, lock, offers, signings
from services.contracts.store.offers import Signer, StoredOffer
from services.contracts.store.signings import Signing, State

log = logs.get_logger()

RETRY_AFTER_S = 10


class Shown(NamedTuple):
    """An order as its session may see it. qr, start_url: empty unless it waits for a phone."""

    signing_id: UUID
    offer_id: UUID
    state: str
    reason: str
    qr: str = ""
    start_url: str = ""


def session_digest(session_token: str) -> bytes:
    """Give what a session is remembered by."""
    return bytes.fromhex(web.sha256_hex(session_token))


async def start(parts: Parts, session_token: str, offer_id: UUID, version: int, end_user_ip: str) -> UUID:
    """Begin an order, or give the one that the session has begun already. Raises RefusedError and Problem.

    BankID is asked between two transactions: where it is slow, nobody waits with it for the database.
    """
    session = session_digest(session_token)
    async with parts.database.transaction() as tx:
        offer, signer = await _to_sign(tx, session_token, offer_id)
        reason = await staleness(tx, offer, version)
        if reason:
            raise RefusedError(reason, "the offer cannot be signed any more as it was shown; look at it again")
        await signings.expire(tx, offer_id, LET_GO_AFTER)
        begun = await signings.open_order(tx, offer_id, session)
        if begun:
            return begun.signing_id
        signing_id = await signings.begin(tx, offer_id, version, signer.user_id, session)
    try:
        order = await parts.bankid.sign(end_user_ip, offer.text, hidden_text(offer.document_sha256))
    except BankIdError as error:
        await _end(parts, signing_id, State.FAILED, "bankid_away")
        log.warning("bankid_refused_order", code=error.code)
        raise away("bankid_away", "BankID does not take orders just now; try again.", RETRY_AFTER_S) from error
    sealed = parts.orders.seal(signing_id, order.model_dump_json().encode())
    async with parts.database.transaction() as tx:
        await signings.started(tx, signing_id, sealed, datetime.now(UTC))
    return signing_id


async def known(parts: Parts, session_token: str, signing_id: UUID) -> Shown:
    """Give how an order stood when it was last asked for. Raises Problem."""
    async with parts.database.transaction() as tx:
        return _shown(parts, await _own(tx, session_token, signing_id))


async def look(parts: Parts, session_token: str, signing_id: UUID) -> Shown:
    """Give how an order stands, asking BankID where it is time to. Raises Problem."""
    async with parts.database.transaction() as tx:
        found = await _own(tx, session_token, signing_id)
        is_turn = await signings.take_turn(tx, signing_id, COLLECT_EVERY)
        # Read again: only an order that has begun has a turn, and it may have begun since.
        found = await _own(tx, session_token, signing_id) if is_turn else found
    if is_turn:
        await _collect(parts, found)
        async with parts.database.transaction() as tx:
            found = await _own(tx, session_token, signing_id)
    return _shown(parts, found)


async def cancel(parts: Parts, session_token: str, signing_id: UUID) -> Shown:
    """End an order on its session's word; one that has ended stays as it is. Raises Problem."""
    async with parts.database.transaction() as tx:
        await _own(tx, session_token, signing_id)
        found = await signings.locked(tx, signing_id)
        await signings.end(tx, signing_id, State.CANCELLED, "")
    if found.state == State.PENDING:
        try:
            await parts.bankid.cancel(parts.orders.open(found.signing_id, found.start_sealed).orderRef)
        except BankIdError as error:
            # It is cancelled here, so that whatever is approved of it now is not taken.
            log.warning("bankid_refused_cancel", code=error.code)
    return await known(parts, session_token, signing_id)


async def _to_sign(tx: Transaction, session_token: str, offer_id: UUID) -> tuple[StoredOffer, Signer]:
    """Give an offer, locked, to who may sign it. Raises Problem and RefusedError."""
    signer = await _signer(tx, session_token)
    offer = await offers.by_id(tx, offer_id)
    levels = await offers.levels(tx, signer.user_id, offer.customer_id) if offer else set()
    if offer is None or not levels:
        raise web.Problem(404, "unknown_offer", "There is no such offer, or not for you.")
    if "administrator" not in levels:
        raise RefusedError(Refusal.ONLY_ADMINISTRATORS, "only the customer's administrators sign")
    if signer.assurance == "email":
        raise RefusedError(Refusal.ONLY_LOOKS, "a session by an e-mail link may look and not sign")
    if not signer.is_identified:
        raise RefusedError(Refusal.NOT_IDENTIFIED, "your personal number is not known here; ask customer service")
    await lock(tx, KIND, offer.offer_number)
    return await offers.by_id(tx, offer_id) or offer, signer


async def _signer(tx: Transaction, session_token: str) -> Signer:
    signer = await offers.signer(tx, session_token)
    if signer is None:
        raise web.Problem(401, "session_over", "The session is over; log in again.")
    return signer


async def _own(tx: Transaction, session_token: str, signing_id: UUID) -> Signing:
    signer = await _signer(tx, session_token)
    found = await signings.of_session(tx, signing_id, session_digest(session_token))
    if found is None or found.user_id != signer.user_id:
        raise web.Problem(404, "unknown_order", "There is no such order, or not for you.")
    return found


async def _collect(parts: Parts, found: Signing) -> None:
    try:
        collected, answer = await parts.bankid.collect(parts.orders.open(found.signing_id, found.start_sealed).orderRef)
    except BankIdError as error:
        if error.code == NO_SUCH_ORDER:
            await _end(parts, found.signing_id, State.FAILED, EXPIRED)
        else:
            log.warning("bankid_refused_collect", code=error.code)
        return
    async with parts.database.transaction() as tx:
        await _take(parts, tx, found, collected, answer)


async def _take(parts: Parts, tx: Transaction, found: Signing, collected: Collected, answer: bytes) -> None:
    offer = await offers.by_id(tx, found.offer_id)
    if offer is None:
        raise LookupError(f"offer {found.offer_id} is gone")
    await lock(tx, KIND, offer.offer_number)
    offer = await offers.by_id(tx, found.offer_id) or offer
    if (await signings.locked(tx, found.signing_id)).state != State.PENDING:
        return
    if collected.status == "pending":
        await signings.hint(tx, found.signing_id, collected.hintCode)
        return
    if collected.status == "failed" or collected.completionData is None:
        await signings.end(tx, found.signing_id, State.FAILED, collected.hintCode)
        metrics.SIGNINGS.labels(State.FAILED.value).inc()
        return
    reason = await _refusal(parts, tx, found, offer, collected.completionData) or await _change(tx, offer)
    state = State.REFUSED if reason else State.SIGNED
    sealed = parts.orders.seal(found.signing_id, answer)
    await signings.end(tx, found.signing_id, state, reason, sealed)
    metrics.SIGNINGS.labels(state.value).inc()
    log.info("offer_signed" if not reason else "signature_refused", offer=offer.offer_number, reason=reason)


async def _refusal(parts: Parts, tx: Transaction, found: Signing, offer: StoredOffer, completion: Completion) -> str:
    """Say why a signature is not taken; empty where it is."""
    digest = parts.sealer.digest(completion.user.personalNumber.get_secret_value())
    if not await offers.is_person(tx, found.user_id, digest):
        return Refusal.OTHER_PERSON
    if "administrator" not in await offers.levels(tx, found.user_id, offer.customer_id):
        return Refusal.ONLY_ADMINISTRATORS
    stale = await staleness(tx, offer, found.offer_version)
    if stale:
        return stale
    return signature_fault(completion.signature, offer.text, hidden_text(offer.document_sha256)) or ""


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


async def _end(parts: Parts, signing_id: UUID, state: State, reason: str) -> None:
    async with parts.database.transaction() as tx:
        await signings.end(tx, signing_id, state, reason)
    metrics.SIGNINGS.labels(state.value).inc()


def _shown(parts: Parts, found: Signing) -> Shown:
    plain = Shown(found.signing_id, found.offer_id, found.state, found.reason)
    if found.state != State.PENDING or found.started_at is None:
        return plain
    qr, start_url = parts.orders.code_and_link(
        found.signing_id, found.start_sealed, found.started_at, datetime.now(UTC)
    )
    return plain._replace(qr=qr, start_url=start_url)
