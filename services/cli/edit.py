"""`kulvert edit`: what an operator does about readings, each with who and why."""

import getpass
from collections.abc import Sequence
from datetime import UTC, datetime
from shlex import quote as quoted
from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID, uuid4

import httpx
import typer
from rich.console import Console

from deploy.local.services import INGEST_API
from deploy.local.stack import Stack
from services.cli import arguments
from services.cli.explain import EDITS, edit_row, section
from services.cli.requests import Client, told_to_person
from services.cli.show import zone
from services.cli.tables import Heading

app = typer.Typer(
    help="Correct, withdraw, restore, accept or settle readings, put a meter where it sat, read a delivery again."
)

MOST_WH = 10**15
TIME_WANTED = "write a time as in 2026-01-05T07:15, in local time, or with an offset"


def moment(text: str) -> datetime:
    """Read a time, in local time where it has no offset. Raises BadParameter."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(TIME_WANTED) from error
    if "T" not in text and " " not in text:
        raise typer.BadParameter(TIME_WANTED)
    if found.tzinfo is not None:
        return found
    first, second = (found.replace(tzinfo=zone(), fold=fold).astimezone(UTC) for fold in (0, 1))
    if first != second:
        raise typer.BadParameter(f"{text} is there twice or not at all in {zone().key}; give the offset")
    return first


PointArgument = Annotated[str, typer.Argument(metavar="ID", help="the metering point's number")]
WhenArgument = Annotated[
    datetime, typer.Argument(metavar="TIME", parser=moment, help="when it was read, such as 2026-01-05T07:00")
]
CauseOption = Annotated[str, typer.Option(metavar="TEXT", help="why; it is kept for good")]
WhoOption = Annotated[
    str,
    typer.Option(metavar="NAME", default_factory=getpass.getuser, help="who decided it; without it who is logged in"),
]
FromOption = Annotated[datetime, typer.Option("--from", metavar="TIME", parser=moment, help="the first instant")]
ToOption = Annotated[
    datetime, typer.Option("--to", metavar="TIME", parser=moment, help="the last instant, which is included")
]
_register = arguments.whole(0, MOST_WH)


@app.command()
def correct(
    point: PointArgument,
    when: WhenArgument,
    energy_wh: Annotated[int, typer.Option(metavar="WH", parser=_register, help="the energy register, in Wh")],
    cause: CauseOption,
    who: WhoOption,
    volume_l: Annotated[
        int | None, typer.Option(metavar="L", parser=_register, help="the volume register, in litres")
    ] = None,
) -> None:
    """Say what the registers were at an instant, whatever was sent; its hours are then `manual`."""
    said = {"metering_point": point, "read_at": when.isoformat(), "energy_wh": energy_wh, "volume_l": volume_l}
    _put("correct", who, cause, said)


@app.command()
def withdraw(point: PointArgument, first: FromOption, last: ToOption, cause: CauseOption, who: WhoOption) -> None:
    """Take back every reading of a span, whoever sent it."""
    _put("withdraw", who, cause, _span(point, first, last))


@app.command()
def restore(point: PointArgument, first: FromOption, last: ToOption, cause: CauseOption, who: WhoOption) -> None:
    """Let count again what operators took back in a span, as it was said before."""
    _put("restore", who, cause, _span(point, first, last))


@app.command()
def settle(point: PointArgument, first: FromOption, last: ToOption, cause: CauseOption, who: WhoOption) -> None:
    """Take a span off the work list: somebody has looked at it, and it stays as it is."""
    _put("settle", who, cause, _span(point, first, last))


@app.command()
def reopen(point: PointArgument, first: FromOption, last: ToOption, cause: CauseOption, who: WhoOption) -> None:
    """Put what was settled in a span back on the work list."""
    _put("reopen", who, cause, _span(point, first, last))


@app.command()
def accept(point: PointArgument, when: WhenArgument, cause: CauseOption, who: WhoOption) -> None:
    """Say that a refused register is right as it came, though it rose so fast, or is a meter's sign for 'no value'."""
    _put("accept", who, cause, {"metering_point": point, "read_at": when.isoformat()})


