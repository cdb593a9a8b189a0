"""The development RP as a web app."""

from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException

from deploy.local.bankid_rp import phone, rp_api
from deploy.local.bankid_rp.orders import Orders


def app(orders: Orders) -> FastAPI:
    """Give the API and the phone's page."""
    api = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    @api.exception_handler(rp_api.RefusedError)
    async def refused(_: Request, error: rp_api.RefusedError) -> Response:
        return error.response()

    @api.exception_handler(HTTPException)
    async def by_status(_: Request, error: HTTPException) -> Response:
        return rp_api.by_status(error)

    api.include_router(rp_api.routes(orders))
    api.include_router(phone.routes(orders))
    return api
