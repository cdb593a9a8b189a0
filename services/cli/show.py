"""`kulvert show`: a metering point's hours, days, readings and refused readings."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, NamedTuple
from zoneinfo import ZoneInfo

import psycopg
import typer
from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb

from deploy.local.folder import StackError
from deploy.local.stack import Stack
from deploy.prepare import USUAL_ZONE
from services.cli import arguments, shown, sums, versions
from services.cli.requests import told_of_database, told_to_person
from services.cli.shown import DAYS, HOURS, READINGS, REFUSED, STATUSES, Format, Kind
from services.common import one_zone
from services.common.settings import zone_named
from services.ingest.core.verdict import NOT_REFUSED, Verdict

FIRST_DAY, LAST_DAY = date(arguments.FIRST_YEAR, 1, 1), date(arguments.LAST_YEAR, 12, 31)
ROWS_AT_ONCE = 2_000

app = typer.Typer(help="Show what is stored of a metering point. Dates are local, and both are included.")

_STATION = "SELECT 1 FROM ingest.station WHERE station_id = %s"
_POINT = "SELECT point_id FROM ingest.point WHERE number = %s"
_OF_METER = """
    SELECT point.point_id, point.number
      FROM ingest.meter
      JOIN ingest.meter_installation AS installation USING (meter_id)
      JOIN ingest.point USING (point_id)
     WHERE meter.serial = %s
     ORDER BY installation.installed_at
"""
_IS_REFUSED = (
    "SELECT EXISTS (SELECT FROM ingest_v1.refused AS held WHERE held.number = %(name)s OR held.serial = %(name)s)"
)


class _As(StrEnum):
    TABLE = "table"
    CSV = "csv"
    JSON = "json"


PointArgument = Annotated[str, typer.Argument(metavar="ID", help="the metering point's number")]
FromOption = Annotated[
    date | None, typer.Option("--from", metavar="DAY", parser=arguments.day, help="first local day to show")
]
ToOption = Annotated[
    date | None, typer.Option("--to", metavar="DAY", parser=arguments.day, help="last local day to show")
]
FormatOption = Annotated[
    _As,
    typer.Option(
        "--format",
        metavar="[table|csv|json]",
        parser=arguments.one_of(_As),
        help="csv and json are for programs; json has a row a line",
    ),
]

AsKnownOption = Annotated[
    datetime | None,
    typer.Option(
        "--as-known-on",
        metavar="TIME",
        parser=arguments.moment,
        help="what was stored at that time, as in 2026-01-31T12:00: later corrections are left out",
    ),
]


class _Named(NamedTuple):
    """What an ID names: the metering points, by number or as where a meter hung."""

    point_ids: list[int]
    is_number: bool


@app.command()
def hours(
    point: PointArgument,
    first: FromOption = None,
    last: ToOption = None,
    form: FormatOption = _As.TABLE,
    at: AsKnownOption = None,
) -> None:
    """Show hourly energy, which in kWh is the hour's mean power in kW, with its quality."""
    _show(versions.HOURS_AS_KNOWN if at else HOURS, point, first, last, form, at)


@app.command()
def days(
    point: PointArgument,
    first: FromOption = None,
    last: ToOption = None,
    form: FormatOption = _As.TABLE,
    at: AsKnownOption = None,
) -> None:
    """Show local days: energy, highest hour, and how many hours are there and measured."""
    _show(versions.DAYS_AS_KNOWN if at else DAYS, point, first, last, form, at)


@app.command()
def readings(
    point: PointArgument, first: FromOption = None, last: ToOption = None, form: FormatOption = _As.TABLE
) -> None:
    """Show every reading that is kept, each with its verdict."""
    _show(READINGS, point, first, last, form)


@app.command()
def refused(
    point: PointArgument, first: FromOption = None, last: ToOption = None, form: FormatOption = _As.TABLE
) -> None:
    """Show the readings that are kept but not used; ID may be a meter's serial, too, and one that is not known."""
    _show(REFUSED, point, first, last, form)


@app.command()
def statuses(
    point: PointArgument, first: FromOption = None, last: ToOption = None, form: FormatOption = _As.TABLE
) -> None:
    """Show what the meters said of themselves in their telegrams; one that said nothing of the kind has no row."""
    _show(STATUSES, point, first, last, form)


@app.command("versions")
def versions_of(
    point: PointArgument,
    when: Annotated[
        date,
        typer.Argument(
            metavar="WHEN",
            parser=arguments.day_or_moment,
            help="an hour, by the local time at which it begins, or a local day",
        ),
    ],
    form: FormatOption = _As.TABLE,
) -> None:
    """Show every version that was ever stored of one hour or one local day, and when it was known."""
    with told_to_person():
        at = versions.in_zone(when, zone())
        kind = versions.versions_of(at)
    _show(kind, point, None, None, form, at)


