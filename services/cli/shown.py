"""What `kulvert show` shows: the columns of each kind, and rows as table, CSV and JSON."""

import csv
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from psycopg.rows import TupleRow
from rich.console import Console

from services.cli import tables
from services.cli.tables import Heading
from services.ingest.core.verdict import Verdict

ROWS_OF_A_TABLE = 500
"""A table of any length is printed in parts, each with its heading, so that the first rows show at once."""

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""A text that begins so is a formula to a spreadsheet."""


class Column(NamedTuple):
    """One figure: its name for programs, and its heading for people, without one where a table has no room for it."""

    name: str
    heading: str | None
    cell: Callable[[Any], str]
    is_text: bool = False
    may_go: bool = False
    """Whether a table leaves it out first where there is no room."""


@dataclass(frozen=True)
class Kind:
    """What is shown: its name for people, where it comes from, and its columns in the order of the query's."""

    noun: str
    sql: str
    columns: tuple[Column, ...]
    by_day: bool = False
    of_station: bool = False


Format = Callable[[Kind, Iterable[TupleRow], ZoneInfo], None]


def as_csv(kind: Kind, rows: Iterable[TupleRow], zone: ZoneInfo) -> None:
    """Write rows as CSV with a header, in whole units, times local with their offset."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow([column.name for column in kind.columns])
    for row in rows:
        writer.writerow([_safe(value) for value in _plain(kind, row, zone)])
    sys.stdout.flush()


def as_json(kind: Kind, rows: Iterable[TupleRow], zone: ZoneInfo) -> None:
    """Write rows as one JSON array, a line for each object."""
    names = [column.name for column in kind.columns]
    separator = "[\n"
    for row in rows:
        sys.stdout.write(separator + json.dumps(dict(zip(names, _plain(kind, row, zone), strict=True))))
        separator = ",\n"
    sys.stdout.write("[]\n" if separator == "[\n" else "\n]\n")
    sys.stdout.flush()


def as_table(kind: Kind, rows: Iterable[TupleRow], zone: ZoneInfo) -> None:
    """Print rows for people, in parts."""
    console = Console()
    columns = [column for column in kind.columns if column.heading]
    headings = [Heading(str(one.heading), one.is_text, one.name == "reason", one.may_go) for one in columns]
    shown, note = 0, ""
    for part in _parts(iter(rows)):
        cells = [
            [
                column.cell(value)
                for column, value in zip(kind.columns, _plain(kind, row, zone), strict=True)
                if column.heading
            ]
            for row in part
        ]
        kept = tables.fitting(headings, cells, console.width)
        console.print(tables.table(headings, cells, kept))
        shown += len(part)
        note = tables.left_out(headings, kept) or note
    if not shown:
        console.print(f"no {kind.noun} are stored of this span")
    else:
        console.print(f"{shown:,} {'row' if shown == 1 else 'rows'}")
    if note:
        console.print(f"{note}, and so does --format csv", soft_wrap=True)


def _parts(rows: Iterator[TupleRow]) -> Iterator[list[TupleRow]]:
    while part := list(islice(rows, ROWS_OF_A_TABLE)):
        yield part


def _plain(kind: Kind, row: TupleRow, zone: ZoneInfo) -> list[Any]:
    """Give a row's values as JSON has them: times local with their offset, verdicts by name."""
    return [_value(column, value, zone) for column, value in zip(kind.columns, row, strict=True)]


def _value(column: Column, value: Any, zone: ZoneInfo) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(zone).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if column.name == "verdict":
        return Verdict(value).label
    if column.name.endswith("_c") and value is not None:
        return round(float(value), 2)
    return value


