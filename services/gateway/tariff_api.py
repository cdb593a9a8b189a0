"""The operator's tariff interface as everybody reaches it: passed on to contracts without a log-in, within limits."""

import re

import httpx
from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.responses import StreamingResponse
from starlette.background import BackgroundTask
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware

from services.common import logs, web
from services.common.plain_problems import PlainProblems
from services.common.problems import away
from services.gateway import metrics
from services.gateway.allowance import Allowance, sender
from services.gateway.portal import security
from services.gateway.settings import GatewaySettings

PREFIX = "/tariff-api"
MAX_BODY_BYTES = 256 * 1024
MAX_QUERY = 1_000
BODY_TIMEOUT_S = 10.0
RETRY_AFTER_S = 5
DAY_S = 86_400
SOME_ID = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
PASSED_ON = ("authorization", "content-type")
MAY_BE_KEPT = "public, max-age=60"
PASSED_BACK = ("content-type", "retry-after", "www-authenticate")


def app(settings: GatewaySettings, client: httpx.AsyncClient) -> FastAPI:
    """Give the web app, which answers below PREFIX alone. Pages of any other site may read what it answers."""
    api = web.app("gateway", settings, MAX_BODY_BYTES, BODY_TIMEOUT_S)
    api.router.redirect_slashes = False
    allowance = Allowance(settings.tariff_questions_per_minute)

    def within_limits(request: Request) -> None:
        wait_s = allowance.wait_s(sender(request.client.host if request.client else ""))
        if wait_s > 0:
            problem = web.Problem(429, "too_many_requests", "Too many questions from one address; ask again later.")
            problem.headers["Retry-After"] = str(int(wait_s) + 1)
            raise problem
        if len(request.url.query) > MAX_QUERY:
            raise web.Problem(400, "too_long", f"The query has over {MAX_QUERY} characters.")

    api.include_router(_routes(settings, client), prefix=PREFIX, dependencies=[Depends(within_limits)])
    api.add_middleware(PlainProblems)
    api.add_middleware(GZipMiddleware, minimum_size=1_000)
    api.add_middleware(
        CORSMiddleware,
        allow_origins=["*"],
        allow_methods=["GET", "POST"],
        allow_headers=["Authorization", "Content-Type"],
        expose_headers=["Retry-After"],
        max_age=DAY_S,
    )
    headers = security.everywhere(settings.local)

    @api.middleware("http")
    async def protected(request: Request, call_next: security.Answering) -> Response:
        response = await call_next(request)
        response.headers.update(headers)
        return response

    return api


def _routes(settings: GatewaySettings, client: httpx.AsyncClient) -> APIRouter:
    router = APIRouter()

    async def pass_on(request: Request, path: str) -> Response:
        if not settings.contracts_url:
            raise web.Problem(501, "not_offered", "No tariff interface is offered here.")
        address = httpx.URL(f"{settings.contracts_url}{PREFIX}{path}", query=request.url.query.encode() or None)
        headers = {name: request.headers[name] for name in PASSED_ON if name in request.headers}
        headers[web.CORRELATION_HEADER] = logs.correlation_id()
        content = await request.body()
        asked = client.build_request(request.method, address, headers=headers, content=content)
        try:
            answer = await client.send(asked, stream=True)
        except httpx.TransportError as error:
            raise away("tariffs_away", "The prices cannot be read now; try again.", RETRY_AFTER_S) from error
        metrics.TARIFF_QUESTIONS.labels(str(answer.status_code)).inc()
        is_everybodys = request.method == "GET" and answer.is_success
        kept = {name: answer.headers[name] for name in PASSED_BACK if name in answer.headers}
        kept["Cache-Control"] = MAY_BE_KEPT if is_everybodys else "no-store"
        return StreamingResponse(
            answer.aiter_bytes(), answer.status_code, headers=kept, background=BackgroundTask(answer.aclose)
        )

    @router.get("/info")
    @router.get("/tariffs")
    @router.get("/prices")
    @router.get("/openapi.json")
    async def named(request: Request) -> Response:
        # The path that was matched, and so one of these four.
        return await pass_on(request, request.url.path.removeprefix(PREFIX))

    @router.get("/tariffs/{tariff_id}")
    async def tariff(request: Request, tariff_id: str) -> Response:
        if not re.fullmatch("[0-9a-fA-F-]{1,40}", tariff_id):
            raise web.Problem(400, "invalid", f"An id is a UUID as in {SOME_ID}.")
        return await pass_on(request, f"/tariffs/{tariff_id}")

    @router.post("/tariffs/search")
    async def search(request: Request) -> Response:
        return await pass_on(request, "/tariffs/search")

    return router
