"""`kulvert import`: files of readings and of weather, by profile, and of what a utility knows of its objects."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from deploy.local.stack import Stack
from services.cli.arguments import number
from services.cli.bars import progress_bar
from services.cli.edit import moment
from services.cli.foreseen import counted, foreseen, refuse_hours, refuse_readings
from services.cli.import_report import Counted, tell
from services.cli.normal_year_import import import_normal_year, open_normal_year
from services.cli.objects_import import EVERY_KIND, Objects, import_objects
from services.cli.readings_import import (
    OpenedReadings,
    UnusableFileError,
    files_in,
    import_readings,
    open_readings,
    profile_of,
)
from services.cli.requests import told_to_person
from services.cli.weather_import import OpenedWeather, import_weather, open_named, station_of
from services.ingest.sources.readings_file import Named

app = typer.Typer(help="Import a file, once or as often as you like: what is there already stays as it is.")
console = Console()

LONGEST_WAIT_S = 86_400
KEPT_AS_CORRECTED = (
    "kept as corrected: what is stored is approved, was recorded later, or is the warmer of two recorded at once;"
    " if this file is the newer one, say when it was made: --recorded-at"
)

FileArgument = Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False)]
ProfileOption = Annotated[
    str, typer.Option(help="what the file looks like: a profile's name, or a .toml file of yours")
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="only tell what would be sent")]
RecordedOption = Annotated[
    datetime | None,
    typer.Option(
        metavar="TIME",
        parser=moment,
        help="when the files were exported, as in 2026-01-31T12:00, for lines that do not say it: of two values of one"
        " instant the one recorded later counts",
    ),
]
MadeOption = Annotated[
    datetime | None,
    typer.Option(
        metavar="TIME",
        parser=moment,
        help="when the file was made, as in 2026-01-31T12:00, for one that does not say it: of two values of one hour"
        " that are both approved or both not, the one recorded later counts",
    ),
]
WaitOption = Annotated[
    float,
    typer.Option(
        "--wait",
        metavar="SECONDS",
        parser=number(1, LONGEST_WAIT_S),
        help="seconds to wait for the worker without progress",
    ),
]


@app.command()
def readings(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", exists=True)],
    profile: ProfileOption,
    metering_point: Annotated[str | None, typer.Option(help="whose readings they are, for every line")] = None,
    serial: Annotated[str | None, typer.Option(help="which meter's they are, for every line")] = None,
    recorded_at: RecordedOption = None,
    wait_s: WaitOption = 120,
    *,
    dry_run: DryRunOption = False,
) -> None:
    """Import meter readings from each FILE, or each file of a folder, and wait until they are judged and stored.

    Ends with 1 where of one file not one line can be used; the others are imported all the same.
    """
    with told_to_person():
        by, named, every = profile_of(profile), Named(metering_point, serial, recorded_at), files_in(files)
        unusable = 0
        for file in every:
            if len(every) > 1:
                console.print(f"{file}", highlight=False, markup=False, soft_wrap=True)
            try:
                is_used = _import_file(open_readings(file, by, named), wait_s, dry_run=dry_run)
            except UnusableFileError as error:
                typer.echo(str(error), err=True)
                is_used = False
            unusable += not is_used
        if unusable:
            raise typer.Exit(1)


def _import_file(opened: OpenedReadings, wait_s: float, *, dry_run: bool) -> bool:
    """Import one file, and tell of it; gives whether one line of it could be used."""
    count = opened.found.readings.num_rows
    if dry_run or not count:
        report = opened.report()
        refuse_readings(report, opened.found, datetime.now(UTC))
        tell(report, console, foreseen(opened.found))
        return count > 0
    with progress_bar(console) as bar:
        sent, judged = bar.add_task("sent", total=count), bar.add_task("judged", total=count)
        report = import_readings(
            Stack(), opened, wait_s, lambda n: bar.advance(sent, n), lambda n: bar.advance(judged, n)
        )
    tell(report, console, counted(opened.found, "sent"))
    return True


@app.command()
def weather(
    file: FileArgument,
    profile: Annotated[
        str | None,
        typer.Option(help="what the file looks like, as for readings; without it, or as smhi, a file as SMHI gives it"),
    ] = None,
    station: Annotated[str | None, typer.Option(help="the station that the temperatures are of")] = None,
    metering_point: Annotated[str | None, typer.Option(help="or a metering point, whose own station it is")] = None,
    station_name: Annotated[str | None, typer.Option(help="the station's name, where it is new or changes")] = None,
    recorded_at: MadeOption = None,
    wait_s: WaitOption = 120,
    *,
    dry_run: DryRunOption = False,
) -> None:
    """Import hourly outdoor temperatures from FILE and wait until they are stored.

    SMHI's approved values count before others, then those of the file that was made later. Ends with 1 where not one
    line of it can be used.
    """
    with told_to_person():
        opened = open_named(file, profile)
        count = len(opened.found.starts_s)
        if dry_run or not count:
            report = opened.report()
            is_used = refuse_hours(report, opened.found, datetime.now(UTC)) > 0
            tell(report, console, [Counted(count, "hourly temperatures would be sent")])
        else:
            of_station = station or station_of(Stack(), metering_point)
            is_used = _import_weather(opened, (of_station, station_name), wait_s, recorded_at)
        if not is_used:
            raise typer.Exit(1)


def _import_weather(
    opened: OpenedWeather, station: tuple[str, str | None], wait_s: float, recorded_at: datetime | None
) -> bool:
    """Import one file of temperatures, and tell of it; gives whether one line of it could be used."""
    count = len(opened.found.starts_s)
    with progress_bar(console) as bar:
        sent, stored = bar.add_task("sent", total=count), bar.add_task("stored", total=count)
        imported = import_weather(
            Stack(),
            opened,
            station,
            wait_s,
            lambda n: bar.advance(sent, n),
            lambda n: bar.advance(stored, n),
            recorded_at,
        )
    told = [Counted(imported.stored, f"hourly temperatures of {station[0]} stored")]
    if imported.kept:
        told.append(Counted(imported.kept, KEPT_AS_CORRECTED))
    tell(imported.report, console, told)
    return imported.stored + imported.kept > 0


@app.command("normal-year")
def normal_year(
    file: FileArgument,
    station: Annotated[str, typer.Option(help="the station whose normal year it is")],
    source: Annotated[str, typer.Option(help="who made it, as SMHI Energi-Index")],
) -> None:
    """Import a normal year: FILE has the columns month and degree_days (1 to 12), or month (2026-01) and factor."""
    with told_to_person():
        document = open_normal_year(file, source)
        import_normal_year(Stack(), station, document)
        console.print(f"{station} is set against {source} from now on")


def _command(kind: Objects) -> Callable[[Path], None]:
    def import_(file: FileArgument) -> None:
        with told_to_person():
            imported = import_objects(Stack(), kind, file)
            tell(imported.report, console, imported.counted)
            if imported.refused_lines:
                raise typer.Exit(1)

    return import_


for _kind in EVERY_KIND:
    app.command(_kind.name, help=_kind.help)(_command(_kind))
