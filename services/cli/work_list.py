"""`kulvert work-list`: what waits for an operator."""

import json
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.console import Console

from deploy.local.services import INGEST_API
from deploy.local.stack import Stack
from services.cli import arguments
from services.cli.explain import Form, FormatOption, local, section
from services.cli.requests import Client, told_to_person
from services.cli.show import zone
from services.cli.tables import Heading


class _Order(StrEnum):
    KWH = "kwh"
    AGE = "age"
    READINGS = "readings"


HEADINGS = [
    Heading("reason", is_text=True),
    Heading("of", is_text=True),
    Heading("from", is_text=True),
    Heading("kWh at stake"),
    Heading("proposed", is_text=True, may_wrap=True, may_go=True),
    Heading("readings", may_go=True),
    Heading("days old", may_go=True),
    Heading("to", is_text=True, may_go=True),
]


def work_list(
    reason: Annotated[
        str | None, typer.Option(metavar="REASON", help="only this one, such as register_went_backwards")
    ] = None,
    point: Annotated[
        str | None, typer.Option(metavar="ID", help="only of this metering point, or held of this serial")
    ] = None,
    older_than: Annotated[
        int,
        typer.Option("--older-than", metavar="DAYS", parser=arguments.whole(0, 36_500), help="only what waits so long"),
    ] = 0,
    order: Annotated[
        _Order,
        typer.Option(metavar="[kwh|age|readings]", parser=arguments.one_of(_Order), help="what stands first"),
    ] = _Order.KWH,
    skip: Annotated[
        int, typer.Option(metavar="COUNT", parser=arguments.whole(0, 1_000_000), help="how many to pass over first")
    ] = 0,
    most: Annotated[int, typer.Option(metavar="COUNT", parser=arguments.whole(1, 1_000), help="how many to list")] = 50,
    form: FormatOption = Form.TABLE,
) -> None:
    """List readings that are refused or held, and hours that are flagged, with the energy that is at stake.

    What is mended leaves the list by itself. See docs/operating.md for what each reason asks for.
    """
    named = {
        "reason": reason,
        "point": point,
        "older_than": older_than,
        "order": order.value,
        "skip": skip,
        "most": most,
    }
    asked = {name: value for name, value in named.items() if value is not None}
    with told_to_person(), Client(Stack(), INGEST_API) as ingest:
        found = ingest.ask("GET", "/v1/work-list", params=asked).json()
        if form is Form.JSON:
            typer.echo(json.dumps(found, indent=2))
            return
        console = Console()
        section(console, "What waits for an operator", HEADINGS, [_row(one) for one in found["shown"]])
        console.print(_how_many(skip, len(found["shown"]), found["groups"]))


def _how_many(skip: int, shown: int, total: int | None) -> str:
    if not shown:
        return "nothing further" if skip else "nothing waits"
    if shown == total:
        return f"{total} in all"
    return f"{skip + 1} to {skip + shown} of {total}"


def _row(one: dict[str, Any]) -> Sequence[str]:
    return (
        one["reason"],
        one["metering_point"] or one["serial"] or "-",
        local(one["from_at"], zone()),
        f"{one['kwh_at_stake']:,.1f}".replace(",", " "),
        ", ".join(one["proposed"]),
        str(one["readings"]),
        "-" if one["age_days"] is None else str(one["age_days"]),
        local(one["to_at"], zone()),
    )
