"""`kulvert explain`: why an hour, a day or a month is what it is, down to the bytes that came in."""

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID
from zoneinfo import ZoneInfo

import typer
from rich.console import Console

from deploy.local.services import INGEST_API
from deploy.local.stack import Stack
from services.cli import arguments, tables
from services.cli.requests import Client, told_to_person
from services.cli.tables import Heading
from services.heat.local_time import shown

app = typer.Typer(help="Explain a figure: the readings, deliveries, rules and versions that it rests on.")

Document = dict[str, Any]
MOST_BYTES_SHOWN = 65_536


class Form(StrEnum):
    """How an answer is written."""

    TABLE = "table"
    JSON = "json"


PointArgument = Annotated[str, typer.Argument(metavar="ID", help="the metering point's number")]
FormatOption = Annotated[
    Form,
    typer.Option(
        "--format", metavar="[table|json]", parser=arguments.one_of(Form), help="json is for programs, and has it all"
    ),
]
RawOption = Annotated[bool, typer.Option("--raw", help="print the deliveries that the readings came in, too")]


@app.command()
def hour(
    point: PointArgument,
    when: Annotated[
        str,
        typer.Argument(
            metavar="HOUR", help="local, such as 2019-01-05T07; or with an offset, such as 2019-10-27T02+01:00"
        ),
    ],
    form: FormatOption = Form.TABLE,
    *,
    raw: RawOption = False,
) -> None:
    """Explain an hour: its rule, its two marks, the readings around them, and what does not count and why."""
    with told_to_person(), Client(Stack(), INGEST_API) as ingest:
        found = ingest.ask("GET", _path(point, "hours", when)).json()
        _show(found, form, _hour)
        if raw:
            around = [one for mark in found["marks"] for one in mark["readings"]]
            _print_bytes(ingest, around + found["stop_registers"] + found["not_used"])


@app.command()
def day(
    point: PointArgument,
    when: Annotated[date, typer.Argument(metavar="DAY", parser=arguments.day, help="a local day, such as 2019-01-05")],
    form: FormatOption = Form.TABLE,
) -> None:
    """Explain a day: its hours, the registers at both midnights, and which hours were not measured and why."""
    with told_to_person(), Client(Stack(), INGEST_API) as ingest:
        _show(ingest.ask("GET", _path(point, "days", when)).json(), form, _day)


@app.command()
def month(
    point: PointArgument,
    when: Annotated[str, typer.Argument(metavar="MONTH", parser=arguments.month, help="such as 2019-01")],
    form: FormatOption = Form.TABLE,
) -> None:
    """Explain a month: its days, and the registers at its ends as an invoice prints them."""
    with told_to_person(), Client(Stack(), INGEST_API) as ingest:
        _show(ingest.ask("GET", _path(point, "months", when)).json(), form, _month)


@app.command()
def delivery(
    delivery_id: Annotated[UUID, typer.Argument(metavar="DELIVERY", help="its id, as an explanation names it")],
) -> None:
    """Write a delivery out, byte for byte as it came in."""
    with told_to_person(), Client(Stack(), INGEST_API) as ingest:
        sys.stdout.buffer.write(ingest.ask("GET", f"/v1/deliveries/{delivery_id}/bytes").content)


def _path(point: str, kind: str, when: object) -> str:
    return f"/v1/points/{quote(point, safe='')}/explain/{kind}/{quote(str(when), safe='')}"


def _show(found: Document, form: Form, table: Callable[[Console, Document], None]) -> None:
    if form is Form.JSON:
        typer.echo(json.dumps(found, indent=2))
        return
    table(Console(), found)
    if found["adds_up"] is None:
        typer.echo(f"not derived once more: {found['warning']}", err=True)
    elif found["warning"]:
        # Loudly: nobody may take such a figure for explained.
        typer.secho(f"THIS DOES NOT ADD UP: {found['warning']}", fg=typer.colors.RED, bold=True, err=True)
        raise typer.Exit(1)