@app.command()
def months(
    point: PointArgument, first: FromOption = None, last: ToOption = None, form: FormatOption = _As.TABLE
) -> None:
    """Show months: sums of days, temperatures weighted by flow, and what a normal year would have taken."""
    _show(sums.MONTHS, point, first, last, form)


@app.command()
def years(
    point: PointArgument, first: FromOption = None, last: ToOption = None, form: FormatOption = _As.TABLE
) -> None:
    """Show years: sums of months."""
    _show(sums.YEARS, point, first, last, form)


@app.command()
def temperatures(
    station: Annotated[str, typer.Argument(metavar="STATION", help="the weather station's id")],
    first: FromOption = None,
    last: ToOption = None,
    form: FormatOption = _As.TABLE,
) -> None:
    """Show hourly outdoor temperatures: observed, interpolated, or a neighbouring station's."""
    _show(sums.TEMPERATURES, station, first, last, form)


@app.command()
def signature(
    point: PointArgument,
    until: Annotated[
        date | None, typer.Option("--until", metavar="DAY", parser=arguments.day, help="of the year before this day")
    ] = None,
    form: FormatOption = _As.TABLE,
) -> None:
    """Show the power signature of the past year: base load, and what a colder degree takes."""
    with told_to_person():
        _write(sums.SIGNATURE, sums.signature(point, until), form)


def _show(
    kind: Kind, point: str, first: date | None, last: date | None, form: _As, at: date | datetime | None = None
) -> None:
    with told_to_person(), _rows(kind, point, first, last, at) as rows:
        _write(kind, rows, form)


def _write(kind: Kind, rows: Iterable[TupleRow], form: _As) -> None:
    write: dict[_As, Format] = {_As.TABLE: shown.as_table, _As.CSV: shown.as_csv, _As.JSON: shown.as_json}
    try:
        write[form](kind, rows, zone())
    except BrokenPipeError:
        # Whoever read has had enough. Python would complain once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def zone() -> ZoneInfo:
    """Give the time zone of days, the same setting as the services'. Raises StackError."""
    try:
        return zone_named(os.environ.get("KULVERT_TIME_ZONE", USUAL_ZONE))
    except ValueError as error:
        raise StackError(str(error)) from error


@contextmanager
def _rows(
    kind: Kind, point: str, first: date | None, last: date | None, at: date | datetime | None
) -> Iterator[Iterator[TupleRow]]:
    """Give the rows as they come, so that a span of any length needs little memory. Raises StackError."""
    begins = datetime.combine(first or FIRST_DAY, datetime.min.time(), zone())
    ends = datetime.combine((last or LAST_DAY) + timedelta(days=1), datetime.min.time(), zone())
    if begins >= ends:
        raise StackError("--to lies before --from; both days are included")
    with told_of_database(), psycopg.connect(Stack().dsn("ingest"), connect_timeout=5) as connection:
        _check_zone(connection)
        named = _named(connection, kind, point)
        wanted = {
            "point_id": next(iter(named.point_ids), None),
            "point_ids": named.point_ids,
            "is_number": named.is_number,
            "name": point,
            "not_refused": [int(verdict) for verdict in NOT_REFUSED],
            "reasons": Jsonb({str(int(verdict)): verdict.why for verdict in Verdict}),
            "first": begins.date() if kind.by_day else begins,
            "end": ends.date() if kind.by_day else ends,
            "at": versions.in_zone(at, zone()) if at else None,
        }
        with connection.cursor("shown") as cursor:
            cursor.itersize = ROWS_AT_ONCE
            cursor.execute(kind.sql, wanted)
            yield iter(cursor)


def _check_zone(connection: psycopg.Connection[TupleRow]) -> None:
    """Show days of no other midnights than they are stored by. Raises StackError."""
    row = connection.execute(one_zone.REMEMBERED).fetchone()
    try:
        one_zone.compare(row[0] if row else None, zone().key)
    except one_zone.ZoneDiffersError as error:
        raise StackError(str(error)) from error


def _named(connection: psycopg.Connection[TupleRow], kind: Kind, point: str) -> _Named:
    """Find what an ID names. Raises StackError where nothing of that kind could be there."""
    if kind.of_station:
        if not connection.execute(_STATION, [point]).fetchone():
            raise StackError(f"there is no station '{point}' here; it comes with: kulvert import weather FILE")
        return _Named([], is_number=False)
    point_ids = [row[0] for row in connection.execute(_POINT, [point])]
    if point_ids:
        return _Named(point_ids, is_number=True)
    hung = connection.execute(_OF_METER, [point]).fetchall()
    if kind is REFUSED:
        if not hung and not connection.execute(_IS_REFUSED, {"name": point}).fetchall()[0][0]:
            raise StackError(f"there is no metering point or meter '{point}' here, nor a refused reading of one")
        return _Named([point_id for point_id, _ in hung], is_number=False)
    if hung:
        raise StackError(f"'{point}' is a meter's serial; what it measures stands at metering point '{hung[-1][1]}'")
    raise StackError(f"there is no metering point '{point}' here; put it with: kulvert import metering-points FILE")
