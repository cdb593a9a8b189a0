"""`kulvert watch`: files that are put into a folder, taken as they come."""

import signal
import threading
import time
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from deploy.local.folder import StackError
from deploy.local.stack import Stack
from services.cli.arguments import number
from services.cli.deliveries import put_source
from services.cli.readings_import import RANK, SOURCE, profile_of
from services.cli.requests import told_to_person
from services.ingest.folder import watching
from services.ingest.folder.outcome import Outcome
from services.ingest.folder.places import DONE, REFUSED, FolderError, Places
from services.ingest.folder.watching import Watcher, Watching

console = Console()

LONGEST_SETTLE_S = 3_600
LONGEST_WAIT_S = 86_400


def watch(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", exists=True, file_okay=False)],
    profile: Annotated[str, typer.Option(help="what its files look like: a profile's name, or a .toml file of yours")],
    settle_s: Annotated[
        float,
        typer.Option(
            "--settle",
            metavar="SECONDS",
            parser=number(0.1, LONGEST_SETTLE_S),
            help="how long a file must not change before it counts as whole",
        ),
    ] = 5,
    wait_s: Annotated[
        float,
        typer.Option(
            "--wait",
            metavar="SECONDS",
            parser=number(1, LONGEST_WAIT_S),
            help="seconds to wait for the worker without progress",
        ),
    ] = 600,
    *,
    once: Annotated[bool, typer.Option("--once", help="end when nothing is left in the folder")] = False,
) -> None:
    """Take files of readings as they are put into FOLDER; each goes to done/ or refused/, its report beside it.

    Ctrl-C ends it; what is being read then is taken up again the next time.
    """
    stop = threading.Event()
    refused: list[str] = []

    def tell(outcome: Outcome) -> None:
        console.print(_words(outcome), highlight=False, markup=False, soft_wrap=True)
        if outcome.place != DONE:
            refused.append(outcome.file)
        if once and outcome.place is None:
            stop.set()

    with told_to_person():
        profile_of(profile)
        for number_of_signal in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number_of_signal, lambda *_: stop.set())
        try:
            with (
                Places(folder, settle_s, time.monotonic) as places,
                put_source(Stack(), SOURCE, "bulk", RANK, stop) as source,
            ):
                watcher = Watcher(places, Watching(profile, source, stop, wait_s, tell))
                watching.watch([watcher], min(settle_s, 5.0), stop, partial(_ends_when_idle, watcher, stop, once))
        except FolderError as error:
            raise StackError(str(error)) from error
        if once and refused:
            raise typer.Exit(1)


def _ends_when_idle(watcher: Watcher, stop: threading.Event, once: bool) -> None:
    if once and watcher.is_idle:
        stop.set()


def _words(outcome: Outcome) -> str:
    report = outcome.report
    if outcome.place is None:
        return f"{outcome.file}: not yet: {report['reason']}"
    if outcome.place == REFUSED and "reason" in report:
        return f"{outcome.file}: refused: {report['reason']}"
    counts = [f"{count:,} {name}" for name, count in report["verdicts"].items()]
    counts += [f"{count:,} refused, {name}" for name, count in report["refused"].items()]
    counts += [f"{report['not_judged_yet']:,} not judged yet"] if report["not_judged_yet"] else []
    return f"{outcome.file}: {outcome.place}: {report['lines']:,} lines: {', '.join(counts)}"