@app.command()
def assign_meter(
    serial: Annotated[str, typer.Argument(metavar="SERIAL")],
    point: PointArgument,
    installed_at: Annotated[datetime, typer.Option(metavar="TIME", parser=moment, help="since when it sat there")],
    cause: CauseOption,
    who: WhoOption,
    removed_at: Annotated[datetime | None, typer.Option(metavar="TIME", parser=moment, help="until when")] = None,
    start_wh: Annotated[int | None, typer.Option(metavar="WH", parser=_register, help="its register then")] = None,
    stop_wh: Annotated[int | None, typer.Option(metavar="WH", parser=_register, help="its register at the end")] = None,
) -> None:
    """Say where a meter sat; what is known of it otherwise stays, but for an installation that began then."""
    place = {
        "metering_point": point,
        "installed_at": installed_at.isoformat(),
        "removed_at": removed_at and removed_at.isoformat(),
        "start_wh": start_wh,
        "stop_wh": stop_wh,
    }
    with told_to_person(), Client(Stack(), INGEST_API) as ingest:
        answer = ingest.ask("GET", f"/v1/meters/{quote(serial, safe='')}", answers=[httpx.codes.NOT_FOUND])
        known = answer.json() if answer.is_success else {}
        others = [one for one in known.get("installations", []) if _at(one) != installed_at]
        places = sorted([*others, place], key=_at)
        meter = {name: value for name, value in known.items() if name != "installations"} | {"installations": places}
        _ask(ingest, "assign_meter", who, cause, {"serial": serial, "meter": meter})


@app.command()
def replay(
    delivery_id: Annotated[UUID, typer.Argument(metavar="DELIVERY", help="the delivery's id")],
    cause: CauseOption,
    who: WhoOption,
) -> None:
    """Read a delivery of telegrams again, by today's decoders and what is noted of meters today."""
    _put("replay", who, cause, {"delivery_id": str(delivery_id)})


@app.command("list")
def listed(
    point: Annotated[str | None, typer.Option(metavar="ID", help="only of this metering point")] = None,
    most: Annotated[int, typer.Option(metavar="COUNT", parser=arguments.whole(1, 1_000), help="how many to list")] = 50,
) -> None:
    """List what operators did, the newest first."""
    with told_to_person(), Client(Stack(), INGEST_API) as ingest:
        asked = {"most": most} | ({"point": point} if point else {})
        found = ingest.ask("GET", "/v1/edits", params=asked).json()["edits"]
        headings = [*EDITS[:3], Heading("of", is_text=True), *EDITS[3:]]
        section(Console(), "Edits", headings, [_row(one) for one in found])
        if not found:
            typer.echo("no edits are stored")


def _row(one: dict[str, Any]) -> Sequence[str]:
    at, who, action, cause = edit_row(one, zone())
    return at, who, action, one["metering_point"] or one["serial"] or "-", cause


def _span(point: str, first: datetime, last: datetime) -> dict[str, Any]:
    return {"metering_point": point, "from_at": first.isoformat(), "to_at": last.isoformat()}


def _at(place: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(place["installed_at"])


def _put(action: str, who: str, cause: str, said: dict[str, Any]) -> None:
    with told_to_person(), Client(Stack(), INGEST_API) as ingest:
        _ask(ingest, action, who, cause, said)


def _ask(ingest: Client, action: str, who: str, cause: str, said: dict[str, Any]) -> None:
    body = {name: value for name, value in said.items() if value is not None}
    signed = {"action": action, "who": who, "cause": cause}
    done = ingest.ask("PUT", f"/v1/edits/{uuid4()}", json=signed | body).json()
    typer.echo(f"edit {done['edit_id']} is kept")
    if done["readings"]:
        count = f"{done['readings']} reading{'s' if done['readings'] > 1 else ''}"
        at = datetime.fromisoformat(said.get("read_at") or said["from_at"]).astimezone(zone())
        look = f"kulvert explain hour {quoted(said['metering_point'])} {at.isoformat()}"
        typer.echo(f"{count} will be judged in a moment; see what came of it with: {look}")
