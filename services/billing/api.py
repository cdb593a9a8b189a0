"""The service's HTTP interface: closing a month, and invoices to look at, as data and as PDF."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, FastAPI, Header, Path, Query, Response
from pydantic import BaseModel

from services.billing.closing import MonthNotOverError, close_month
from services.billing.core.chain import Flaw
from services.billing.core.document import document
from services.billing.core.reference import invoice_number, is_invoice_number
from services.billing.following import follow_chain
from services.billing.printing import Printer
from services.billing.settings import BillingSettings
from services.billing.store import invoices
from services.billing.store.invoices import Invoice
from services.common import web
from services.common.postgres import Database

EARLIEST, LATEST = 1990, 2060
MOST_SHOWN = 1_000

Month = Annotated[str, Query(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]
Year = Annotated[int, Path(ge=EARLIEST, le=LATEST)]
Limit = Annotated[int, Query(ge=1, le=MOST_SHOWN)]
Before = Annotated[str | None, Query(pattern=r"^[0-9]{4}-[0-9]{6,12}$")]
After = Annotated[str, Query(max_length=40, pattern=r"^[^\x00-\x1f\x7f]*$")]


@dataclass(frozen=True)
class Parts:
    """What the requests need."""

    database: Database
    printer: Printer
    settings: BillingSettings


class MonthReport(BaseModel):
    """How a month stands, in numbers of contracts. issued_now: by this very run; dirty ones are issued too."""

    month: str
    issued_now: int
    issued: int
    dirty: dict[str, int]
    held: dict[str, int]


class ChainReport(BaseModel):
    """Whether a year's invoices are as they were issued.

    issued: how many numbers were given. invoices: how many of them hold, from the first on. broken_at, flaw: the
    first number that does not, and why; None where all do. lost: the numbers of those that were issued after the backup
    that the database was put back from; of them only sums are known.
    """

    year: int
    issued: int
    invoices: int
    broken_at: str | None
    flaw: Flaw | None
    lost: list[str]


def app(parts: Parts) -> FastAPI:
    """Give the web app. Only the PDF is for visitors too, who show their session in place of the key."""
    api = web.app("billing", parts.settings)
    check_key = web.integration_key(parts.settings)
    # First, since its path fits the one for a number as well.
    api.include_router(_pdf(parts, check_key), prefix="/v1")
    for router in (_runs(parts), _invoices(parts), _chains(parts)):
        api.include_router(router, prefix="/v1", dependencies=[Depends(check_key)])
    return api


def _runs(parts: Parts) -> APIRouter:
    router = web.router()

    @router.post("/runs/{month}")
    async def run(month: str) -> MonthReport:
        first = _first_day(month)
        try:
            closed = await close_month(parts.database, parts.settings, first)
        except MonthNotOverError as error:
            detail = f"{month} is not over yet; close it from the next month's first day on."
            raise web.Problem(409, "month_not_over", detail) from error
        return await _report(parts, month, first, closed.issued)

    @router.get("/runs/{month}")
    async def get_run(month: str) -> MonthReport:
        return await _report(parts, month, _first_day(month), 0)

    @router.get("/periods")
    async def list_periods(
        month: Month,
        state: Literal["held", "issued", "dirty"] | None = None,
        after: After = "",
        limit: Limit = 100,
    ) -> dict[str, list[Mapping[str, Any]]]:
        async with parts.database.transaction() as tx:
            return {"periods": await invoices.periods(tx, _first_day(month), state, after, limit)}

    return router


def _invoices(parts: Parts) -> APIRouter:
    router = web.router()

    @router.get("/invoices")
    async def list_invoices(
        month: Month | None = None, before: Before = None, limit: Limit = 100
    ) -> dict[str, list[Mapping[str, Any]]]:
        first = _first_day(month) if month else None
        async with parts.database.transaction() as tx:
            return {"invoices": await invoices.invoices(tx, first, before, limit)}

    @router.get("/invoices/{number}")
    async def get_invoice(number: str) -> dict[str, Any]:
        found = await _seen(parts, number, None)
        return {**found.head, "lines": found.lines}

    return router


def _chains(parts: Parts) -> APIRouter:
    router = web.router()

    @router.get("/chains/{year}")
    async def get_chain(year: Year) -> ChainReport:
        followed = await follow_chain(parts.database, year)
        broken = followed.broken
        return ChainReport(
            year=year,
            issued=followed.issued.count,
            invoices=followed.holds_to.count - sum(one < followed.holds_to.next_number for one in followed.lost),
            broken_at=broken and invoice_number(year, broken.sequence),
            flaw=broken and broken.flaw,
            lost=[invoice_number(year, one) for one in sorted(followed.lost)],
        )

    return router


def _pdf(parts: Parts, check_key: Any) -> APIRouter:
    router = web.router()

    @router.get("/invoices/{number}.pdf")
    async def get_pdf(
        number: str,
        kulvert_session: Annotated[str | None, Header()] = None,
        authorization: Annotated[str | None, Header()] = None,
    ) -> Response:
        if kulvert_session is None:
            check_key(authorization)
        found = await _seen(parts, number, kulvert_session)
        pages = await parts.printer.pdf(document(found.head, found.lines), found.head["issued_at"])
        name = f'inline; filename="faktura_{found.head["number"]}.pdf"'
        return Response(pages, media_type="application/pdf", headers={"Content-Disposition": name})

    return router


async def _seen(parts: Parts, number: str, session: str | None) -> Invoice:
    """Read an invoice that may be seen. Another's is as unknown as one that does not exist. Raises Problem 404."""
    if not is_invoice_number(number):
        raise _missing(number)
    async with parts.database.transaction() as tx:
        if session is not None and not await invoices.session_sees(tx, session, number):
            raise _missing(number)
        found = await invoices.invoice(tx, number)
    if found is None:
        raise _missing(number)
    return found


async def _report(parts: Parts, month: str, first: date, issued_now: int) -> MonthReport:
    async with parts.database.transaction() as tx:
        counts = await invoices.counts(tx, first)
    by_state = {state: {reason: count for one, reason, count in counts if one == state} for state in ("held", "dirty")}
    issued = sum(count for state, _, count in counts if state != "held")
    return MonthReport(month=month, issued_now=issued_now, issued=issued, **by_state)


def _first_day(month: str) -> date:
    try:
        first = date.fromisoformat(f"{month}-01")
    except ValueError:
        first = date.min
    if not EARLIEST <= first.year <= LATEST:
        raise web.Problem(422, "not_a_month", f"Write the month as 2026-01, from {EARLIEST} to {LATEST}.")
    return first


def _missing(number: str) -> web.Problem:
    return web.Problem(404, "not_found", f"There is no invoice '{number}' here.")
