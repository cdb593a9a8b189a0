"""`kulvert power-runs`: the yearly run over all subscription powers, from a preview to its approval."""

import csv
import sys
import time
from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.console import Console

from deploy.local.folder import StackError
from deploy.local.services import CONTRACTS
from deploy.local.stack import Stack
from services.cli import arguments, tables
from services.cli.bars import progress_bar
from services.cli.requests import Client, told_to_person
from services.cli.tables import Heading
from services.contracts.core.proposals import LeftOut
from services.heat.power_methods.decision import Decision

TIMEOUT_S = 3600
"""A preview or an approval of a hundred thousand contracts takes minutes."""

LOOK_EVERY_S = 0.2
MOST_AT_ONCE = 1_000

LEFT_OUT = {
    LeftOut.NO_POWER_PRICE: "their price list has no price for power on that day",
    LeftOut.POWER_IS_CHOSEN: "their customers have chosen the power",
    LeftOut.POWER_IS_OF_MONTHS: "each month is billed by its own power",
    LeftOut.PERIOD_NOT_OVER: "the days that their method takes were not over on that day; begin a run later",
}
COLUMNS = (
    ("metering_point", Heading("Metering point", is_text=True)),
    ("contract_number", Heading("Contract", is_text=True, may_go=True)),
    ("in_force_kw", Heading("In force, kW or MWh")),
    ("measured_kw", Heading("Measured, kW or MWh")),
    ("kw", Heading("New, kW or MWh")),
    ("effective_on", Heading("From", is_text=True)),
    ("share_percent", Heading("Share, %")),
    ("method", Heading("Method", is_text=True, may_go=True)),
)
STATE = (
    ("decision", Heading("Decision", is_text=True)),
    ("reason", Heading("Reason", is_text=True, may_go=True)),
    ("state", Heading("State", is_text=True)),
)
CORRECTED = (
    ("metering_point", Heading("Metering point", is_text=True)),
    ("contract_number", Heading("Contract", is_text=True, may_go=True)),
    ("winter", Heading("Winter", is_text=True)),
    ("measured_kw", Heading("Measured, kW or MWh")),
    ("measured_now_kw", Heading("Now, kW or MWh")),
    ("reason_now", Heading("Reason now", is_text=True, may_go=True)),
)
Columns = Sequence[tuple[str, Heading]]


class Form(StrEnum):
    """How a table is written."""

    TABLE = "table"
    CSV = "csv"


app = typer.Typer(help="Measure every contract's subscription power, and approve what follows.", no_args_is_help=True)

Day = Annotated[
    date | None, typer.Option(metavar="DAY", parser=arguments.day, help="the day to measure by; else today")
]
Run = Annotated[date, typer.Argument(metavar="DAY", parser=arguments.day, help="the day of the run")]
As = Annotated[Form, typer.Option("--format", metavar="FORMAT", parser=arguments.one_of(Form), help="table or csv")]


@app.command()
def preview(day: Day = None, form: As = Form.TABLE) -> None:
    """Show every power that a run would change; nothing is stored."""
    seen = _ask("GET", "/v1/power-runs/preview", params={"day": day.isoformat()} if day else {})
    _print(COLUMNS, seen["changes"], form)
    if form is Form.TABLE:
        _say(seen)


@app.command()
def begin(day: Day = None) -> None:
    """Measure all contracts as they are on a day; what follows waits for approval. Broken off, it goes on by itself."""
    run = _ask("POST", "/v1/power-runs", json={"day": day.isoformat() if day else None})
    with progress_bar(Console(stderr=True)) as bar:
        task = bar.add_task("contracts", total=run["contracts"])
        while not (run := _ask("GET", f"/v1/power-runs/{run['run_id']}"))["finished_at"]:
            bar.update(task, completed=run["done"])
            with told_to_person():
                _require_no_error(run)
            time.sleep(LOOK_EVERY_S)
        bar.update(task, completed=run["done"])
    _say(run)


