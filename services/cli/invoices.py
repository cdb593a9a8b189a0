"""`kulvert invoices`: close a month, list invoices, fetch one as PDF."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from rich.console import Console

from deploy.local.folder import StackError
from deploy.local.services import BILLING
from deploy.local.stack import Stack
from services.billing.core.held import HeldReason
from services.cli import arguments, tables
from services.cli.requests import Client, told_to_person
from services.cli.tables import Heading

CLOSE_TIMEOUT_S = 3600
"""A month of a hundred thousand contracts takes minutes."""

MOST_LISTED = 1_000

HELD = {
    HeldReason.DAYS_MISSING: "days of the month have no energy yet; see them with: kulvert show days ID",
    HeldReason.REGISTER_WENT_BACKWARDS: "the register stands lower at the month's end than at its beginning",
    HeldReason.NO_PRICE_LIST: "no price list is in force on some day of the month",
    HeldReason.NO_ENERGY_PRICE: "the price list has no energy price for the month",
    HeldReason.OPTION_NOT_PRICED: "the contract has an option that its price list does not offer for the whole month",
    HeldReason.NO_POWER_IN_FORCE: "the contract has no subscription power on some day of the month",
    HeldReason.PEAKS_NOT_MEASURED: (
        "too few days are measured to set the month's own power; enter an agreed one from the month's first day"
    ),
    HeldReason.QUANTITY_MISSING: "the price list counts flow or return temperature, which are not known for the month",
    HeldReason.INVOICE_LOST: "issued after the backup that the database was put back from; see docs/operating.md",
    HeldReason.NO_ADDRESS: "the customer or the metering point is not there, so nobody can be billed",
}

HEADINGS = (
    Heading("Number", is_text=True),
    Heading("Month", is_text=True),
    Heading("Customer", is_text=True, may_wrap=True),
    Heading("Metering point", is_text=True),
    Heading("Sum, kr"),
    Heading("State", is_text=True),
    Heading("Due", is_text=True, may_go=True),
)

app = typer.Typer(help="Close a month and look at its invoices.", no_args_is_help=True)


@app.command()
def run(
    month: Annotated[
        str, typer.Argument(metavar="MONTH", parser=arguments.month, help="the month to close, such as 2026-01")
    ],
) -> None:
    """Issue every invoice of MONTH that is ready; running it again issues only what has become ready since."""
    report = _ask("POST", f"/v1/runs/{month}").json()
    for line in _lines(report):
        typer.echo(line)


def _lines(report: Mapping[str, Any]) -> list[str]:
    """Say how a month stands."""
    month, now, issued = report["month"], report["issued_now"], report["issued"]
    if not issued and not report["held"]:
        return [f"{month}: nothing to issue, since no contract has a day in that month."]
    lines = [f"{month}: {now} {'invoice' if now == 1 else 'invoices'} issued now, {issued} in all."]
    lines += [f"  held, {reason}: {count} ({HELD[HeldReason(reason)]})" for reason, count in report["held"].items()]
    lines += [f"  issued, but to be looked at again, {reason}: {count}" for reason, count in report["dirty"].items()]
    return lines


@app.command("list")
def list_(
    month: Annotated[
        str | None,
        typer.Option(metavar="MONTH", parser=arguments.month, help="only this month, such as 2026-01"),
    ] = None,
    limit: Annotated[
        int, typer.Option(metavar="NUMBER", parser=arguments.whole(1, MOST_LISTED), help="how many at most")
    ] = 50,
) -> None:
    """List invoices, newest first."""
    parameters: dict[str, Any] = {"limit": limit} | ({"month": month} if month else {})
    rows = [_row(one) for one in _ask("GET", "/v1/invoices", params=parameters).json()["invoices"]]
    if not rows:
        typer.echo(
            f"no invoice is issued{f' of {month}' if month else ''}; close a month with: kulvert invoices run MONTH"
        )
        return
    console = Console()
    kept = tables.fitting(HEADINGS, rows, console.width)
    console.print(tables.table(HEADINGS, rows, kept))
    if words := tables.left_out(HEADINGS, kept):
        typer.echo(words)


def _row(invoice: dict[str, Any]) -> list[str]:
    kronor = f"{Decimal(invoice['total_ore']) / 100:,.2f}".replace(",", " ")
    who, where = invoice["customer_name"], invoice["metering_point"]
    return [invoice["number"], invoice["month"][:7], who, where, kronor, invoice["state"], invoice["due_on"]]


@app.command()
def pdf(
    number: Annotated[
        str,
        typer.Argument(
            metavar="NUMBER", parser=arguments.invoice_number, help="the invoice's number, such as 2026-100482"
        ),
    ],
    to: Annotated[Path | None, typer.Option(help="file to write; else faktura_NUMBER.pdf here")] = None,
) -> None:
    """Write an invoice as PDF."""
    answer = _ask("GET", f"/v1/invoices/{number}.pdf")
    file = to or Path(f"faktura_{number}.pdf")
    with told_to_person():
        try:
            file.write_bytes(answer.content)
        except OSError as error:
            raise StackError(f"cannot write {file}: {error.strerror}; name another file with --to") from error
    typer.echo(str(file))


def _ask(method: str, path: str, **more: Any) -> httpx.Response:
    with told_to_person(), Client(Stack(), BILLING, timeout_s=CLOSE_TIMEOUT_S) as billing:
        return billing.ask(method, path, **more)
