"""HTTP for offers: staff systems put them with their key, and a visitor signs under his own session."""

from ipaddress import IPv4Address, IPv6Address
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Response
from pydantic import BaseModel, ConfigDict, Field

from schemas.values import Key
from services.common import web
from services.common.bankid.orders import Shown
from services.contracts import metrics, signing
from services.contracts.core import documents
from services.contracts.offering import put_offer
from services.contracts.parts import Parts
from services.contracts.store import Change, offers

Session = Annotated[str, Header(alias="Kulvert-Session", min_length=1, max_length=200)]


class Begin(BaseModel):
    """Which version of an offer the visitor was shown, and from where he asks."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Annotated[int, Field(ge=1)]
    end_user_ip: IPv4Address | IPv6Address


def staff_routes(parts: Parts) -> APIRouter:
    """Give the routes of staff systems."""
    router = web.router()

    @router.put("/offers/{offer_number}")
    async def put(offer_number: Key, offer: documents.Offer, response: Response) -> dict[str, Any]:
        async with parts.database.transaction() as tx:
            done = await put_offer(tx, offer_number, offer, parts.settings.zone)
        metrics.DOCUMENTS.labels("offers", done.change.value).inc()
        response.status_code = 201 if done.change is Change.CREATED else 200
        return {"result": done.change.value, "offer_id": done.offer_id, "version": done.version}

    @router.get("/offers/{offer_number}")
    async def get(offer_number: Key) -> dict[str, Any]:
        async with parts.database.transaction() as tx:
            found = await offers.by_number(tx, offer_number)
        if found is None:
            raise web.Problem(404, "not_found", f"There is no offer '{offer_number}' here.")
        shown = (
            "offer_id",
            "version",
            "offer_number",
            "contract_number",
            "text",
            "document",
            "expires_at",
            "is_signed",
        )
        return {name: getattr(found, name) for name in shown} | {"document_sha256": found.document_sha256.hex()}

    return router


def visitor_routes(parts: Parts) -> APIRouter:
    """Give the routes that a visitor's session opens, and no key."""
    router = web.router()

    @router.post("/signings/of/{offer_id}", status_code=201)
    async def begin(offer_id: UUID, document: Begin, session: Session) -> dict[str, UUID]:
        if not parts.settings.bankid_url:
            raise web.Problem(503, "signing_off", "Nobody can sign here: no address of BankID is set.")
        ip = str(document.end_user_ip)
        return {"signing_id": await signing.start(parts, session, offer_id, document.version, ip)}

    @router.get("/signings/of/{offer_id}")
    async def can_sign(offer_id: UUID, session: Session) -> dict[str, str]:
        why_not = await signing.why_not(parts, session, offer_id)
        return {"why_not": why_not or ("" if parts.settings.bankid_url else "signing_off")}

    @router.get("/signings/{signing_id}")
    async def get(signing_id: UUID, session: Session) -> dict[str, Any]:
        shown = _answer(await signing.known(parts, session, signing_id))
        return shown | {"offer_id": await signing.of_offer(parts, signing_id)}

    @router.post("/signings/{signing_id}/status")
    async def status(signing_id: UUID, session: Session) -> dict[str, Any]:
        return _answer(await signing.look(parts, session, signing_id))

    @router.post("/signings/{signing_id}/cancel")
    async def cancel(signing_id: UUID, session: Session) -> dict[str, Any]:
        return _answer(await signing.cancel(parts, session, signing_id))

    return router


def _answer(shown: Shown) -> dict[str, Any]:
    answer = shown._asdict()
    return {"signing_id": answer.pop("order_id"), **answer}
