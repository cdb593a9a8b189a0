"""A file of readings and its profile to the columns of METER_READINGS."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from schemas.readings import METER_READINGS
from services.heat.arrays import UNKNOWN, Int64
from services.ingest.sources import time_columns, value_columns
from services.ingest.sources.clock import notes_of
from services.ingest.sources.consumption import refuse_consumption
from services.ingest.sources.lines import Lines, parts
from services.ingest.sources.named_files import file_exported_at, names_of
from services.ingest.sources.part_columns import NAMES, NOT_GIVEN, OF_WITHDRAWN, PartColumns
from services.ingest.sources.passed_over import PassedOver
from services.ingest.sources.profile import Kind, Profile
from services.ingest.sources.profile_parts import Column, TimeColumn
from services.ingest.sources.quantities import joined, registers
from services.ingest.sources.refusals import Fault, Refusals, UnreadableFileError
from services.ingest.sources.repeated_hour import Series
from services.ingest.sources.rows import Growing, Rows
from services.ingest.sources.time_columns import Resolved, Written, ZonesOfLines

NO_METER_NAMED = Fault("no_meter_named", "neither a serial nor a metering point is given")
ANOTHER_METER = Fault("another_meter", "the line names another meter or metering point than the file's name")
SPOILT_NAME = Fault(
    "spoilt_name",
    "a spreadsheet has put a rounded number, as 6.6E+07, or an error, as #N/A, where the name should be; make that"
    " column a text before the names go in, or take the file as the program exported it",
)
OF_NAMES = (NO_METER_NAMED, ANOTHER_METER, SPOILT_NAME)


class Named(NamedTuple):
    """What a person says of a file. metering_point, serial: whose readings it holds; count for every line.

    recorded_at: when the file was exported; counts for each line that does not say itself when it was recorded.
    """

    metering_point: str | None = None
    serial: str | None = None
    recorded_at: datetime | None = None


IN_THE_FILE = Named()
"""Each line, or the file's name, says itself whose reading it is."""


class ReadingsFile(NamedTuple):
    """What a file of readings says.

    readings: (n,) METER_READINGS in the file's order. line: (n,) the line of each, or that of its energy register.
    lines: how many were looked at, or figures where a line has many or only one of a reading's. emptied: how many
    sentinels were taken as "not given", by field. told_apart: how many lines of an hour that the clock showed twice
    found their place. notes: what a person should know of how the file was read.
    """

    readings: pa.Table
    line: Int64
    lines: int
    refusals: Refusals
    emptied: dict[str, int]
    told_apart: int
    notes: tuple[str, ...]


def readings_file(data: bytes, profile: Profile, named: Named = IN_THE_FILE, file_name: str = "") -> ReadingsFile:
    """Read a file of readings. Raises UnreadableFileError, which says what to do, where no line can be read.

    file_name: without its folders, for a profile that finds in it whose readings they are.
    """
    if profile.kind is not Kind.READINGS:
        raise UnreadableFileError("the profile is for weather; choose one for readings")
    refusals = Refusals()
    names = _names(profile, named, file_name)
    exported_at = named.recorded_at or file_exported_at(profile, file_name)
    reader = PartColumns(profile, names.by_file, names.by_line)
    passed_over = PassedOver(profile)
    rows = _rows(data, profile, reader, passed_over, refusals)
    lines = len(rows) + len(refusals)
    rows.refuse(rows.columns.pop("faults.names"), _first_column(names.by_line), OF_NAMES)
    times = _put_times(rows, profile, exported_at, reader.zone_texts)
    for name, place in (("figure", profile.values[0].column), *((one.field, one.column) for one in profile.values)):
        if f"faults.{name}" in rows.columns:
            rows.refuse(rows.columns.pop(f"faults.{name}"), place, value_columns.FAULTS)
    if profile.withdrawn is not None:
        rows.refuse(rows.columns.pop("faults.withdrawn"), profile.withdrawn.column, OF_WITHDRAWN)
    put_together = joined(rows, _meters(rows), profile) if profile.quantity is not None else ()
    refuse_consumption(_meters(rows), rows.columns["read_at"], rows.columns["energy_wh"])
    emptied = {name: count for name, count in reader.emptied.items() if count}
    notes = (*notes_of(times.clocks, profile.time.zone_column), *passed_over.notes, *put_together, *reader.doubts)
    return ReadingsFile(_table(rows, reader), rows.lines.number, lines, refusals, emptied, times.told_apart, notes)


class _Names(NamedTuple):
    """Who is named: once for the whole file, and by which columns."""

    by_file: Mapping[str, str]
    by_line: Mapping[str, Column]


