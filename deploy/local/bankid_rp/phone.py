"""The page on which a developer plays the person with the phone."""

from typing import Annotated

from fastapi import APIRouter, Form, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, PackageLoader
from starlette.exceptions import HTTPException

from deploy.local.bankid_rp.evidence import Wrong
from deploy.local.bankid_rp.orders import FAILED_HINTS, PENDING_HINTS, NoSuchOrderError, Orders

_TEMPLATE = Environment(loader=PackageLoader("deploy.local.bankid_rp", "."), autoescape=True).get_template("phone.html")
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"


def routes(orders: Orders) -> APIRouter:
    """Give the page and what its buttons do."""
    router = APIRouter(prefix="/phone")

    @router.get("")
    async def look(autostarttoken: str = "") -> Response:
        shown = orders.pending()
        if autostarttoken:
            try:
                shown = [orders.started_by(autostarttoken)]
            except NoSuchOrderError:
                shown = []
        choices = {"pending": PENDING_HINTS, "failed": FAILED_HINTS, "wrongs": list(Wrong)}
        page = _TEMPLATE.render(orders=shown, is_away=orders.is_away, **choices)
        return HTMLResponse(page, headers={"Content-Security-Policy": _POLICY, "Cache-Control": "no-store"})

    @router.post("/away")
    async def away(is_away: Annotated[bool, Form()]) -> Response:
        orders.is_away = is_away
        return RedirectResponse("/phone", 303)

    @router.post("/{order_ref}/{action}")
    async def act(
        order_ref: str,
        action: str,
        personal_number: Annotated[str, Form(pattern=r"^(\d{12})?$")] = "",
        hint: Annotated[str, Form(max_length=40)] = "",
        wrong: Annotated[Wrong | None, Form()] = None,
    ) -> Response:
        try:
            order = orders.order(order_ref)
        except NoSuchOrderError as error:
            raise HTTPException(404, "the order is over") from error
        if action == "approve" and personal_number:
            orders.complete(order, personal_number, wrong)
        elif action == "wait" and hint:
            orders.wait(order, hint)
        elif action == "fail" and hint:
            orders.fail(order, hint)
        else:
            raise HTTPException(404, "no such action")
        return RedirectResponse("/phone", 303)

    return router