def _hour(console: Console, found: Document) -> None:
    zone, stored = ZoneInfo(found["time_zone"]), found["hour"]
    begin, end = (local(mark["at"], zone) for mark in found["marks"])
    console.print(f"{found['metering_point']}, hour from {begin} to {end} ({zone.key})", markup=False)
    if stored is None:
        console.print("no such hour is stored: no two readings that count are around it")
    else:
        temperatures = f", supply {_or_dash(stored['supply_c'])} C, return {_or_dash(stored['return_c'])} C"
        quality = f"{stored['quality']}, revision {stored['revision']}"
        console.print(f"{kwh(stored['energy_wh'])} kWh, {quality}{temperatures}", markup=False)
        console.print(stored["rule"], markup=False, soft_wrap=True)
        _ahead(console, found, zone)
        console.print(f"derived once more from the readings below: {kwh(found['derived_wh'])} kWh", markup=False)
    readings = {one["read_at"]: one for mark in found["marks"] for one in mark["readings"]}.values()
    section(console, "Marks", MARKS, [_mark(one, zone) for one in found["marks"]])
    section(console, "Readings around", READINGS, [_reading(one, zone) for one in readings])
    _beside(console, found, zone)


def _day(console: Console, found: Document) -> None:
    zone, stored = ZoneInfo(found["time_zone"]), found["day"]
    if stored is None:
        console.print(f"{found['metering_point']}: the day is not stored; its last hour is not there", markup=False)
    else:
        hours = f"{stored['hours_present']} of {stored['hours_expected']} hours, {stored['hours_measured']} measured"
        summed = f"{kwh(stored['energy_wh'])} kWh, {stored['quality']}, revision {stored['revision']}; {hours}"
        console.print(f"{found['metering_point']}, {stored['day']} ({zone.key}): {summed}", markup=False)
    console.print(f"derived once more from the readings: {kwh(found['derived_wh'])} kWh", markup=False)
    _ahead(console, found, zone)
    midnights = [(local(one["at"], zone), kwh(one["running_wh"])) for one in found["registers"]]
    section(console, "Registers at midnight, running on", MIDNIGHTS, midnights)
    section(console, "Hours", HOURS, [_in_short(one, zone) for one in found["hours"]])
    section(console, "Not measured", RULES, [(_clock(one, zone), one["rule"]) for one in found["not_measured"]])
    _beside(console, found, zone)


def _month(console: Console, found: Document) -> None:
    summed = f"{kwh(found['energy_wh'])} kWh in {len(found['days'])} days"
    console.print(f"{found['metering_point']}, {found['month']}: {summed}", markup=False)
    console.print(
        f"the running register rose by {kwh(found['register_rise_wh'])} kWh; an invoice prints"
        f" {_or_dash(found['invoice_kwh'])} kWh",
        markup=False,
    )
    _ahead(console, found, ZoneInfo(found["time_zone"]))
    ends = [(one["day"], kwh(one["running_wh"]), _or_dash(one["printed_kwh"])) for one in found["registers"]]
    section(console, "Registers at its ends", ENDS, ends)
    section(console, "Days", DAYS, [_day_in_short(one) for one in found["days"]])
    section(console, "Earlier versions", DAYS_BEFORE, [_day_before(one) for one in found["earlier"]])


def _ahead(console: Console, found: Document, zone: ZoneInfo) -> None:
    """Name the estimate ahead of the last reading that a figure goes up to."""
    if ahead := found["estimated_ahead"]:
        by, who, cause = (_or_dash(ahead[name]).replace("_", " ") for name in ("by", "who", "cause"))
        said = f"estimated ahead until {local(ahead['until'], zone)} by {by}, for {who}: {cause}"
        console.print(said, markup=False, soft_wrap=True)


