"""Signing an offer: what is signed, the order on its way to a phone, and how it ended."""

from typing import Annotated, Any
from uuid import UUID

import httpx
from fastapi import APIRouter, Form, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from services.gateway.portal import bankid_order, security
from services.gateway.portal.commands import UnansweredError, answered, headers_for
from services.gateway.portal.signing_words import said
from services.gateway.portal.visits import Parts, Visit
from services.gateway.portal.words import WORDS
from services.gateway.store import offers

PATH = "/contracts/sign"
AWAY = "bankid_away"
FormToken = Annotated[str, Form(max_length=100)]
Hint = Annotated[str, Form(max_length=400)]
Version = Annotated[int, Form(ge=1)]


def routes(parts: Parts) -> APIRouter:
    """Give the routes of signing. Whatever is sent changes something, so a page that is gone back to does no harm."""
    router = APIRouter(prefix=PATH, include_in_schema=False)

    @router.get("/{offer_id}")
    async def offer(request: Request, offer_id: UUID) -> Response:
        return await _offer_page(parts, request, offer_id)

    @router.post("/{offer_id}")
    async def start(request: Request, offer_id: UUID, version: Version, form_token: FormToken = "") -> Response:
        visit = await _visit(parts, request, form_token)
        ip = request.client.host if request.client else ""
        answer = await _ask(parts, visit, "POST", f"of/{offer_id}", {"version": version, "end_user_ip": ip})
        if answer.status_code == httpx.codes.CREATED:
            return RedirectResponse(f"{PATH}/{offer_id}/{UUID(answer.json()['signing_id'])}", 303)
        return await _offer_page(parts, request, offer_id, _code(answer), answer.status_code)

    @router.get("/{offer_id}/{signing_id}")
    async def order(request: Request, offer_id: UUID, signing_id: UUID) -> Response:
        visit = await _visit(parts, request)
        found = _found(await _ask(parts, visit, "GET", str(signing_id)))
        if found["offer_id"] != str(offer_id):
            raise HTTPException(404)
        return parts.page("bankid_order.html", visit, **_shown(visit, offer_id, found))

    @router.post("/{offer_id}/{signing_id}/status")
    async def status(
        request: Request, offer_id: UUID, signing_id: UUID, form_token: FormToken = "", hint: Hint = ""
    ) -> Response:
        visit = await _visit(parts, request, form_token)
        found = _found(await _ask(parts, visit, "POST", f"{signing_id}/status"))
        page = f"{PATH}/{offer_id}/{signing_id}"
        if not request.headers.get("hx-request"):
            return RedirectResponse(page, 303)
        if found["state"] not in bankid_order.OPEN:
            return Response(headers={"HX-Redirect": page})
        shown = _shown(visit, offer_id, found)
        return parts.page("bankid_frame.html", visit, is_news=shown["hint"] != hint, **shown)

    @router.post("/{offer_id}/{signing_id}/cancel")
    async def cancel(request: Request, offer_id: UUID, signing_id: UUID, form_token: FormToken = "") -> Response:
        visit = await _visit(parts, request, form_token)
        _found(await _ask(parts, visit, "POST", f"{signing_id}/cancel"))
        return RedirectResponse(f"{PATH}/{offer_id}/{signing_id}", 303)

    return router


async def _visit(parts: Parts, request: Request, form_token: str | None = None) -> Visit:
    """Tell who asks, and let go of the connection: BankID may be slow. Raises HTTPException for a forged form."""
    async with parts.visit(request) as visit:
        if form_token is not None and not security.is_form_token(visit.token, form_token):
            raise HTTPException(403, "forged")
    return visit


async def _offer_page(
    parts: Parts, request: Request, offer_id: UUID, refused: str = "", status: int = httpx.codes.OK
) -> Response:
    async with parts.visit(request) as visit:
        found = await offers.offer(visit.connection, offer_id, visit.visitor.user_id)
    if found is None:
        raise HTTPException(404)
    why_not = _why_not(parts, found) or await _refusal(parts, visit, offer_id)
    reason = refused or why_not
    words = WORDS[visit.visitor.language]["signing"]
    return parts.page(
        "signing_offer.html",
        visit,
        status,
        offer=found,
        why_not=said("refused", reason, words) if reason else "",
        can_start=not why_not,
    )


def _why_not(parts: Parts, offer: Any) -> str:
    """Say why a visitor cannot sign an offer; empty where he can, as far as is seen from here."""
    if offer["signed_at"]:
        return "offer_signed"
    if offer["is_expired"]:
        return "offer_expired"
    if not offer["may_sign"]:
        return "only_administrators"
    return "" if parts.settings.contracts_url else "signing_off"


async def _refusal(parts: Parts, visit: Visit, offer_id: UUID) -> str:
    """Ask contracts why a visitor cannot sign what he sees; empty where he can."""
    try:
        answer = await _ask(parts, visit, "GET", f"of/{offer_id}")
    except UnansweredError:
        return "signing_off"
    return str(_found(answer)["why_not"])


def _shown(visit: Visit, offer_id: UUID, found: dict[str, Any]) -> dict[str, Any]:
    back = f"{PATH}/{offer_id}"
    language = visit.visitor.language
    title = WORDS[language]["signing"]["start"]
    return bankid_order.shown(found, language, title, f"{back}/{found['signing_id']}", back)


async def _ask(
    parts: Parts, visit: Visit, method: str, path: str, body: dict[str, Any] | None = None
) -> httpx.Response:
    if not parts.settings.contracts_url:
        raise HTTPException(404)
    url = f"{parts.settings.contracts_url}/v1/signings/{path}"
    asking = parts.client.request(method, url, json=body, headers=headers_for(visit.token))
    return await answered("sign", asking, expected=(httpx.codes.SERVICE_UNAVAILABLE,))


def _found(answer: httpx.Response) -> dict[str, Any]:
    if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
        raise UnansweredError("sign: 503")
    if answer.status_code != httpx.codes.OK:
        # Another's order, or none: the same to this visitor.
        raise HTTPException(404)
    found: dict[str, Any] = answer.json()
    return found


def _code(answer: httpx.Response) -> str:
    """Give the word for a refusal. Raises HTTPException where there is no such offer for this visitor."""
    if answer.status_code in (401, 404):
        raise HTTPException(404)
    code = str(answer.json().get("code", ""))
    return AWAY if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE and code != "signing_off" else code