def _names(profile: Profile, named: Named, file_name: str) -> _Names:
    for_all = {name: text for name in NAMES if (text := getattr(named, name)) is not None}
    if for_all:
        return _Names(for_all, {})
    by_file = {name: text for name, text in names_of(profile, file_name).items() if name in NAMES}
    columns = {"serial": profile.serial, "metering_point": profile.metering_point}
    return _Names(by_file, {name: one for name, one in columns.items() if one is not None})


def _first_column(by_line: Mapping[str, Column]) -> str | int:
    return next((one.column for one in by_line.values()), "")


def _rows(data: bytes, profile: Profile, reader: PartColumns, passed_over: PassedOver, refusals: Refusals) -> Rows:
    of_lines, columns = Growing(), Growing()
    headings: Sequence[str] = ()
    for every in parts(data, profile, refusals):
        part = passed_over.without(every)
        columns.add(reader.read(Rows(part, refusals)))
        of_lines.add({"number": part.number} | ({} if part.cell is None else {"cell": part.cell}))
        headings = part.headings
    # What the texts took is given back, since what follows is of another kind of memory.
    pa.default_memory_pool().release_unused()
    whole = of_lines.columns
    rows = Rows(Lines(whole["number"], {}, whole.get("cell"), headings), refusals)
    rows.columns = columns.columns
    return rows


def _put_times(rows: Rows, profile: Profile, exported_at: datetime | None, zone_texts: Sequence[str]) -> Resolved:
    """Resolve the times of all lines; gives how those of the readings were taken."""
    written, zones = _written(rows, "read_at"), _zones(rows, "read_at", zone_texts)
    series = partial(_series, rows, profile)
    if profile.counts_hours:
        hours_on = rows.columns.pop("hours_on")
        read = time_columns.counted(written, hours_on, profile.time, series, zones)
    else:
        read = time_columns.read_at(written, profile.time, series, zones)
    rows.put("read_at", read.at_us, read.faults, profile.time.column, time_columns.FAULTS)
    recorded: TimeColumn | None = profile.recorded_at
    if recorded is not None and "recorded_at.at_us" in rows.columns:
        zones = _zones(rows, "recorded_at", zone_texts)
        found = time_columns.resolved(_written(rows, "recorded_at"), recorded, series, zones)
        rows.put("recorded_at", found.at_us, found.faults, recorded.column, time_columns.FAULTS)
    if exported_at is not None:
        exported_us = round(exported_at.timestamp() * 1_000_000)
        said_us = rows.columns.get("recorded_at", np.full(len(rows), UNKNOWN, np.int64))
        rows.columns["recorded_at"] = np.where(said_us == UNKNOWN, exported_us, said_us)
    return read


def _written(rows: Rows, name: str) -> Written:
    return Written(*(rows.columns.pop(f"{name}.{part}") for part in Written._fields))


def _zones(rows: Rows, name: str, texts: Sequence[str]) -> ZonesOfLines | None:
    of_line = rows.columns.pop(f"{name}.zone", None)
    return None if of_line is None else ZonesOfLines(of_line, texts)


def _series(rows: Rows, profile: Profile) -> Series:
    unknown = np.broadcast_to(np.int64(UNKNOWN), len(rows))
    counter_h, marked = (rows.columns.get(name, unknown) for name in ("counter_h", "marked"))
    if profile.quantity is None:
        return Series(_meters(rows), rows.columns["energy_wh"], counter_h, marked)
    # The lines of each quantity have an order of their own, be they in blocks or beside each other.
    series = _meters(rows)
    series *= len(profile.values)
    series += rows.columns["quantity"]
    return Series(series, registers(rows, profile), counter_h, marked)


def _meters(rows: Rows) -> Int64:
    """Number the meters that the lines are of: what both names together say."""
    serial, point = (rows.columns[name] for name in NAMES)
    meter: Int64 = serial.astype(np.int64)
    meter *= int(point.max(initial=0)) + 1
    meter += point
    return meter


def _table(rows: Rows, reader: PartColumns) -> pa.Table:
    arrays = []
    for field in METER_READINGS:
        values = rows.columns.pop(field.name, None)
        if field.name in NAMES:
            arrays.append(_texts(values, reader.texts))
        elif values is not None:
            is_unknown = np.isnan(values) if values.dtype.kind == "f" else values == UNKNOWN
            arrays.append(pa.array(values, mask=is_unknown).cast(field.type))
        else:
            arrays.append(pa.nulls(len(rows), field.type))
    return pa.table(arrays, schema=METER_READINGS)


def _texts(codes: Any, texts: list[str]) -> Any:
    return pa.array([None, *texts[1:]], pa.string()).take(pa.array(codes, mask=codes == NOT_GIVEN))
