"""`kulvert simulate`: a town with every flaw known, as files or as life on the running stack."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from deploy.local.stack import Stack
from schemas.facilities import Category
from schemas.values import Medium
from services.cli.arguments import day, number, whole
from services.cli.bars import progress_bar
from services.cli.requests import told_to_person
from services.cli.simulator import folder
from services.cli.simulator.calendar import midnight_s
from services.cli.simulator.documents import documents
from services.cli.simulator.flaws import Rates, rates
from services.cli.simulator.posting import OnProgress, Pace, Sent, deliver, register
from services.cli.simulator.registers import FORWARD, LITRES, RETURN, WH
from services.cli.simulator.town import MOST_BUILDINGS, SWEDEN, Town, town
from services.cli.simulator.truth import counts

LIVE_DAYS = 365
MOST_SEED = 999_999
FASTEST = 1_000_000.0

console = Console()


def simulate(
    *,
    buildings: Annotated[
        int, typer.Option(metavar="NUMBER", parser=whole(1, MOST_BUILDINGS), help="how many buildings the town has")
    ] = 20,
    from_: Annotated[date, typer.Option("--from", metavar="DAY", parser=day, help="its first day")],
    to: Annotated[
        date | None,
        typer.Option(metavar="DAY", parser=day, help="the day after its last; live: a year later unless given"),
    ] = None,
    seed: Annotated[
        int,
        typer.Option(
            metavar="NUMBER",
            parser=whole(0, MOST_SEED),
            help="the same seed gives the same town; a stack takes each town once",
        ),
    ] = 1,
    flaws: Annotated[str, typer.Option(help="'usual', 'none', or with rates of your own: none,gap=12")] = "usual",
    to_folder: Annotated[Path | None, typer.Option(help="write readings, weather, documents and truth there")] = None,
    csv: Annotated[bool, typer.Option("--csv", help="write the readings as one CSV file, too")] = False,
    post: Annotated[bool, typer.Option("--post", help="send it to the running stack, as fast as it is taken")] = False,
    live: Annotated[bool, typer.Option("--live", help="send it at a pace, until Ctrl-C or its last day")] = False,
    speed: Annotated[
        float,
        typer.Option(metavar="NUMBER", parser=number(0.1, FASTEST), help="live: simulated seconds in a second"),
    ] = 3600.0,
    live_from: Annotated[
        date | None,
        typer.Option(metavar="DAY", parser=day, help="live: what lies before goes as fast as it is taken"),
    ] = None,
) -> None:
    """Simulate a town: buildings, weather, meters and their flaws, with the truth about all of it.

    Give --to-folder, --post or --live, or several of them.
    """
    if not (to_folder or post or live):
        raise typer.BadParameter("say what to do with the town: --to-folder DIR, --post or --live")
    first_day = from_
    end_day = to or first_day + timedelta(days=LIVE_DAYS)
    if to is None and not live:
        raise typer.BadParameter("say how long it lives: --to DAY")
    if csv and not to_folder:
        raise typer.BadParameter("say where to write the CSV file: --to-folder DIR")
    if post and not live and midnight_s(end_day, SWEDEN) > datetime.now(SWEDEN).timestamp():
        raise typer.BadParameter(f"{end_day} lies ahead and readings from there would be refused; use --live")
    built = _built(seed, buildings, first_day, end_day, _rates(flaws))
    _show(built)
    if to_folder:
        _write(built, to_folder, with_csv=csv)
    if post or live:
        begin = live_from or first_day
        _send(built, Pace(speed, midnight_s(begin, SWEDEN)) if live else None)


def _rates(text: str) -> Rates:
    try:
        return rates(text)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--flaws") from error


def _built(seed: int, buildings: int, first_day: date, end_day: date, flaws: Rates) -> Town:
    try:
        with console.status("building the town"):
            return town(seed, buildings, first_day, end_day, flaws)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def _write(built: Town, to_folder: Path, *, with_csv: bool) -> None:
    try:
        written = folder.write(built, to_folder, with_csv=with_csv)
    except OSError as error:
        typer.echo(f"cannot write to {to_folder}: {error.strerror}", err=True)
        raise typer.Exit(1) from error
    console.print(f"{len(written)} files in {to_folder}", highlight=False, soft_wrap=True)


def _send(built: Town, pace: Pace | None) -> None:
    stack = Stack()
    sent = Sent(0, 0, 0)
    with told_to_person():
        with _bar("documents", sum(map(len, documents(built).values()))) as tell:
            register(stack, built, tell)
        try:
            with _bar("readings", built.readings) as tell:
                sent = deliver(stack, built, tell, pace)
        except KeyboardInterrupt:
            console.print("Stopped; what was sent stays.")
            return
    console.print(f"{sent.taken:,} of {sent.readings:,} readings taken, {sent.refused:,} refused at the door.")


@contextmanager
def _bar(what: str, total: int) -> Iterator[OnProgress]:
    with progress_bar(console) as progress:
        task = progress.add_task(what, total=total)
        yield lambda done: progress.update(task, completed=done)


def _show(built: Town) -> None:
    """Print what the town is like, so that a person sees whether it is a real one."""
    title = f"Town {built.seed}, {built.first_day} to {built.end_day}"
    table = Table(title=title, caption=_flaws_in_words(built), box=SIMPLE, padding=(0, 1, 0, 0))
    table.add_column("", no_wrap=True)
    # Full hours: those in which the highest hour's power would give the period's energy.
    for name in ("points", "MWh", "kWh\nper m2", "top\nkW", "full\nhours", "supply\nC", "return\nC", "poor"):
        table.add_column(name, justify="right", no_wrap=True)
    used = built.true_hours
    for medium in Medium:
        for category in Category:
            which = [
                index
                for index, point in enumerate(built.points)
                if point.medium is medium and point.building.category is category
            ]
            if which:
                table.add_row(f"{category.value} {medium.value}", *_figures(built, used, which))
    console.print(table)


def _figures(built: Town, used: np.ndarray, which: list[int]) -> list[str]:
    buildings = [built.points[index].building for index in which]
    area_m2 = sum(one.area_m2 for one in buildings)
    energy_wh = used[which, :, WH]
    highest_wh = energy_wh.max(axis=1)
    litres, forward, back = (used[which, :, register].sum() for register in (LITRES, FORWARD, RETURN))
    figures = (
        len(which), energy_wh.sum() / 1e6, energy_wh.sum() / 1e3 / area_m2, highest_wh.max() / 1e3,
        float(np.median(energy_wh.sum(axis=1) / highest_wh)), forward / litres, back / litres,
        sum(one.cools_poorly for one in buildings),
    )  # fmt: skip
    return [f"{figure:,.0f}" for figure in figures]


def _flaws_in_words(built: Town) -> str:
    named = [f"{flaw.value} {count}" for flaw, count in counts(built).items() if count]
    return f"{built.readings:,} readings; flaws: {', '.join(named) or 'none'}"