def _safe(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and value.startswith(FORMULA_STARTS):
        return f"'{value}"
    return value


def _text(value: Any) -> str:
    return "-" if value is None else str(value)


def _instant(value: str | None) -> str:
    if value is None:
        return "-"
    moment = datetime.fromisoformat(value)
    is_full_minute = moment.second == 0 and moment.microsecond == 0
    return moment.isoformat(sep=" ", timespec="minutes" if is_full_minute else "auto")


def _whole(value: int | None) -> str:
    return "-" if value is None else f"{value:,}".replace(",", " ")


def _thousandth(value: int | None) -> str:
    return "-" if value is None else f"{value / 1_000:,.3f}".replace(",", " ")


def _degrees(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


_QUALITY = Column("quality", "quality", _text, is_text=True)
_REVISION = Column("revision", "revision", _whole, may_go=True)
_SERIAL = Column("serial", "meter", _text, is_text=True)
_VERDICT = Column("verdict", "verdict", _text, is_text=True)
_READ_AT = Column("read_at", "read at", _instant, is_text=True)

HOURS = Kind(
    "hours",
    """
    SELECT hour.starts_at, hour.energy_wh, hour.volume_l, hour.supply_c, hour.return_c, hour.quality, hour.rule,
           (SELECT string_agg(flag.rule, ' ' ORDER BY flag.rule) FROM ingest_v1.flag
             WHERE flag.point_id = hour.point_id AND flag.starts_at = hour.starts_at) AS flags,
           hour.revision
      FROM ingest_v1.hour
     WHERE hour.point_id = %(point_id)s AND hour.starts_at >= %(first)s AND hour.starts_at < %(end)s
     ORDER BY hour.starts_at
    """,
    (
        Column("starts_at", "hour from", _instant, is_text=True),
        Column("energy_wh", "kWh", _thousandth),
        Column("volume_l", "litres", _whole),
        Column("supply_c", "supply C", _degrees),
        Column("return_c", "return C", _degrees),
        _QUALITY,
        Column("rule", None, _text, is_text=True),
        Column("flags", "flags", _text, is_text=True, may_go=True),
        _REVISION,
    ),
)
DAYS = Kind(
    "days",
    """
    SELECT day.day, day.energy_wh, day.maximum_hour_wh, day.hours_expected, day.hours_present, day.hours_measured,
           day.volume_l, day.register_wh, day.register_l, day.quality, day.revision
      FROM ingest_v1.day
     WHERE day.point_id = %(point_id)s AND day.day >= %(first)s AND day.day < %(end)s
     ORDER BY day.day
    """,
    (
        Column("day", "day", _text, is_text=True),
        Column("energy_wh", "kWh", _thousandth),
        Column("maximum_hour_wh", "highest kW", _thousandth),
        Column("hours_expected", "hours", _whole),
        Column("hours_present", "there", _whole),
        Column("hours_measured", "measured", _whole),
        Column("volume_l", "litres", _whole, may_go=True),
        Column("register_wh", None, _thousandth),
        Column("register_l", None, _thousandth),
        _QUALITY,
        Column("revision", None, _whole),
    ),
    by_day=True,
)
READINGS = Kind(
    "readings",
    """
    SELECT reading.read_at, reading.serial, reading.energy_wh, reading.volume_l, reading.forward_lc,
           reading.return_lc, reading.supply_c, reading.return_c, reading.withdrawn, reading.verdict,
           reading.recorded_at
      FROM ingest_v1.reading
     WHERE reading.point_id = %(point_id)s AND reading.read_at >= %(first)s AND reading.read_at < %(end)s
     ORDER BY reading.read_at, reading.recorded_at
    """,
    (
        _READ_AT,
        _SERIAL,
        Column("energy_wh", "kWh", _thousandth),
        Column("volume_l", "m3", _thousandth, may_go=True),
        Column("forward_lc", None, _thousandth),
        Column("return_lc", None, _thousandth),
        Column("supply_c", "supply C", _degrees, may_go=True),
        Column("return_c", "return C", _degrees, may_go=True),
        Column("withdrawn", None, _text),
        _VERDICT,
        Column("recorded_at", None, _instant, is_text=True),
    ),
)
STATUSES = Kind(
    "statuses",
    """
    SELECT told.read_at, told.serial, array_to_string(told.statuses, ' ') AS statuses
      FROM ingest_v1.meter_status AS told
     WHERE told.point_id = %(point_id)s AND told.read_at >= %(first)s AND told.read_at < %(end)s
     ORDER BY told.read_at, told.serial
    """,
    (_READ_AT, _SERIAL, Column("statuses", "the meter said of itself", _text, is_text=True)),
)
REFUSED = Kind(
    "refused readings",
    """
    SELECT reading.read_at, reading.serial, reading.energy_wh, reading.verdict,
           %(reasons)s::jsonb ->> reading.verdict::text AS reason, reading.delivery_id::text
      FROM ingest_v1.reading
     WHERE reading.point_id = ANY (%(point_ids)s) AND reading.read_at >= %(first)s AND reading.read_at < %(end)s
       AND reading.verdict <> ALL (%(not_refused)s)
       AND (%(is_number)s OR reading.serial = %(name)s)
    UNION ALL
    SELECT held.read_at, coalesce(held.serial, held.number), NULL, held.verdict, held.reason, held.delivery_id::text
      FROM ingest_v1.refused AS held
     WHERE (held.number = %(name)s OR held.serial = %(name)s
            -- Most head-ends name the meter alone.
            OR %(is_number)s AND held.serial IN (
               SELECT meter.serial FROM ingest.meter JOIN ingest.meter_installation USING (meter_id)
                WHERE meter_installation.point_id = ANY (%(point_ids)s)))
       AND (held.read_at IS NULL OR held.read_at >= %(first)s AND held.read_at < %(end)s)
     ORDER BY 1
    """,
    (
        _READ_AT,
        _SERIAL,
        Column("energy_wh", "kWh", _thousandth, may_go=True),
        _VERDICT,
        Column("reason", "reason", _text, is_text=True),
        Column("delivery_id", None, _text, is_text=True),
    ),
)
