"""`kulvert invoices`: close a month, list invoices, fetch one as PDF."""

from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from rich.console import Console

from deploy.local.services import BILLING
from deploy.local.stack import Stack
from services.cli import tables
from services.cli.requests import Client, told_to_person
from services.cli.tables import Heading

CLOSE_TIMEOUT_S = 3600
"""A month of a hundred thousand contracts takes minutes."""

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
def run(month: Annotated[str, typer.Argument(help="the month to close, such as 2026-01")]) -> None:
    """Issue every invoice of MONTH that is ready; running it again issues only what has become ready since."""
    report = _ask("POST", f"/v1/runs/{month}").json()
    typer.echo(f"{month}: {report['issued_now']} invoices issued now, {report['issued']} in all.")
    for reason, count in report["held"].items():
        typer.echo(f"  held, {reason}: {count}")
    for reason, count in report["dirty"].items():
        typer.echo(f"  issued, but to be looked at again, {reason}: {count}")


@app.command("list")
def list_(
    month: Annotated[str | None, typer.Option(help="only this month, such as 2026-01")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1_000, help="how many at most")] = 50,
) -> None:
    """List invoices, newest first."""
    parameters: dict[str, Any] = {"limit": limit} | ({"month": month} if month else {})
    rows = [_row(one) for one in _ask("GET", "/v1/invoices", params=parameters).json()["invoices"]]
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
    number: Annotated[str, typer.Argument(help="the invoice's number, such as 2026-100482")],
    to: Annotated[Path | None, typer.Option(help="file to write; else faktura_NUMBER.pdf here")] = None,
) -> None:
    """Write an invoice as PDF."""
    answer = _ask("GET", f"/v1/invoices/{number}.pdf")
    file = to or Path(f"faktura_{number}.pdf")
    file.write_bytes(answer.content)
    typer.echo(str(file))


def _ask(method: str, path: str, **more: Any) -> httpx.Response:
    with told_to_person(), Client(Stack(), BILLING, timeout_s=CLOSE_TIMEOUT_S) as billing:
        return billing.ask(method, path, **more)