@app.command("list")
def list_() -> None:
    """List runs, newest first, with how far each has come."""
    runs = _ask("GET", "/v1/power-runs")["runs"]
    if not runs:
        typer.echo("no run was begun yet; begin one with: kulvert power-runs begin")
    for run in runs:
        done = "finished" if run["finished_at"] else f"{run['done']} of {run['contracts']} contracts measured"
        done += f"; it fails with {run['error']}" if run["error"] else ""
        typer.echo(f"{run['asked_on']}: winter {run['winter']}, {run['contracts']} contracts, {done}")


@app.command()
def show(
    day: Run,
    decision: Annotated[
        Decision | None,
        typer.Option(metavar="DECISION", parser=arguments.one_of(Decision), help="only those; else all"),
    ] = None,
    form: As = Form.TABLE,
) -> None:
    """Show what a run found of each contract, and what became of it."""
    run = _run(day)
    rows: list[dict[str, Any]] = []
    asked = {"limit": MOST_AT_ONCE} | ({"decision": decision.value} if decision else {})
    while True:
        after = {"after": rows[-1]["metering_point"]} if rows else {}
        some = _ask("GET", f"/v1/power-runs/{run['run_id']}/proposals", params=asked | after)["proposals"]
        rows += some
        if len(some) < MOST_AT_ONCE:
            break
    _print((*COLUMNS, *STATE), rows, form)


@app.command()
def approve(
    day: Run,
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="who approves; kept with each power")],
    point: Annotated[
        list[str] | None, typer.Option("--point", metavar="ID", help="only this metering point; may be repeated")
    ] = None,
) -> None:
    """Let what a run proposes count: all of it, or some metering points'."""
    wanted = {"approved_by": by, "metering_points": point or None}
    became = _ask("POST", f"/v1/power-runs/{_run(day)['run_id']}/approve", json=wanted)
    if not became["approved"] and not became["lapsed"]:
        typer.echo("Nothing waits for that approval; see what became of it with: kulvert power-runs show DAY")
        return
    sets = "sets" if became["changed"] == 1 else "set"
    typer.echo(f"{became['approved']} approved by {by}; {became['changed']} of them {sets} another power.")
    if became["lapsed"]:
        typer.echo(f"{became['lapsed']} lapsed, since their contracts have ended.")


@app.command()
def corrected(form: As = Form.TABLE) -> None:
    """List powers in force that rest on days which were corrected since; nothing is changed by itself."""
    rows = _ask("GET", "/v1/determinations/corrected", params={"limit": 10_000})["determinations"]
    _print(CORRECTED, rows, form)
    if rows and form is Form.TABLE:
        typer.echo("determine one anew with: kulvert subscription-power ID --winter WINTER")


def _print(columns: Columns, rows: Sequence[dict[str, Any]], form: Form) -> None:
    cells = [["" if row[name] is None else str(row[name]) for name, _ in columns] for row in rows]
    if form is Form.CSV:
        table = csv.writer(sys.stdout, lineterminator="\n")
        table.writerow([name for name, _ in columns])
        table.writerows(cells)
        return
    if not rows:
        typer.echo("nothing to list")
        return
    headings, console = [heading for _, heading in columns], Console()
    kept = tables.fitting(headings, cells, console.width)
    console.print(tables.table(headings, cells, kept))
    if words := tables.left_out(headings, kept):
        typer.echo(words)


def _say(run: dict[str, Any]) -> None:
    decisions = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in sorted(run["decisions"].items()))
    typer.echo(f"winter {run['winter']}: {decisions or 'no contract to measure'}.")
    for reason, count in sorted(run["left_out"].items()):
        typer.echo(f"  left out, {reason}: {count} ({LEFT_OUT[LeftOut(reason)]})")


def _require_no_error(run: dict[str, Any]) -> None:
    if run["error"]:
        raise StackError(f"the run fails with {run['error']}; it is tried again every half minute")


def _run(day: date) -> dict[str, Any]:
    runs = _ask("GET", "/v1/power-runs")["runs"]
    found = next((run for run in runs if run["asked_on"] == day.isoformat()), None)
    if found is None:
        with told_to_person():
            raise StackError(f"there is no run of {day}; see them with: kulvert power-runs list")
    return dict(found)


def _ask(method: str, path: str, **more: Any) -> Any:
    with told_to_person(), Client(Stack(), CONTRACTS, timeout_s=TIMEOUT_S) as contracts:
        return contracts.ask(method, path, **more).json()