def _beside(console: Console, found: Document, zone: ZoneInfo) -> None:
    section(console, "Stop registers that were read", STOPS, [_stop(one, zone) for one in found["stop_registers"]])
    others = [_other(one, zone) for one in found["not_used"]]
    section(console, "Not used", OTHERS, others)
    if found["not_used_further"]:
        console.print(f"and {found['not_used_further']} further readings that do not count")
    section(console, "Earlier versions", EARLIER, [_version(one, zone) for one in found["earlier"]])
    if found["flags"]:
        names = sorted({one if isinstance(one, str) else one["rule"] for one in found["flags"]})
        console.print(f"\nFlagged: {', '.join(names)}", markup=False)
    told = [(local(one["read_at"], zone), one["serial"], ", ".join(one["statuses"])) for one in found["statuses"]]
    section(console, "The meter said of itself", STATUSES, told)
    section(console, "Edits", EDITS, [edit_row(one, zone) for one in found["edits"]])


MARKS = [
    Heading("at", is_text=True),
    Heading("register kWh"),
    Heading("running on kWh"),
    Heading("quality", is_text=True),
]
READINGS = [
    Heading("read at", is_text=True),
    Heading("meter", is_text=True),
    Heading("register kWh"),
    Heading("runs on by kWh"),
    Heading("source", is_text=True),
    Heading("rank", may_go=True),
    Heading("received at", is_text=True, may_go=True),
    Heading("delivery", is_text=True, may_go=True),
]
STOPS = [
    Heading("removed at", is_text=True),
    Heading("meter", is_text=True),
    Heading("register kWh"),
    Heading("source", is_text=True),
]
OTHERS = [
    Heading("read at", is_text=True),
    Heading("register kWh"),
    Heading("verdict", is_text=True),
    Heading("why not", is_text=True, may_wrap=True),
    Heading("rank", may_go=True),
    Heading("source", is_text=True, may_go=True),
]
STATUSES = [
    Heading("at", is_text=True),
    Heading("meter", is_text=True),
    Heading("statuses", is_text=True, may_wrap=True),
]
EARLIER = [
    Heading("kWh"),
    Heading("quality", is_text=True),
    Heading("revision"),
    Heading("known from", is_text=True),
    Heading("until", is_text=True),
]
EDITS = [
    Heading("at", is_text=True),
    Heading("who", is_text=True),
    Heading("action", is_text=True),
    Heading("cause", is_text=True, may_wrap=True),
]
MIDNIGHTS = [Heading("at", is_text=True), Heading("kWh")]
HOURS = [
    Heading("hour from", is_text=True),
    Heading("kWh"),
    Heading("quality", is_text=True),
    Heading("revision", may_go=True),
]
RULES = [Heading("hour from", is_text=True), Heading("rule", is_text=True, may_wrap=True)]
ENDS = [Heading("midnight before", is_text=True), Heading("running kWh"), Heading("printed kWh")]
DAYS = [
    Heading("day", is_text=True),
    Heading("kWh"),
    Heading("hours"),
    Heading("measured"),
    Heading("running kWh"),
    Heading("quality", is_text=True),
    Heading("revision", may_go=True),
]
DAYS_BEFORE = [
    Heading("day", is_text=True),
    Heading("kWh"),
    Heading("running kWh"),
    Heading("revision"),
    Heading("until", is_text=True),
]


def section(console: Console, title: str, headings: Sequence[Heading], rows: Iterable[Sequence[str]]) -> None:
    """Print rows under a title; nothing where there are none."""
    cells = list(rows)
    if not cells:
        return
    console.print(f"\n{title}", style="bold", markup=False)
    kept = tables.fitting(headings, cells, console.width)
    console.print(tables.table(headings, cells, kept))
    if note := tables.left_out(headings, kept):
        console.print(f"{note}, and so does --format json", soft_wrap=True)


def _mark(mark: Document, zone: ZoneInfo) -> Sequence[str]:
    return local(mark["at"], zone), kwh(mark["register_wh"]), kwh(mark["running_wh"]), _or_dash(mark["quality"])


