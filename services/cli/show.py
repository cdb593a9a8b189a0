"""`kulvert show`: a metering point's hours, days, readings and refused readings."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated
from zoneinfo import ZoneInfo

import psycopg
import typer
from psycopg.rows import TupleRow

from deploy.local.folder import StackError
from deploy.local.stack import Stack
from services.cli import shown
from services.cli.requests import told_of_database, told_to_person
from services.cli.shown import DAYS, HOURS, READINGS, REFUSED, Format, Kind
from services.common.settings import Settings
from services.ingest.core.verdict import NOT_REFUSED

FIRST_DAY, LAST_DAY = date(1990, 1, 1), date(2060, 12, 31)
ROWS_AT_ONCE = 2_000

app = typer.Typer(help="Show what is stored of a metering point. Dates are local, and both are included.")

_POINT = "SELECT point_id FROM ingest.point WHERE number = %s"


class _As(StrEnum):
    TABLE = "table"
    CSV = "csv"
    JSON = "json"


PointArgument = Annotated[str, typer.Argument(metavar="ID", help="the metering point's number")]
FromOption = Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="first local day to show")]
ToOption = Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="last local day to show")]
FormatOption = Annotated[_As, typer.Option("--format", help="csv and json are for programs; json has a row a line")]


@app.command()
def hours(
    point: PointArgument, first: FromOption = None, last: ToOption = None, form: FormatOption = _As.TABLE
) -> None:
    """Show hourly energy, which in kWh is the hour's mean power in kW, with its quality."""
    _show(HOURS, point, first, last, form)


@app.command()
def days(point: PointArgument, first: FromOption = None, last: ToOption = None, form: FormatOption = _As.TABLE) -> None:
    """Show local days: energy, highest hour, and how many hours are there and measured."""
    _show(DAYS, point, first, last, form)


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
    """Show the readings that are kept but not used; ID may be a serial or metering point that is not known."""
    _show(REFUSED, point, first, last, form)


def _show(kind: Kind, point: str, first: datetime | None, last: datetime | None, form: _As) -> None:
    write: dict[_As, Format] = {_As.TABLE: shown.as_table, _As.CSV: shown.as_csv, _As.JSON: shown.as_json}
    with told_to_person(), _rows(kind, point, first, last) as rows:
        try:
            write[form](kind, rows, zone())
        except BrokenPipeError:
            # Whoever read has had enough. Python would complain once more at its end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def zone() -> ZoneInfo:
    """Give the time zone of days, the same setting as the services'."""
    return ZoneInfo(os.environ.get("KULVERT_TIME_ZONE", Settings.model_fields["time_zone"].default))


@contextmanager
def _rows(kind: Kind, point: str, first: datetime | None, last: datetime | None) -> Iterator[Iterator[TupleRow]]:
    """Give the rows as they come, so that a span of any length needs little memory. Raises StackError."""
    begins = datetime.combine((first.date() if first else FIRST_DAY), datetime.min.time(), zone())
    ends = datetime.combine((last.date() if last else LAST_DAY) + timedelta(days=1), datetime.min.time(), zone())
    if begins >= ends:
        raise StackError("--to lies before --from; both days are included")
    with told_of_database(), psycopg.connect(Stack().dsn("ingest"), connect_timeout=5) as connection:
        found = connection.execute(_POINT, [point]).fetchone()
        if found is None and kind is not REFUSED:
            raise StackError(
                f"there is no metering point '{point}' here; put it with: kulvert import metering-points FILE"
            )
        wanted = {
            "point_id": found[0] if found else None,
            "name": point,
            "not_refused": [int(verdict) for verdict in NOT_REFUSED],
            "first": begins.date() if kind.by_day else begins,
            "end": ends.date() if kind.by_day else ends,
        }
        with connection.cursor("shown") as cursor:
            cursor.itersize = ROWS_AT_ONCE
            cursor.execute(kind.sql, wanted)
            yield iter(cursor)
