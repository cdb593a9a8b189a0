"""`kulvert estimate`: what was used since the last reading, for an invoice that cannot wait."""

from datetime import date
from typing import Annotated, Any

import typer
from rich.console import Console

from deploy.local.services import INGEST_API
from deploy.local.stack import Stack
from services.cli import arguments
from services.cli.edit import CauseOption, WhoOption
from services.cli.explain import kwh, section
from services.cli.requests import Client, told_to_person
from services.cli.tables import Heading

app = typer.Typer(help="Estimate what was used since the last reading, for an invoice that cannot wait.")

AT_ONCE = 500
ESTIMATES = [
    Heading("metering point", is_text=True),
    Heading("kWh"),
    Heading("m3"),
    Heading("by", is_text=True, may_wrap=True),
]


@app.callback()
def estimates() -> None:
    """Keep `ahead` a word of its own, though it is the only one."""


@app.command()
def ahead(
    points: Annotated[list[str], typer.Argument(metavar="ID...", help="the metering points' numbers")],
    until: Annotated[
        date,
        typer.Option(metavar="DAY", parser=arguments.day, help="up to the beginning of that local day"),
    ],
    cause: CauseOption,
    who: WhoOption,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="say what would be estimated, and do nothing")] = False,
) -> None:
    """Estimate what metering points used since their last reading; a reading behind that takes its place by itself."""
    asked = {"who": who, "cause": cause, "until": until.isoformat(), "dry_run": dry_run}
    with told_to_person(), Client(Stack(), INGEST_API) as ingest:
        told: list[dict[str, Any]] = []
        for first in range(0, len(points), AT_ONCE):
            some = asked | {"metering_points": points[first : first + AT_ONCE]}
            told += ingest.ask("POST", "/v1/estimates-ahead", json=some).json()["estimates"]
    section(Console(), "Would be estimated" if dry_run else "Estimated", ESTIMATES, [_row(one) for one in told])
    if any(one["result"] == "refused" for one in told):
        raise typer.Exit(1)


def _row(one: dict[str, Any]) -> tuple[str, str, str, str]:
    if one["result"] == "refused":
        return one["metering_point"], "-", "-", f"refused: {one['why']}"
    volume_m3 = "-" if one["volume_l"] is None else f"{one['volume_l'] / 1_000:.3f}"
    return one["metering_point"], kwh(one["energy_wh"]), volume_m3, one["by"].replace("_", " ")