def _reading(one: Document, zone: ZoneInfo) -> Sequence[str]:
    came = one["delivery"] or {}
    return (
        local(one["read_at"], zone),
        _or_dash(one["serial"]),
        kwh(one["energy_wh"]),
        kwh(one["offset_wh"]),
        _or_dash(came.get("who") or came.get("source")),
        str(one["rank"]),
        local(came["received_at"], zone) if came else "-",
        _or_dash(came.get("delivery_id")),
    )


def _stop(one: Document, zone: ZoneInfo) -> Sequence[str]:
    came = one["delivery"] or {}
    named = _or_dash(came.get("who") or came.get("source"))
    return local(one["read_at"], zone), _or_dash(one["serial"]), kwh(one["energy_wh"]), named


def _other(one: Document, zone: ZoneInfo) -> Sequence[str]:
    came = one["delivery"] or {}
    named = _or_dash(came.get("who") or came.get("source"))
    return (
        local(one["read_at"], zone),
        kwh(one["energy_wh"]),
        one["verdict"],
        _or_dash(one["why_not"]),
        str(one["rank"]),
        named,
    )


def _version(one: Document, zone: ZoneInfo) -> Sequence[str]:
    since, until = (local(one[name], zone) for name in ("known_from", "known_to"))
    quality = one["quality"] if isinstance(one["quality"], str) else "-"
    return kwh(one["energy_wh"]), quality, str(one["revision"]), since, until


def edit_row(one: Document, zone: ZoneInfo) -> Sequence[str]:
    """Give an edit's cells: when, who, what, why."""
    return local(one["at"], zone), one["who"], one["action"], one["cause"]


def _in_short(one: Document, zone: ZoneInfo) -> Sequence[str]:
    return _clock(one, zone), kwh(one["energy_wh"]), one["quality"], str(one["revision"])


def _day_in_short(one: Document) -> Sequence[str]:
    hours = f"{one['hours_present']}/{one['hours_expected']}"
    figures = kwh(one["energy_wh"]), hours, str(one["hours_measured"]), kwh(one["register_wh"])
    return one["day"], *figures, one["quality"], str(one["revision"])


def _day_before(one: Document) -> Sequence[str]:
    return one["day"], kwh(one["energy_wh"]), kwh(one["register_wh"]), str(one["revision"]), one["known_to"][:16]


def _print_bytes(ingest: Client, readings: Iterable[Document]) -> None:
    """Print the deliveries of readings as they came in; those that are no text, or long, are only named."""
    deliveries = {one["delivery"]["delivery_id"]: one["delivery"] for one in readings if one["delivery"]}
    for delivery_id, one in deliveries.items():
        typer.echo(f"\ndelivery {delivery_id}, {one['content_type']}, sha256 {one['sha256']}")
        if one["content_type"] is None:
            typer.echo("its bytes are not kept any more")
            continue
        body = ingest.ask("GET", f"/v1/deliveries/{delivery_id}/bytes").content
        if len(body) > MOST_BYTES_SHOWN or "json" not in one["content_type"]:
            typer.echo(f"{len(body):,} bytes; write them out with: kulvert explain delivery {delivery_id}")
            continue
        typer.echo(body.decode(errors="replace"))


def kwh(wh: int | None) -> str:
    """Write energy in kWh, to the watt-hour."""
    return "-" if wh is None else f"{wh / 1_000:,.3f}".replace(",", " ")


def _or_dash(value: object) -> str:
    return "-" if value is None else str(value)


def local(written: str | None, zone: ZoneInfo) -> str:
    """Write an instant in local time."""
    if written is None:
        return "-"
    moment = datetime.fromisoformat(written)
    return shown(moment, zone, "%Y-%m-%d %H:%M:%S" if moment.second else "%Y-%m-%d %H:%M")


def _clock(hour: Document, zone: ZoneInfo) -> str:
    # With its offset: an hour in autumn is there twice.
    return datetime.fromisoformat(hour["starts_at"]).astimezone(zone).strftime("%H:%M %z")
