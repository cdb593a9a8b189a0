"""BankID's RP API v6: auth, sign, collect and cancel, with its own words for errors."""

import base64
import binascii
import json
from ipaddress import ip_address
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from deploy.local.bankid_rp.orders import NoSuchOrderError, Order, Orders

PREFIX = "/rp/v6.0"
MOST_VISIBLE, MOST_HIDDEN = 40_000, 200_000
"""Characters of Base64."""
ERROR_CODES = {404: "notFound", 405: "methodNotAllowed", 408: "requestTimeout", 415: "unsupportedMediaType"}


class RefusedError(Exception):
    """An answer with an error code, as BankID gives it."""

    def __init__(self, status: int, code: str, details: str) -> None:
        super().__init__(details)
        self.status = status
        self.code = code
        self.details = details

    def response(self) -> Response:
        """Give it as BankID writes it."""
        return JSONResponse({"errorCode": self.code, "details": self.details}, self.status)


def by_status(error: HTTPException) -> Response:
    """Give what the web framework refuses as BankID would."""
    code = ERROR_CODES.get(error.status_code, "internalError")
    return RefusedError(error.status_code, code, str(error.detail)).response()


def routes(orders: Orders) -> APIRouter:
    """Give the routes of the API."""
    router = APIRouter(prefix=PREFIX)

    @router.post("/{kind}")
    async def ask(kind: str, request: Request) -> dict[str, Any]:
        if kind not in ("auth", "sign", "collect", "cancel"):
            raise RefusedError(404, "notFound", "no such method")
        if orders.is_away:
            raise RefusedError(503, "maintenance", "this is as in an hour of maintenance")
        body = await _body(request)
        try:
            if kind == "collect":
                return _collected(orders.order(_text(body, "orderRef")))
            if kind == "cancel":
                orders.cancel(_text(body, "orderRef"))
                return {}
        except NoSuchOrderError as error:
            raise RefusedError(400, "invalidParameters", "No such order") from error
        return _begun(orders, kind, body)

    return router


async def _body(request: Request) -> dict[str, Any]:
    if request.headers.get("content-type", "").split(";")[0] != "application/json":
        raise RefusedError(415, "unsupportedMediaType", "send application/json")
    try:
        body = json.loads(await request.body())
    except ValueError as error:
        raise RefusedError(400, "invalidParameters", "Invalid JSON") from error
    if not isinstance(body, dict):
        raise RefusedError(400, "invalidParameters", "Invalid JSON")
    return body


def _begun(orders: Orders, kind: str, body: dict[str, Any]) -> dict[str, Any]:
    number = (body.get("requirement") or {}).get("personalNumber")
    try:
        ip_address(_text(body, "endUserIp"))
    except ValueError as error:
        raise RefusedError(400, "invalidParameters", "Invalid endUserIp") from error
    visible = _data(body, "userVisibleData", MOST_VISIBLE)
    hidden = _data(body, "userNonVisibleData", MOST_HIDDEN)
    if kind == "sign" and not visible:
        raise RefusedError(400, "invalidParameters", "Invalid userVisibleData")
    if number and orders.is_in_progress(number):
        raise RefusedError(400, "alreadyInProgress", "Order already in progress for pno")
    order = orders.begin(kind, body["endUserIp"], visible, hidden, number)
    return {
        "orderRef": order.order_ref,
        "autoStartToken": order.auto_start_token,
        "qrStartToken": order.qr_start_token,
        "qrStartSecret": order.qr_start_secret,
    }


def _collected(order: Order) -> dict[str, Any]:
    answer: dict[str, Any] = {"orderRef": order.order_ref, "status": order.status}
    if order.completion:
        return answer | {"completionData": order.completion}
    return answer | {"hintCode": order.hint}


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise RefusedError(400, "invalidParameters", f"Invalid {name}")
    return value


def _data(body: dict[str, Any], name: str, longest: int) -> str:
    value = body.get(name, "")
    try:
        base64.b64decode(value, validate=True).decode()
    except (TypeError, binascii.Error, ValueError) as error:
        raise RefusedError(400, "invalidParameters", f"Invalid {name}") from error
    if len(value) > longest:
        raise RefusedError(400, "invalidParameters", f"Invalid {name}")
    return str(value)
